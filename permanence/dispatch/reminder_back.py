# SPDX-License-Identifier: AGPL-3.0-or-later
"""A move that was taken back: the reminder that the patient has is about his appointment again."""

from django.db import transaction

from permanence.agenda.queries import appointments as agenda
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.models import Reminder, Sms
from permanence.dispatch.rules import ReminderState
from permanence.foundation.operations import house_system


def stands_again(*, house: str, appointment: str, revision: int) -> None:
    """What was sent of the moment that it has again, two changes before `revision`, can be answered as before: link and
    digits. Nothing where it was changed again meanwhile. Idempotent.
    """
    by = house_system(house=house)
    visit = agenda.appointment(by=by, appointment=appointment)
    if visit.revision != revision:
        return
    with transaction.atomic():
        sent = Reminder.objects.for_house(by.house_key).filter(state=ReminderState.SENT, appointment=appointment)
        for row in sent.filter(revision=revision - 2, starts_at=visit.starts_at):
            sent.filter(pk=row.pk).update(revision=revision)
            about = Sms.objects.for_house(by.house_key).filter(kind=SmsKind.REMINDER.value, about=row.key)
            about.filter(answered_at=None).update(expires_at=row.starts_at)
