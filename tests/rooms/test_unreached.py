# SPDX-License-Identifier: AGPL-3.0-or-later
"""A reminder or a late notice that reached nobody is a secretary's: she telephones, and the doctor sees it."""

from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, visits
from permanence.agenda.operations import day as day_acts
from permanence.callers.models import Patient
from permanence.clients.access import choose_clients
from permanence.console import follow_ups
from permanence.console import unreached as unreached_page
from permanence.dispatch import late_tasks, sms_operations, sms_tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.channels.sms.http import Report
from permanence.dispatch.late_acts import say_and_tell
from permanence.dispatch.models import LateMail, Reminder, Sms, Unreached
from permanence.dispatch.rules import MAX_ATTEMPTS, SentState, UnreachedOutcome
from permanence.dispatch.unreached_operations import UnreachedUnknown, settle_unreached, sms_failed
from permanence.dispatch.unreached_queries import late_reach, open_unreached
from permanence.foundation.models import AuditEntry, Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemEntropy
from permanence.portal import agenda as portal_agenda
from tests.processes import free_port
from tests.rooms.agenda_cast import after, make_agenda_cast, reason
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import NOON
from tests.rooms.reminders_cast import DUE, book, patient_says, provider, rule, send
from tests.rooms.test_late import TEN, agrees_to_mail, reachable, tell
from tests.rooms.test_late import book as book_at
from tests.rooms.test_sms import JEANNES
from tests.rooms.waiting_cast import cancelled

__all__ = ["provider"]

pytestmark = pytest.mark.django_db
MOBILE, REFUSES = "+33639980001", "+33639980002"


@pytest.fixture
def cast():
    made = make_agenda_cast()
    rule(made, 48)
    return made


def on_the_list(cast, *, by=None, at=TEN):
    found = open_unreached(by=by or cast.claire, at=at)
    return [(each.kind, each.visit.patient_name.split()[0], each.minutes, each.numbers) for each in found]


def comes_back(row, deliver_all, *, at):
    """The provider says that it did not arrive, and the house hears of it."""
    assert sms_operations.take_report(Report(id=row.provider_id, delivered=False, why="unknown"), at=at)
    deliver_all(at)


@pytest.fixture
def reminded(cast, provider, deliver_all):
    """Jeanne was reminded by SMS on Saturday, and it came back."""
    patient_says(cast, sms=True)
    visit = book(cast)
    deliver_all(NOON)
    send(DUE)
    comes_back(Sms.objects.get(), deliver_all, at=DUE)
    return visit


HERS = (SmsKind.REMINDER, "HOFFMANN", 0, (JEANNES,))


def test_a_reminder_that_came_back_is_on_the_list_once(cast, reminded, deliver_all):
    assert on_the_list(cast, at=DUE) == [HERS]
    sms_failed(house=cast.claire.house, sms=Sms.objects.get().key, at=DUE)  # heard once more
    assert Unreached.objects.count() == 1
    assert on_the_list(cast, at=reminded.starts_at) == []  # his visit has begun


def test_whoever_is_moved_or_cancelled_leaves_the_list(cast, reminded):
    cancelled(cast, reminded, at=DUE)
    assert on_the_list(cast, at=DUE) == []


def test_a_reminder_that_arrives_is_on_no_list(cast, provider, deliver_all):
    patient_says(cast, sms=True)
    book(cast)
    deliver_all(NOON)
    send(DUE)
    sms_operations.take_report(Report(id=Sms.objects.get().provider_id, delivered=True, why=""), at=DUE)
    deliver_all(DUE)
    assert on_the_list(cast, at=DUE) == []


def test_a_reminders_mail_that_is_refused_for_good_is_on_the_list(cast, deliver_all):
    patient_says(cast, mail=True)
    Patient.objects.filter(pk=int(cast.jeanne)).update(mail="a@b\r\nBcc: all@patients.example")
    book(cast)
    deliver_all(NOON)
    send(DUE)
    assert (Reminder.objects.get().state, on_the_list(cast, at=DUE)) == ("failed", [HERS])


def test_she_telephones_and_says_what_came_of_it_once(cast, reminded):
    [entry] = open_unreached(by=cast.claire, at=DUE)
    settle_unreached(unreached=entry.id, outcome=UnreachedOutcome.TOLD, by=cast.claire, at=DUE)
    assert on_the_list(cast, at=DUE) == []
    row = Unreached.objects.get()
    assert (row.outcome, row.done_by_name) == ("told", "Claire")
    assert AuditEntry.objects.get(action="unreached.settled").detail == {"outcome": "told"}
    with pytest.raises(UnreachedUnknown):
        settle_unreached(unreached=entry.id, outcome=UnreachedOutcome.MISSED, by=cast.claire, at=DUE)


