# SPDX-License-Identifier: AGPL-3.0-or-later
"""The house moves or cancels a visit: she who did it reads whether the patient is told, and that is what is sent."""

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.queries.views import appointment_views
from permanence.callers.models import Patient
from permanence.dispatch import calendar_tasks
from permanence.dispatch.models import CalendarMail, Sms
from permanence.dispatch.move_queries import ToldOfMoving, told_of_moving
from permanence.kernel.system import SystemClock
from tests.rooms.agenda_cast import NOON, make_agenda_cast
from tests.rooms.test_calendar_mails import agrees, book, brought_in, move, relay, rule
from tests.rooms.test_console_agenda import act, booked, monday

__all__ = ["monday", "relay"]

pytestmark = pytest.mark.django_db
BY_MAIL = "Il en est averti par courriel."
BY_NOBODY = "Personne ne l’en avertit par écrit\u00a0: dites-le-lui vous-même."


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def said(cast, visit):
    [found] = appointment_views(Appointment.objects.filter(key=visit))
    return told_of_moving(by=cast.claire, visit=found, at=NOON)


def before(cast, relay, deliver_all, *, sends, agreed, sent=False):
    """A visit that was booked where the client sends entries, or not, to a patient who agreed to mails, or not."""
    rule(cast, sends_calendar=sends)
    agrees(cast, at=NOON if agreed else None)
    visit = book(cast)
    deliver_all(NOON)
    if sent:
        calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
    relay.taken.clear()
    return visit


def sent_since(relay, deliver_all):
    deliver_all(NOON)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
    return len(relay.taken)


@pytest.mark.parametrize(("sends", "agreed"), [(True, True), (True, False), (False, True), (False, False)])
def test_what_is_said_of_a_move_is_what_is_sent(cast, relay, deliver_all, sends, agreed):
    Patient.objects.update(sms_agreed_at=NOON)
    visit = before(cast, relay, deliver_all, sends=sends, agreed=agreed)
    move(cast, visit, 60)
    told = said(cast, visit)
    assert told is (ToldOfMoving.MAIL if sends and agreed else ToldOfMoving.NOBODY)
    assert sent_since(relay, deliver_all) == (told is ToldOfMoving.MAIL)
    assert said(cast, visit) is told  # asked again when it was sent
    assert Sms.objects.count() == 0


@pytest.mark.parametrize("sent", [True, False])
def test_where_entries_are_sent_no_more_only_who_has_one_is_told(cast, relay, deliver_all, sent):
    visit = before(cast, relay, deliver_all, sends=True, agreed=True, sent=sent)
    rule(cast, sends_calendar=False)
    move(cast, visit, 60)
    told = said(cast, visit)
    assert told is (ToldOfMoving.MAIL if sent else ToldOfMoving.NOBODY)
    assert sent_since(relay, deliver_all) == sent


def test_what_a_file_brought_in_is_told_once_it_is_moved(cast, relay, deliver_all):
    rule(cast)
    agrees(cast)
    [visit] = brought_in(cast, 0)
    deliver_all(NOON)
    move(cast, visit, 60)
    assert said(cast, visit) is ToldOfMoving.MAIL
    assert sent_since(relay, deliver_all) == 1


def moved(cast, browser, monday, hour):
    visit = booked(cast, monday, 10).appointment
    where = {"agenda": cast.dupont, "day": monday.isoformat(), "minute": str(60 * hour)}
    return act(browser, "move", key=cast.key(), appointment=visit, **where).json()


def test_the_answer_to_a_move_says_whether_the_patient_is_told(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    assert moved(cast, browser, monday, 11)["hears"] == BY_NOBODY
    rule(cast)
    agrees(cast)
    assert moved(cast, browser, monday, 15)["hears"] == BY_MAIL


def test_the_answer_to_a_cancellation_says_whether_the_patient_is_told(cast, browser_of, monday):
    browser = browser_of(cast.claire)
    rule(cast)
    agrees(cast)

    def cancelled(visit):
        return act(browser, "cancel", key=cast.key(), appointment=visit.appointment, cause="patient").json()

    assert cancelled(booked(cast, monday, 10))["hears"] == BY_NOBODY
    entered, last = booked(cast, monday, 11), booked(cast, monday, 14)
    at = SystemClock().now()
    CalendarMail.objects.create(
        house_id=cast.claire.house_key, client_id=int(cast.cabinet.id), appointment=entered.appointment, revision=0,
        key=cast.key(), state="sent", is_cancelled=False, made_at=at, next_attempt_at=at,
    )  # fmt: skip
    assert cancelled(entered)["hears"] == (
        "Un courriel retire seulement l’entrée de son calendrier\u00a0: dites-le-lui vous-même."
    )
    Patient.objects.update(is_deceased=True)
    assert cancelled(last)["hears"] == "Le patient est décédé\u00a0: personne ne lui écrit ni ne l’appelle."
