# SPDX-License-Identifier: AGPL-3.0-or-later
"""A visit was cancelled or takes place otherwise: that the doctor is late is not said of it any more as it was."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from permanence.agenda.queries import agendas
from permanence.agenda.queries import appointments as agenda
from permanence.agenda.queries.follow_ups import delay
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.public import OVERTAKEN
from permanence.agenda.rules.states import STANDING
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.events import SmsFailed
from permanence.dispatch.late_queries import hour_of, last_notice, notice_of
from permanence.dispatch.models import LateMail, LateNotice, Sms
from permanence.dispatch.rules import STOPPED, DeliveryState
from permanence.dispatch.sms_reach import is_stopped
from permanence.foundation import outbox
from permanence.foundation.operations import house_system
from permanence.foundation.who import Who

OVER = {"state": DeliveryState.FAILED.value, "why": OVERTAKEN}
"""How a row says that it is no failure: nobody telephones."""


def overtake(*, house: str, appointment: str, at: datetime) -> None:
    """End the late notices of this visit, SMS and mails, that have not gone out and that say what is no longer so: it
    stands no more, has another hour, or is with another practitioner. They are no failure: nobody telephones. What was
    ended so and is so again waits again, where nothing else was said since, of the visit or, to the secretaries alone,
    of how late he is. One that a worker has in hand is left to him. Idempotent.
    """
    by = house_system(house=house)
    visit = agenda.appointment(by=by, appointment=appointment)
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    texts = Sms.objects.for_house(by.house_key).filter(free, kind=SmsKind.LATE, about=appointment)
    mails = LateMail.objects.for_house(by.house_key).filter(free, appointment=appointment)
    with transaction.atomic():
        for row in texts.filter(state=DeliveryState.PENDING):
            if not _says_what_is(row, visit):
                texts.filter(pk=row.pk, state=DeliveryState.PENDING).update(leased_until=None, **OVER)
        for mail in mails.filter(state=DeliveryState.PENDING).select_related("notice"):
            if not _is_so(visit, mail.notice, mail.starts_at):
                mails.filter(pk=mail.pk, state=DeliveryState.PENDING).update(leased_until=None, **OVER)
        again = {"state": DeliveryState.PENDING, "why": ""}
        for row in texts.filter(**OVER, expires_at__gt=at):
            notice = notice_of(row)
            if notice is None or not _says_what_is(row, visit) or not _is_last(notice, appointment, by=by):
                continue
            if is_stopped(house_key=row.house_id, client=str(row.client_id), number=row.number):
                _stopped(row, by=by, at=at)
            else:
                texts.filter(pk=row.pk, **OVER).update(**again)
        for mail in mails.filter(**OVER, expires_at__gt=at).select_related("notice"):
            if _is_so(visit, mail.notice, mail.starts_at) and _is_last(mail.notice, appointment, by=by):
                mails.filter(pk=mail.pk, **OVER).update(**again)


def text_is_over(row: Sms) -> bool:
    """Whether this SMS, its house loaded, says what is no longer so of its visit; not where its act is not kept."""
    notice = notice_of(row)
    return notice is not None and not _is_so(_visit(row.house.slug, row.about), notice, hour_of(row, notice))


def mail_is_over(row: LateMail) -> bool:
    """Whether this mail, its house and notice loaded, says what is no longer so of its visit."""
    return not _is_so(_visit(row.house.slug, row.appointment), row.notice, row.starts_at)


def _visit(house: str, appointment: str) -> AppointmentView:
    return agenda.appointment(by=house_system(house=house), appointment=appointment)


def _says_what_is(row: Sms, visit: AppointmentView) -> bool:
    notice = notice_of(row)
    return notice is not None and _is_so(visit, notice, hour_of(row, notice))


def _is_so(visit: AppointmentView, notice: LateNotice, hour: datetime) -> bool:
    """Whether who comes at this hour still waits for the practitioner who is late."""
    return visit.state in STANDING and visit.starts_at == hour and str(notice.agenda_id) in {visit.agenda, visit.also}


def _is_last(notice: LateNotice, appointment: str, *, by: Who) -> bool:
    """Whether nobody said anything else since: to this patient, or to the secretaries how late he is that day."""
    if last_notice(notice, appointment) != notice:
        return False
    view = agendas.agenda(by=by, agenda=str(notice.agenda_id))
    known = delay(by=by, agenda=view.id, day=notice.at.astimezone(ZoneInfo(view.time_zone)).date())
    return known is None or known.minutes == notice.minutes


def _stopped(row: Sms, *, by: Who, at: datetime) -> None:
    """He said STOP while it did not wait: a secretary is to hear of it, as of one that waited."""
    if Sms.objects.filter(pk=row.pk, **OVER).update(why=STOPPED):
        told = {"sms": row.key, "client": str(row.client_id), "kind": row.kind, "about": row.about}
        outbox.announce(SmsFailed(house=by.house, at=at, **told))
