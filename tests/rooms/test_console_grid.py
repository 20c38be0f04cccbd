# SPDX-License-Identifier: AGPL-3.0-or-later
"""The grid of many visits: what is read of each, how it is written, and how much work one more is."""

import html
import re
import sys
from dataclasses import fields, replace
from datetime import timedelta

import pytest

from permanence.agenda.models import Agenda, Appointment
from permanence.agenda.operations import blocks
from permanence.agenda.queries import days, shown
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.states import AppointmentState
from permanence.clients import absences
from permanence.console import agenda_grid as drawn
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import make_agenda_cast, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_console_agenda import GRID, HOURS, LANE, LOOK, PARIS, at_wall, booked, page

pytestmark = pytest.mark.django_db
MOST_STEPS = 120
"""Calls that one more visit may cost a page, those of the database's driver among them; some 80 are needed."""
OPEN_FROM_8_TO_18 = drawn.Lane(
    agenda="1",
    client="1",
    client_name="",
    day=NOON.date(),
    day_name="",
    name="",
    agenda_name="",
    note="",
    initials="",
    colour=1,
    today=False,
    step=5,
    grounds=(drawn.Ground(first=96, span=120, words="", kind="open"),),
    items=(),
)


@pytest.fixture
def cast():
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)  # the days are counted from the real present: any may be one
    return made


@pytest.fixture
def monday():
    """The Monday of the week after next: what a page asks for is judged at the real moment."""
    today = SystemClock().now().astimezone(PARIS).date()
    return today + timedelta(days=14 - today.weekday())


def test_what_is_shown_of_a_visit_is_what_is_known_of_it(cast, monday):
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    ordinary, other = booked(cast, monday, 9), booked(cast, monday, 10, reason=both)
    Appointment.objects.filter(key=ordinary.appointment).update(
        state=AppointmentState.ARRIVED.value, overbook_cause="Urgence", sealed_answers="x"
    )
    asked = {"by": cast.claire, "agendas": [cast.dupont, cast.lemaire], "day": monday, "at": SystemClock().now()}
    known, seen = days.day(**asked), shown.day(**asked)
    told = {each.name for each in fields(AppointmentView)}
    assert set(shown.ShownVisit._fields) <= told
    for whole, lean in zip(known, seen, strict=True):
        assert len(whole.appointments) == len(lean.appointments) >= 1
        for one, short in zip(whole.appointments, lean.appointments, strict=True):
            assert short._asdict() == {name: getattr(one, name) for name in short._fields}
        for part in ("agenda", "openings", "exceptions", "absences", "holds", "blocks"):
            assert getattr(whole, part) == getattr(lean, part)
    assert other.appointment in {each.appointment for each in seen[1].appointments}


def test_signs_of_a_pattern_stay_words(cast, browser_of, monday):
    words = "100 % %s %(key)s {0}"
    cast_reason = reason(cast.cabinet.id, words, 60, by=cast.claire)
    visit = booked(cast, monday, 9, reason=cast_reason)
    row = Appointment.objects.get(key=visit.appointment)
    row.patient.used_name, row.patient.first_name = "50 %", "%(name)s"
    row.patient.save()
    text = page(browser_of(cast.claire), GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert text.count('<span class="appt__name">50 % %(name)s</span>') == 1
    assert f'aria-label="09:00 à 10:00, 50 % %(name)s, {words}, réservé"' in text
    assert f'<span class="appt__note">{words}</span>' in text


def steps(work):
    """How many functions are called by `work`."""
    count = 0

    def called(_frame, event, _argument):
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def test_one_more_visit_is_little_work(cast, browser_of, monday):
    def fill(first, count):
        Appointment.objects.bulk_create(
            Appointment(
                house_id=agenda.house_id,
                client_id=agenda.client_id,
                agenda=agenda,
                key=f"visit-{number:020d}",
                patient_id=int(cast.jeanne),
                reason_id=int(cast.consultation),
                starts_at=at_wall(monday, 8) + timedelta(minutes=5 * number),
                ends_at=at_wall(monday, 8) + timedelta(minutes=5 * number + 5),
                state_at=at_wall(monday, 8),
                booked_at=at_wall(monday, 8),
                door="console",
            )
            for number in range(first, first + count)
        )

    def work():
        page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat())

    agenda, browser = Agenda.objects.get(pk=int(cast.dupont)), browser_of(cast.claire)
    fill(0, 60)
    work()
    few = steps(work)
    fill(60, 60)
    work()
    assert (steps(work) - few) / 60 < MOST_STEPS


def away(cast, starts, ends):
    absences.announce_absence(
        client=cast.cabinet.id,
        starts=starts,
        ends=ends,
        words="Le docteur est absent.",
        announced_by=cast.marc.person,
        by=cast.marc,
        at=SystemClock().now(),
        recipient=cast.cabinet.doctor,
    )


