# SPDX-License-Identifier: AGPL-3.0-or-later
"""Earlier contacts of a caller with one client, and with no other: calls and messages, on the house's clock."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from permanence.agenda import elsewhere_queries as agenda
from permanence.agenda import elsewhere_words
from permanence.calls import queries as calls
from permanence.clients import queries as clients
from permanence.console.words import OUTCOMES
from permanence.foundation import moments
from permanence.foundation.who import Who
from permanence.messaging import queries as messages
from permanence.messaging import words

NAMES_LIMIT = 3
"""Names that are offered for one number: more than a household has is no help while it rings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One line of the history: when (in words), what, and what is said under it; `caller` as he gave his name then."""

    at: datetime
    when: str
    what: str
    more: str
    caller: str = ""


def contacts(by: Who, *, client: str, number: str, at: datetime) -> tuple[Contact, ...]:
    """Contacts of `number` (E.164) with `client`, newest first; none for a client of another house.

    A call of which a message was taken, or an appointment made elsewhere, is that contact; one that goes on none yet.
    """
    if not client or not number:
        return ()
    try:
        clients.client(house=by.house, client=client)
    except clients.ClientUnknown:
        return ()
    zone = calls.zone_of(house=by.house)
    taken = messages.earlier_messages(by.house, client, number, at)
    done = agenda.earlier_acts(house=by.house, client=client, number=number, before=at)
    noted = {row.call for row in taken} | {row.call for row in done}
    earlier = calls.earlier_calls(house=by.house, client=client, number=number, before=at)
    found = [_of_message(row, zone, at) for row in taken] + [_of_act(row, zone, at) for row in done]
    found += [_of_call(row, zone, at) for row in earlier if row.ended_at is not None and row.call not in noted]
    return tuple(sorted(found, key=lambda each: each.at, reverse=True))


def named(found: tuple[Contact, ...]) -> tuple[Contact, ...]:
    """Who may be calling: each name that was given with this number, at its last contact; at most `NAMES_LIMIT`."""
    last: dict[str, Contact] = {}
    for each in found:
        if each.caller:
            last.setdefault(each.caller.casefold(), each)
    return tuple(last.values())[:NAMES_LIMIT]


def _of_message(row: messages.MessageRow, zone: ZoneInfo, now: datetime) -> Contact:
    when = moments.day_and_hour(row.taken_at, zone, now=now)
    state = words.state_sentence(row.state, zone)
    if row.voice_seconds is not None:  # nobody took it
        return Contact(at=row.taken_at, when=when, what=row.reason, more=state)
    taken = _("Message for %(recipient)s, taken by %(secretary)s.") % {
        "recipient": row.recipient_name,
        "secretary": row.taken_by_name,
    }
    return Contact(
        at=row.taken_at,
        when=when,
        what=row.reason or _("Message"),
        more=f"{taken} {state}",
        caller=row.caller_name,
    )


def _of_act(row: agenda.ActRow, zone: ZoneInfo, now: datetime) -> Contact:
    when = moments.day_and_hour(row.recorded_at, zone, now=now)
    return Contact(
        at=row.recorded_at, when=when, what=elsewhere_words.act_words(row), more=elsewhere_words.whole_words(row)
    )


def _of_call(row: calls.CallRow, zone: ZoneInfo, now: datetime) -> Contact:
    when = moments.day_and_hour(row.arrived_at, zone, now=now)
    more = ""
    if row.secretary_name and row.talked_ms is not None:
        minutes, seconds = divmod(row.talked_ms // 1000, 60)
        spoken = {"secretary": row.secretary_name, "minutes": minutes, "seconds": seconds}
        more = _("Taken by %(secretary)s, %(minutes)d min %(seconds)02d s.") % spoken
    return Contact(at=row.arrived_at, when=when, what=_call_words(row), more=more)


def _call_words(row: calls.CallRow) -> str:
    if row.called_back_at is not None:
        return _("Not answered, called back since")
    if row.abandoned:
        return _("Hung up before an answer")
    if row.voice_seconds is not None:
        return _("Voice message")
    if row.answered_at is None:
        return _("Heard the closing words")
    return str(OUTCOMES.get(row.outcome, "")) or _("Call")
