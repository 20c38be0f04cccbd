# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agenda of the console: what the grid shows, what is proposed, what is done, and that no wall is passed."""

import json
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.models import Agenda, Appointment, SlotHold
from permanence.agenda.operations import appointments, blocks, holds, setting
from permanence.agenda.operations.day import say_late
from permanence.agenda.queries import agendas, shown
from permanence.agenda.rules.kinds import ExceptionKind, VisitReason
from permanence.agenda.rules.marks import marks_of
from permanence.agenda.rules.states import AppointmentState, CancelCause
from permanence.agenda.state_words import STATES
from permanence.callers.models import Patient, PatientNumber
from permanence.clients.access import choose_clients
from permanence.console import agenda_grid as drawn
from permanence.console.agenda_item import Items, Look
from permanence.console.agenda_wall import Hours
from permanence.console.agenda_words import CAUSES, OPENINGS
from permanence.foundation.models import AuditEntry, LiveTouch
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import make_agenda_cast, openings, patient
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")
GRID, LANE = "/console/fragments/agenda", "/console/fragments/agenda/lane"
COMING = "/console/fragments/agenda/coming"
SLOTS, WHY, START = "/console/fragments/agenda/slots", "/console/agenda/why", "/console/agenda/start"


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)  # the days are counted from the real present: any may be one
    return made


@pytest.fixture
def monday():
    """The Monday of the week after next: what a page asks for is judged at the real moment."""
    today = SystemClock().now().astimezone(PARIS).date()
    return today + timedelta(days=14 - today.weekday())


def at_wall(day, hour, minute=0):
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=PARIS)


def page(browser, path, **asked):
    answer = browser.get(path, asked, HTTP_ACCEPT_LANGUAGE="fr")
    assert answer.status_code == 200, answer.content[:300]
    return answer.content.decode()


def act(browser, what, **body):
    return browser.post(
        f"/console/agenda/{what}", json.dumps(body), content_type="application/json", HTTP_ACCEPT_LANGUAGE="fr"
    )


def booked(cast, day, hour, minute=0, **more):
    return appointments.book(
        key=cast.key(),
        agenda=more.pop("agenda", cast.dupont),
        starts_at=at_wall(day, hour, minute),
        booking=cast.booking(**more),
        by=cast.claire,
        at=SystemClock().now(),
    )


def items(text):
    return re.findall(r'<button class="appt ([^"]*)"[^>]*data-kind="(\w+)"[^>]*data-state="(\w+)"', text)


def test_the_day_shows_agendas_side_by_side_with_what_stands_in_them(cast, browser_of, monday):
    booked(cast, monday, 9)
    holds.hold_slot(
        key=cast.key(),
        agenda=cast.lemaire,
        reason=cast.consultation,
        starts_at=at_wall(monday, 10),
        by=cast.marc,
        at=SystemClock().now(),
    )
    blocks.block(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=at_wall(monday, 11),
        ends_at=at_wall(monday, 11, 30),
        words="Visite",
        by=cast.marc,
        at=SystemClock().now(),
    )
    text = page(browser_of(cast.claire), GRID, client=cast.cabinet.id, day=monday.isoformat())
    assert [kind for _classes, kind, _state in items(text)] == ["appointment", "block", "hold"]
    assert "HOFFMANN Jeanne" in text
    assert "9:00 à 09:20" in text or "09:00 à 09:20, HOFFMANN Jeanne, Consultation, réservé" in text
    assert "Tenu par" in text
    assert cast.marc.name in text
    assert "Visite" in text
    assert text.index("Dr Dupont") < text.index("Dr Lemaire")
    assert "Dr Weber" not in text
    assert 'class="grid g96 n120"' in text
    assert "style=" not in text


def test_a_lane_fetched_alone_is_the_lane_of_the_grid(cast, browser_of, monday):
    booked(cast, monday, 9)
    booked(cast, monday, 15, 40, reason=cast.tracing)
    browser = browser_of(cast.claire)
    whole = page(browser, GRID, client=cast.cabinet.id, day=monday.isoformat())
    alone = page(browser, LANE, agenda=cast.dupont, day=monday.isoformat(), first="480")
    assert alone.strip() in whole


