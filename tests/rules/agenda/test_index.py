# SPDX-License-Identifier: AGPL-3.0-or-later
"""The warm search says what the exact one says, whatever changes in between."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from permanence.agenda.rules.cells import Window, packed, runs, unpacked, wall_of
from permanence.agenda.rules.free import free_slots
from permanence.agenda.rules.index import Index
from permanence.agenda.rules.kinds import HalfDay, Need, Opening, OpeningKind, TakenKind, clock
from permanence.agenda.rules.wishes import Preferences
from tests.rules.agenda.house import ECG, NOW, TUESDAY, later, on, practice, visit, weber, wish
from tests.rules.agenda.made import ZONES, books, usually

FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
DAYS = 2


def as_preferred(slot, preferences, zone) -> bool:
    """The preferences once more, by the wall."""
    starts = slot.starts.astimezone(zone)
    begins = starts.hour * 60 + starts.minute
    lasts = int((slot.ends - slot.starts).total_seconds() // 60)
    return (
        (
            not preferences.half_days
            or (HalfDay.MORNING if starts.hour < 13 else HalfDay.AFTERNOON) in preferences.half_days
        )
        and starts.weekday() not in preferences.weekdays_out
        and (preferences.from_date is None or starts.date() >= preferences.from_date)
        and (preferences.until_date is None or starts.date() < preferences.until_date)
        and (not preferences.from_time or begins >= clock(preferences.from_time))
        and (not preferences.until_time or begins + lasts <= clock(preferences.until_time))
    )


@st.composite
def preferences(draw, day):
    return Preferences(
        half_days=draw(usually(frozenset(), frozenset({HalfDay.MORNING}), frozenset({HalfDay.AFTERNOON}))),
        weekdays_out=draw(usually(frozenset(), frozenset({day.weekday()}))),
        from_date=draw(usually(None, day + timedelta(days=1))),
        until_date=draw(usually(None, day + timedelta(days=1))),
        from_time=draw(usually("", "08:20")),
        until_time=draw(usually("", "09:10")),
    )


def same_answer(index, known, wish, day, at):
    wanted = {}
    for agenda, book in known.items():
        slots = free_slots(book, wish, first=day, until=day + timedelta(days=DAYS), at=at)
        zone = ZoneInfo(book.agenda.zone)
        wanted[agenda] = [each.starts for each in slots if as_preferred(each, wish.preferences, zone)]
        assert index.starts(agenda, wish, at=at) == wanted[agenda]
    event(f"free: {any(wanted.values())}")
    assert index.next_free(wish, at=at) == {agenda: starts[0] for agenda, starts in wanted.items() if starts}


@FEW
@given(first=books(), second=books(), data=st.data())
def test_its_answer_is_the_exact_one_also_after_changes(first, second, data):
    book, wish, day, at = first
    wish = replace(wish, preferences=data.draw(preferences(day)))
    other = replace(second[0], agenda=replace(second[0].agenda, id="b"))
    known = {"a": book, "b": other}
    index = Index(first=day, days=DAYS)
    for each in known.values():
        index.put(each)
    same_answer(index, known, wish, day, at)
    later = at + timedelta(hours=data.draw(st.sampled_from([0, 12, 23, -1])))
    known["a"] = replace(book, taken=second[0].taken)
    index.put(known["a"])
    same_answer(index, known, wish, day, later)
    same_answer(index, known, replace(wish, holder="", is_new=not wish.is_new), day, later)
    same_answer(index, known, wish, day, at)
    index.drop("a")
    del known["a"]
    known["c"] = replace(book, agenda=replace(book.agenda, id="c"))
    index.put(known["c"])
    same_answer(index, known, wish, day, later)


def test_a_row_is_worked_out_anew_when_a_hold_lapses_or_hours_are_released():
    same_day = Opening(
        id="s", agenda="weber", weekday=1, opens="16:00", until="17:00", kind=OpeningKind.SAME_DAY, released_at="14:30"
    )
    usual = Opening(id="u", agenda="weber", weekday=1, opens="15:00", until="16:00")
    hold = visit("15:00", "16:00", kind=TakenKind.HOLD, holder="call", until=NOW + timedelta(minutes=2))
    index = Index(first=TUESDAY, days=1)
    index.put(weber(hold, openings=(same_day, usual)))
    assert index.next_free(wish(), at=NOW) == {}
    assert index.next_free(wish(holder="call"), at=NOW) == {"weber": on("15:00")}
    assert index.next_free(wish(), at=NOW) == {}
    assert index.next_free(wish(), at=NOW + timedelta(minutes=2)) == {"weber": on("15:00")}
    assert len(index.starts("weber", wish(), at=on("14:29"))) == 3
    assert len(index.starts("weber", wish(), at=on("14:30"))) == 6
    assert index.starts("weber", wish(), at=NOW) == []


def test_two_needs_that_one_device_could_meet_want_two_devices():
    reason = replace(ECG, needs=(Need(kind="ecg"), Need(ids=("ecg1", "ecg2"))))
    busy = visit("14:00", "17:00", subject="ecg2")
    index = Index(first=TUESDAY, days=1)
    index.put(weber(busy, reasons=(reason,)))
    assert index.next_free(wish("ECG"), at=NOW) == {"weber": on("17:00")}
    index.put(weber(busy, reasons=(replace(reason, needs=(Need(kind="ecg"), Need(kind="ecg"))),)))
    assert index.next_free(wish("ECG"), at=NOW) == {}


def test_a_booking_is_seen_and_so_is_who_is_gone_or_new():
    index = Index(first=TUESDAY, days=2)
    index.put(weber())
    index.put(practice("klein"))
    assert index.next_free(wish(), at=NOW) == {"weber": on("14:20"), "klein": on("14:20")}
    index.put(weber(visit("14:20", "15:00")))
    assert index.next_free(wish(), at=NOW) == {"weber": on("15:00"), "klein": on("14:20")}
    index.drop("weber")
    index.drop("nobody")
    assert ("weber" in index, index.next_free(wish(), at=NOW)) == (False, {"klein": on("14:20")})
    index.put(practice("dupont", visit("14:20", "18:00")))
    assert index.next_free(wish(), at=NOW, agendas=["dupont"]) == {"dupont": on("08:00", later(1))}
    assert index.next_free(wish(preferences=Preferences(agendas=("klein", "x"))), at=NOW) == {"klein": on("14:20")}


@given(flags=st.lists(st.booleans(), min_size=1, max_size=60), length=st.integers(1, 9), before=st.integers(0, 4))
def test_runs_are_those_that_one_counts(flags, length, before):
    flags = np.array(flags)
    found = runs(flags, length=length, before=before)
    for start in range(len(flags)):
        around = range(start - before, start - before + length)
        inside = around.start >= 0 and around.stop <= len(flags)
        assert bool(found[start]) == (inside and all(flags[each] for each in around))


def test_bits_are_those_of_the_flags():
    window = Window(date(2026, 11, 24), 90)
    flags = wall_of(window, "Europe/Paris").minutes % 7 == 0
    assert (unpacked(packed(flags)) == flags).all()
    assert packed(flags).shape == (window.words,)


def test_the_wall_of_each_cell_is_that_of_the_zone():
    for day in (date(2026, 3, 29), date(2026, 10, 25)):
        window = Window(day, 1)
        for zone in (*(zone for zone, _ in ZONES), "Australia/Lord_Howe", "Asia/Kathmandu"):
            wall = wall_of(window, zone)
            for cell in range(window.size):
                local = datetime.fromtimestamp(window.base + cell * 300, UTC).astimezone(ZoneInfo(zone))
                shown = local.toordinal(), local.hour * 60 + local.minute
                assert (wall.days[cell], wall.minutes[cell]) == shown
