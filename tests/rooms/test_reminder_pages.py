# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page behind a reminder: in the patient's language, with a telephone, and where he moved his appointment to."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client as Browser

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, setting
from permanence.booking import parts
from permanence.callers.models import Patient
from permanence.clients.forwarding import set_forwarding
from permanence.clients.operations import give_line
from permanence.countries.forwarding import ForwardingMode
from permanence.dispatch import reminder_operations
from permanence.dispatch.models import Reminder
from permanence.dispatch.reminder_operations import link_of
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import SLUG, clock, switch_on
from tests.rooms.test_hours_told import seen
from tests.rooms.test_visit_places import two_sites

__all__ = ["clock"]

pytestmark = pytest.mark.django_db
OURS, DIALLED = "+33140000099", "+33388000001"


@pytest.fixture
def cast(clock):
    made = make_agenda_cast()
    Patient.objects.filter(pk=int(made.jeanne)).update(language="de")
    give_line(client=made.cabinet.id, number=OURS, by=made.claire, at=NOON)
    set_forwarding(
        client=made.cabinet.id, number=OURS, mode=ForwardingMode.ALL, public_number=DIALLED, by=made.claire, at=NOON
    )
    return made


def reminded(cast, *, named=True, starts=MONDAY, at=NOON):
    """Jeanne is booked on Monday at eight, and has a link: its address."""
    appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=starts, booking=cast.booking(), by=cast.claire, at=at
    )
    reminder_operations.change_contact_rule(
        client=cast.cabinet.id,
        names_practice=named,
        remind_hours=48,
        by=cast.claire,
        at=at,
        entropy=SystemEntropy(),
    )
    return f"/r/{link_of(Reminder.objects.get().key).rpartition('/')[2]}"


def read(address, *, language="fr", status=200):
    answer = Browser(headers={"accept-language": language}).get(address)
    assert answer.status_code == status
    return answer.content.decode()


def test_in_the_language_of_the_patient_or_the_one_he_chooses(cast):
    address = reminded(cast)
    assert "Ihr Termin" in read(address)
    assert "Montag, 30. November 2026" in read(address)
    assert "Votre rendez-vous" in read(f"{address}?lang=fr", language="de")
    assert "Ihr Termin" in read(f"{address}?lang=xx")
    assert re.findall(r'href="\?lang=(\w+)"', read(address)) == ["fr", "en", "de"]


def test_over_it_is_said_in_his_language_with_a_telephone(cast, clock):
    address = reminded(cast)
    clock.at = MONDAY
    over = read(address, status=410)
    assert "Dieser Link ist nicht mehr gültig" in over
    assert f'href="tel:{DIALLED}"' in over
    assert "Ce lien" in read(f"{address}?lang=fr", status=410)


def test_with_the_emergency_numbers_and_the_number_that_callers_dial(cast):
    shown = read(reminded(cast))
    assert 'href="tel:15"' in shown
    assert 'href="tel:112"' in shown
    assert f'href="tel:{DIALLED}">+33\u00a03\u00a088\u00a000\u00a000\u00a001</a>' in shown
    assert OURS not in shown


def test_where_the_practice_is_not_named_neither_is_its_number(cast):
    shown = read(reminded(cast, named=False))
    assert f'href="tel:{OURS}"' in shown
    assert DIALLED not in shown
    assert "Dupont" not in shown


def moved_by_it(address):
    """He takes the third of the moments that are proposed to him, on the page in German; where that leads."""
    browser = Browser(headers={"accept-language": "fr"})
    asked = browser.get(f"{address}?move=1").content.decode()
    moment = re.findall(r'name="starts" value="([^"]+)"', asked)[2]
    key = re.search(r'name="key" value="([^"]+)"', asked)[1]
    answer = browser.post(f"{address}?lang=de", {"act": "move", "starts": moment, "key": key})
    assert answer.status_code == 303
    assert Appointment.objects.get().starts_at.isoformat() == moment
    return answer["Location"]


def put(cast, minutes, *, at):
    """The practice moves it to so many minutes after eight."""
    where = {"agenda": cast.dupont, "starts_at": after(minutes), "by": cast.claire, "at": at}
    appointments.move(key=cast.key(), appointment=Appointment.objects.get().key, **where)


MOVED = "Ihr Termin ist verschoben: von Montag, 30. November, 08:00 Uhr auf {} Uhr."


def test_moved_it_says_in_his_language_from_when_to_when_and_goes_on_saying_it(cast, clock):
    address = reminded(cast)
    there = moved_by_it(address)
    visit = Appointment.objects.get()
    told = MOVED.format("Mittwoch, 25. November, 08:00")
    for _again in range(2):
        shown = read(there)
        assert told in seen(shown)
        assert f'datetime="{visit.starts_at.astimezone(parts.ZoneInfo("Europe/Paris")).isoformat()}"' in shown
        assert 'name="act"' not in shown
    clock.at = visit.starts_at - timedelta(minutes=1)
    assert told in seen(read(address))
    clock.at = visit.starts_at
    read(address, status=410)


