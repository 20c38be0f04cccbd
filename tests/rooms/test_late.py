# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner is late: those still to come today are told once, the others are named with their number."""

import email
import email.policy
import re
from types import SimpleNamespace

import pytest
from django.urls import reverse

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, visits
from permanence.agenda.refusals import AgendaUnknown
from permanence.callers.models import Patient, PatientNumber
from permanence.dispatch import late_operations, late_tasks, sms_tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.late_operations import LateKeyTaken, MinutesImpossible
from permanence.dispatch.models import LateMail, LateNotice, Sms, Unreached
from permanence.foundation.models import AuditEntry
from permanence.kernel.system import SystemEntropy
from permanence.portal import agenda as portal_agenda
from permanence.portal import late as portal_late
from tests.processes import free_port
from tests.rooms.agenda_cast import after, make_agenda_cast, patient
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import NOON
from tests.rooms.reminders_cast import provider, relay

__all__ = ["provider", "relay"]

pytestmark = pytest.mark.django_db
TEN = after(120)
"""10:00 in Paris."""
TELL_NOW = '<button class="btn btn--primary" name="tell"'


@pytest.fixture
def cast():
    """At 8:00 Jeanne; at 10:20 one with SMS, 10:40 one without consent, 11:00 one without mobile; tomorrow another."""
    made = make_agenda_cast()
    book(made, 0, made.jeanne)
    for minutes, name, number, agreed in (
        (140, "Mobile", "+33639980001", True),
        (160, "Refuse", "+33639980002", False),
        (180, "Fixe", "+33123456789", True),
        (24 * 60, "Demain", "+33639980004", True),
    ):
        book(made, minutes, reachable(made, name, number, agreed))
    return made


def reachable(cast, name, number, agreed):
    key = patient(cast.cabinet.id, name)
    row = Patient.objects.get(pk=int(key))
    Patient.objects.filter(pk=row.pk).update(sms_agreed_at=NOON if agreed else None, language="de")
    PatientNumber.objects.create(house_id=row.house_id, client_id=row.client_id, patient=row, number=number)
    return key


def book(cast, minutes, who):
    return appointments.book(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=after(minutes),
        booking=cast.booking(patient=who),
        by=cast.claire,
        at=NOON,
    )


def tell(cast, *, key="late-act-00000001", minutes=40, by=None, at=TEN, agenda=None):
    return late_operations.tell_late(
        key=key, agenda=agenda or cast.dupont, minutes=minutes, by=by or cast.claire, at=at, entropy=SystemEntropy()
    )


def outcome(found):
    return [(each.patient_name.split()[0], each.by_sms, each.why, each.number) for each in found]


EXPECTED = [
    ("MOBILE", True, "", "+33639980001"),
    ("REFUSE", False, "no_consent", "+33639980002"),
    ("FIXE", False, "no_mobile", "+33123456789"),
]


def test_looked_at_first_then_told_once(cast, provider):
    assert outcome(late_operations.concerned(agenda=cast.dupont, by=cast.claire, at=TEN)) == EXPECTED
    assert not Sms.objects.exists()
    assert outcome(tell(cast)) == EXPECTED
    assert outcome(tell(cast)) == EXPECTED
    assert sms_tasks.run_sms(at=TEN) == 1
    text = provider.asked[0][2].decode()
    assert not [part for part in ("40 Min", "10:20") if part not in text]
    assert not [word for word in ("Dupont", "Mobile", "Consultation") if word in text]
    row = LateNotice.objects.get()
    assert (len(row.told), len(row.untold), row.minutes, row.by_name) == (1, 2, 40, "Claire")
    assert AuditEntry.objects.get(action="late.told").detail == {"minutes": 40, "told": 1, "untold": 2}


def test_who_is_there_already_or_cancelled_is_not_told(cast, provider):
    visit = Appointment.objects.get(starts_at=after(140))
    visits.mark_arrived(key=cast.key(), appointment=visit.key, by=cast.claire, at=TEN)
    assert outcome(tell(cast)) == EXPECTED[1:]
    assert not Sms.objects.exists()


def test_at_once_even_in_quiet_hours(cast, provider):
    early = after(-30)
    assert [each[0] for each in outcome(tell(cast, at=early)) if each[1]] == ["MOBILE"]
    assert sms_tasks.run_sms(at=early) == 1


def test_off_everybody_is_to_be_telephoned(cast, settings, tmp_path):
    settings.PERMANENCE = settings.PERMANENCE.changed(data=tmp_path)
    assert {each.why for each in tell(cast)} == {"sms_off"}


@pytest.mark.parametrize("minutes", [-1, 0, 4, 241, 10**9])
def test_impossible_minutes(cast, provider, minutes):
    with pytest.raises(MinutesImpossible):
        tell(cast, minutes=minutes)
    assert not LateNotice.objects.exists()


def test_an_id_is_good_for_one_act(cast, provider):
    tell(cast)
    for key, minutes in (("late-act-00000001", 30), ("x", 40), ("é" * 20, 40)):
        with pytest.raises(LateKeyTaken):
            tell(cast, key=key, minutes=minutes)
    assert Sms.objects.count() == 1


def test_another_clients_agenda_is_not_there(cast, provider):
    for by in (cast.dr_weber, cast.other_secretary):
        with pytest.raises(AgendaUnknown):
            tell(cast, by=by)
        with pytest.raises(AgendaUnknown):
            late_operations.concerned(agenda=cast.dupont, by=by, at=TEN)
    assert not Sms.objects.exists()


