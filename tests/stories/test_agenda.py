# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agenda in words of the trade: waiting list, series, late doctor, moved absence; from call to the doctor's day."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

from permanence.agenda.rules.follow_ups import Wanted
from tests.rooms.test_sms import BEARER, Provider, describe, served
from tests.stories.mailbox import Relay
from tests.stories.practice import Practice

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 11, 24, 13, 15, tzinfo=UTC)
"""14:15 in Strasbourg."""
THURSDAY = date(2026, 11, 26)
NINE = datetime(2026, 11, 26, 8, 0, tzinfo=UTC)
"""Thursday, 9:00 in Strasbourg."""
OF_HEALTH = ("Consultation", "Dupont", "HOFFMANN", "MARTIN")
"""What no SMS may say."""


@pytest.fixture
def provider() -> Iterator[Provider]:
    with served() as one:
        yield one


@pytest.fixture
def relay() -> Iterator[Relay]:
    one = Relay()
    one.up()
    yield one
    one.down()


@pytest.fixture
def practice(relay: Relay, provider: Provider, settings: Any, tmp_path: Path) -> Practice:
    settings.PERMANENCE = django_settings.PERMANENCE.changed(
        run=tmp_path / "run",
        demonstration=True,
        mail_from="house@permanence.example",
        public_host="permanence.example",
    )
    describe(settings, tmp_path, BEARER, provider.url)
    return Practice(TUESDAY, relay, provider)


def test_what_a_patient_gives_back_goes_to_who_waits_one_after_the_other(practice: Practice) -> None:
    """Jeanne and Paul wait. Anna cancels by telephone; Jeanne does not want it, Paul takes it, Dr Dupont sees him."""
    anna = practice.patient("Bellard", "+33639980101")
    jeanne = practice.patient("Hoffmann", "+33639980102")
    paul = practice.patient("Martin", "+33639980103")
    visit = practice.books(anna, NINE)
    for one in (jeanne, paul):
        practice.calls(one)
        practice.puts_on_list(one)
        practice.hangs_up("information")
        practice.forward(minutes=5)
    jeanne.gets_nothing()

    practice.calls(anna)
    practice.cancels(visit)
    practice.hangs_up("appointment_cancelled")
    offered = jeanne.gets_sms()
    assert "26/11" in offered
    assert [word for word in OF_HEALTH if word in offered] == []
    paul.gets_nothing()
    assert practice.day_of_doctor(THURSDAY) == []

    jeanne.answers("non")
    assert "26/11" in paul.gets_sms()
    assert "vous ne prenez pas le rendez-vous" in jeanne.gets_sms()
    paul.answers("oui")
    assert practice.day_of_doctor(THURSDAY) == [("09:00", "MARTIN")]
    assert "9 h" in paul.gets_sms()
    practice.forward(minutes=120)
    for one in (anna, jeanne, paul):
        one.gets_nothing()


def test_who_was_asked_takes_it_by_sms_and_who_was_not_is_asked_on_the_telephone(practice: Practice) -> None:
    """Jeanne said no to the question when she was put on the list; Paul waited before the practice asked anything."""
    anna, jeanne = practice.patient("Bellard", "+33639980101"), practice.patient("Hoffmann", "+33639980102")
    paul = practice.patient("Martin", "+33639980103")
    visit = practice.books(anna, NINE)
    practice.puts_on_list(paul)
    question = practice.asks("Portez-vous un stimulateur ?")
    practice.forward(minutes=5)
    practice.puts_on_list(jeanne, said={question: "no"})
    practice.forward(minutes=5)
    practice.cancels(visit)
    paul.gets_nothing()
    assert practice.waiting_to_telephone() == ["MARTIN"]
    practice.offer_is_taken_by_telephone(said={question: "no"})
    [first] = [each for each in practice.visits_of(THURSDAY) if each.starts_at == NINE]
    assert practice.said_before(first) == [("Portez-vous un stimulateur ?", "no")]

    practice.cancels(first)
    assert "26/11" in jeanne.gets_sms()
    jeanne.answers("oui")
    assert practice.day_of_doctor(THURSDAY) == [("09:00", "HOFFMANN")]
    [second] = practice.visits_of(THURSDAY)
    assert practice.said_before(second) == [("Portez-vous un stimulateur ?", "no")]


def test_who_cannot_be_reached_by_sms_is_telephoned_and_the_next_waits_his_turn(practice: Practice) -> None:
    """The offer to Jeanne does not arrive: Claire telephones; nobody else is asked meanwhile."""
    anna, jeanne = practice.patient("Bellard", "+33639980101"), practice.patient("Hoffmann", "+33639980102")
    paul = practice.patient("Martin", "+33639980103")
    visit = practice.books(anna, NINE)
    for one in (jeanne, paul):
        practice.puts_on_list(one)
        practice.forward(minutes=5)
    practice.cancels(visit)
    jeanne.gets_sms()
    jeanne.is_out_of_reach()
    assert practice.waiting_to_telephone() == ["HOFFMANN"]
    paul.gets_nothing()
    practice.offer_is_taken_by_telephone()
    assert practice.day_of_doctor(THURSDAY) == [("09:00", "HOFFMANN")]
    paul.gets_nothing()


