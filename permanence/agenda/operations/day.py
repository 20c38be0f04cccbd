# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor is late today; his absence leaves booked patients, and he says what becomes of them."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from permanence.agenda.models import Agenda, Appointment, Delay, FollowUp
from permanence.agenda.models.appointments import CAUSE_LENGTH
from permanence.agenda.operations.acts import busy_named, changed, locked, reach, short
from permanence.agenda.operations.appointments import cancel
from permanence.agenda.operations.returns import tell_that_it_stands
from permanence.agenda.queries.agendas import clients_seen
from permanence.agenda.queries.appointments import rows_in_absence
from permanence.agenda.queries.kept_booked import said_of_booked
from permanence.agenda.queries.returns import over_by_now, unmoved
from permanence.agenda.refusals import DelayImpossible, FollowUpUnknown
from permanence.agenda.rules.follow_ups import ASKED, LATEST, Outcome, Wanted
from permanence.agenda.rules.states import CancelCause
from permanence.foundation import live
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who

CELL = 5


def say_late(*, agenda: str, minutes: int, by: Who, at: datetime) -> None:
    """Today the agenda runs so many minutes late, a multiple of five; 0: on time again. Nobody is told by this.

    Raises AgendaUnknown, DelayImpossible.
    """
    row = reach(agenda, by=by)
    if not 0 <= minutes <= LATEST or minutes % CELL:
        raise DelayImpossible(f"{minutes}")
    day = at.astimezone(ZoneInfo(row.client.time_zone)).date()
    with transaction.atomic():
        kept = locked([row.pk])[row.pk]
        said = {"minutes": minutes, "said_at": at, "said_by_name": by.name}
        made = {"house_id": kept.house_id, "client_id": kept.client_id}
        Delay.objects.update_or_create(agenda=kept, day=day, defaults=said, create_defaults={**said, **made})
        _changed(kept, "agenda.late", by=by, at=at, minutes=minutes)


@busy_named()
def ask_follow_up(*, client: str, absence: str, wanted: Wanted, by: Who, at: datetime, words: str = "") -> int:
    """Those booked whom the absence meets stand on the secretaries' list; gives how many. What was wanted of them
    before is replaced; who was called already, by the same wish in the same words, is not listed again, nor is who
    comes all the same.

    0 for an absence that is not there. Raises WordsTooLong, AgendaBusy.
    """
    said = short(words, CAUSE_LENGTH)
    met = rows_in_absence(by=by, client=client, absence=absence, at=at)
    with transaction.atomic():
        rows = locked(set(met.values_list("agenda", flat=True)))
        called = FollowUp.objects.filter(
            absence=absence[:40],
            wanted=wanted.value,
            words=said,
            outcome=Outcome.CALLED.value,
        )
        kept = _kept().filter(absence=absence[:40])
        settled = [unmoved(each).values("appointment") for each in (called, kept)]
        visits = list(met.filter(agenda__in=list(rows)).exclude(pk__in=settled[0]).exclude(pk__in=settled[1]))
        list_for_secretaries(visits, absence=absence[:40], wanted=wanted, words=said, by=by, at=at)
        for agenda in sorted({each.agenda_id for each in visits}):
            row = rows[agenda]
            _changed(row, "agenda.follow_up_asked", by=by, at=at, wanted=wanted.value, absence=absence[:40])
    return len(visits)


def list_for_secretaries(
    visits: Sequence[Appointment],
    *,
    absence: str,
    wanted: Wanted,
    words: str,
    by: Who,
    at: datetime,
    alone: bool = False,
) -> None:
    """Inside an act, under the lock of their agendas: these stand on the secretaries' list, instead of what stood there
    of them before. `absence`: the id of the one that meets them, "" where their agenda is closed, or it
    is asked of one visit `alone`.
    """
    open_now = FollowUp.objects.filter(appointment__in=[each.pk for each in visits], done_at=None)
    open_now.update(done_at=at, done_by_name=by.name, outcome=Outcome.TAKEN_BACK.value)
    FollowUp.objects.bulk_create(
        FollowUp(
            house_id=each.house_id,
            client_id=each.client_id,
            agenda_id=each.agenda_id,
            appointment=each,
            absence=absence,
            alone=alone,
            starts_at=each.starts_at,
            wanted=wanted.value,
            words=words,
            asked_at=at,
            asked_by_name=by.name,
        )
        for each in visits
    )
    if visits:
        live.touch_tasks(by=by, at=at)


@busy_named()
def settle(*, follow_up: str, outcome: Outcome, by: Who, at: datetime, key: str = "") -> None:
    """The entry is done with. CANCELLED cancels the appointment because of the absence; `key` is that act's id. KEPT:
    he comes all the same, in an absence or where his visit alone was to be moved; he is told nothing, but
    that it stands whom a call had told otherwise. Of that one he is not merely called: it is moved, or stays.

    Raises FollowUpUnknown, also where the doctor is there after all; AgendaBusy; and as `appointments.cancel`.
    """
    row = FollowUp.objects.for_house(by.house_key).select_related("appointment").filter(pk=row_key(follow_up)).first()
    if row is None or not clients_seen(by, [row.client_id]):
        raise FollowUpUnknown(follow_up[:40])
    with transaction.atomic():
        kept = locked([row.agenda_id])[row.agenda_id]
        done = {"done_at": at, "done_by_name": by.name, "outcome": outcome.value}
        if not FollowUp.objects.filter(pk=row.pk, done_at=None).update(**done):
            raise FollowUpUnknown(follow_up[:40])
        if outcome is Outcome.CANCELLED:
            if row.wanted == Wanted.STANDS or over_by_now([row], house=by.house):
                raise FollowUpUnknown(follow_up[:40])
            cause = CancelCause.DOCTOR if row.alone else CancelCause.ABSENCE
            cancel(key=key, appointment=row.appointment.key, cause=cause, by=by, at=at)
        if outcome is Outcome.KEPT and not row.alone and not _may_be_kept(row, by=by):
            raise FollowUpUnknown(follow_up[:40])
        if outcome is Outcome.CALLED and row.alone:
            raise FollowUpUnknown(follow_up[:40])
        if outcome is Outcome.KEPT and row.alone:
            tell_that_it_stands(row.appointment_id, house=by.house, at=at)
        action = "agenda.move_settled" if row.alone else "agenda.follow_up_settled"
        _changed(kept, action, by=by, at=at, follow_up=row.pk, outcome=outcome.value)
        live.touch_tasks(by=by, at=at)