@pytest.mark.parametrize("steps", ["216-96", "0-289", "96-96", "96", "-216"])
def test_a_part_that_no_day_has_is_not_shown(cast, browser_of, monday, steps):
    asked = {"agenda": cast.dupont, "day": monday.isoformat(), "shown": steps}
    assert browser_of(cast.claire).get(LANE, asked).status_code == 422


def test_every_state_has_its_look_and_its_words(cast, browser_of, monday):
    made = [booked(cast, monday, 9 + number) for number in (0, 1, 2, 5, 6)]
    states = [each for each in AppointmentState if each is not AppointmentState.CANCELLED]
    for each, state in zip(made, states, strict=True):
        Appointment.objects.filter(key=each.appointment).update(state=state.value)
    text = page(browser_of(cast.claire), GRID, client=cast.cabinet.id, day=monday.isoformat())
    looks = [classes.split()[0] for classes, _kind, _state in items(text)]
    assert looks == ["is-booked", "is-confirmed", "is-arrived", "is-seen", "is-noshow"]
    for state in states:
        assert str(STATES[state]) or state
    assert "n’est pas venu" in text


def test_how_long_a_new_patient_takes_stands_above_the_free_times(cast, browser_of):
    def said(who, what=cast.consultation):
        return re.findall(
            r'data-minutes="(\d+)">([^<]*)</p>',
            page(browser_of(cast.claire), SLOTS, client=cast.cabinet.id, reason=what, patient=who),
        )

    assert said(cast.paul) == [("30", "Nouveau patient\u00a0: 30\u00a0min au lieu de 20")]
    assert said(cast.jeanne) == said("") == said(cast.paul, cast.tracing) == []


def test_the_week_has_a_lane_a_day_and_the_list_a_row_a_visit(cast, browser_of, monday):
    booked(cast, monday, 9)
    booked(cast, monday + timedelta(days=3), 16, 20)
    browser = browser_of(cast.claire)
    week = page(browser, GRID, view="week", agenda=cast.dupont, day=(monday + timedelta(days=2)).isoformat())
    assert week.count('class="lane"') == 7
    assert len(items(week)) == 2
    listed = page(browser, GRID, view="list", client=cast.cabinet.id, day=monday.isoformat())
    assert listed.count("<li><button") == len(re.findall(r'<li><button[^>]* data-reason="\d+"', listed)) == 1
    empty = page(browser, GRID, view="list", client=cast.weber.id, day=monday.isoformat())
    assert "Rien n’est réservé ce jour" in empty


def test_free_times_are_numbered_and_what_is_set_aside_is_counted_by_cause(cast, browser_of, monday):
    text = page(
        browser_of(cast.claire), SLOTS, client=cast.cabinet.id, reason=cast.consultation, patient=cast.jeanne, out="0"
    )
    assert re.findall(r"<kbd>(\d)</kbd>", text) == list("123456789")
    for found in re.findall(r'data-day="([-\d]+)"', text):
        assert date.fromisoformat(found).weekday() != 0
    assert "écarté" in text
    nobody = page(browser_of(cast.claire), SLOTS, client=cast.cabinet.id)
    assert "Choisissez le motif" in nobody


