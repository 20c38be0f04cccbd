# SPDX-License-Identifier: AGPL-3.0-or-later
"""A visit that is moved stays the visit it is: as long as it was, confirmed where it stands; and the way back."""

import json
import re
from datetime import timedelta

import pytest

from permanence.agenda.models import AgendaAct, Appointment, Occupancy, SlotHold
from permanence.agenda.operations import appointments, holds, visits
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.queries import appointments as found
from permanence.agenda.rules.imports import ImportLine
from permanence.agenda.rules.states import AppointmentState, CancelCause
from permanence.foundation.models import OutboxEvent
from permanence.kernel.system import SystemClock
from tests.rooms.test_console_agenda import SLOTS, WHY, act, at_wall, booked, cast, monday, page
from tests.rooms.test_console_agenda_near import near

__all__ = ["cast", "monday"]

pytestmark = pytest.mark.django_db
CLOCK = SystemClock()


def now_of(cast, visit):
    return found.appointment(by=cast.claire, appointment=visit.appointment)


def confirmed(cast, visit):
    return visits.confirm(key=cast.key(), appointment=visit.appointment, by=cast.claire, at=CLOCK.now())


def move(cast, visit, starts, *, agenda=None, **more):
    return appointments.move(
        key=more.pop("key", None) or cast.key(),
        appointment=visit.appointment,
        agenda=agenda or visit.agenda,
        starts_at=starts,
        by=cast.claire,
        at=CLOCK.now(),
        **more,
    )


def moves():
    return OutboxEvent.objects.filter(name__in=("AppointmentMoved", "AppointmentMovedBack")).count()


def test_what_is_put_down_where_it_stands_was_not_moved(cast, monday):
    visit = confirmed(cast, booked(cast, monday, 10))
    stays = move(cast, visit, at_wall(monday, 10))
    assert stays == visit == now_of(cast, visit)
    assert (stays.state, stays.revision, moves()) == (AppointmentState.CONFIRMED, 0, 0)
    assert Appointment.objects.get().confirmed_at is not None
    elsewhere = move(cast, visit, at_wall(monday, 10), agenda=cast.lemaire)
    assert (elsewhere.state, moves()) == (AppointmentState.BOOKED, 1)


def brought_in(cast, monday, hour, lasts):
    """A visit of another product, longer than its reason says here."""
    starts = at_wall(monday, hour)
    line = ImportLine(
        line=2,
        starts=starts,
        ends=starts + timedelta(minutes=lasts),
        name="Kanari",
        first_name="Jeanne",
        reason="consultation",
    )
    report = import_lines(agenda=cast.dupont, lines=[line], by=cast.marc, at=CLOCK.now(), write=True)
    assert (report.appointments, report.faults) == (1, [])
    return found.appointment(by=cast.claire, appointment=Appointment.objects.get(door="import").key)


@pytest.mark.parametrize("lasts", [45, 10])
def test_a_moved_visit_lasts_as_long_as_it_did(cast, monday, lasts):
    visit = brought_in(cast, monday, 10, lasts)
    for agenda, hour in ((cast.dupont, 15), (cast.lemaire, 9)):
        moved = move(cast, visit, at_wall(monday, hour), agenda=agenda)
        assert (moved.agenda, moved.ends_at - moved.starts_at) == (agenda, timedelta(minutes=lasts))
    row = Occupancy.objects.get()
    assert row.ends_at - row.starts_at == timedelta(minutes=lasts)


def test_the_times_shown_for_a_visit_in_hand_are_as_long_as_it_is(cast, browser_of, monday):
    visit = brought_in(cast, monday, 10, 45)
    booked(cast, monday, 14, 30)
    browser = browser_of(cast.claire)
    shown = page(browser, SLOTS, client=cast.cabinet.id, appointment=visit.appointment)
    assert set(re.findall(r'data-minutes="(\d+)" data-hour', shown)) == {"45"}
    beside = near(browser, cast, monday, 14, 30, appointment=visit.appointment)
    assert {each["minutes"] for each in beside} == {45}
    # Half an hour before another one is enough for the reason, and not for this visit.
    asked = {"agenda": cast.dupont, "day": monday.isoformat(), "minute": "840"}
    told = json.loads(page(browser, WHY, appointment=visit.appointment, **asked))
    assert (told["free"], len(told["causes"])) == (False, 1)
    assert json.loads(page(browser, WHY, reason=cast.consultation, patient=cast.jeanne, **asked))["free"] is True


