# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner is late, said and told as one act, by whoever hears it; for half a minute nothing
has gone out yet.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from permanence.agenda.operations import day as day_acts
from permanence.agenda.queries import agendas
from permanence.agenda.queries.follow_ups import delay
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.late_operations import Concerned, LateKeyTaken, concerned, tell_late
from permanence.dispatch.late_queries import notices_today
from permanence.dispatch.models import LateMail, LateNotice, Sms, Unreached
from permanence.dispatch.rules import DeliveryState
from permanence.foundation import audit
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy

KEPT_FOR = timedelta(seconds=30)
"""What is told waits that long, so that a slip reaches nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidLate:
    """What was said. `before`: how many minutes late he was said to be until then; `found`: who is still to come."""

    before: int
    found: tuple[Concerned, ...]

    @property
    def told(self) -> int:
        """How many hear of it by themselves."""
        return sum(each.is_told for each in self.found)


def say_and_tell(
    *,
    key: str,
    agenda: str,
    minutes: int,
    tell: bool,
    until: datetime | None,
    by: Who,
    at: datetime,
    entropy: Entropy,
) -> SaidLate:
    """He is so many minutes late today, 0: on time again. With `tell` those still to come before `until` (None: all the
    rest of the day) are told after KEPT_FOR; without it nobody. What was told before and has not gone out yet does not
    go out any more; where those before `until` are told, that of the others stands.

    Raises AgendaUnknown, agenda's DelayImpossible, MinutesImpossible, LateKeyTaken.
    """
    view = agendas.agenda(by=by, agenda=agenda)
    known = delay(by=by, agenda=agenda, day=at.astimezone(ZoneInfo(view.time_zone)).date())
    with transaction.atomic():
        day_acts.say_late(agenda=agenda, minutes=minutes, by=by, at=at)
        scope = _scope(agenda=agenda, until=until if tell and minutes else None, by=by, at=at)
        for each in notices_today(agenda=agenda, by=by, at=at):
            if each.key != key:
                _withdraw(each, at=at, scope=scope)
        found: tuple[Concerned, ...] = ()
        if tell and minutes:
            found = tell_late(
                key=key,
                agenda=agenda,
                minutes=minutes,
                until=until,
                by=by,
                at=at,
                entropy=entropy,
                kept_for=KEPT_FOR,
            )
    return SaidLate(before=0 if known is None else known.minutes, found=found)


def take_back(*, key: str, agenda: str, before: int, by: Who, at: datetime) -> int:
    """What was told by the act `key` does not go out, and he is late as he was `before`; gives how many had been told
    already, whom nothing reaches back.

    Raises AgendaUnknown, agenda's DelayImpossible, LateKeyTaken for an act that told nobody of this agenda today.
    """
    row = next((each for each in notices_today(agenda=agenda, by=by, at=at) if each.key == key), None)
    if row is None:
        raise LateKeyTaken(key[:40])
    with transaction.atomic():
        day_acts.say_late(agenda=agenda, minutes=before, by=by, at=at)
        told = _withdraw(row, at=at)
        subject, detail = f"dispatch.latenotice:{row.pk}", {"told": told}
        audit.note(by=by, at=at, action="late.taken_back", subject=subject, client=str(row.client_id), detail=detail)
    return told


def may_take_back(*, agenda: str, by: Who, at: datetime) -> str:
    """The act that can be taken back before it has gone out; "" for none. Raises AgendaUnknown."""
    notices = notices_today(agenda=agenda, by=by, at=at)
    last = next((each for each in notices if each.told or each.untold), None)
    return last.key if last is not None and last.told and at < last.at + KEPT_FOR else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """Whom a later word concerns: who was told of an hour before `until`, and whose visit (id) stands there by now."""

    until: datetime
    visits: tuple[str, ...]


def _scope(*, agenda: str, until: datetime | None, by: Who, at: datetime) -> _Scope | None:
    """None: everybody of today."""
    if until is None:
        return None
    coming = concerned(agenda=agenda, until=until, by=by, at=at)
    return _Scope(until=until, visits=tuple(each.appointment for each in coming))


def _withdraw(row: LateNotice, *, at: datetime, scope: _Scope | None = None) -> int:
    """Inside the act: what has not gone out yet is written down no more; gives how many had been told."""
    unsent = Q(leased_until=None) | Q(leased_until__lte=at), Q(state=DeliveryState.PENDING)
    texts = Sms.objects.for_house(row.house_id).filter(kind=SmsKind.LATE, about__in=row.told, created_at=row.at)
    mails = LateMail.objects.filter(notice=row)
    calls = Unreached.objects.for_house(row.house_id).filter(kind=SmsKind.LATE, appointment__in=row.untold, at=row.at)
    others: set[str] = set()
    if scope is not None:
        before = Q(starts_at__lt=scope.until) | Q(appointment__in=scope.visits)
        ends = scope.until + timedelta(minutes=row.minutes)  # an SMS expires so long after the hour it was told for
        texts = texts.filter(Q(expires_at__lt=ends) | Q(about__in=scope.visits))
        mails, calls = mails.filter(before), calls.filter(before)
        others = {*row.told, *row.untold} - {*texts.values_list("about", flat=True)}
        others -= {*mails.values_list("appointment", flat=True), *calls.values_list("appointment", flat=True)}
    texts.filter(*unsent).delete()
    mails.filter(*unsent).delete()
    calls.filter(done_at=None).delete()
    called = {*calls.values_list("appointment", flat=True)}
    told = {*texts.exclude(state=DeliveryState.FAILED).values_list("about", flat=True)}
    told |= {*mails.exclude(state=DeliveryState.FAILED).values_list("appointment", flat=True)}
    row.told = [each for each in row.told if each in told | others]
    row.untold = [each for each in row.untold if each in called | others]
    row.save(update_fields=["told", "untold"])
    return len(row.told)