def head(text, day):
    """What stands at the head of Dr Dupont's lane of a day, and the hours of the grid."""
    note = re.search(rf'data-day="{day}" data-step="[0-9]+" data-name="Dr [^"]*Dupont" data-note="([^"]*)"', text)
    hours = re.search(r'data-first="([0-9]+)" data-count="([0-9]+)"', text)
    return html.unescape(note[1]), int(hours[1]) / 12, (int(hours[1]) + int(hours[2])) / 12


def test_an_absence_makes_no_day_longer_and_is_said_at_the_head_of_its_days(cast, browser_of, monday):
    tuesday = monday + timedelta(days=1)
    browser, client = browser_of(cast.claire), cast.cabinet.id
    asked = {"client": client, "day": monday.isoformat(), "view": "week", "agenda": cast.dupont}
    _, first, last = head(page(browser, GRID, **asked), monday)
    away(cast, at_wall(monday, 10), at_wall(tuesday, 19))
    week = page(browser, GRID, **asked)
    assert head(week, monday) == ("Absent à partir de 10:00", first, last)
    assert head(week, tuesday) == ("Absent jusqu’à 19:00", first, last)
    assert f"lane__absent f{int(first * 12)} s" in week  # its words stand in the middle of what is seen
    day = page(browser, GRID, client=client, day=tuesday.isoformat())
    assert head(day, tuesday) == ("Absent jusqu’à 19:00", first, last)
    whole = f"{int(first * 12)}-{int(last * 12)}"
    alone = page(browser, LANE, agenda=cast.dupont, day=tuesday.isoformat(), first="0", shown=whole)
    assert alone in day
    wednesday = tuesday + timedelta(days=1)
    away(cast, at_wall(wednesday, 10), at_wall(wednesday, 11))
    assert head(page(browser, GRID, **asked), wednesday)[0] == "Absent de 10:00 à 11:00"


def test_busy_time_over_midnight_makes_no_day_longer(cast, browser_of, monday):
    browser, at = browser_of(cast.claire), SystemClock().now()
    asked = {"client": cast.cabinet.id, "day": monday.isoformat(), "view": "week", "agenda": cast.dupont}
    _, first, last = head(page(browser, GRID, **asked), monday)

    def busy(starts, ends):
        told = {"agenda": cast.dupont, "starts_at": starts, "ends_at": ends, "words": ""}
        blocks.block(key=cast.key(), **told, by=cast.claire, at=at)

    busy(at_wall(monday, 15), at_wall(monday + timedelta(days=3), 9))
    assert head(page(browser, GRID, **asked), monday)[1:] == (first, last)
    busy(at_wall(monday + timedelta(days=4), 6), at_wall(monday + timedelta(days=4), 6, 30))
    assert head(page(browser, GRID, **asked), monday)[1:] == (6, last)
    late = monday + timedelta(days=5)
    busy(at_wall(late, 17), at_wall(late, 20))
    alone = page(browser, LANE, agenda=cast.dupont, day=late.isoformat(), first="0", shown=f"96-{18 * 12}")
    assert "f204 s36" in alone  # not cut: the page sees that its day is longer now
    busy(at_wall(late + timedelta(days=1), 14), at_wall(late + timedelta(days=2), 9))
    shown = {"first": f"{14 * 60 + 30}", "shown": f"174-{18 * 12}"}  # the hours before are folded away
    alone = page(browser, LANE, agenda=cast.dupont, day=(late + timedelta(days=1)).isoformat(), **shown)
    assert "f174 s42" in alone


@pytest.mark.parametrize(
    ("kind", "first", "until", "left"),
    [
        ("block", 0, 120, (96, 120)),  # from the day before
        ("block", 0, 100, (0, 100)),  # not so much of it is seen as a day shows
        ("block", 0, 96, (0, 96)),
        ("block", 0, 240, (0, 240)),
        ("block", 204, 288, (204, 216)),  # on into the next
        ("block", 210, 288, (210, 288)),
        ("block", 216, 288, (216, 288)),
        ("block", 0, 288, (96, 216)),
        ("block", 84, 120, (84, 120)),  # of this day alone
        ("block", 204, 240, (204, 240)),
        ("block", 96, 216, (96, 216)),
        ("appointment", 0, 120, (0, 120)),
        ("appointment", 204, 288, (204, 288)),
        ("appointment", 96, 216, (96, 216)),
    ],
)
def test_what_a_page_sees_outside_its_hours_is_what_makes_the_day_longer(kind, first, until, left):
    """A page that shows 8:00 to 18:00 fetches the whole grid for what stands outside of it in a lane fetched again."""
    look = replace(LOOK, kind=kind)
    item = drawn.Item(look=look, hours=HOURS, first=first, span=until - first, key="visit", name="")
    lane = replace(OPEN_FROM_8_TO_18, items=(item,))
    (one,) = drawn.within(lane, 96, 216).items
    begins, ends = one.first, one.first + one.span
    assert (begins, ends) == left
    whole = drawn.grid_of([lane], at=NOON, zone=PARIS, show_past=True)
    assert (begins < 96 or ends > 216) == ((whole.first, whole.count) != (96, 120))