def test_moved_on_by_the_practice_it_says_where_it_stands_now_and_nothing_once_it_is_where_he_was_told(cast, clock):
    address = reminded(cast)
    there = moved_by_it(address)
    put(cast, 120, at=clock.at)
    assert MOVED.format("Montag, 30. November, 10:00") in seen(read(there))
    put(cast, 0, at=clock.at)
    shown = read(there)
    assert "verschoben" not in shown
    assert "seither geändert" not in shown
    assert 'datetime="2026-11-30T08:00:00+01:00"' in shown


def test_who_presses_twice_is_moved_once_and_reads_no_refusal(cast, clock):
    address, browser = reminded(cast), Browser()
    asked = browser.get(f"{address}?move=1").content.decode()
    chosen = re.findall(r'name="starts" value="([^"]+)"', asked)
    sent = {"act": "move", "starts": chosen[2], "key": re.search(r'name="key" value="([^"]+)"', asked)[1]}
    assert [browser.post(address, sent).status_code for _again in range(2)] == [303, 303]
    visit = Appointment.objects.get()
    assert (visit.starts_at.isoformat(), visit.revision) == (chosen[2], 1)
    clock.forward(minutes=1)
    assert browser.post(address, sent | {"starts": chosen[3]}).status_code == 409  # back, and another moment
    assert Appointment.objects.get().starts_at == visit.starts_at
    assert Reminder.objects.get(answer="moved").answered_at == NOON


def test_another_moment_is_at_the_same_site_and_none_at_another_can_be_sent(cast, clock):
    two_sites(cast)  # Neudorf in the morning
    address, browser = reminded(cast), Browser()
    asked = browser.get(f"{address}?move=1").content.decode()
    moments = [datetime.fromisoformat(each) for each in re.findall(r'name="starts" value="([^"]+)"', asked)]
    assert len(moments) > 2
    assert all(each.astimezone(parts.ZoneInfo("Europe/Paris")).hour < 13 for each in moments), moments
    key = re.search(r'name="key" value="([^"]+)"', asked)[1]
    elsewhere = (moments[0] + timedelta(hours=6)).isoformat()
    assert browser.post(address, {"act": "move", "starts": elsewhere, "key": key}).status_code == 409
    assert Appointment.objects.get().starts_at == MONDAY


def test_moved_by_the_practice_it_says_so_and_not_that_he_did(cast):
    address = reminded(cast)
    put(cast, 60, at=NOON)
    shown = read(address)
    assert "verschoben" not in shown
    assert "Dieser Termin wurde seither geändert" in shown


def test_on_the_night_clocks_go_back_it_says_which_of_two_hours_is_meant(cast, clock):
    clock.at = datetime(2026, 10, 22, 12, 0, tzinfo=UTC)
    night = (*openings(cast.dupont), *openings(cast.dupont, ((6, "02:20", "02:40"),)))
    setting.set_openings(agenda=cast.dupont, openings=night, by=cast.claire, at=clock.at)
    second = datetime(2026, 10, 25, 1, 20, tzinfo=UTC)
    address = reminded(cast, starts=second, at=clock.at)
    shown = seen(read(address))
    assert "02:20 Uhr zum zweiten Mal" in shown, shown
    choices = re.findall(r"25\.10\.2026,? (02:\d\d Uhr(?: zum zweiten Mal)?)", seen(read(f"{address}?move=1")))
    assert choices == ["02:20 Uhr", "02:40 Uhr"]


@pytest.mark.parametrize("named", [True, False])
def test_the_doctor_reads_that_his_name_is_sent_only_where_he_accepts_it(cast, browser_of, named):
    reminded(cast, named=named)
    page = browser_of(cast.dr_dupont).get(
        f"/portal/line/{cast.cabinet.id}/reminders", headers={"accept-language": "fr"}
    )
    assert "n’est jamais nommé\u202f; votre nom ne l’est que si vous l’acceptez ici." in page.content.decode()


def cancelled_by_it(cast, **more):
    """Jeanne cancels by the link of her reminder: the page as she reads it then, in French."""
    address = reminded(cast, **more)
    patient = Browser()
    assert patient.post(address, {"act": "cancel"}).status_code == 303
    return read(f"{address}?lang=fr")


def test_who_cancelled_by_the_reminder_is_led_to_the_page_of_the_same_practitioner(cast):
    switch_on(cast)
    shown = cancelled_by_it(cast)
    again = re.search(r'href="([^"]+)">Prendre un autre rendez-vous', shown)[1]
    assert again == f"/rdv/{SLUG}/"  # nothing of the reason: whoever holds his telephone reads this page
    assert Browser().get(again).status_code == 200


@pytest.mark.parametrize("why", ["off", "a colleague's", "the practice is not named", "never opened"])
def test_who_cancelled_by_the_reminder_is_offered_nothing_that_he_may_not_read_or_book(cast, why):
    if why == "off":
        switch_on(cast, active=False)
    elif why == "a colleague's":
        switch_on(cast, agenda=cast.lemaire)
    elif why == "the practice is not named":
        switch_on(cast)
    shown = cancelled_by_it(cast, named=why != "the practice is not named")
    assert "annulé" in shown
    assert "/rdv/" not in shown


def test_before_it_is_cancelled_no_other_appointment_is_offered(cast):
    switch_on(cast)
    assert "/rdv/" not in read(reminded(cast))