def test_a_time_is_held_booked_moved_and_cancelled_once_each(cast, browser_of, monday):
    browser, key = browser_of(cast.claire), cast.key()
    told = {"key": key, "agenda": cast.dupont, "reason": cast.consultation, "patient": cast.jeanne, "call": "call-1"}
    start = at_wall(monday, 9).isoformat()
    for _again in range(2):
        kept = act(browser, "hold", **told, starts_at=start)
        assert kept.status_code == 201, kept.content
    assert SlotHold.objects.count() == 1
    assert kept.json()["expires_ms"] - kept.json()["now_ms"] <= 120_000
    made = act(browser, "book", **{**told, "key": cast.key()}, starts_at=start, hold=key)
    assert made.status_code == 201, made.content
    visit = made.json()["appointment"]
    row = Appointment.objects.get()
    assert (row.key, row.call, row.state) == (visit, "call-1", "booked")
    assert SlotHold.objects.get().ended == "booked"
    where = {"agenda": cast.lemaire, "day": monday.isoformat(), "minute": "615"}
    moved = act(browser, "move", key=cast.key(), appointment=visit, **where)
    assert moved.status_code == 200, moved.content
    assert moved.json()["agenda"] == cast.lemaire
    assert Appointment.objects.get().starts_at == at_wall(monday, 10, 15)
    gone = act(browser, "cancel", key=cast.key(), appointment=visit, cause="patient")
    assert (gone.status_code, gone.json()["state"]) == (200, "cancelled")
    again = act(browser, "cancel", key=cast.key(), appointment=visit, cause="patient")
    assert (again.status_code, again.json()["code"]) == (422, "not_now")
    assert "ne peut plus" in again.json()["why"]


def test_what_the_rules_refuse_is_refused_in_words_and_changes_nothing(cast, browser_of, monday):
    one, two = booked(cast, monday, 9), booked(cast, monday, 10, agenda=cast.lemaire)
    browser = browser_of(cast.claire)
    rows = list(Appointment.objects.values_list("key", "agenda", "starts_at", "revision"))
    where = {"agenda": cast.lemaire, "day": monday.isoformat(), "minute": "600"}
    taken = act(browser, "move", key=cast.key(), appointment=one.appointment, **where)
    assert (taken.status_code, taken.json()["code"]) == (422, "slot_already_taken")
    assert taken.json()["causes"][0].startswith("Pris jusqu’à")
    closed = act(browser, "move", key=cast.key(), appointment=two.appointment, **{**where, "minute": "780"})
    assert (closed.status_code, closed.json()["code"]) == (422, "slot_refused")
    assert closed.json()["why"] == "Fermé à cette heure"
    assert list(Appointment.objects.values_list("key", "agenda", "starts_at", "revision")) == rows
    why = json.loads(
        page(browser, WHY, agenda=cast.dupont, reason=cast.consultation, day=monday.isoformat(), minute="540")
    )
    assert why["free"] is False
    assert why["next"]["hour"] == "09:20"
    free = json.loads(
        page(browser, WHY, agenda=cast.dupont, reason=cast.consultation, day=monday.isoformat(), minute="560")
    )
    assert free == {"free": True, "causes": [], "next": None, "may_overbook": False, "over_not": ""}