def test_nobody_else_sees_or_settles_it(cast, reminded):
    [entry] = open_unreached(by=cast.claire, at=DUE)
    choose_clients(person=cast.claire.person, clients=[cast.weber.id], by=cast.marc, at=NOON)
    only = who_is(Person.objects.select_related("house").get(pk=int(cast.claire.person)))
    for by in (only, cast.other_secretary):
        assert on_the_list(cast, by=by, at=DUE) == []
        with pytest.raises(UnreachedUnknown):
            settle_unreached(unreached=entry.id, outcome=UnreachedOutcome.TOLD, by=by, at=DUE)
        address = reverse("console:unreached", args=[entry.id])
        assert SignedInBrowser(by).post(address, {"outcome": "told"}).status_code == 404
    assert Unreached.objects.get().done_at is None


@pytest.fixture
def late(cast, provider):
    """At 10:20 one with SMS, at 10:40 one who agreed to nothing, at 11:00 one by mail; 40 minutes late."""
    book_at(cast, 140, reachable(cast, "Mobile", MOBILE, agreed=True))
    book_at(cast, 160, reachable(cast, "Refuse", REFUSES, agreed=False))
    book_at(cast, 180, reachable(cast, "Courrier", "+33123456789", agreed=False))
    agrees_to_mail("Courrier")
    day_acts.say_late(agenda=cast.dupont, minutes=40, by=cast.dr_dupont, at=TEN)
    tell(cast, by=cast.dr_dupont)
    sms_tasks.run_sms(at=TEN)
    return cast


UNTOLD = (SmsKind.LATE, "REFUSE", 40, (REFUSES,))
FAILED = (SmsKind.LATE, "MOBILE", 40, (MOBILE,))


def reach(cast, at=TEN):
    found = late_reach(agenda=cast.dupont, by=cast.dr_dupont, at=at)
    return {each.starts_at.minute: found[each.key].state for each in Appointment.objects.all() if each.key in found}


def test_who_gets_neither_sms_nor_mail_is_telephoned(late):
    assert on_the_list(late) == [UNTOLD]
    tell(late, by=late.dr_dupont)  # the same act again
    assert on_the_list(late) == [UNTOLD]


def test_a_late_notice_that_failed_is_a_secretarys_and_the_doctor_sees_it(late, deliver_all):
    assert reach(late) == {20: SentState.SENT, 40: SentState.NO_WAY, 0: SentState.WAITING}
    comes_back(Sms.objects.get(), deliver_all, at=TEN)
    assert on_the_list(late) == [FAILED, UNTOLD]
    assert reach(late)[20] is SentState.BOUNCED


def test_a_late_mail_that_is_given_up_is_a_secretarys(late):
    LateMail.objects.update(attempts=MAX_ATTEMPTS - 1)
    nobody = RelaySettings(host="127.0.0.1", port=free_port())
    late_tasks.run_late(at=TEN, relay=nobody)
    assert (SmsKind.LATE, "COURRIER", 40, ("+33123456789",)) in on_the_list(late)
    assert reach(late)[0] is SentState.FAILED


def test_later_still_he_is_on_the_list_once_with_the_new_minutes(late, deliver_all):
    comes_back(Sms.objects.get(), deliver_all, at=TEN)
    day_acts.say_late(agenda=late.dupont, minutes=60, by=late.dr_dupont, at=TEN)
    tell(late, key="late-act-00000002", minutes=60, by=late.dr_dupont)
    assert [each[:3] for each in on_the_list(late)] == [(SmsKind.LATE, "MOBILE", 60), (SmsKind.LATE, "REFUSE", 60)]
    entry = open_unreached(by=late.claire, at=TEN)[1]
    settle_unreached(unreached=entry.id, outcome=UnreachedOutcome.TOLD, by=late.claire, at=TEN)
    assert [each[1] for each in on_the_list(late)] == ["MOBILE"]


def test_on_time_again_nobody_is_telephoned(late):
    day_acts.say_late(agenda=late.dupont, minutes=0, by=late.dr_dupont, at=TEN)
    assert on_the_list(late) == []


def test_who_has_come_or_whose_delay_is_over_is_not_telephoned(late):
    [entry] = open_unreached(by=late.claire, at=TEN)
    assert on_the_list(late, at=entry.visit.starts_at + timedelta(minutes=39)) == [UNTOLD]
    assert on_the_list(late, at=entry.visit.starts_at + timedelta(minutes=40)) == []
    visits.mark_arrived(key=late.key(), appointment=entry.visit.appointment, by=late.claire, at=TEN)
    assert on_the_list(late) == []


