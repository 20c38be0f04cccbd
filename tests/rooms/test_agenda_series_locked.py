# SPDX-License-Identifier: AGPL-3.0-or-later
"""A series is searched while nobody waits for it; under the lock it is looked whether what was found is free still."""

from datetime import date

import pytest

from permanence.agenda.models import Appointment, Series
from permanence.agenda.operations import acts, appointments, series
from permanence.agenda.operations.series import SeriesEmpty, SeriesPattern
from permanence.agenda.queries import slots
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON

DAY = date(2026, 11, 30)
WEEK = 7 * 24 * 60
FOUND = [MONDAY, after(WEEK), after(2 * WEEK)]


@pytest.fixture
def cast(db):
    return make_agenda_cast()


@pytest.fixture
def steps(monkeypatch):
    """What is done, in its order: searched, looked at again, locked."""
    seen = []
    for where, name, word in (
        (slots, "plan_series", "searched"),
        (slots, "still_free", "looked at again"),
        (acts, "locked", "locked"),
    ):
        monkeypatch.setattr(where, name, noted(seen, word, getattr(where, name)))
    return seen


def noted(seen, word, act):
    def do(*given, **named):
        seen.append(word)
        return act(*given, **named)

    return do


def make(cast, **booking):
    return series.book_series(
        key=cast.key(),
        agendas=[cast.dupont],
        pattern=SeriesPattern(first=DAY, days=(0, 7, 14)),
        booking=cast.booking(**booking),
        by=cast.claire,
        at=NOON,
    )


def begins(made):
    return [each.starts_at for each in made.appointments]


def just_before_the_lock(cast, monkeypatch, starts):
    """Somebody else books between the search and the lock."""
    lock, booked = acts.locked, []

    def late(agendas):
        if not booked:
            booked.append(starts)
            appointments.book(
                key=cast.key(),
                agenda=cast.dupont,
                starts_at=starts,
                booking=cast.booking(patient=cast.paul),
                by=cast.claire,
                at=NOON,
            )
        return lock(agendas)

    monkeypatch.setattr(acts, "locked", late)


def test_a_series_is_searched_before_its_agendas_are_locked(cast, steps):
    assert begins(make(cast)) == FOUND
    assert steps == ["searched", "locked"]


def test_where_somebody_booked_meanwhile_beside_it_nothing_is_searched_again(cast, steps, monkeypatch):
    just_before_the_lock(cast, monkeypatch, after(60))
    assert begins(make(cast)) == FOUND
    assert steps == ["searched", "locked", "locked", "looked at again"]


def test_where_somebody_took_one_of_its_slots_meanwhile_it_is_searched_again(cast, steps, monkeypatch):
    just_before_the_lock(cast, monkeypatch, after(WEEK))
    made = begins(make(cast))
    assert made[0] == MONDAY
    assert made[1] > after(WEEK)
    assert made[1].date() == after(WEEK).date()
    assert steps == ["searched", "locked", "locked", "looked at again", "searched"]
    assert Appointment.objects.count() == 4


def test_a_series_that_takes_a_device_is_looked_at_again_in_any_case(cast, steps):
    made = make(cast, reason=cast.tracing)
    assert len(made.appointments) == 3
    assert steps == ["searched", "locked", "looked at again"]


def test_a_series_that_finds_nothing_keeps_nobody_waiting(cast, steps):
    with pytest.raises(SeriesEmpty):
        make(cast, reason=cast.webers)
    assert steps == ["searched"]
    assert Series.objects.count() == 0