def test_the_caller_s_number_and_his_last_visit_begin_the_search(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    booked(cast, monday, 9, reason=cast.tracing)
    told = json.loads(page(browser, START, client=cast.cabinet.id, patient=cast.jeanne))
    assert told["patient"]["id"] == cast.jeanne
    assert told["reason"] == cast.tracing
    assert told["may_be"] == []
    nobody = json.loads(page(browser, START, client=cast.cabinet.id, number="+33612345678"))
    assert (nobody["patient"], nobody["may_be"]) == (None, [])
    assert nobody["reason"] == nobody["reasons"][0]["id"]


def test_who_has_the_caller_s_number_is_proposed_and_never_chosen(cast, browser_of, monday):
    browser, number = browser_of(cast.claire), "+33612345678"
    house = Patient.objects.get(pk=cast.jeanne).house_id
    telephone = {"house_id": house, "client_id": cast.cabinet.id, "number": number, "position": 1}
    PatientNumber.objects.create(**telephone, patient_id=cast.jeanne)
    booked(cast, monday, 9, reason=cast.tracing)
    told = json.loads(page(browser, START, client=cast.cabinet.id, number=number))
    assert (told["patient"], [each["id"] for each in told["may_be"]]) == (None, [cast.jeanne])
    assert told["may_be"][0].keys() >= {"name", "about", "warning"}
    assert told["reason"] == cast.tracing
    PatientNumber.objects.create(**telephone, patient_id=cast.paul)
    both = json.loads(page(browser, START, client=cast.cabinet.id, number=number))
    assert both["patient"] is None
    assert {each["id"] for each in both["may_be"]} == {cast.jeanne, cast.paul}
    assert both["reason"] == both["reasons"][0]["id"]
    Patient.objects.filter(pk=cast.paul).update(is_deceased=True)
    left = json.loads(page(browser, START, client=cast.cabinet.id, number=number))
    assert [each["id"] for each in left["may_be"]] == [cast.jeanne]


@pytest.mark.parametrize(
    ("week", "day", "sundays"),
    [
        (((6, "09:00", "12:00"),), None, True),
        (((5, "09:00", "12:00"),), None, False),
        ((), date(2026, 12, 6), True),
        ((), date(2026, 12, 5), False),
        ((), date(2026, 11, 22), False),
    ],
)
def test_sundays_can_be_left_out_where_an_agenda_is_open_on_one(cast, week, day, sundays):
    setting.set_openings(agenda=cast.dupont, openings=openings(cast.dupont, week), by=cast.claire, at=NOON)
    if day:
        own = openings(cast.dupont, ((day.weekday(), "09:00", "12:00"),))
        one_off = {"kind": ExceptionKind.ONE_OFF, "openings": own}
        setting.set_exception(agenda=cast.dupont, day=day, **one_off, by=cast.claire, at=NOON - timedelta(days=9))
    asked = {"by": cast.claire, "client": cast.cabinet.id, "today": NOON.date()}
    assert agendas.opens_on_sundays(**asked) is sundays


def test_the_search_begins_with_whether_it_may_find_sundays(cast, browser_of):
    for day, sundays in ((5, False), (6, True)):
        week = openings(cast.dupont, ((day, "09:00", "12:00"),))
        setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
        assert json.loads(page(browser_of(cast.claire), START, client=cast.cabinet.id))["sundays"] is sundays


@pytest.mark.parametrize("state", ["confirmed", "arrived", "done"])
def test_a_visit_is_marked_and_its_screens_are_told(cast, browser_of, monday, state):
    made = booked(cast, monday, 9)
    LiveTouch.objects.all().delete()
    answer = act(browser_of(cast.claire), "mark", key=cast.key(), appointment=made.appointment, state=state)
    assert (answer.status_code, answer.json()["state"]) == (200, state)
    topics = set(LiveTouch.objects.values_list("topic", flat=True))
    assert f"house/{cast.claire.house}/agenda/{cast.dupont}" in topics


HOSTILE = ("", "0", "-1", "9" * 30, "9" * 65, "' OR 1=1 --", "\x00", "../..", "<b>", "2026-02-30", "١٢", "1e3")


@pytest.mark.parametrize("word", HOSTILE)
def test_words_the_page_does_not_send_are_refused_and_change_nothing(cast, browser_of, word, monday):
    browser = browser_of(cast.claire)
    for path in (GRID, LANE, SLOTS, WHY, START, "/console/agenda/nearest"):
        names = ("client", "agenda", "day", "view", "reason", "patient", "halves", "out", "with", "minute", "first")
        for name in (*names, "shown"):
            known = {"client": cast.cabinet.id, "agenda": cast.dupont, "reason": cast.consultation}
            asked = known | {"day": monday.isoformat(), "minute": "540", name: word}
            answer = browser.get(path, asked)
            assert answer.status_code in {200, 404, 422}, (path, name, word)
            assert "<b>" not in answer.content.decode()
    body = {"key": "k" * 20, "agenda": cast.dupont, "reason": cast.consultation, "patient": cast.jeanne}
    body |= {
        "day": monday.isoformat(),
        "minute": "540",
        "appointment": "m" * 20,
        "cause": "patient",
        "state": "arrived",
        "call": "call-1",
    }
    for what in ("hold", "release", "book", "move", "cancel", "mark"):
        for name in body:
            if name == "key" and word in {"", "0"}:
                continue
            answer = act(browser, what, **{**body, name: word, "key": word if name == "key" else cast.key()})
            assert answer.status_code in {201, 204, 404, 422}, (what, name, word)
        assert act(browser, what).status_code in {404, 422}
    for text in ("[]", "{", '{"agenda": 1}'):
        assert browser.post("/console/agenda/book", text, content_type="application/json").status_code == 422
    assert Appointment.objects.count() <= 1


def test_nobody_reaches_what_is_another_client_s_or_another_house_s(cast, browser_of, monday):
    mine, hers = booked(cast, monday, 9), patient(cast.weber.id, "Fremd")
    limited = browser_of(cast.claire)
    wrong = act(
        limited,
        "book",
        key=cast.key(),
        agenda=cast.dupont,
        reason=cast.consultation,
        patient=hers,
        day=monday.isoformat(),
        minute="600",
    )
    assert (wrong.status_code, wrong.json()["code"]) == (422, "patient_unknown")
    choose_clients(person=cast.claire.person, clients=(cast.weber.id,), by=cast.marc, at=SystemClock().now())
    where = {"agenda": cast.dupont, "day": monday.isoformat(), "minute": "600"}
    for browser in (browser_of(cast.other_secretary), limited):
        for path in (GRID, SLOTS, START):
            assert browser.get(path, {"client": cast.cabinet.id}).status_code == 404
        assert browser.get(LANE, where).status_code == 404
        assert browser.get(WHY, {**where, "reason": cast.consultation}).status_code == 404
        assert browser.get(GRID, {"view": "week", "agenda": cast.dupont}).status_code == 404
        told = {"reason": cast.consultation, "patient": cast.jeanne, **where}
        assert act(browser, "hold", key=cast.key(), **told).status_code == 404
        assert act(browser, "book", key=cast.key(), **told).status_code == 404
        for what, more in (("move", where), ("cancel", {"cause": "patient"}), ("mark", {"state": "arrived"})):
            answer = act(browser, what, key=cast.key(), appointment=mine.appointment, **more)
            assert answer.status_code == 404, what
        setting = json.loads(page(browser, "/console/agenda/setting"))
        assert cast.cabinet.id not in {each["id"] for each in setting["clients"]}
    assert AuditEntry.objects.filter(action="security.not_hers").exists()
    assert Appointment.objects.get().state == "booked"


def test_all_words_are_there():
    assert set(STATES) == set(AppointmentState)
    assert set(CAUSES) <= set(CancelCause)
    assert len(OPENINGS) == 5


def named(names):
    return [VisitReason(id=str(at), client="1", name=name, minutes=15) for at, name in enumerate(names)]


def test_codes_are_short_and_say_what_they_mean():
    names = ["Consultation", "ECG", "École du dos", "Nouveau patient", "Consultation", "Contrôle"]
    marks = marks_of(named(names))
    assert [each.code for each in marks.values()] == ["CON", "ECG", "ÉD", "NP", "CON2", "CON3"]


@given(st.lists(st.text(min_size=1, max_size=30), max_size=30))
def test_no_two_reasons_have_one_code(names):
    marks = marks_of(named(names))
    codes = [each.code for each in marks.values()]
    assert len(set(codes)) == len(codes)
    assert all(1 <= len(each.code) <= 5 and 1 <= each.colour <= 8 for each in marks.values())


LOOK = Look(kind="appointment", title="", classes="", state="booked", state_words="")
HOURS = Hours(0, 0, 0, "", "")
spans = st.lists(st.tuples(st.integers(0, 280), st.integers(1, 40)), max_size=25)


@given(spans)
def test_visits_at_one_time_stand_beside_one_another(pairs):
    given_items = [
        drawn.Item(look=LOOK, hours=HOURS, first=first, span=min(span, 288 - first), key=f"{number:03}", name="")
        for number, (first, span) in enumerate(pairs)
    ]
    placed = drawn._beside(sorted(given_items, key=lambda each: (each.first, each.key)))
    assert sorted(each.key for each in placed) == sorted(each.key for each in given_items)
    for one in placed:
        for other in placed:
            meet = one.first < other.first + other.span and other.first < one.first + one.span
            if one is not other and meet and max(one.wide, other.wide) < drawn.MOST_BESIDE:
                assert (one.wide, one.beside) != (other.wide, other.beside)


def test_past_hours_of_today_are_folded_and_counted(cast):
    day = date(2026, 11, 30)
    now = at_wall(day, 15, 10)
    made = [booked_at(cast, day, hour) for hour in (9, 10, 14, 16)]
    assert len(made) == 4
    found = shown.day(by=cast.claire, agendas=[cast.dupont], day=day, at=now)[0]
    lanes = drawn.lanes_of(found, Items.of({}, sites={}, person=cast.claire.person, at=now))
    grid = drawn.grid_of(lanes, at=now, zone=PARIS, show_past=False)
    assert (grid.folded_from, grid.folded_until, grid.past) == ("08:00", "13:30", 2)
    assert [each.hours.starts for each in grid.lanes[0].items] == ["14:00", "16:00"]
    evening = drawn.grid_of(lanes, at=at_wall(day, 20, 30), zone=PARIS, show_past=False)
    closed = shown.day(by=cast.claire, agendas=[cast.dupont], day=date(2026, 11, 29), at=now)[0]
    [sunday] = drawn.lanes_of(closed, Items.of({}, sites={}, person=cast.claire.person, at=now))
    said = ["lane__shut" in str(each.drawn) for each in (*evening.lanes, sunday)]
    assert said == [False, True]  # what was open earlier that day is not said to be closed
    over, never = (drawn.folded(each, 19 * drawn.HOUR) for each in (lanes[0], sunday))
    assert [(each.grounds, each.was_open) for each in (over, never)] == [((), True), ((), False)]
    assert ["lane__shut" in str(each.drawn) for each in (over, never)] == [False, True]
    whole = drawn.grid_of(lanes, at=now, zone=PARIS, show_past=True)
    assert (whole.folded_until, len(whole.lanes[0].items), whole.first) == ("", 4, 96)


@pytest.fixture
def night():
    """The next day on which clocks go back: the last Sunday of an October."""
    today = SystemClock().now().astimezone(PARIS).date()
    lasts = [date(year, 10, 31) for year in (today.year, today.year + 1)]
    return next(each for last in lasts if (each := last - timedelta(days=(last.weekday() + 1) % 7)) > today)


def test_an_hour_that_comes_twice_stands_in_two_halves_and_each_is_named(cast, browser_of, night):
    browser = browser_of(cast.claire)
    for starts in (f"{night}T02:30:00+02:00", f"{night}T02:30:00+01:00"):
        told = {"agenda": cast.dupont, "day": night.isoformat(), "minute": "150", "starts_at": starts}
        made = act(browser, "block", key=cast.key(), until="2h45", words="Garde", **told)
        assert made.status_code == 201, made.content
        assert datetime.fromisoformat(made.json()["starts_at"]) == datetime.fromisoformat(starts)
        assert datetime.fromisoformat(made.json()["ends_at"]) == datetime.fromisoformat(starts) + timedelta(minutes=15)
    text = page(browser, GRID, client=cast.cabinet.id, day=night.isoformat())
    assert re.findall(r"appt--block ([^\"]*)\"", text) == ["f30 s3 w2 x0 is-once", "f30 s3 w2 x1 is-again"]
    assert 'aria-label="02:30 à 02:45, Garde"' in text
    assert 'aria-label="02:30 pour la seconde fois à 02:45 pour la seconde fois, Garde"' in text
    assert text.count('data-twice="24 36 +02:00 +01:00"') == text.count("data-lane=")
    listed = page(browser, GRID, client=cast.cabinet.id, day=night.isoformat(), view="list")
    assert "02:30 pour la seconde fois–02:45 pour la seconde fois" in listed
    assert "data-twice" not in page(browser, GRID, day=(night - timedelta(days=1)).isoformat())


def test_who_is_overbooked_at_the_second_half_past_two_comes_then(cast, browser_of, night):
    browser = browser_of(cast.claire)
    hours = openings(cast.dupont, ((6, "02:00", "04:00"),))
    setting.set_openings(agenda=cast.dupont, openings=hours, by=cast.claire, at=SystemClock().now())
    Agenda.objects.update(overbookings_per_day=2)
    starts = f"{night}T02:30:00+01:00"
    asked = {"agenda": cast.dupont, "reason": cast.consultation, "patient": cast.jeanne, "starts_at": starts}
    assert act(browser, "book", key=cast.key(), **asked).status_code == 201
    why = json.loads(page(browser, WHY, **asked))
    assert why["next"] == {
        "starts_at": f"{night}T01:50:00+00:00", "minute": 170, "again": True, "hour": "02:50 pour la seconde fois",
    }  # fmt: skip
    over = act(browser, "overbook", key=cast.key(), words="Urgence", **asked)
    assert (over.status_code, over.json()["starts_at"]) == (201, f"{night}T01:30:00+00:00")


def booked_at(cast, day, hour):
    return appointments.book(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=at_wall(day, hour),
        booking=cast.booking(),
        by=cast.claire,
        at=at_wall(day, 7),
    )


def test_who_said_that_he_is_late_is_late_at_the_head_of_his_lane_today_and_nowhere_else(cast, browser_of):
    at = SystemClock().now()
    today = at.astimezone(PARIS).date()
    say_late(agenda=cast.dupont, minutes=15, by=cast.claire, at=at)
    browser = browser_of(cast.claire)

    def late(day, **asked):
        return page(browser, GRID, day=day.isoformat(), **asked).count("<small>15 minutes de retard")

    assert late(today, client=cast.cabinet.id) == 1
    assert late(today, client=cast.cabinet.id, agenda=cast.dupont, view="week") == 1
    assert late(today + timedelta(days=1), client=cast.cabinet.id) == 0
    say_late(agenda=cast.dupont, minutes=0, by=cast.claire, at=at)
    assert late(today, client=cast.cabinet.id) == 0


def test_queries_do_not_grow_with_the_agendas(cast, browser_of, monday, django_assert_max_num_queries):
    browser = browser_of(cast.claire)
    page(browser, GRID, day=monday.isoformat())
    with django_assert_max_num_queries(32):
        page(browser, GRID, day=monday.isoformat())


def coming(browser, cast, who, **more):
    text = page(browser, COMING, client=cast.cabinet.id, patient=who, **more)
    return re.findall(
        r'data-appointment="([^"]+)" data-agenda="(\d+)" data-day="([^"]+)" data-minute="(\d+)"', text
    ), text


def test_what_a_patient_has_before_him_is_listed_by_day_and_nothing_else(cast, browser_of, monday):
    late = booked(cast, monday + timedelta(days=1), 9)
    first = booked(cast, monday, 10, 15)
    booked(cast, monday, 11, patient=cast.paul)
    given_up = booked(cast, monday, 15)
    appointments.cancel(
        key=cast.key(),
        appointment=given_up.appointment,
        cause=CancelCause.PATIENT,
        by=cast.claire,
        at=SystemClock().now(),
    )
    found, text = coming(browser_of(cast.claire), cast, cast.jeanne)
    tuesday = monday + timedelta(days=1)
    assert found == [
        (first.appointment, str(cast.dupont), monday.isoformat(), "615"),
        (late.appointment, str(cast.dupont), tuesday.isoformat(), "540"),
    ]
    assert "10:15" in text
    assert coming(browser_of(cast.claire), cast, "")[0] == []


def test_what_a_patient_has_before_him_stays_behind_his_client_s_wall(cast, browser_of, monday):
    booked(cast, monday, 10)
    answer = browser_of(cast.claire).get(COMING, {"client": cast.weber.id, "patient": cast.jeanne})
    assert (answer.status_code, answer.json()["code"]) == (422, "patient_unknown")
    assert b"data-appointment" not in answer.content
