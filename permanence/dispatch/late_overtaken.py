# SPDX-License-Identifier: AGPL-3.0-or-later
"""A visit was cancelled or takes place otherwise: that the doctor is late is not said of it any more as it was."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from permanence.agenda.queries import appointments as agenda
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.public import OVERTAKEN
from permanence.agenda.rules.states import STANDING
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.late_queries import hour_of, notice_of
from permanence.dispatch.models import LateMail, LateNotice, Sms
from permanence.dispatch.rules import DeliveryState
from permanence.foundation.operations import house_system


def overtake(*, house: str, appointment: str, at: datetime) -> None:
    """End the late notices of this visit, SMS and mails, that have not gone out and that say what is no longer so: it
    stands no more, has another hour, or is with another practitioner. They are no failure: nobody telephones. One that
    a worker has in hand is left to him. Idempotent.
    """
    by = house_system(house=house)
    visit = agenda.appointment(by=by, appointment=appointment)
    unsent = Q(leased_until=None) | Q(leased_until__lte=at), Q(state=DeliveryState.PENDING)
    texts = Sms.objects.for_house(by.house_key).filter(*unsent, kind=SmsKind.LATE, about=appointment)
    mails = LateMail.objects.for_house(by.house_key).filter(*unsent, appointment=appointment)
    over = {"state": DeliveryState.FAILED, "why": OVERTAKEN, "leased_until": None}
    with transaction.atomic():
        for row in texts:
            notice = notice_of(row)
            if notice is None or not _is_so(visit, notice, hour_of(row, notice)):
                texts.filter(pk=row.pk).update(**over)
        for mail in mails.select_related("notice"):
            if not _is_so(visit, mail.notice, mail.starts_at):
                mails.filter(pk=mail.pk).update(**over)


def _is_so(visit: AppointmentView, notice: LateNotice, hour: datetime) -> bool:
    """Whether who comes at this hour still waits for the practitioner who is late."""
    return visit.state in STANDING and visit.starts_at == hour and str(notice.agenda_id) in {visit.agenda, visit.also}
