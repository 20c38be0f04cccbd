# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who was not told of his visit, or that the doctor is late, stands on the secretaries' list until one telephoned."""

from datetime import datetime

from django.db import transaction

from permanence.agenda.queries import appointments
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.late_queries import late_for
from permanence.dispatch.models import LateMail, Reminder, Sms, Unreached
from permanence.dispatch.reply_operations import ask_a_person
from permanence.dispatch.rules import UnreachedOutcome
from permanence.dispatch.unreached_queries import UnreachedView, open_unreached
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.operations import house_system
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class UnreachedUnknown(Refusal):
    """Nobody of that id is to be telephoned any more, or not for clients this person sees."""

    code = "unreached_unknown"


def note(
    *, key: str, kind: SmsKind, client: int, appointment: str, starts_at: datetime, house_key: int, at: datetime
) -> None:
    """Inside the transaction that wrote that it failed: a secretary telephones. Idempotent by `key`.

    `kind`: REMINDER or LATE; `key`: of what did not reach him; `starts_at`: when his visit was to begin.
    """
    Unreached.objects.get_or_create(
        key=key,
        defaults={
            "house_id": house_key,
            "client_id": client,
            "kind": kind.value,
            "appointment": appointment,
            "starts_at": starts_at,
            "at": at,
        },
    )


def sms_failed(*, house: str, sms: str, at: datetime) -> None:
    """A reminder or a late notice by SMS did not reach its patient, or he did not get the link that he asked for: a
    secretary sees it, while his visit has the hour that it told. Idempotent; nothing for SMS of other kinds.
    """
    by = house_system(house=house)
    row = Sms.objects.for_house(by.house_key).filter(key=sms).first()
    if row is not None and row.kind == SmsKind.MOVE:
        asked = Sms.objects.for_house(by.house_key).filter(about=row.about, kind=SmsKind.REMINDER)
        for key in asked.values_list("key", flat=True):
            ask_a_person(house_key=by.house_key, sms=key)
    if row is None or row.kind not in {SmsKind.REMINDER, SmsKind.LATE}:
        return
    if row.kind == SmsKind.REMINDER:
        reminder = Reminder.objects.for_house(by.house_key).get(key=row.about)
        _note(row, SmsKind.REMINDER, appointment=reminder.appointment, starts_at=reminder.starts_at, at=at)
        return
    starts_at = late_for(row) or appointments.appointment(by=by, appointment=row.about).starts_at
    _note(row, SmsKind.LATE, appointment=row.about, starts_at=starts_at, at=at)


def reminder_failed(reminder: int, *, at: datetime) -> None:
    """The mail of a reminder (key of its row) was given up. Inside that transaction; idempotent."""
    row = Reminder.objects.get(pk=reminder)
    _note(row, SmsKind.REMINDER, appointment=row.appointment, starts_at=row.starts_at, at=at)


def late_failed(mail: int, *, at: datetime) -> None:
    """A mail that says that the doctor is late (key of its row) was given up. Inside that transaction; idempotent."""
    row = LateMail.objects.get(pk=mail)
    _note(row, SmsKind.LATE, appointment=row.appointment, starts_at=row.starts_at, at=at)


def _note(
    row: Sms | Reminder | LateMail, kind: SmsKind, *, appointment: str, starts_at: datetime, at: datetime
) -> None:
    note(
        key=row.key,
        kind=kind,
        client=row.client_id,
        appointment=appointment,
        starts_at=starts_at,
        house_key=row.house_id,
        at=at,
    )


def settle_unreached(*, unreached: str, outcome: UnreachedOutcome, by: Who, at: datetime) -> UnreachedView:
    """She telephoned: he knows, or could not be reached so either. All that waits for the same of that visit is done.

    Raises UnreachedUnknown: then nothing was changed.
    """
    found = next((each for each in open_unreached(by=by, at=at) if each.id == unreached), None)
    if found is None:
        raise UnreachedUnknown(unreached[:20])
    with transaction.atomic():
        done = {"done_at": at, "done_by_name": by.name, "outcome": outcome.value}
        rows = Unreached.objects.for_house(by.house_key).filter(done_at=None)
        if not rows.filter(pk=row_key(unreached)).update(**done):
            raise UnreachedUnknown(unreached[:20])
        rows.filter(appointment=found.visit.appointment, kind=found.kind.value).update(**done)
        subject, detail = f"dispatch.unreached:{unreached}", {"outcome": outcome.value}
        audit.note(by=by, at=at, action="unreached.settled", subject=subject, client=found.visit.client, detail=detail)
    return found
