# SPDX-License-Identifier: AGPL-3.0-or-later
"""The index that a process keeps says what the exact search says, whoever wrote in between, and asks little."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from permanence.agenda.models import Agenda
from permanence.agenda.operations import appointments, holds, reasons, rooms, setting
from permanence.agenda.queries import agendas, slots
from permanence.agenda.queries.agendas import seen
from permanence.agenda.queries.slots import books_for
from permanence.agenda.queries.warm import AGENDA_WEIGHT, DAYS, Warm
from permanence.agenda.rules.kinds import ExceptionKind, HalfDay, Need
from permanence.agenda.rules.search import propose
from permanence.agenda.rules.states import CancelCause
from permanence.agenda.rules.wishes import Moving, Preferences, Wish
from permanence.clients import absences
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, opened, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_properties import World, acts

FIRST = MONDAY.date()
"""Where everything happens, so that the first proposals tell of it."""


def exact(rows, wish, at, **asked):
    first, days = asked["first"], asked["days"]
    known = books_for(rows, first=first, until=first + timedelta(days=days))
    return propose(known, wish, at=at, **asked)


class Pair:
    """A warm process and the exact search, asked the same."""

    def __init__(self, cast, names, combined=()):
        self.warm, self.cast, self.names, self.combined = Warm(), cast, names, combined

    def same(self, *wishes, at=NOON, first=FIRST, days=21, most=4, **more):
        for wish in wishes or self.wishes():
            rows = seen(self.names, by=self.cast.claire)
            asked = {"first": first, "days": days, "most": most, **more}
            assert self.warm.propose(rows, wish, at=at, **asked) == exact(rows, wish, at, **asked), wish

    def wishes(self):
        cast = self.cast
        some = [Wish(reason=each) for each in (cast.consultation, cast.tracing, cast.class_of_three, *self.combined)]
        picky = Preferences(half_days=frozenset({HalfDay.AFTERNOON}), weekdays_out=frozenset({0}))
        never = Preferences(from_time="22:00", agendas=(self.names[-1],))
        return (
            *some,
            replace(some[0], is_new=True, holder="call:call-1"),
            replace(some[0], preferences=picky),
            replace(some[1], preferences=never),
        )


class TestAnyOrder(TestCase):
    """Whatever is booked, held, moved, blocked or cancelled: also what a device of two agendas allows."""

    @settings(max_examples=6, suppress_health_check=[HealthCheck.too_slow])
    @given(acts, st.lists(st.booleans(), min_size=30, max_size=30))
    def test_the_warm_answer_is_the_exact_one(self, wanted, looks):
        world = World()
        pair = Pair(world.cast, world.agendas, world.combined)
        pair.same()
        for act, look in zip(wanted, looks, strict=False):
            world.act(*act)
            if look:
                pair.same(at=world.at)
        pair.same(at=world.at)


def hold(cast, *, key=None, call=""):
    told = {"agenda": cast.dupont, "reason": cast.consultation, "starts_at": after(0), "by": cast.claire, "at": NOON}
    holds.hold_slot(key=key or cast.key(), call=call, **told)


def other_week(cast):
    week = openings(cast.dupont, [(2, "10:00", "11:00")])
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)


def closed(cast):
    setting.set_exception(
        agenda=cast.dupont, day=after(0).date(), kind=ExceptionKind.CLOSED, by=cast.claire, at=NOON
    )  # fmt: skip


def other_reason(cast):
    client = cast.cabinet.id
    kept = next(each for each in agendas.reasons(by=cast.claire, client=client) if each.id == cast.consultation)
    longer = replace(kept, minutes=50, needs=(Need(kind="ecg"),))
    reasons.set_reason(client=client, reason=longer, by=cast.claire, at=NOON)


def one_a_day(cast):
    client = cast.cabinet.id
    for each in agendas.reasons(by=cast.claire, client=client):
        reasons.set_reason(client=client, reason=replace(each, max_per_day=1), by=cast.claire, at=NOON)


def retired(cast):
    told = {"client": cast.cabinet.id, "reason": cast.consultation, "replacement": cast.tracing}
    reasons.retire_reason(by=cast.claire, at=NOON, **told)


def other_step(cast):
    given = {"name": "Dr Dupont", "step": 30, "closed_on_holidays": False, "overbookings_per_day": 0, "active": True}
    setting.change_agenda(agenda=cast.dupont, by=cast.claire, at=NOON, **given)


def new_device(cast):
    setting.add_resource(client=cast.cabinet.id, name="ECG 2", kind="ecg", by=cast.claire, at=NOON)


def renamed(cast):
    rooms.rename_resource(client=cast.cabinet.id, resource=cast.ecg, name="Neu", by=cast.claire, at=NOON)


def away(cast):
    told = {"starts": after(0), "ends": after(3 * 24 * 60), "words": "", "announced_by": cast.dr_dupont.person}
    absences.announce_absence(client=cast.cabinet.id, recipient=cast.cabinet.doctor, by=cast.dr_dupont, at=NOON, **told)


def cancelled(cast):
    made = booked(cast, cast.lemaire)
    told = {"appointment": made.appointment, "cause": CancelCause.PATIENT}
    appointments.cancel(key=cast.key(), by=cast.claire, at=NOON, **told)


def booked(cast, agenda):
    told = {"agenda": agenda, "starts_at": after(0), "booking": cast.booking(reason=cast.tracing)}
    return appointments.book(key=cast.key(), by=cast.claire, at=NOON, **told)


CHANGES = (
    hold, other_week, closed, other_reason, retired, other_step, new_device, renamed, away,
    cancelled,
)  # fmt: skip


@pytest.fixture
def cast(db):
    return make_agenda_cast()


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.__name__)
def test_every_kind_of_change_is_seen(cast, change):
    pair = Pair(cast, (cast.dupont, cast.lemaire))
    one = Pair(cast, (cast.dupont,))
    for each in (pair, one):
        each.same()
    change(cast)
    for each in (pair, one):
        each.same()
    one.same(at=NOON + timedelta(minutes=3))


@pytest.mark.parametrize("agenda", ["dupont", "lemaire"])
def test_a_visit_that_is_moved_is_in_nobody_s_way_and_counts_for_who_asks_next(cast, agenda):
    pair, of = Pair(cast, (cast.dupont, cast.lemaire)), getattr(cast, agenda)
    pair.same()
    visit = booked(cast, of)
    one_a_day(cast)
    moving = Moving(visit=visit.appointment, agenda=of, starts=visit.starts_at)
    for first in (FIRST, FIRST - timedelta(days=1), FIRST + timedelta(days=1)):
        pair.same(first=first)
        pair.same(first=first, moving=moving)
        pair.same(first=first)


@pytest.mark.parametrize("how", ["given back", "hung up", "over"])
def test_what_is_not_held_any_more_is_free_again(cast, how):
    pair, key = Pair(cast, (cast.dupont, cast.lemaire)), cast.key()
    pair.same()
    hold(cast, key=key, call="call-9")
    pair.same()
    if how == "given back":
        holds.release_hold(hold=key, by=cast.claire, at=NOON)
    elif how == "hung up":
        holds.release_call(house=cast.claire.house, call="call-9", at=NOON)
    pair.same(at=NOON + timedelta(minutes=3) if how == "over" else NOON)


def test_a_device_used_by_an_agenda_that_was_not_asked_for_is_taken(cast):
    one = Pair(cast, (cast.dupont,))
    one.same()
    booked(cast, cast.lemaire)
    one.same()


def test_days_that_are_not_kept_and_several_clients_are_left_to_the_exact_search(cast):
    warm, wish = Warm(), Wish(reason=cast.consultation)
    rows = seen([cast.dupont], by=cast.claire)
    far = FIRST + timedelta(days=DAYS)
    assert warm.propose(rows, wish, first=far, days=5, at=NOON, most=4) is None
    assert warm.propose(rows, wish, first=NOON.date() - timedelta(days=5), days=5, at=NOON, most=4) is None
    both = seen([cast.dupont, cast.weber_agenda], by=cast.claire)
    assert warm.propose(both, wish, first=FIRST, days=5, at=NOON, most=4) is None
    assert warm.propose([], wish, first=FIRST, days=5, at=NOON, most=4) is None


def test_the_next_day_is_a_new_index_and_a_later_beginning_is_answered(cast):
    pair = Pair(cast, (cast.dupont, cast.lemaire))
    pair.same()
    pair.same(first=FIRST + timedelta(days=6), days=30)
    pair.same(at=NOON + timedelta(days=1), first=FIRST + timedelta(days=1))
    assert len(pair.warm.kept) == 1


def test_what_was_not_asked_for_the_longest_goes(cast):
    warm = Warm(most=AGENDA_WEIGHT - 1)
    ask = {"first": FIRST, "days": 5, "at": NOON, "most": 1}
    for agenda, reason in ((cast.dupont, cast.consultation), (cast.weber_agenda, cast.webers)):
        assert warm.propose(seen([agenda], by=cast.claire), Wish(reason=reason), **ask).proposals
    assert warm.kept == (int(cast.weber.id),)


def queries(act):
    with CaptureQueriesContext(
        connection,
    ) as asked:
        act()
    return len(asked)


def test_what_is_read_does_not_grow_with_the_agendas(cast):
    names = [cast.dupont, cast.lemaire]
    names += [opened(cast.cabinet.id, cast.cabinet.doctor, f"Dr {number}", by=cast.claire) for number in range(6)]
    wish, warm = Wish(reason=cast.consultation), Warm()
    rows = seen(names, by=cast.claire)

    def ask():
        assert warm.propose(rows, wish, first=FIRST, days=90, at=NOON, most=4).proposals

    ask()
    assert queries(ask) == 2
    Agenda.objects.filter(client=int(cast.weber.id)).update(version=99)
    assert queries(ask) == 2
    booked(cast, names[3])
    assert queries(ask) == 11
    assert queries(ask) == 2


@pytest.mark.django_db(transaction=True)
def test_the_site_asks_the_warm_index_and_what_a_transaction_sees_is_not_kept():
    cast = make_agenda_cast()
    asked = {"agendas": [cast.dupont, cast.lemaire], "wish": Wish(reason=cast.consultation), "first": FIRST}

    def ask():
        return slots.next_free(by=cast.claire, at=NOON, **asked)

    first = ask()
    seen_in = queries(lambda: seen(asked["agendas"], by=cast.claire))
    assert queries(ask) == seen_in + 2
    told = {"agenda": cast.dupont, "starts_at": first.proposals[0].slot.starts, "booking": cast.booking()}
    appointments.book(key=cast.key(), by=cast.claire, at=NOON, **told)
    second = ask()
    assert second != first
    assert second == exact(seen(asked["agendas"], by=cast.claire), asked["wish"], NOON, first=FIRST, days=90, most=4)
