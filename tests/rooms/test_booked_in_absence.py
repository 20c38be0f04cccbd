# SPDX-License-Identifier: AGPL-3.0-or-later
"""An absence is announced while patients are booked in it: whoever announces it is asked what becomes of them."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments
from permanence.agenda.operations.day import ask_follow_up, settle
from permanence.agenda.operations.moves_asked import ask_to_move
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.left_booked import left_booked
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.agenda.rules.states import CancelCause
from permanence.clients import absences, operations, queries
from permanence.clients.rules import RecipientKind
from tests.rooms.test_portal_agenda import Practice
from tests.rooms.test_portal_line import text_of

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Luxembourg")


def in_english(browser):
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return browser


@pytest.fixture
def practice(cast):
    return Practice(cast)


@pytest.fixture
def doctor(cast, browser_of):
    return in_english(browser_of(cast.dr_weber))


@pytest.fixture
def claire(cast, browser_of):
    return in_english(browser_of(cast.claire))


@pytest.fixture
def start(practice):
    return (practice.now + timedelta(days=5)).replace(minute=0, second=0, microsecond=0)


def typed(start, hours=24, **more):
    """The form of an absence as he fills it in."""
    said = {"starts": start, "ends": start + timedelta(hours=hours)}
    moments = {name: f"{each.astimezone(ZONE):%Y-%m-%d %H:%M}" for name, each in said.items()}
    return {
        "recipient": "",
        "urgent_to": "",
        "treatment": "answer",
        "words": "Le docteur est absent.",
        **moments,
        **more,
    }


def left(practice, by=None):
    found = left_booked(by=by or practice.cast.claire, at=practice.now)
    return [visit.appointment for each in found for visit in each.visits]


def asks(practice, absence, wanted=Wanted.MOVE):
    asked = {"client": practice.cast.weber, "absence": absence, "by": practice.cast.dr_weber, "at": practice.now}
    return ask_follow_up(wanted=wanted, **asked)


def test_the_preview_says_how_many_are_booked_and_saving_asks_what_becomes_of_them(practice, start, doctor, cast):
    for hours in (1, 2):
        practice.book(start + timedelta(hours=hours))
    practice.book(start + timedelta(hours=30))
    address = practice.url("portal_absence")
    looked = doctor.post(address, typed(start, step="check"))
    assert "2 patients are booked in that time." in text_of(looked)
    saved = doctor.post(address, typed(start, step="save"))
    [entry] = queries.client_file(house=cast.house, client=cast.weber, at=practice.now).absences
    asked = practice.url("portal_booked", entry.id)
    assert (saved.status_code, saved["Location"]) == (303, f"{asked}?saved=absence#t-page")
    page = text_of(doctor.get(saved["Location"]))
    assert "The absence is announced." in page
    assert "2 patients are booked in that time and have not been told of the absence." in page
    line = practice.url("portal_line")
    assert "2 booked, not yet given to the secretaries." in text_of(doctor.get(line))
    assert doctor.post(asked, {"wanted": "move"}).status_code == 303
    assert "not yet given to the secretaries" not in text_of(doctor.get(line))
    assert "not been told of the absence" not in text_of(doctor.get(asked))


def test_the_number_above_the_list_is_that_of_the_list(practice, start, doctor):
    _first, second, _third = (practice.book(start + timedelta(hours=hours)) for hours in (1, 2, 3))
    asked = {"by": practice.cast.dr_weber, "at": practice.now}
    ask_to_move(appointment=second, words="", seen=(practice.agenda, start + timedelta(hours=2)), **asked)
    looked = text_of(doctor.post(practice.url("portal_absence"), typed(start, step="check")))
    assert "3 patients are booked in that time. Nobody is told by this" in looked
    saved = doctor.post(practice.url("portal_absence"), typed(start, step="save"))
    page = doctor.get(saved["Location"])
    assert page.content.decode().count("CANARIE Jeanne") == 3
    told = text_of(page)
    assert "3 patients are booked in that time, 2 of them have not been told of the absence nor given" in told
    assert doctor.post(saved["Location"], {"wanted": "move"}).status_code == 303
    assert left(practice) == []


def test_who_announces_twice_is_led_to_what_becomes_of_those_booked_both_times(practice, start, doctor, cast):
    practice.book(start + timedelta(hours=1))
    said = typed(start, step="save")
    first, again = (doctor.post(practice.url("portal_absence"), said) for _again in range(2))
    [entry] = queries.client_file(house=cast.house, client=cast.weber, at=practice.now).absences
    where = f"{practice.url('portal_booked', entry.id)}?saved=absence#t-page"
    assert [(each.status_code, each["Location"]) for each in (first, again)] == [(303, where), (303, where)]
    other = doctor.post(practice.url("portal_absence"), said | {"words": "Le docteur est au loin."})
    assert other.status_code == 422
    for _again in range(2):
        assert doctor.post(practice.url("portal_booked", entry.id), {"wanted": "move"}).status_code == 303
    assert len(open_follow_ups(by=cast.claire)) == 1


def test_away_from_now_on_announced_twice_is_announced_once(practice, doctor, cast):
    said = typed(practice.now, step="save", starts="")
    assert [doctor.post(practice.url("portal_absence"), said).status_code for _again in range(2)] == [303, 303]
    assert len(queries.client_file(house=cast.house, client=cast.weber, at=practice.now).absences) == 1


def test_an_absence_in_which_nobody_is_booked_ends_on_the_line(practice, start, doctor):
    practice.book(start + timedelta(hours=30))
    assert "booked in that time" not in text_of(doctor.post(practice.url("portal_absence"), typed(start, step="check")))
    saved = doctor.post(practice.url("portal_absence"), typed(start, step="save"))
    assert saved["Location"].startswith(practice.url("portal_line") + "?saved=absence")


def test_the_secretaries_see_who_is_booked_in_an_absence_of_which_the_doctor_said_nothing(practice, start, claire):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    page = claire.get("/console/follow-ups").content.decode()
    listed = page[page.index('id="t-left"') :].partition("</section>")[0]
    assert "CANARIE Jeanne" in listed
    assert listed.count("/console/left-booked/") == 1
    assert "1 booked" in listed
    assert left(practice) == [visit]
    asks(practice, absence)
    assert left(practice) == []
    assert 'id="t-left"' not in claire.get("/console/follow-ups").content.decode()


def test_who_is_booked_into_the_absence_after_the_handing_over_is_given_alone(practice, start):
    first = practice.book(start + timedelta(hours=1))
    late = practice.book(start + timedelta(hours=30))
    absence = practice.away(start)
    assert asks(practice, absence) == 1
    assert left(practice) == []
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    within = {"starts_at": start + timedelta(hours=2), "ends_at": start + timedelta(hours=2, minutes=15)}
    Appointment.objects.filter(key=late).update(**within)  # as one that was booked while the absence was written
    assert left(practice) == [late]
    assert asks(practice, absence) == 1
    assert [each.visit.appointment for each in open_follow_ups(by=practice.cast.claire)] == [late]
    assert left(practice) == []
    assert asks(practice, absence, Wanted.CANCEL) == 2  # another wish is for those who were called, too
    assert {each.visit.appointment for each in open_follow_ups(by=practice.cast.claire)} == {first, late}


def test_who_is_booked_in_a_second_absence_is_not_given_with_the_first(practice, start):
    first, late = (practice.book(start + timedelta(hours=each)) for each in (1, 30))
    assert asks(practice, practice.away(start)) == 1
    longer = practice.away(start + timedelta(hours=24))
    assert left(practice) == [late]
    assert asks(practice, longer) == 1
    assert left(practice) == []
    assert {each.visit.appointment for each in open_follow_ups(by=practice.cast.claire)} == {first, late}


def test_who_was_called_is_seen_to_and_who_was_moved_or_cancelled_is_none_of_them(practice, start, deliver_all):
    called, moved, cancelled = (practice.book(start + timedelta(hours=each)) for each in (1, 2, 3))
    absence = practice.away(start)
    assert left(practice) == [called, moved, cancelled]
    act = {"by": practice.cast.claire, "at": practice.now}
    after = start + timedelta(hours=48)
    appointments.move(key=practice.key(), appointment=moved, agenda=practice.agenda, starts_at=after, **act)
    appointments.cancel(key=practice.key(), appointment=cancelled, cause=CancelCause.ABSENCE, **act)
    assert left(practice) == [called]
    asks(practice, absence)
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, **act)
    assert left(practice) == []
    absences.withdraw_absence(client=practice.cast.weber, absence=absence, by=practice.cast.marc, at=practice.now)
    deliver_all(practice.now)
    assert left(practice) == []
    practice.away(start)
    assert left(practice) == [called]


def test_a_colleagues_absence_leaves_his_own_patients_alone(practice, start, cast):
    practice.book(start + timedelta(hours=1))
    mine, kind = cast.recipients["Dr Weber"], RecipientKind.PRACTITIONER
    made = {"client": cast.weber, "kind": kind, "name": "Dr Klein", "email": "klein@weber.example"}
    other = operations.add_recipient(**made, by=cast.marc, at=practice.now)
    said = {"client": cast.weber, "starts": start, "ends": start + timedelta(hours=24), "words": "Absent."}
    by = {"announced_by": cast.marc.person, "by": cast.marc, "at": practice.now}
    absences.announce_absence(recipient=other, **said, **by)
    assert left(practice) == []
    absences.announce_absence(recipient=mine, **said, **by)
    assert len(left(practice)) == 1
    for stranger in (cast.dr_dupont, cast.nadia):
        assert left(practice, by=stranger) == []
