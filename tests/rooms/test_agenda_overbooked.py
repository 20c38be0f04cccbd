# SPDX-License-Identifier: AGPL-3.0-or-later
"""A visit that was put where something stood is covered by nothing: neither what sticks out of it, nor it alone."""

from datetime import UTC, timedelta

import pytest
from django.utils import translation

from permanence.agenda.interop.brought import lines_of
from permanence.agenda.interop.events import carry_on
from permanence.agenda.models import AgendaAct, Appointment, Block, CalendarObject, Occupancy
from permanence.agenda.operations import appointments, blocks, setting
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.queries.calendars import collisions
from permanence.agenda.refusals import SlotAlreadyTaken
from permanence.agenda.rules.imports import ImportLine
from permanence.agenda.rules.states import CancelCause
from permanence.agenda.words import Names, sentence
from permanence.backstage.trail import named, told
from permanence.callers.models import Patient
from permanence.foundation.models import AuditEntry
from permanence.kernel.system import SystemClock, SystemEntropy
from tests.rooms.agenda_cast import openings, reason
from tests.rooms.test_agenda_busy import keeps_free
from tests.rooms.test_agenda_caldav import busy_of, event, home, phone
from tests.rooms.test_agenda_import_calendar import calendar
from tests.rooms.test_agenda_import_calendar import event as foreign
from tests.rooms.test_console_agenda import PARIS, act, at_wall, cast, monday

__all__ = ("cast", "monday")

pytestmark = pytest.mark.django_db
CLOCK, ENTROPY = SystemClock(), SystemEntropy()


def book(cast, starts, **changes):
    agenda = changes.pop("agenda", cast.dupont)
    booking = cast.booking(**changes)
    return appointments.book(
        key=cast.key(), agenda=agenda, starts_at=starts, booking=booking, by=cast.claire, at=CLOCK.now()
    )


def overbook(cast, starts, **changes):
    agenda = changes.pop("agenda", cast.dupont)
    made = appointments.overbook(
        key=cast.key(),
        agenda=agenda,
        starts_at=starts,
        booking=cast.booking(**changes),
        cause="urgence",
        by=cast.claire,
        at=CLOCK.now(),
    )
    assert made.overbooked == "urgence"
    return made


def cancel(cast, visit):
    appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=CLOCK.now()
    )


def stands_alone(cast, monday):
    """From 10:00, over one that was cancelled."""
    under = book(cast, at_wall(monday, 10))
    overbook(cast, at_wall(monday, 10))
    cancel(cast, under)
    return at_wall(monday, 10)


def was_left(cast, monday):
    """From 10:00, over one that was moved to the afternoon."""
    under = book(cast, at_wall(monday, 10))
    overbook(cast, at_wall(monday, 10))
    moved = {"appointment": under.appointment, "agenda": cast.dupont, "starts_at": at_wall(monday, 15)}
    appointments.move(key=cast.key(), by=cast.claire, at=CLOCK.now(), **moved)
    return at_wall(monday, 10)


def sticks_out(cast, monday):
    """From 9:50, over one that ends at 10:00."""
    book(cast, at_wall(monday, 9, 40))
    overbook(cast, at_wall(monday, 9, 50))
    return at_wall(monday, 10)


@pytest.fixture(params=[stands_alone, was_left, sticks_out])
def starts(request, cast, monday):
    """A moment from which ten minutes are taken by an overbooked visit alone."""
    return request.param(cast, monday)


def rows():
    """What stands, and that nothing was done."""
    tables = Appointment, Block, Occupancy, CalendarObject, AgendaAct, Patient
    return [list(each.objects.order_by("pk").values()) for each in tables]


def by_console(cast, browser_of, starts):
    said = {"agenda": cast.dupont, "day": starts.date().isoformat(), "minute": "600", "until": "11h30", "words": "X"}
    answer = act(browser_of(cast.claire), "block", key=cast.key(), **said)
    assert (answer.status_code, answer.json()["code"]) == (422, "slot_already_taken"), answer.content
    assert "10\u00a0h\u00a0" in answer.json()["why"]


def by_portal(cast, browser_of, starts):
    browser = browser_of(cast.dr_dupont)
    answer = keeps_free(browser, cast, starts.date(), cast.dupont, **{"from": "10:00", "until": "11:30"})
    assert answer.status_code == 422
    assert "Il y a déjà quelque chose à ce moment" in answer.content.decode()


def brings(cast, *lines, agenda=""):
    asked = {"agenda": agenda or cast.dupont, "lines": lines, "by": cast.claire, "at": CLOCK.now()}
    return import_lines(write=True, **asked)