def test_a_session_is_as_long_as_it_is_for_all_and_its_places_are_moved_as_they_were(cast, monday):
    saturday = monday + timedelta(days=5)
    visit = booked(cast, saturday, 9, reason=cast.class_of_three)
    kept = holds.hold_slot(
        key=cast.key(),
        agenda=cast.dupont,
        reason=cast.class_of_three,
        starts_at=at_wall(saturday, 9),
        by=cast.claire,
        at=CLOCK.now(),
    )
    assert move(cast, visit, at_wall(saturday, 9)) == visit
    assert SlotHold.objects.get(key=kept.hold).ended == "booked"
    Appointment.objects.update(ends_at=at_wall(saturday, 9, 45))  # since then the reason is longer
    moved = move(cast, visit, at_wall(saturday, 10))
    assert moved.ends_at == at_wall(saturday, 11)
    row = Occupancy.objects.get()
    assert (row.place_from, row.place_until) == (0, 1)


def overbooked(cast, monday, hour):
    """Beside one that stands there."""
    under = booked(cast, monday, hour)
    return under, appointments.overbook(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=at_wall(monday, hour),
        booking=cast.booking(),
        cause="Fièvre",
        by=cast.claire,
        at=CLOCK.now(),
    )


def slip(cast, browser, visit, day, minute, *, agenda=None):
    """She moves it, and means another; gives how it is taken back."""
    key = cast.key()
    told = {"appointment": visit.appointment, "agenda": agenda or cast.dupont, "day": day.isoformat()}
    moved = act(browser, "move", key=key, minute=str(minute), **told)
    assert moved.status_code == 200, moved.content
    return lambda: act(browser, "move-back", key=cast.key(), appointment=visit.appointment, move=key)


def rows_of(visit):
    rows = Occupancy.objects.filter(appointment__key=visit.appointment).order_by("agenda", "resource")
    return list(rows.values("agenda", "resource", "starts_at", "ends_at", "before", "after", "place_until", "blocking"))


def test_a_slip_that_is_taken_back_leaves_a_confirmed_visit_confirmed(cast, browser_of, monday):
    visit = confirmed(cast, booked(cast, monday, 10, reason=cast.tracing))
    since, took = Appointment.objects.get().confirmed_at, rows_of(visit)
    back = slip(cast, browser_of(cast.claire), visit, monday, 660, agenda=cast.lemaire)
    assert now_of(cast, visit).state is AppointmentState.BOOKED
    answer = back()
    assert (answer.status_code, answer.json()["state"]) == (200, "confirmed")
    stands = now_of(cast, visit)
    assert (stands.agenda, stands.starts_at, stands.ends_at) == (visit.agenda, visit.starts_at, visit.ends_at)
    assert (stands.state, stands.revision, moves()) == (AppointmentState.CONFIRMED, 2, 2)
    assert (Appointment.objects.get().confirmed_at, rows_of(visit)) == (since, took)


def test_an_overbooked_visit_that_was_moved_by_a_slip_goes_back_with_its_cause(cast, browser_of, monday):
    under, visit = overbooked(cast, monday, 10)
    browser, took = browser_of(cast.claire), rows_of(visit)
    back = slip(cast, browser, visit, monday, 660)
    assert now_of(cast, visit).overbooked == ""
    answer = back()
    assert answer.status_code == 200, answer.content
    assert (now_of(cast, visit).overbooked, now_of(cast, visit).starts_at) == ("Fièvre", under.starts_at)
    assert (rows_of(visit), took[0]["blocking"]) == (took, False)


