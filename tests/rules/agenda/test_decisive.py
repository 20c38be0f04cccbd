# SPDX-License-Identifier: AGPL-3.0-or-later
"""A start is judged by what `decisive` leaves as by everything that is taken, and little is left."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.agenda.rules.decisive import decisive
from permanence.agenda.rules.free import slot_at
from permanence.agenda.rules.kinds import Need, TakenKind
from permanence.agenda.rules.wishes import Slot
from tests.rules.agenda.house import FOLLOW_UP, NOW, on, weber, wish
from tests.rules.agenda.made import books
from tests.rules.agenda.oracle import wall


def left(book, wanted, starts):
    """The book as one sees it who asks for nothing else than what decides."""
    near = decisive(replace(book, taken=()), wanted, starts=starts)

    def decides(each):
        if each.kind is TakenKind.ABSENCE:
            return True
        if near is None or not (each.from_buffer < near.ends and near.begins < each.until_buffer):
            return False
        return near.resources or each.subject == book.agenda.id

    return replace(book, taken=tuple(each for each in book.taken if decides(each)))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=books(), chance=st.randoms(use_true_random=False))
def test_the_answer_is_that_of_everything(made, chance):
    book, wanted, day, at = made
    begin = wall(book.agenda.zone, day)[0][0]
    minutes = [each for each, _ in wall(book.agenda.zone, day) if (each - begin) % 5 == 0]
    for minute in chance.sample(minutes, 60):
        starts = datetime.fromtimestamp(minute * 60, UTC) + timedelta(seconds=chance.choice([0, 0, 0, 61]))
        told = slot_at(book, wanted, starts=starts, at=at)
        assert slot_at(left(book, wanted, starts), wanted, starts=starts, at=at) == told


def test_of_a_full_day_a_visit_without_a_maximum_knows_its_own_hour():
    book = weber()
    near = decisive(book, wish(), starts=on("10:00"))
    assert near.ends - near.begins <= timedelta(hours=1)
    limited = replace(book, reasons=(replace(FOLLOW_UP, max_per_day=3),))
    whole = decisive(limited, wish(), starts=on("10:00"))
    assert whole.ends - whole.begins == timedelta(days=1)


def test_rooms_are_asked_for_where_the_reason_or_an_opening_needs_one():
    book = weber()
    bare, needed = (replace(book, reasons=(replace(FOLLOW_UP, needs=each),)) for each in ((), (Need(kind="ecg"),)))
    assert [decisive(each, wish(), starts=on("10:00")).resources for each in (bare, needed)] == [False, True]
    roomy = replace(bare, openings=tuple(replace(each, resources=("room",)) for each in bare.openings))
    assert decisive(roomy, wish(), starts=on("10:00")).resources


def test_nothing_decides_about_a_reason_that_there_is_not():
    assert decisive(weber(), wish(reason="gone"), starts=on("10:00")) is None
    assert not isinstance(slot_at(weber(), wish(reason="gone"), starts=on("10:00"), at=NOW), Slot)
