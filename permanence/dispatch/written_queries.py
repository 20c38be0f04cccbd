# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was written to patients by SMS, opened: for whoever has to tell a person what the house holds about him."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from permanence.dispatch.models import Sms, SmsReply
from permanence.dispatch.sms_operations import REPLY, TEXT
from permanence.foundation import secrecy
from permanence.foundation.keys import row_key


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenView:
    """One SMS to a person, and what he answered to it (moment and words). `number` is E.164."""

    kind: str
    number: str
    text: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    replies: tuple[tuple[datetime, str], ...]


def written_to(*, house: str, client: str, patients: Iterable[str]) -> tuple[WrittenView, ...]:
    """The SMS of a client to these patients (ids), the oldest first. Two queries."""
    keys = [row_key(each) for each in patients]
    rows = list(
        Sms.objects.for_house(house).for_client(row_key(client)).filter(patient__in=keys).order_by("created_at", "pk")
    )
    replies: dict[int, list[tuple[datetime, str]]] = {}
    for each in SmsReply.objects.filter(sms__in=[row.pk for row in rows]).order_by("at", "pk"):
        said = secrecy.unseal(each.sealed_text, house=house, purpose=REPLY)
        replies.setdefault(each.sms_id, []).append((each.at, said))
    return tuple(
        WrittenView(
            kind=row.kind,
            number=row.number,
            text=secrecy.unseal(row.sealed_text, house=house, purpose=TEXT),
            state=row.state,
            created_at=row.created_at,
            sent_at=row.sent_at,
            replies=tuple(replies.get(row.pk, ())),
        )
        for row in rows
    )
