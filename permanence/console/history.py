# SPDX-License-Identifier: AGPL-3.0-or-later
"""Earlier contacts of a caller with one client, and with no other, as the history shows them."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from permanence.clients import queries as clients
from permanence.foundation.who import Who
from permanence.messaging import queries as messages
from permanence.messaging import words


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One line of the history: when (in words), what, and what is said under it."""

    at: datetime
    when: str
    what: str
    more: str


def contacts(by: Who, *, client: str, number: str, at: datetime) -> tuple[Contact, ...]:
    """Contacts of `number` (E.164) with `client`, newest first; none for a client of another house."""
    if not client or not number:
        return ()
    try:
        zone = ZoneInfo(clients.client(house=by.house, client=client).time_zone)
    except clients.ClientUnknown:
        return ()
    found = [_of_message(row, zone) for row in messages.earlier_messages(by.house, client, number, at)]
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))


def when_words(at: datetime, zone: ZoneInfo) -> str:
    """A past moment in the client's time zone: "12 Nov., 9:40" in the language of the page."""
    local = at.astimezone(zone)
    return f"{formats.date_format(local, 'MONTH_DAY_FORMAT')}, {formats.date_format(local, 'TIME_FORMAT')}"


def _of_message(row: messages.MessageRow, zone: ZoneInfo) -> Contact:
    taken = _("Message for %(recipient)s, taken by %(secretary)s.") % {
        "recipient": row.recipient_name,
        "secretary": row.taken_by_name,
    }
    return Contact(
        at=row.taken_at,
        when=when_words(row.taken_at, zone),
        what=row.reason or _("Message"),
        more=f"{taken} {words.state_sentence(row.state, zone)}",
    )
