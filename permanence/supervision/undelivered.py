# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages that reached nobody, as the page draws them, and what is said after one was sent again."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from permanence.foundation import moments
from permanence.messaging import words
from permanence.messaging.queries import MessageRow

TOLD = {
    "sent_again": _("The message is on its way again."),
    "nothing_failed": _("Nothing failed any more: the message is on its way."),
    "no_address": _("No address is known for this recipient: enter one in the back office, then send again."),
    "no_mail_server": _(
        "This house has no mail server yet, and the recipient has no access to the portal: the back office gives it."
    ),
}
"""What became of "send again", by the code in the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnMessage:
    """One message: for whom, from whom, when it was taken, why it did not arrive."""

    row: MessageRow
    caller: str
    taken: str
    why: str


def drawn_messages(found: Iterable[MessageRow], *, zone: ZoneInfo, at: datetime) -> tuple[DrawnMessage, ...]:
    """The rows in the order given."""
    return tuple(
        DrawnMessage(
            row=row,
            caller=" ".join(filter(None, (row.caller_name, row.caller_shown))),
            taken=moments.day_and_hour(row.taken_at, zone, now=at),
            why=words.state_sentence(row.state, zone),
        )
        for row in found
    )
