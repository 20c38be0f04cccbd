# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner is late, said and told as one act, by whoever hears it; for half a minute nothing
has gone out yet.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from permanence.agenda.operations import day as day_acts
from permanence.agenda.queries import agendas, told
from permanence.agenda.queries.follow_ups import delay
from permanence.agenda.rules.states import STANDING
from permanence.dispatch import late_overtaken, unreached_operations
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.late_operations import Concerned, LateKeyTaken, concerned, tell_late
from permanence.dispatch.late_queries import heard_today, notices_today
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
    go out any more; where those before `until` are told, that of the others stands, and where the secretaries alone
    hear of it, all that was told longer than KEPT_FOR ago: who is to be telephoned for it hears the new minutes.

    Raises AgendaUnknown, agenda's DelayImpossible, MinutesImpossible, LateKeyTaken.
    """
    view = agendas.agenda(by=by, agenda=agenda)
    known = delay(by=by, agenda=agenda, day=at.astimezone(ZoneInfo(view.time_zone)).date())
    with transaction.atomic():
        day_acts.say_late(agenda=agenda, minutes=minutes, by=by, at=at)
        scope = _scope(agenda=agenda, until=until, by=by, at=at) if tell and minutes else None
        for each in notices_today(agenda=agenda, by=by, at=at):
            stands = minutes > 0 and not tell and at >= each.at + KEPT_FOR
            if each.key != key and not stands:
                _withdraw(each, at=at, scope=scope)
        if minutes and not tell:
            _call_again(agenda=agenda, by=by, at=at)
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
    already, whom nothing reaches back. Whom it had taken from the list of an earlier word, or from what that one had
    not sent yet, is to be telephoned for that one.

    Raises AgendaUnknown, agenda's DelayImpossible, LateKeyTaken for an act that told nobody of this agenda today.
    """
    row = next((each for each in notices_today(agenda=agenda, by=by, at=at) if each.key == key), None)
    if row is None:
        raise LateKeyTaken(key[:40])
    with transaction.atomic():
        day_acts.say_late(agenda=agenda, minutes=before, by=by, at=at)
        reached = _withdraw(row, at=at)
        if before:
            _call_again(agenda=agenda, by=by, at=at)
        subject, detail = f"dispatch.latenotice:{row.pk}", {"told": reached}
        audit.note(by=by, at=at, action="late.taken_back", subject=subject, client=str(row.client_id), detail=detail)
    return reached


def may_take_back(*, agenda: str, by: Who, at: datetime) -> str:
    """The act that can be taken back before it has gone out; "" for none. Raises AgendaUnknown."""
    notices = notices_today(agenda=agenda, by=by, at=at)
    last = next((each for each in notices if each.told or each.untold), None)
    return last.key if last is not None and last.told and at < last.at + KEPT_FOR else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """Whom a later word tells anew: those of an hour after `after` and before `until` (None: all the rest of the day),
    and whose visit (id) stands there by now. It tells nobody whose hour has come: what was told him stands.
    """

    after: datetime
    until: datetime | None
    visits: frozenset[str]

    def hours(self, field: str, *, later: timedelta = timedelta()) -> Q:
        """Rows for an hour of it: their `field` is so much `later` than the hour they were told for."""
        bounds = {f"{field}__gt": self.after + later}
        if self.until is not None:
            bounds[f"{field}__lt"] = self.until + later
        return Q(**bounds)


def _scope(*, agenda: str, until: datetime | None, by: Who, at: datetime) -> _Scope:
    coming = concerned(agenda=agenda, until=until, by=by, at=at)
    return _Scope(after=at, until=until, visits=frozenset(each.appointment for each in coming))


def _withdraw(row: LateNotice, *, at: datetime, scope: _Scope | None = None) -> int:
    """Inside the act: what has not gone out yet is written down no more; gives how many had been told. `scope`: whom
    a later word tells anew, None where it tells nobody.

    Those are kept in `untold`, without a row of Unreached: by that they are found again when that word is taken back.
    """
    # What a move of the visit has ended is nobody's to take up again either, once the word is taken back.
    unsent = Q(leased_until=None) | Q(leased_until__lte=at), Q(state=DeliveryState.PENDING) | Q(**late_overtaken.OVER)
    texts = Sms.objects.for_house(row.house_id).filter(kind=SmsKind.LATE, about__in=row.told, created_at=row.at)
    mails = LateMail.objects.filter(notice=row)
    calls = Unreached.objects.for_house(row.house_id).filter(kind=SmsKind.LATE, appointment__in=row.untold, at=row.at)
    noted, others, anew = [*row.told, *row.untold], set[str](), set[str]()
    if scope is not None:
        lasting = timedelta(minutes=row.minutes)  # an SMS expires so long after the hour it was told for
        texts = texts.filter(scope.hours("expires_at", later=lasting) | Q(about__in=scope.visits))
        hours = scope.hours("starts_at") | Q(appointment__in=scope.visits)
        mails, calls = mails.filter(hours), calls.filter(hours)
        within = {*texts.values_list("about", flat=True)}
        within |= {*mails.values_list("appointment", flat=True), *calls.values_list("appointment", flat=True)}
        others, anew = {*noted} - within, within & scope.visits
    texts.filter(*unsent).delete()
    mails.filter(*unsent).delete()
    calls.filter(done_at=None).delete()
    called = {*calls.values_list("appointment", flat=True)}
    went = {*texts.values_list("about", flat=True), *mails.values_list("appointment", flat=True)}
    failed = {*texts.filter(state=DeliveryState.FAILED).values_list("about", flat=True)}
    failed |= {*mails.filter(state=DeliveryState.FAILED).values_list("appointment", flat=True)}
    row.told = [each for each in row.told if each in went | others]
    row.untold = [each for each in noted if each in called | others | anew and each not in row.told]
    row.save(update_fields=["told", "untold"])
    return len({*row.told} - failed)  # a secretary telephones whom it failed to reach


def _call_again(*, agenda: str, by: Who, at: datetime) -> None:
    """Inside the act that takes a later word back, or says another one to the secretaries alone: who was withdrawn for
    that word from the one that stands now is to be telephoned for this one. Nothing is written to him: that would be
    told twice within the half minute of a slip.
    """
    heard = heard_today(agenda=agenda, by=by, at=at)
    lost = {key: last.notice for key, last in heard.items() if last.starts_at is None and key in last.notice.untold}
    visits = told.visits(house_key=by.house_key, appointments=lost.keys())
    for key, notice in lost.items():
        visit = visits.get(key)
        if visit is None or visit.state not in STANDING:
            continue
        unreached_operations.note(
            key=sha256(f"late {notice.pk} {key}".encode()).hexdigest()[:40],
            kind=SmsKind.LATE,
            client=notice.client_id,
            appointment=key,
            starts_at=visit.starts_at,
            house_key=by.house_key,
            at=notice.at,
        )