def refused_line(cast, line, *codes, **where):
    report = brings(cast, line, **where)
    assert not report.written
    assert [(each.code, [why.code for why in each.why]) for each in report.faults] == [("already_taken", [*codes])]


def line(starts, *, lasts=20, **said):
    return ImportLine(line=1, starts=starts, ends=starts + timedelta(minutes=lasts), **said)


def by_a_line(cast, browser_of, starts):
    refused_line(cast, line(starts, note="Réunion"), "taken")


def by_a_calendar(cast, browser_of, starts):
    at = starts.astimezone(UTC)
    text = calendar(foreign("x", starts=f"DTSTART:{at:%Y%m%dT%H%M%SZ}"))
    (read,) = lines_of(text, zone="Europe/Paris", at=CLOCK.now()).lines
    refused_line(cast, read, "taken")


def by_a_visit_of_another_product(cast, browser_of, starts):
    refused_line(cast, line(starts, name="Neu", first_name="Anne", reason="Consultation"), "taken")


def written(uid, starts):
    at = starts.astimezone(UTC)
    return event(uid, f"{at:%Y%m%dT%H%M%SZ}", f"{at + timedelta(minutes=60):%Y%m%dT%H%M%SZ}")


def by_a_phone(cast, browser_of, starts):
    device = phone(cast)
    answer = device.put(f"{home(cast)}x.ics", written("x", starts))
    assert answer.status_code == 409
    assert "10\u00a0h\u00a0" in answer.content.decode()


@pytest.mark.parametrize(
    "door", [by_console, by_portal, by_a_line, by_a_calendar, by_a_visit_of_another_product, by_a_phone]
)
def test_nothing_covers_it(cast, browser_of, starts, door):
    before = rows()
    door(cast, browser_of, starts)
    assert rows() == before


def test_what_only_touches_it_comes_in_as_ever(cast, starts):
    free = starts + timedelta(minutes=20)  # 10:20; all of it is between 9:40 and then
    assert phone(cast).put(f"{home(cast)}x.ics", written("x", free)).status_code == 201
    span = {"starts_at": starts - timedelta(minutes=60), "ends_at": starts - timedelta(minutes=20)}
    blocks.block(key=cast.key(), agenda=cast.dupont, by=cast.claire, at=CLOCK.now(), **span)
    report = brings(cast, line(free + timedelta(minutes=60), name="Neu", first_name="Anne", reason="Consultation"))
    assert (report.appointments, report.faults) == (1, [])
    assert Block.objects.count() == 2


@pytest.mark.parametrize("arrange", [stands_alone, was_left, sticks_out])
def test_a_rule_that_is_carried_on_leaves_it_out(cast, monday, arrange):
    device = phone(cast)
    weekly = event("r", f"{monday:%Y%m%d}T100000", f"{monday:%Y%m%d}T110000", "RRULE:FREQ=WEEKLY")
    weekly = weekly.replace("DTSTART:", "DTSTART;TZID=Europe/Paris:").replace("DTEND:", "DTEND;TZID=Europe/Paris:")
    assert device.put(f"{home(cast)}r.ics", weekly).status_code == 201
    known = [starts for starts, _ends in busy_of(cast.dupont)]
    following = known[-1].astimezone(PARIS).date() + timedelta(days=7)
    arrange(cast, following)
    assert carry_on(at=CLOCK.now() + timedelta(days=62), entropy=ENTROPY) == 1
    further = [starts.astimezone(PARIS).date() for starts, _ends in busy_of(cast.dupont)[len(known) :]]
    assert further[0] == following + timedelta(days=7)
    assert AuditEntry.objects.filter(action="agenda.event_left_out").count() == 1


