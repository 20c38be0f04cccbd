# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner is late: those who are still to come today are told in one act, looked at before it is done."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import IntegrityError, transaction

from permanence.agenda.queries import agendas, days
from permanence.agenda.queries.received import unreceived
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.running import runs_until
from permanence.agenda.rules.states import STANDING
from permanence.agenda.rules.waiting import Span, outside
from permanence.callers import queries as callers
from permanence.dispatch import late_mails, sms_operations, unreached_operations
from permanence.dispatch.channels.sms.content import SmsKind, Words
from permanence.dispatch.late_queries import heard_today, notices_today
from permanence.dispatch.models import LateNotice, Sms
from permanence.dispatch.rules import LEAST_LATE, MOST_LATE
from permanence.dispatch.sms_reach import Reach, reach_of
from permanence.foundation import audit
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal

_KEY = re.compile(r"[0-9A-Za-z_-]{16,40}\Z")


class MinutesImpossible(Refusal):
    """A practitioner is 5 to 240 minutes late: less is not told, more is an absence."""

    code = "minutes_impossible"


class LateKeyTaken(Refusal):
    """The id of the act is malformed, or was used for another one."""

    code = "late_key_taken"


@dataclass(frozen=True, slots=True, kw_only=True)
class Concerned:
    """Somebody who is still to come. `number` is where the SMS goes, or where he is telephoned when `why` says why he
    gets none (sms_off, no_consent, no_mobile; "" for who gets one). `mail`: where a mail goes instead, by his consent,
    "" for none.
    """

    appointment: str
    patient: str
    patient_name: str
    starts_at: datetime
    number: str
    why: str = ""
    mail: str = ""

    @property
    def by_sms(self) -> bool:
        """Whether he gets an SMS."""
        return not self.why

    @property
    def by_mail(self) -> bool:
        """Whether he gets a mail."""
        return bool(self.why and self.mail)

    @property
    def is_told(self) -> bool:
        """Whether he hears of it by himself."""
        return self.by_sms or self.by_mail


@dataclass(frozen=True, slots=True, kw_only=True)
class StillToCome:
    """Who is still to come on a day, the earliest first. `until`: the end of the consultation that is on, or comes
    next; None where there is none any more.
    """

    all_day: tuple[Concerned, ...]
    until: datetime | None

    @property
    def now(self) -> tuple[Concerned, ...]:
        """Those of that consultation."""
        return before(self.all_day, self.until) if self.until is not None else ()


def before(people: tuple[Concerned, ...], until: datetime | None) -> tuple[Concerned, ...]:
    """Those of them who come before `until`; None: all."""
    return tuple(each for each in people if until is None or each.starts_at < until)


def still_to_come(*, agenda: str, by: Who, at: datetime) -> StillToCome:
    """Who is still to come today, on the client's clock, and until when the consultation runs that is on or next. Whom
    nobody receives, for the doctor is away, is not waited for, and neither is who has died.

    Raises agenda's AgendaUnknown.
    """
    view = agendas.agenda(by=by, agenda=agenda)
    today = at.astimezone(ZoneInfo(view.time_zone)).date()
    shown = days.day(by=by, agendas=[agenda], day=today, at=at)[0]
    coming = [each for each in shown.appointments if each.state in STANDING and each.starts_at > at]
    nobodys = unreceived(by=by, visits=coming)
    coming = [each for each in coming if each.appointment not in nobodys]
    people = callers.standing_of(pairs={(each.client, each.patient) for each in coming})
    known = [(each, people[(each.client, each.patient)]) for each in coming]
    whom = [(each, person) for each, person in known if not person.is_deceased]
    reach = reach_of(house_key=by.house_key, patients=people.values())
    away = [Span(starts=each.starts, ends=each.ends) for each in shown.absences]
    spans = [Span(starts=each.starts, ends=each.ends) for each in shown.openings]
    hours = [(part.starts, part.ends) for each in spans for part in outside(each, away)]
    visits = [(each.starts_at, each.ends_at) for each in shown.appointments if each.appointment not in nobodys]
    return StillToCome(
        all_day=tuple(_reached(each, person, reach[person.id]) for each, person in whom),
        until=runs_until(hours=hours, visits=visits, at=at),
    )


def concerned(*, agenda: str, by: Who, at: datetime, until: datetime | None = None) -> tuple[Concerned, ...]:
    """Who is still to come today, on the client's clock, before `until` (None: all of them), the earliest first, and
    how each is reached. Raises agenda's AgendaUnknown.
    """
    return before(still_to_come(agenda=agenda, by=by, at=at).all_day, until)


def told_today(*, agenda: str, by: Who, at: datetime) -> int:
    """How many minutes patients were told last today, on the client's clock; 0 for none. Raises AgendaUnknown."""
    return next((each.minutes for each in notices_today(agenda=agenda, by=by, at=at) if each.told), 0)