def test_on_his_page_one_tap_says_it_and_another_tells_those_with_sms(cast, provider, monkeypatch):
    hands = SimpleNamespace(now=lambda: TEN)
    monkeypatch.setattr(portal_late, "_CLOCK", hands)
    monkeypatch.setattr(portal_agenda, "_CLOCK", hands)
    doctor = SignedInBrowser(cast.dr_dupont)
    address = reverse("portal_day_late", args=[cast.cabinet.id, cast.dupont])
    day = reverse("portal_day_of", args=[cast.cabinet.id, cast.dupont])
    assert doctor.post(address, {"minutes": "30"}).status_code == 303
    assert not Sms.objects.exists()
    page = doctor.get(day).content.decode()
    key = re.search(r'name="key" value="([^"]+)"', page)[1]
    for number in ("+33639980002", "+33123456789"):
        assert f'href="tel:{number}"' in page
    for _ in range(2):
        assert doctor.post(address, {"minutes": "30", "tell": "now", "key": key}).status_code == 303
    assert [each.number for each in Sms.objects.all()] == ["+33639980001"]
    assert TELL_NOW not in doctor.get(day).content.decode()
    doctor.post(address, {"minutes": "60"})  # later still: those with SMS can be told again
    assert TELL_NOW in doctor.get(day).content.decode()
    for wrong in ("", "x", "4", "9999"):
        assert doctor.post(address, {"minutes": wrong, "tell": "now", "key": "k" * 20}).status_code == 422


def agrees_to_mail(name, address="anna@patients.example"):
    Patient.objects.filter(birth_name=name).update(mail=address, mail_agreed_at=NOON)


def test_who_has_no_mobile_and_agreed_to_mails_is_told_by_mail_once(cast, provider, relay):
    agrees_to_mail("Fixe")
    agrees_to_mail("Mobile", "mobile@patients.example")
    Patient.objects.filter(birth_name="Refuse").update(mail="refuse@patients.example")
    found = late_operations.concerned(agenda=cast.dupont, by=cast.claire, at=TEN)
    assert [(each.by_sms, each.by_mail) for each in found] == [(True, False), (False, False), (False, True)]
    tell(cast)
    tell(cast)
    assert late_tasks.run_late(at=TEN, relay=relay.settings) == 1
    assert late_tasks.run_late(at=TEN, relay=relay.settings) == 0
    [envelope] = relay.taken
    assert envelope.rcpt_tos == ["anna@patients.example"]
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    said = mail.get_body(("plain",)).get_content()
    assert mail["Content-Language"] == "de"
    assert not [part for part in ("40 Minuten", "11:00") if part not in said]
    assert not [word for word in ("Dupont", "Fixe", "Consultation") if word in mail.as_string()]
    row = LateNotice.objects.get()
    assert (len(row.told), len(row.untold)) == (2, 1)
    assert LateMail.objects.get().state == "sent"


def test_a_relay_that_is_away_is_asked_again_until_his_visit_has_begun(cast, provider):
    agrees_to_mail("Fixe")
    tell(cast)
    nobody = RelaySettings(host="127.0.0.1", port=free_port())
    assert late_tasks.run_late(at=TEN, relay=nobody) == 1
    row = LateMail.objects.get()
    assert (row.state, row.attempts, row.next_attempt_at > TEN) == ("pending", 1, True)
    assert late_tasks.run_late(at=after(180 + 40), relay=nobody) == 0
    row.refresh_from_db()
    assert (row.state, row.why) == ("failed", "too late")
    assert Unreached.objects.filter(key=row.key).exists()


def test_a_mail_that_cannot_leave_before_his_visit_is_a_secretarys_while_she_can_still_call(cast, provider):
    agrees_to_mail("Fixe")
    tell(cast)
    nobody = RelaySettings(host="127.0.0.1", port=free_port())
    at = TEN
    while late_tasks.run_late(at=at, relay=nobody):
        at = LateMail.objects.get().next_attempt_at
    assert LateMail.objects.get().state == "failed"
    assert Unreached.objects.get(key=LateMail.objects.get().key).at < after(180 + 40)


def test_an_sms_that_cannot_leave_before_his_visit_is_a_secretarys(cast, provider, deliver_all):
    provider.status = 503
    tell(cast)
    at = TEN
    while sms_tasks.run_sms(at=at):
        at = Sms.objects.get().next_attempt_at
    deliver_all(at)
    assert Sms.objects.get().state == "failed"
    assert Unreached.objects.get(key=Sms.objects.get().key).at < after(140 + 40)


def test_an_sms_that_the_post_left_lying_until_it_was_too_late_is_a_secretarys(cast, provider, deliver_all):
    tell(cast)
    assert sms_tasks.run_sms(at=after(140 + 40)) == 0
    deliver_all(after(140 + 40))
    assert (Sms.objects.get().why, Unreached.objects.filter(key=Sms.objects.get().key).exists()) == ("too late", True)


def test_where_the_house_sends_no_sms_mails_are_sent(cast, settings, tmp_path):
    settings.PERMANENCE = settings.PERMANENCE.changed(data=tmp_path)
    for name in ("Mobile", "Refuse"):
        agrees_to_mail(name)
    assert [(each.by_mail, each.is_told) for each in tell(cast)] == [(True, True), (True, True), (False, False)]
    assert LateMail.objects.count() == 2


@pytest.mark.parametrize("address", ["a@b\r\nBcc: all@patients.example", "@", ""])
def test_an_address_that_is_none_harms_nobody(cast, provider, relay, address):
    agrees_to_mail("Fixe", address)
    tell(cast)
    late_tasks.run_late(at=TEN, relay=relay.settings)
    assert relay.taken == []
    assert not LateMail.objects.filter(state="sent").exists()
