# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was told today of a delay."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.queries import agendas
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.models import LateMail, LateNotice, Sms, Unreached
from permanence.foundation.who import Who


def notices_today(*, agenda: str, by: Who, at: datetime) -> list[LateNotice]:
    """For this room alone: what was told today, on the client's clock, the last first. Raises AgendaUnknown."""
    view = agendas.agenda(by=by, agenda=agenda)
    zone = ZoneInfo(view.time_zone)
    rows = LateNotice.objects.for_house(by.house_key).filter(agenda=int(view.id), at__gt=at - timedelta(days=2))
    today = at.astimezone(zone).date()
    return [each for each in rows.order_by("-at", "-pk") if each.at.astimezone(zone).date() == today]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """The last notice that told somebody or could not, and for which hour of his visit; None where that is kept no
    more.
    """

    notice: LateNotice
    starts_at: datetime | None


def heard_today(*, agenda: str, by: Who, at: datetime) -> dict[str, Heard]:
    """For this room alone: by appointment what was told last today, the last notice first. A visit that was moved since
    then has another hour than it says. Raises AgendaUnknown. Five queries.
    """
    last: dict[str, LateNotice] = {}
    for notice in notices_today(agenda=agenda, by=by, at=at):
        for appointment in (*notice.told, *notice.untold):
            last.setdefault(appointment, notice)
    hours = _hours(last, house_key=by.house_key) if last else {}
    return {key: Heard(notice=notice, starts_at=hours.get(key)) for key, notice in last.items()}


def late_for(sms: Sms) -> datetime | None:
    """For which hour of his visit this late notice was; None where its notice is kept no more. One query."""
    notice = notice_of(sms)
    return None if notice is None else hour_of(sms, notice)


def notice_of(sms: Sms) -> LateNotice | None:
    """For this room alone: by which act this SMS was told; None where that is kept no more. One query."""
    notices = LateNotice.objects.for_house(sms.house_id).filter(client=sms.client_id, at=sms.created_at)
    return next((each for each in notices if sms.about in {*each.told, *each.untold}), None)


def last_notice(notice: LateNotice, appointment: str) -> LateNotice:
    """For this room alone: what was said last of this visit from that notice on: itself, or a later one. One query."""
    rows = LateNotice.objects.for_house(notice.house_id).filter(client=notice.client_id, at__gte=notice.at)
    said = [each for each in rows.order_by("at", "pk") if appointment in {*each.told, *each.untold}]
    return said[-1] if said else notice


def hour_of(sms: Sms, notice: LateNotice) -> datetime:
    """For which hour of his visit that act told it: it expires once the visit has begun, so many minutes late."""
    return sms.expires_at - timedelta(minutes=notice.minutes)


def _hours(last: Mapping[str, LateNotice], *, house_key: int) -> dict[str, datetime]:
    """For which hour each of these was told by his notice."""
    hours = {}
    late = {"kind": SmsKind.LATE.value, "created_at__in": {each.at for each in last.values()}}
    for sms in Sms.objects.for_house(house_key).filter(about__in=list(last), **late):
        if sms.created_at == last[sms.about].at:
            hours[sms.about] = hour_of(sms, last[sms.about])
    for mail in LateMail.objects.filter(notice__in={each.pk for each in last.values()}):
        if mail.appointment in last and mail.notice_id == last[mail.appointment].pk:
            hours[mail.appointment] = mail.starts_at
    for call in Unreached.objects.for_house(house_key).filter(kind=SmsKind.LATE.value, appointment__in=list(last)):
        if call.appointment not in hours and call.at == last[call.appointment].at:
            hours[call.appointment] = call.starts_at
    return hours