def heard_minutes(people: Iterable[Concerned], *, agenda: str, by: Who, at: datetime) -> dict[str, int]:
    """By appointment the minutes he was told last today, or was to be telephoned for, of those of them who were told
    them for the hour at which they stand now. Raises AgendaUnknown.
    """
    heard = heard_today(agenda=agenda, by=by, at=at)
    told = ((each, heard.get(each.appointment)) for each in people)
    return {
        each.appointment: last.notice.minutes
        for each, last in told
        if last is not None and last.starts_at == each.starts_at
    }


def tell_late(
    *,
    key: str,
    agenda: str,
    minutes: int,
    until: datetime | None = None,
    by: Who,
    at: datetime,
    entropy: Entropy,
    kept_for: timedelta = timedelta(),
) -> tuple[Concerned, ...]:
    """Tell those who come before `until` (None: all the rest of the day), by SMS or else by mail, at once or after
    `kept_for`; gives who is told and who is not. Nobody is told the same minutes twice in a row for the same hour, by
    the same act neither.

    Raises agenda's AgendaUnknown, MinutesImpossible, LateKeyTaken.
    """
    if not LEAST_LATE <= minutes <= MOST_LATE:
        raise MinutesImpossible(str(minutes))
    if not _KEY.match(key):
        raise LateKeyTaken(key[:40])
    view = agendas.agenda(by=by, agenda=agenda)
    coming = concerned(agenda=agenda, by=by, at=at, until=until)
    known = heard_minutes(coming, agenda=agenda, by=by, at=at)
    found = tuple(each for each in coming if known.get(each.appointment) != minutes)
    told = [each.appointment for each in found if each.is_told]
    said = {"told": told, "untold": [each.appointment for each in found if not each.is_told]}
    try:
        with transaction.atomic():
            row = LateNotice.objects.create(
                house_id=by.house_key,
                client_id=int(view.client),
                agenda_id=int(view.id),
                key=key,
                minutes=minutes,
                at=at,
                by_name=by.name,
                **said,
            )
            for each in found:
                if each.by_sms:
                    sms = _tell(each, view.client, minutes, by=by, at=at, entropy=entropy)
                    Sms.objects.filter(key=sms).update(next_attempt_at=at + kept_for)
                elif not each.by_mail:
                    _to_be_called(each, view.client, by=by, at=at, entropy=entropy)
                else:
                    _write(each, row, by=by, at=at, due_at=at + kept_for, entropy=entropy)
            detail = {"minutes": minutes, "told": len(told), "untold": len(said["untold"])}
            subject = f"dispatch.latenotice:{row.pk}"
            audit.note(by=by, at=at, action="late.told", subject=subject, client=view.client, detail=detail)
    except IntegrityError as error:
        done = LateNotice.objects.for_house(by.house_key).filter(key=key, agenda=int(view.id), minutes=minutes).first()
        if done is None:
            raise LateKeyTaken(key) from error
        first = {*done.told, *done.untold}
        return tuple(each for each in coming if each.appointment in first)
    return found


def _to_be_called(each: Concerned, client: str, *, by: Who, at: datetime, entropy: Entropy) -> None:
    unreached_operations.note(
        key=new_id(at, entropy),
        kind=SmsKind.LATE,
        client=int(client),
        appointment=each.appointment,
        starts_at=each.starts_at,
        house_key=by.house_key,
        at=at,
    )


def _write(each: Concerned, row: LateNotice, *, by: Who, at: datetime, due_at: datetime, entropy: Entropy) -> None:
    late_mails.write(
        row,
        appointment=each.appointment,
        patient=each.patient,
        address=each.mail,
        starts_at=each.starts_at,
        by=by,
        at=at,
        due_at=due_at,
        entropy=entropy,
    )


def _tell(each: Concerned, client: str, minutes: int, *, by: Who, at: datetime, entropy: Entropy) -> str:
    return sms_operations.send_sms(
        kind=SmsKind.LATE,
        client=client,
        patient=each.patient,
        about=each.appointment,
        words=Words(house="", at=each.starts_at, minutes=minutes),
        expires_at=each.starts_at + timedelta(minutes=minutes),
        by=by,
        at=at,
        entropy=entropy,
    )


def _reached(visit: AppointmentView, person: callers.PatientView, reach: Reach) -> Concerned:
    why = reach.code if isinstance(reach, Refusal) else ""
    number = next(iter(person.numbers), "") if isinstance(reach, Refusal) else reach
    return Concerned(
        mail=person.mail if why and person.may_mail else "",
        appointment=visit.appointment,
        patient=person.id,
        patient_name=visit.patient_name,
        starts_at=visit.starts_at,
        number=number,
        why=why,
    )