def test_a_meeting_that_a_rule_brings_upon_a_booking_stands_on_the_list_and_takes_its_time_once_it_is_free(
    cast, monday, browser_of
):
    device = phone(cast)
    weekly = event("r", f"{monday:%Y%m%d}T100000", f"{monday:%Y%m%d}T110000", "RRULE:FREQ=WEEKLY")
    weekly = weekly.replace("DTSTART:", "DTSTART;TZID=Europe/Paris:").replace("DTEND:", "DTEND;TZID=Europe/Paris:")
    assert device.put(f"{home(cast)}r.ics", weekly).status_code == 201
    following = busy_of(cast.dupont)[-1][0].astimezone(PARIS).date() + timedelta(days=7)
    visit = book(cast, at_wall(following, 10))
    claire = browser_of(cast.claire)
    assert collisions(by=cast.claire, at=CLOCK.now()) == ()
    assert carry_on(at=CLOCK.now() + timedelta(days=62), entropy=ENTROPY) == 1
    (met,) = collisions(by=cast.claire, at=CLOCK.now())
    assert (met.visit.appointment, met.label, met.starts_at) == (visit.appointment, "", at_wall(following, 10))
    assert collisions(by=cast.dr_weber, at=CLOCK.now()) == ()
    page = claire.get("/console/follow-ups", headers={"Accept-Language": "en"}).content.decode()
    assert "busy on the doctor’s device" in page
    trail = AuditEntry.objects.get(action="agenda.event_left_out")
    assert f"{following} 10:00" in told(trail.detail)
    assert named(trail.action) != trail.action
    with pytest.raises(SlotAlreadyTaken) as refused:
        book(cast, at_wall(following, 10, 30))
    (why,) = refused.value.causes
    with translation.override("en"):
        said = sentence(why, names=Names(), zone=PARIS, at=CLOCK.now())
    assert (why.code, said.startswith("Busy by what the doctor’s device says")) == ("busy_elsewhere", True)
    cancel(cast, visit)
    assert collisions(by=cast.claire, at=CLOCK.now()) == ()
    with pytest.raises(SlotAlreadyTaken):
        book(cast, at_wall(following, 10))
    assert device("DELETE", f"{home(cast)}r.ics").status_code in {200, 204}
    assert book(cast, at_wall(following, 10)).appointment


def test_what_comes_into_a_group_is_not_one_more_than_its_places(cast, monday):
    """Three places; a fourth visit is there with a cause, and one of the three is cancelled."""
    starts = at_wall(monday, 9)
    week = openings(cast.lemaire, [(0, "08:00", "12:00")], capacity=3)
    setting.set_openings(agenda=cast.lemaire, openings=week, by=cast.claire, at=CLOCK.now())
    may = {"step": 5, "closed_on_holidays": False, "active": True, "overbookings_per_day": 1}
    setting.change_agenda(agenda=cast.lemaire, name="Dr Lemaire", by=cast.claire, at=CLOCK.now(), **may)
    there = [book(cast, starts, agenda=cast.lemaire) for _ in range(3)]
    overbook(cast, starts, agenda=cast.lemaire)
    cancel(cast, there[0])
    one, other = ({"name": name, "first_name": "Anne", "reason": "Consultation"} for name in ("Un", "Deux"))
    refused_line(cast, line(starts, **one), "full", agenda=cast.lemaire)
    cancel(cast, there[1])
    assert brings(cast, line(starts, **one), agenda=cast.lemaire).written
    refused_line(cast, line(starts, **other), "full", agenda=cast.lemaire)


def test_a_combined_visit_that_comes_in_looks_into_both(cast, monday):
    starts = stands_alone(cast, monday)
    reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.dupont)
    both = line(starts, name="Neu", first_name="Anne", reason="À deux")
    refused_line(cast, both, "also_refuses", agenda=cast.lemaire)


def test_busy_time_whose_owner_gives_it_up_is_taken_by_the_other_whatever_stands_beside_it(cast, monday):
    """An overbooked visit bears that its buffer lies over busy time: that is no reason to keep it busy for good."""
    with_buffer = reason(cast.cabinet.id, "Longue", 20, by=cast.claire, after=10, overbooking=True)
    device, busy = phone(cast), at_wall(monday, 10, 20)
    for name in ("a", "b"):
        assert device.put(f"{home(cast)}{name}.ics", written(name, busy)).status_code == 201
    overbook(cast, at_wall(monday, 10), reason=with_buffer)
    assert device("DELETE", f"{home(cast)}a.ics").status_code in {200, 204}
    assert busy_of(cast.dupont) == [(busy, busy + timedelta(minutes=60))]
    assert Occupancy.objects.filter(block__isnull=False).count() == 1
    with pytest.raises(SlotAlreadyTaken):
        book(cast, at_wall(monday, 10, 40))


def test_a_row_that_does_not_block_is_seen_by_whoever_makes_busy_time_on_his_own(cast, starts):
    """The last word is the operation's, for the constraint does not look at such a row."""
    assert Occupancy.objects.filter(agenda=int(cast.dupont), blocking=False).count() == 1
    span = {"starts_at": starts, "ends_at": starts + timedelta(minutes=5)}
    with pytest.raises(SlotAlreadyTaken) as refusal:
        blocks.block(key=cast.key(), agenda=cast.dupont, by=cast.claire, at=CLOCK.now(), **span)
    assert [each.code for each in refusal.value.causes] == ["taken"]
