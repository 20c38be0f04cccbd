# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor is there after all, an agenda is in use again: nobody is moved or cancelled because of it any more."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction

from permanence.agenda.models import Agenda, FollowUp
from permanence.agenda.operations.acts import changed, locked
from permanence.agenda.queries.returns import VISIT, absences, is_away, over_by_now, standing
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.foundation import live
from permanence.foundation.keys import row_key
from permanence.foundation.operations import house_system
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who


@transaction.atomic
def end_follow_ups(*, house: str, client: str, absence: str, at: datetime) -> int:
    """The absence was withdrawn: what it put on the secretaries' list is off it; gives how many entries. Idempotent.

    Whoever was called because of it, and whose appointment stands, comes on the list to be told so, unless his doctor
    is away all the same.
    """
    by = house_system(house=house)
    rows = FollowUp.objects.for_house(by.house_key).filter(client=row_key(client), absence=absence)
    return take_off_list(rows, locked(rows.values_list("agenda", flat=True)), by=by, at=at)


def take_off_list(entries: ClientQuerySet[FollowUp], rows: Mapping[int, Agenda], *, by: Who, at: datetime) -> int:
    """Inside an act, under the lock of the agendas `rows`: these entries ask for nothing any more. Of whom the doctor
    wanted a visit moved before they took the place of that, he wants it again; who was called for one of them is else
    to be told that his appointment stands. Gives how many were open.
    """
    asked = list(entries.exclude(wanted=Wanted.STANDS.value).select_related(*VISIT))
    gone = absences(asked, house=by.house, at=at)
    for outcome in (Outcome.BACK, Outcome.TAKEN_BACK):
        keys = [each.pk for each in asked if is_away(each.appointment, gone) == (outcome is Outcome.TAKEN_BACK)]
        said = {"done_at": at, "done_by_name": by.name, "outcome": outcome.value}
        FollowUp.objects.filter(pk__in=keys, done_at=None).update(**said)
    _move_again([each for each in asked if not is_away(each.appointment, gone)])
    to_tell = [each for each in _called(asked, at=at) if not is_away(each.appointment, gone)]
    FollowUp.objects.bulk_create(_stands(each, at=at) for each in to_tell)
    ended = [each.agenda_id for each in asked if each.done_at is None]
    for key in sorted({*ended, *(each.agenda_id for each in to_tell)} & set(rows)):
        action, subject = "agenda.follow_ups_ended", f"agenda.agenda:{key}"
        changed(rows[key], action=action, subject=subject, by=by, at=at, event=None, entries=ended.count(key))
    if asked:
        live.touch_tasks(by=by, at=at)
    return len(ended)


def _move_again(asked: Iterable[FollowUp]) -> None:
    """Of the visits of these entries, of whose doctors none is away: what one wanted moved last, where something else
    was asked in its place and nothing of all that was asked since is open or was done. Nothing tells what took its
    place but the moment: it was over when that was asked.
    """
    visits = {each.appointment_id for each in asked}
    wishes: dict[int, FollowUp] = {}
    since: dict[int, list[FollowUp]] = {}
    for each in standing(FollowUp.objects.filter(appointment__in=visits)).order_by("asked_at", "pk"):
        if each.alone:
            wishes[each.appointment_id], since[each.appointment_id] = each, []
        elif each.appointment_id in wishes:
            since[each.appointment_id].append(each)
    again = [
        wish.pk
        for visit, wish in wishes.items()
        if wish.outcome == Outcome.TAKEN_BACK
        and wish.done_at in {each.asked_at for each in since[visit]}
        and all(each.outcome in {Outcome.BACK, Outcome.TAKEN_BACK} for each in since[visit])
    ]
    FollowUp.objects.filter(pk__in=again).update(done_at=None, done_by_name="", outcome="")


def tell_that_it_stands(visit: int, *, house: str, at: datetime) -> None:
    """Inside an act, under the lock of its agenda, after which nothing is asked of this visit (key) any more: who was
    called because of an absence that was withdrawn since, or of an agenda in use again, is to be told that it stands,
    unless his doctor is away all the same.
    """
    called = [each for each in _called([FollowUp(appointment_id=visit)], at=at) if not each.alone]
    over, gone = over_by_now(called, house=house), absences(called, house=house, at=at)
    for each in called:
        is_over = each.pk in over if each.absence else each.appointment.agenda.active
        if is_over and not is_away(each.appointment, gone):
            _stands(each, at=at).save()


def _called(entries: Iterable[FollowUp], *, at: datetime) -> list[FollowUp]:
    """Of the visits of these that are to come and stand: the last entry for which the patient was called, where it did
    not tell him that the visit stands, and nothing is asked of it now.
    """
    visits = {each.appointment_id for each in entries}
    listed = FollowUp.objects.filter(appointment__in=visits, done_at=None).values("appointment")
    rows = standing(FollowUp.objects.filter(appointment__in=visits, starts_at__gt=at)).exclude(appointment__in=listed)
    rows = rows.filter(outcome=Outcome.CALLED.value).select_related(*VISIT).order_by("done_at", "pk")
    last = {each.appointment_id: each for each in rows}
    return [each for each in last.values() if each.wanted != Wanted.STANDS]


def _stands(entry: FollowUp, *, at: datetime) -> FollowUp:
    return FollowUp(
        house_id=entry.house_id,
        client_id=entry.client_id,
        agenda_id=entry.agenda_id,
        appointment_id=entry.appointment_id,
        absence=entry.absence,
        starts_at=entry.starts_at,
        wanted=Wanted.STANDS.value,
        asked_at=at,
        asked_by_name="",
    )