def test_nothing_is_taken_back_over_who_has_come_there_since(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    plain = booked(cast, monday, 9)
    back = slip(cast, browser, plain, monday, 660)
    booked(cast, monday, 9, 10)
    answer = back()
    assert (answer.status_code, answer.json()["code"]) == (422, "slot_already_taken")
    under, visit = overbooked(cast, monday, 10)
    back = slip(cast, browser, visit, monday, 690)
    appointments.cancel(
        key=cast.key(), appointment=under.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=CLOCK.now()
    )
    booked(cast, monday, 10)
    answer = back()
    assert (answer.status_code, answer.json()["code"]) == (422, "slot_already_taken")
    assert "Pris" in answer.json()["why"]
    assert now_of(cast, visit).starts_at == at_wall(monday, 11, 30)


def test_what_was_done_with_it_since_is_not_undone(cast, browser_of, monday):
    visit = booked(cast, monday, 10)
    browser = browser_of(cast.claire)
    back = slip(cast, browser, visit, monday, 660)
    confirmed(cast, visit)
    answer = back()
    assert (answer.status_code, answer.json()["code"]) == (422, "changed_meanwhile")
    assert answer.json()["why"] == "Ce rendez-vous a été changé entre-temps\u00a0: regardez-le de nouveau."
    back = slip(cast, browser, visit, monday, 690)
    AgendaAct.objects.update(at=CLOCK.now() - timedelta(minutes=3))
    assert back().json()["code"] == "nothing_to_take_back"
    unknown = act(browser, "move-back", key=cast.key(), appointment=visit.appointment, move="m" * 20)
    assert unknown.json()["code"] == "nothing_to_take_back"
    assert act(browser_of(cast.other_secretary), "move-back", appointment=visit.appointment).status_code == 404
    assert now_of(cast, visit).starts_at == at_wall(monday, 11, 30)


def test_in_a_group_it_goes_back_to_a_place_that_is_free(cast, browser_of, monday):
    saturday = monday + timedelta(days=5)
    visit = confirmed(cast, booked(cast, saturday, 9, reason=cast.class_of_three))
    back = slip(cast, browser_of(cast.claire), visit, saturday, 600)
    booked(cast, saturday, 9, reason=cast.class_of_three, patient=cast.paul)
    assert back().status_code == 200
    stands = now_of(cast, visit)
    assert (stands.starts_at, stands.state) == (at_wall(saturday, 9), AppointmentState.CONFIRMED)
    places = Occupancy.objects.filter(starts_at=at_wall(saturday, 9)).values_list("place_from", flat=True)
    assert sorted(places) == [0, 1]


def test_an_appointment_does_not_change_its_client_and_the_words_say_so(cast, browser_of, monday):
    visit = booked(cast, monday, 10)
    where = {"agenda": cast.weber_agenda, "day": monday.isoformat(), "minute": "660"}
    answer = act(browser_of(cast.claire), "move", key=cast.key(), appointment=visit.appointment, **where)
    assert (answer.status_code, answer.json()["code"]) == (422, "another_client")
    said = "Ce patient est celui d’un autre client\u00a0: un rendez-vous ne change pas de client."
    assert answer.json()["causes"] == [said]
    assert now_of(cast, visit) == visit


def shown(cast, monday, minute, *, agenda=None):
    return {"was_agenda": agenda or cast.dupont, "was_day": monday.isoformat(), "was_minute": str(minute)}


def test_what_was_moved_meanwhile_is_neither_cancelled_nor_moved_from_an_old_page(cast, browser_of, monday):
    visit = booked(cast, monday, 10)
    move(cast, visit, at_wall(monday, 11))
    browser, told = browser_of(cast.claire), {"appointment": visit.appointment, "cause": "patient"}
    target = {"agenda": cast.dupont, "day": monday.isoformat(), "minute": "900"}
    for what in ("cancel", "move"):
        answer = act(browser, what, key=cast.key(), **told, **target, **shown(cast, monday, 600))
        assert (answer.status_code, answer.json()["code"]) == (422, "changed_meanwhile")
        assert "déplacé entre-temps (" in answer.json()["why"]
        assert "11\u00a0h, Dr Dupont)" in answer.json()["why"].replace("\u202f", "\u00a0")
        assert now_of(cast, visit).state is AppointmentState.BOOKED
    assert now_of(cast, visit).starts_at == at_wall(monday, 11)
    elsewhere = act(browser, "cancel", key=cast.key(), **told, **shown(cast, monday, 660, agenda=cast.lemaire))
    assert elsewhere.json()["code"] == "changed_meanwhile"
    wrong = act(browser, "cancel", key=cast.key(), **told, **shown(cast, monday, 660) | {"was_minute": "noon"})
    assert wrong.status_code in {400, 422}
    moved, key = shown(cast, monday, 660), cast.key()
    for _again in range(2):
        assert act(browser, "move", key=key, **told, **target, **moved).status_code == 200
    assert act(browser, "cancel", key=cast.key(), **told, **shown(cast, monday, 900)).json()["state"] == "cancelled"