@busy_named()
def keep_booked(*, client: str, absence: str, appointment: str, by: Who, at: datetime) -> None:
    """Of one whom the absence meets and of whom nobody said what becomes of him: he comes all the same, as he is
    booked. He leaves the list for this absence and this hour, and is told nothing.

    Raises FollowUpUnknown: not in that absence, given to the secretaries, moved or said already; AgendaBusy.
    """
    met = rows_in_absence(by=by, client=client, absence=absence, at=at).filter(key=appointment[:40])
    visit = met.first()
    if visit is None:
        raise FollowUpUnknown(appointment[:40])
    with transaction.atomic():
        kept = locked([visit.agenda_id])[visit.agenda_id]
        row = met.filter(agenda=kept, starts_at=visit.starts_at).first()
        said = Q(outcome=Outcome.KEPT.value, absence=absence[:40])
        asked = Q(done_at=None) & ~Q(wanted=Wanted.STANDS.value)  # that he can come is to be said all the more
        if row is None or unmoved(FollowUp.objects.filter(said | asked, appointment=row)).exists():
            raise FollowUpUnknown(appointment[:40])
        made = FollowUp.objects.create(
            house_id=row.house_id,
            client_id=row.client_id,
            agenda_id=row.agenda_id,
            appointment=row,
            absence=absence[:40],
            starts_at=row.starts_at,
            wanted=Wanted.KEEP.value,
            asked_at=at,
            asked_by_name=by.name,
            done_at=at,
            done_by_name=by.name,
            outcome=Outcome.KEPT.value,
        )
        _changed(kept, "agenda.follow_up_settled", by=by, at=at, follow_up=made.pk, outcome=Outcome.KEPT.value)


@busy_named()
def put_back_on_list(*, follow_up: str, by: Who, at: datetime) -> None:
    """It was a slip that he comes all the same, or that he was called because of an absence or a closed agenda: he is
    again on the list on which he stood. What was wanted of him and replaced since, for the others of it, is replaced
    for him too.

    Raises FollowUpUnknown, also of who was called and comes all the same; AgendaBusy.
    """
    said = FollowUp.objects.filter(said_of_booked(), house=by.house_key, pk=row_key(follow_up))
    row = said.select_related("appointment").first()
    if row is None or not clients_seen(by, [row.client_id]) or _is_over(row, by=by):
        raise FollowUpUnknown(follow_up[:40])
    taken_back = {"outcome": Outcome.TAKEN_BACK.value, "done_at": at, "done_by_name": by.name}
    with transaction.atomic():
        kept = locked([row.agenda_id])[row.agenda_id]
        his = FollowUp.objects.filter(appointment=row.appointment_id)
        comes = unmoved(_kept().filter(pk__in=his, absence=row.absence))
        if row.outcome == Outcome.CALLED and comes.exists():
            raise FollowUpUnknown(follow_up[:40])
        listed = his.filter(done_at=None).exists()
        again = {"outcome": "", "done_at": None, "done_by_name": "", **_wish(row)}
        if not said.update(**(taken_back if listed or row.wanted == Wanted.KEEP else again)):
            raise FollowUpUnknown(follow_up[:40])
        _changed(kept, "agenda.follow_up_put_back", by=by, at=at, follow_up=row.pk)
        live.touch_tasks(by=by, at=at)


def _wish(row: FollowUp) -> dict[str, object]:
    """What is wanted by now of those whom the absence of this entry, or the end of its agenda, meets, in which words,
    who asked it and when: who came all the same was left out where the doctor asked for something else.
    """
    same = FollowUp.objects.filter(client=row.client_id, absence=row.absence, alone=False)
    same = same if row.absence else same.filter(agenda=row.agenda_id)
    asked = same.filter(wanted__in=[each.value for each in ASKED]).order_by("-asked_at", "-pk")
    last = asked.first() or row
    said = {"wanted": last.wanted, "words": last.words}
    return {**said, "asked_at": last.asked_at, "asked_by_name": last.asked_by_name}


def _kept() -> ClientQuerySet[FollowUp]:
    return FollowUp.objects.filter(outcome=Outcome.KEPT.value)


def _may_be_kept(row: FollowUp, *, by: Who) -> bool:
    return bool(row.absence) and row.wanted != Wanted.STANDS and not _is_over(row, by=by)


def _is_over(row: FollowUp, *, by: Who) -> bool:
    return bool(over_by_now([row], house=by.house))


def _changed(row: Agenda, action: str, *, by: Who, at: datetime, **detail: object) -> None:
    changed(row, action=action, subject=f"agenda.agenda:{row.pk}", by=by, at=at, event=None, **detail)