def test_on_her_page_she_telephones_and_on_his_page_it_is_said(late, deliver_all, monkeypatch):
    comes_back(Sms.objects.get(), deliver_all, at=TEN)
    hands = SimpleNamespace(now=lambda: TEN + timedelta(minutes=1))
    for module in (follow_ups, unreached_page, portal_agenda):
        monkeypatch.setattr(module, "_CLOCK", hands)
    claire, doctor = SignedInBrowser(late.claire), SignedInBrowser(late.dr_dupont)
    day = reverse("portal_day_of", args=[late.cabinet.id, late.dupont])
    shown = doctor.get(day).content.decode()
    assert "secrétaire" in shown
    before = shown.count(f'href="tel:{MOBILE}"')
    page = claire.get(reverse("console:follow-ups")).content.decode()
    assert page.index("MOBILE") < page.index("REFUSE")
    assert "Consultation" not in page
    entry = open_unreached(by=late.claire, at=TEN)[0]
    address = reverse("console:unreached", args=[entry.id])
    assert claire.post(address, {"outcome": "nonsense"}).status_code == 302
    assert Unreached.objects.filter(done_at=None).count() == 2
    assert claire.post(address, {"outcome": "told"}).status_code == 302
    assert "MOBILE" not in claire.get(reverse("console:follow-ups")).content.decode().partition("REFUSE")[2]
    shown = doctor.get(day).content.decode()
    assert "Claire" in shown
    assert shown.count(f'href="tel:{MOBILE}"') == before - 1  # it stays beside what cancels his visit


def says_late(cast, minutes, *, agenda):
    said = {"agenda": agenda, "minutes": minutes, "tell": True, "until": None}
    say_and_tell(key=cast.key(), **said, by=cast.claire, at=TEN, entropy=SystemEntropy())


def test_of_a_combined_visit_it_is_the_delay_of_whichever_of_the_two_comes_later(cast, provider):
    """At 10:20 with both: Dr Dupont is on time, Dr Lemaire, who is wanted too, is not."""
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    book(cast, 140, patient=reachable(cast, "Refuse", REFUSES, agreed=False), reason=both)
    says_late(cast, 30, agenda=cast.lemaire)
    assert on_the_list(cast) == [(SmsKind.LATE, "REFUSE", 30, (REFUSES,))]
    [entry] = open_unreached(by=cast.claire, at=TEN)
    assert on_the_list(cast, at=entry.visit.starts_at + timedelta(minutes=29)) != []
    day_acts.say_late(agenda=cast.dupont, minutes=10, by=cast.claire, at=TEN)
    assert on_the_list(cast) == [(SmsKind.LATE, "REFUSE", 30, (REFUSES,))]
    says_late(cast, 0, agenda=cast.lemaire)
    assert on_the_list(cast) == []


def test_she_settles_a_combined_visit_whose_second_doctor_is_late(cast, provider):
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    book(cast, 140, patient=reachable(cast, "Refuse", REFUSES, agreed=False), reason=both)
    says_late(cast, 30, agenda=cast.lemaire)
    entry = Unreached.objects.get()
    settle_unreached(unreached=str(entry.pk), outcome=UnreachedOutcome.TOLD, by=cast.claire, at=TEN)
    assert Unreached.objects.get().done_by_name == "Claire"


def moved_to_two(cast, *, at):
    [visit] = Appointment.objects.filter(patient__birth_name__in=["Hoffmann", "Mobile"])
    new = {"agenda": cast.dupont, "starts_at": after(360)}
    appointments.move(key=cast.key(), appointment=visit.key, **new, by=cast.claire, at=at)


@pytest.mark.parametrize("is_moved", [True, False])
def test_of_a_reminder_that_came_back_after_the_visit_was_moved_nobody_is_telephoned(
    cast, provider, deliver_all, is_moved
):
    """It was for another hour; the new one has its own."""
    patient_says(cast, sms=True)
    book(cast)
    deliver_all(NOON)
    send(DUE)
    if is_moved:
        moved_to_two(cast, at=DUE)
    comes_back(Sms.objects.get(), deliver_all, at=DUE)
    assert Unreached.objects.count() == 1
    assert on_the_list(cast, at=DUE) == ([] if is_moved else [HERS])


def test_of_a_late_notice_that_came_back_after_the_visit_was_moved_nobody_is_telephoned(late, deliver_all):
    moved_to_two(late, at=TEN)
    comes_back(Sms.objects.get(), deliver_all, at=TEN)
    row = Unreached.objects.get(appointment=Sms.objects.get().about)
    assert row.starts_at == after(140)
    assert on_the_list(late) == [UNTOLD]