def test_six_sessions_are_one_act_and_the_one_that_cannot_be_is_said(practice: Practice) -> None:
    """Jeanne needs six sessions, one a week. Dr Dupont is away the third Thursday: five stand, and Claire sees why."""
    jeanne = practice.patient("Hoffmann", "+33639980102")
    thursdays = [THURSDAY + timedelta(weeks=number) for number in range(6)]
    practice.closes_agenda_of(thursdays[2])
    practice.calls(jeanne)
    made = practice.books_series(jeanne, first=THURSDAY, days_after=[7 * number for number in range(6)])
    practice.hangs_up("appointment_booked")
    assert (made.wanted, len(made.appointments)) == (6, 5)
    [missing] = made.missing
    assert (missing["number"], missing["wanted"], bool(missing["why"])) == (3, thursdays[2].isoformat(), True)
    hours = {tuple(practice.day_of_doctor(day)) for day in thursdays if day != thursdays[2]}
    assert hours == {(("08:00", "HOFFMANN"),)}
    assert practice.day_of_doctor(thursdays[2]) == []

    friday = thursdays[2] + timedelta(days=1)
    practice.books(jeanne, datetime(friday.year, friday.month, friday.day, 7, tzinfo=UTC))
    assert practice.day_of_doctor(friday) == [("08:00", "HOFFMANN")]
    practice.cancels(made.appointments[4])
    assert [practice.day_of_doctor(day) != [] for day in thursdays] == [True, True, False, True, True, False]


def test_the_doctor_is_late_and_everybody_hears_of_it_one_way_or_another(practice: Practice) -> None:
    """Thursday at 8:30 Dr Dupont says 40 minutes. Jeanne has an SMS; Paul's comes back, Anna agreed to none."""
    jeanne = practice.patient("Hoffmann", "+33639980102")
    paul = practice.patient("Martin", "+33639980103")
    anna = practice.patient("Bellard", "+33639980101", sms=False)
    for number, one in enumerate((jeanne, paul, anna)):
        practice.books(one, NINE + timedelta(minutes=20 * number))
    practice.clock_to(NINE - timedelta(minutes=30))
    practice.doctor_is_late(40)
    for one in (jeanne, paul):
        told = one.gets_sms()
        assert "40" in told
        assert [word for word in OF_HEALTH if word in told] == []
    assert practice.to_telephone() == ["BELLARD"]
    paul.is_out_of_reach()
    assert practice.to_telephone() == ["MARTIN", "BELLARD"]
    assert practice.doctor_sees_told() == {"HOFFMANN": "sent", "MARTIN": "bounced", "BELLARD": "no_way"}
    practice.telephones("MARTIN")
    practice.telephones("BELLARD")
    assert practice.to_telephone() == []
    assert practice.doctor_sees_told() == {"HOFFMANN": "sent", "MARTIN": "Claire", "BELLARD": "Claire"}
    practice.forward(minutes=20)
    for one in (jeanne, paul, anna):
        one.gets_nothing()


def test_an_absence_that_is_moved_leaves_the_right_patients_to_be_looked_after(practice: Practice) -> None:
    """Dr Dupont says Thursday, to cancel; it was Friday. Jeanne's Thursday stands; Paul's Friday is moved to Monday."""
    jeanne, paul = practice.patient("Hoffmann", "+33639980102"), practice.patient("Martin", "+33639980103")
    friday, monday = THURSDAY + timedelta(days=1), THURSDAY + timedelta(days=4)
    practice.books(jeanne, NINE)
    visit = practice.books(paul, NINE + timedelta(days=1))
    absence = practice.doctor_is_away(THURSDAY, Wanted.CANCEL)
    assert practice.to_look_after() == [("HOFFMANN", "cancel")]
    practice.doctor_is_there_after_all(absence)
    assert practice.to_look_after() == []
    practice.doctor_is_away(friday, Wanted.MOVE)
    assert practice.to_look_after() == [("MARTIN", "move")]
    practice.calls(paul)
    practice.moves(visit, NINE + timedelta(days=4))
    practice.hangs_up("appointment_moved")
    assert practice.to_look_after() == []
    assert practice.day_of_doctor(THURSDAY) == [("09:00", "HOFFMANN")]
    assert practice.day_of_doctor(friday) == []
    assert practice.day_of_doctor(monday) == [("09:00", "MARTIN")]
