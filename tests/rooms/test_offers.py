# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of the waiting list, in the trade's words: by SMS, by mail, on the offer's page; with the movable clock.

The provider of SMS and the relay are real servers on loopback.
"""

import email
import email.policy
import re
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.test import Client as Browser

from permanence.agenda.models import Appointment, FreedTime, SlotOffer
from permanence.agenda.operations import offer_answers
from permanence.agenda.queries import offers, waiting
from permanence.agenda.rules.waiting import FreedState, OfferState, OfferWay, PlaceState
from permanence.booking import parts
from permanence.callers.models import Patient
from permanence.dispatch import (
    answer_operations,
    offer_operations,
    offer_tasks,
    reminder_operations,
    reminder_tasks,
    sms_operations,
    sms_tasks,
)
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.channels.sms.http import Incoming, Report
from permanence.dispatch.models import OfferNotice, Reminder, Sms, SmsReply
from permanence.dispatch.rules import DeliveryState
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.reminders_cast import provider, relay
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, offered, person, place, pursue, waits

__all__ = ["provider", "relay"]

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
JEANNE, PAUL = "+33639980147", "+33639980148"
LINK = re.compile(r"http://\S+/o/(\S+)")
OF_HEALTH = ("Consultation", "Dupont", "ZYRIANKA", "Jeanne", "Bellard")
"""What no SMS, mail or page may say."""


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


@pytest.fixture
def clock(monkeypatch):
    """The page's own clock, moved by hand."""
    now = SimpleNamespace(at=LATER)
    monkeypatch.setattr(parts, "CLOCK", SimpleNamespace(now=lambda: now.at))
    return now


def by_sms(cast, name="Zyrianka", number=JEANNE, **more):
    return person(cast, name, number=number, mail="", **more)


def reply(text, number=JEANNE, *, at=LATER):
    return answer_operations.take_reply(Incoming(number=number, text=text), at=at, entropy=SystemEntropy())


def told(asked):
    """The SMS that went out, the last one last."""
    return [body.decode() for _path, _headers, body in asked.asked]


def round_(deliver_all, at=LATER):
    """A turn of the worker and of the post."""
    pursue(deliver_all, at)
    sms_tasks.run_sms(at=at)
    deliver_all(at)
    pursue(deliver_all, at)
    sms_tasks.run_sms(at=at)


def link():
    return offers.link_of(last_offer().key).rpartition("/")[2]


def opened(page="", **body):
    browser, path = Browser(), f"/o/{page or link()}"
    return browser.post(path, body) if body else browser.get(path)


def said(answer):
    return answer.content.decode()


def test_a_patient_gets_the_slot_by_a_digit(cast, provider, deliver_all):
    """Jeanne waits for a morning; somebody cancels; she answers 1, comes on Monday, and is told so."""
    visit, jeanne = booked(cast, MONDAY), by_sms(cast)
    mine = waits(cast, jeanne)
    cancelled(cast, visit)
    round_(deliver_all)
    (first,) = told(provider)
    assert "lun 30/11" in first
    assert "11 h" in first  # until when it is kept
    assert LINK.search(first).group(1).startswith(last_offer().key)
    assert [word for word in OF_HEALTH if word.casefold() in first.casefold()] == []
    assert last_offer().way == OfferWay.SMS
    assert reply("1")
    round_(deliver_all)
    assert place(mine).state == PlaceState.BOOKED
    assert Appointment.objects.get(patient=int(jeanne)).starts_at == MONDAY
    assert "8 h" in told(provider)[1]
    assert Sms.objects.filter(kind="booked").count() == 1


def test_declined_by_a_digit_the_next_is_asked_at_once(cast, provider, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, by_sms(cast), at=NOON - HOUR)
    waits(cast, by_sms(cast, "Bellard", PAUL))
    cancelled(cast, visit)
    round_(deliver_all)
    reply("2")
    round_(deliver_all)
    assert offered() == [("Zyrianka", "declined"), ("Bellard", "open")]
    assert sorted(Sms.objects.values_list("kind", "number")) == [
        ("declined", JEANNE),
        ("offer", JEANNE),
        ("offer", PAUL),
    ]


def test_an_answer_too_late_is_told_so_and_changes_nothing(cast, provider, deliver_all):
    visit, jeanne = booked(cast, MONDAY), by_sms(cast)
    waits(cast, jeanne, at=NOON - HOUR)
    waits(cast, by_sms(cast, "Bellard", PAUL))
    cancelled(cast, visit)
    round_(deliver_all)
    round_(deliver_all, LATER + HOUR)
    assert offered() == [("Zyrianka", "lapsed"), ("Bellard", "open")]
    reply("1", at=LATER + HOUR + timedelta(minutes=5))
    round_(deliver_all, LATER + HOUR + timedelta(minutes=5))
    assert offered() == [("Zyrianka", "lapsed"), ("Bellard", "open")]
    assert not Appointment.objects.filter(state="booked").exists()
    assert Sms.objects.get(kind="over").number == JEANNE
    reply("1", at=LATER + HOUR + timedelta(minutes=6))
    round_(deliver_all, LATER + HOUR + timedelta(minutes=6))
    assert Sms.objects.filter(kind="over").count() == 1


def test_two_answers_by_sms_and_by_link_book_once(cast, provider, deliver_all, clock):
    visit, jeanne = booked(cast, MONDAY), by_sms(cast)
    waits(cast, jeanne)
    cancelled(cast, visit)
    round_(deliver_all)
    reply("1")
    answer = opened(act="take")
    assert answer.status_code == 303
    round_(deliver_all)
    assert opened(act="take").status_code == 303
    assert Appointment.objects.filter(patient=int(jeanne)).count() == 1
    assert opened().status_code == 200


def test_the_appointment_he_gives_up_goes_to_the_next(cast, provider, deliver_all):
    """He said when he was put on the list that he gives up Tuesday for something earlier."""
    visit, jeanne = booked(cast, MONDAY), by_sms(cast)
    tuesday = booked(cast, after(24 * 60), who=jeanne)
    waits(cast, jeanne, instead_of=tuesday.appointment)
    waits(cast, by_sms(cast, "Bellard", PAUL), at=NOON + HOUR)
    cancelled(cast, visit)
    round_(deliver_all)
    reply("ja")
    round_(deliver_all)
    assert Appointment.objects.get(key=tuesday.appointment).state == "cancelled"
    assert offered() == [("Zyrianka", "taken"), ("Bellard", "open")]
    assert last_offer().starts_at == after(24 * 60)


def test_cancelled_by_the_reminders_sms_it_is_offered(cast, provider, deliver_all):
    """The reminder asks; the patient answers 2; who waits is asked in the same turn."""
    reminder_operations.change_contact_rule(
        client=cast.cabinet.id,
        names_practice=False,
        remind_hours=24,
        by=cast.claire,
        at=NOON,
        entropy=SystemEntropy(),
    )
    jeanne = by_sms(cast)
    booked(cast, MONDAY, who=jeanne)
    waits(cast, by_sms(cast, "Bellard", PAUL))
    deliver_all(NOON)
    day_before = MONDAY - timedelta(hours=24)
    reminder_tasks.run_reminders(at=day_before, relay=RelaySettings(host="127.0.0.1", port=1))
    sms_tasks.run_sms(at=day_before)
    assert reply("2", at=day_before)
    round_(deliver_all, day_before)
    assert offered() == [("Bellard", "open")]
    assert reply("1", PAUL, at=day_before)
    round_(deliver_all, day_before)
    assert [each.state for each in Appointment.objects.order_by("booked_at")] == ["cancelled", "booked"]


def test_cancelled_by_the_reminders_link_it_is_offered(cast, provider, deliver_all, monkeypatch):
    reminder_operations.change_contact_rule(
        client=cast.cabinet.id,
        names_practice=False,
        remind_hours=24,
        by=cast.claire,
        at=NOON,
        entropy=SystemEntropy(),
    )
    booked(cast, MONDAY, who=by_sms(cast))
    waits(cast, by_sms(cast, "Bellard", PAUL))
    deliver_all(NOON)
    day_before = MONDAY - timedelta(hours=24)
    reminder_tasks.run_reminders(at=day_before, relay=RelaySettings(host="127.0.0.1", port=1))
    sms_tasks.run_sms(at=day_before)
    reminded = re.search(r"/r/([0-9a-z]+-[0-9a-f]+)", told(provider)[0]).group(1)
    reminder_operations.answer(link=reminded, yes=False, at=day_before)
    round_(deliver_all, day_before)
    assert offered() == [("Bellard", "open")]


def lapsed_then_reminded(cast, provider, deliver_all):
    """An offer to Jeanne lapses; ten minutes later the reminder of another visit of hers goes out to the same number.

    Gives that visit and when she has it.
    """
    jeanne = by_sms(cast)
    hers, visit = booked(cast, MONDAY + 2 * HOUR, who=jeanne), booked(cast, MONDAY)
    waits(cast, jeanne)
    deliver_all(NOON)
    cancelled(cast, visit)
    round_(deliver_all)
    over = last_offer().expires_at
    round_(deliver_all, over)
    soon = over + timedelta(minutes=10)
    reminder_operations.change_contact_rule(
        client=cast.cabinet.id, names_practice=False, remind_hours=48, by=cast.claire, at=NOON, entropy=SystemEntropy()
    )
    Reminder.objects.update(next_attempt_at=soon)
    reminder_tasks.run_reminders(at=soon, relay=RelaySettings(host="127.0.0.1", port=1))
    sms_tasks.run_sms(at=soon)
    return hers, soon + timedelta(minutes=5)


def test_a_late_no_to_an_offer_cancels_no_other_visit(cast, provider, deliver_all):
    """The digits of the offer are not given again to the reminder."""
    hers, at = lapsed_then_reminded(cast, provider, deliver_all)
    offer, reminder = Sms.objects.filter(slot__isnull=False).order_by("pk")
    assert (offer.kind, reminder.kind, offer.slot, reminder.slot) == ("offer", "reminder", 0, 1)
    assert reply("2", at=at)
    deliver_all(at)
    assert Appointment.objects.get(key=hers.appointment).state == "booked"
    assert SmsReply.objects.get().sms_id == offer.pk  # a secretary reads it beside what he answered
    assert reply("3", at=at)
    deliver_all(at)
    assert Appointment.objects.get(key=hers.appointment).state == "confirmed"


def test_a_word_is_not_for_the_offer_of_before_once_something_else_was_told(cast, provider, deliver_all):
    """She confirms her visit, and says so twice: no offer that is long over is spoken of."""
    _hers, at = lapsed_then_reminded(cast, provider, deliver_all)
    assert reply("oui", at=at)
    assert reply("Oui", at=at + timedelta(minutes=30))
    round_(deliver_all, at + timedelta(minutes=30))
    assert not Sms.objects.filter(kind="over").exists()


def test_by_mail_where_he_agreed_to_mail_alone(cast, relay, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Zyrianka", mail="jeanne@jeanne.example", language="de"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert offer_tasks.run_offers(at=LATER, relay=relay.settings) == 1
    assert offer_tasks.run_offers(at=LATER, relay=relay.settings) == 0
    (envelope,) = relay.taken
    assert envelope.rcpt_tos == ["jeanne@jeanne.example"]
    mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
    text = mail.get_body(("plain",)).get_content()
    assert LINK.search(text).group(1) == link()
    assert "30. November 2026" in text
    assert "11:00" in text
    whole = str(mail["Subject"]) + text + mail.get_body(("html",)).get_content()
    assert [word for word in OF_HEALTH if word.casefold() in whole.casefold()] == []
    assert (last_offer().way, OfferNotice.objects.get().state) == ("email", DeliveryState.SENT)


def test_a_mail_that_cannot_be_sent_is_a_secretarys(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Zyrianka", mail="jeanne@jeanne.example"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    nowhere = RelaySettings(host="127.0.0.1", port=1)
    at = LATER
    while OfferNotice.objects.get().state == DeliveryState.PENDING:
        offer_tasks.run_offers(at=at, relay=nowhere)
        at = max(at + timedelta(minutes=1), OfferNotice.objects.get().next_attempt_at)
    assert at < last_offer().expires_at
    assert last_offer().way == OfferWay.PHONE
    assert [each.person.birth_name for each in waiting.to_telephone(by=cast.claire, at=at)] == ["Zyrianka"]


def test_who_agreed_to_nothing_is_telephoned_while_it_is_kept_for_him(cast, deliver_all):
    """Old Mr Bellard has no mobile: it is his turn, the secretary calls him, and he takes it."""
    visit = booked(cast, MONDAY)
    mine = waits(cast, person(cast, "Bellard", mail=""))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    (row,) = waiting.to_telephone(by=cast.claire, at=LATER)
    assert (row.place, row.open_offer.starts_at) == (mine, MONDAY)
    assert waiting.to_telephone(by=cast.dr_weber, at=LATER) == ()
    offer_answers.take(offer=row.open_offer.offer, by=cast.claire, at=LATER)
    assert place(mine).state == PlaceState.BOOKED
    assert waiting.to_telephone(by=cast.claire, at=LATER) == ()


def test_who_says_stop_is_telephoned_next_time(cast, provider, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, by_sms(cast))
    cancelled(cast, visit)
    round_(deliver_all)
    reply("STOP")
    other = booked(cast, after(60))
    cancelled(cast, other, at=LATER + HOUR)
    round_(deliver_all, LATER + HOUR)
    round_(deliver_all, LATER + 2 * HOUR)
    assert last_offer().way == OfferWay.PHONE
    assert len(told(provider)) == 1


def test_an_sms_that_the_provider_refuses_is_a_secretarys(cast, provider, deliver_all):
    provider.status = 400
    visit = booked(cast, MONDAY)
    mine = waits(cast, by_sms(cast))
    cancelled(cast, visit)
    round_(deliver_all)
    assert last_offer().way == OfferWay.PHONE
    round_(deliver_all, LATER + HOUR)
    assert (place(mine).silent, offered()) == (0, [("Zyrianka", "lapsed")])


def test_an_sms_that_cannot_leave_in_time_is_a_secretarys(cast, provider, deliver_all):
    """The provider is away; the next try would be after the time is kept for him."""
    provider.status = 503
    visit = booked(cast, MONDAY)
    mine = waits(cast, by_sms(cast))
    cancelled(cast, visit)
    round_(deliver_all)
    until = last_offer().expires_at
    while (row := Sms.objects.get()).state == DeliveryState.PENDING and row.next_attempt_at < until:
        round_(deliver_all, row.next_attempt_at)
    assert (last_offer().state, last_offer().way) == (OfferState.OPEN, OfferWay.PHONE)
    assert [each.place for each in waiting.to_telephone(by=cast.claire, at=row.next_attempt_at)] == [mine]
    round_(deliver_all, until)
    assert (place(mine).silent, offered()) == (0, [("Zyrianka", "lapsed")])


@pytest.mark.parametrize("number", [JEANNE, ""])
def test_whose_sms_or_mail_never_left_is_not_put_behind(cast, provider, deliver_all, number):
    """The post stood still while the time was kept for him: he was not silent, he heard nothing."""
    visit = booked(cast, MONDAY)
    mine = waits(cast, by_sms(cast) if number else person(cast, "Zyrianka"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    offer = last_offer()
    pursue(deliver_all, offer.expires_at)
    assert (last_offer().state, last_offer().way, place(mine).silent) == (OfferState.LAPSED, "", 0)
    offer_operations.close_question(house=cast.house, offer=offer.key, at=offer.expires_at)
    assert place(mine).silent == 0


def test_who_got_his_sms_and_said_nothing_goes_behind(cast, provider, deliver_all):
    visit = booked(cast, MONDAY)
    mine = waits(cast, by_sms(cast))
    cancelled(cast, visit)
    round_(deliver_all)
    round_(deliver_all, last_offer().expires_at)
    assert (last_offer().way, place(mine).silent) == (OfferWay.SMS, 1)


def test_an_sms_that_comes_back_is_a_secretarys(cast, provider, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, by_sms(cast))
    cancelled(cast, visit)
    round_(deliver_all)
    report = Report(id=Sms.objects.get().key, delivered=False, why="absent")
    assert sms_operations.take_report(report, at=LATER)
    round_(deliver_all)
    assert last_offer().way == OfferWay.PHONE


def test_an_sms_of_which_is_heard_when_it_is_over_that_it_came_back_puts_nobody_behind(cast, provider, deliver_all):
    visit = booked(cast, MONDAY)
    mine = waits(cast, by_sms(cast))
    cancelled(cast, visit)
    round_(deliver_all)
    over = last_offer().expires_at
    round_(deliver_all, over)
    assert place(mine).silent == 1
    assert sms_operations.take_report(Report(id=Sms.objects.get().key, delivered=False, why="absent"), at=over)
    round_(deliver_all, over)
    assert (last_offer().state, place(mine).silent) == (OfferState.LAPSED, 0)


def test_told_once_however_often_it_is_heard(cast, provider, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, by_sms(cast))
    cancelled(cast, visit)
    round_(deliver_all)
    key = last_offer().key
    offer_operations.tell(house=cast.house, offer=key, at=LATER, entropy=SystemEntropy())
    sms_tasks.run_sms(at=LATER)
    assert len(told(provider)) == 1


@pytest.mark.parametrize(
    ("language", "words"),
    [("fr", "Prendre ce rendez-vous"), ("de", "Diesen Termin nehmen"), ("en", "Take this appointment")],
)
def test_the_page_in_his_language_says_nothing_of_health(cast, deliver_all, clock, language, words):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Zyrianka", language=language))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    answer = opened()
    assert (answer.status_code, answer["X-Robots-Tag"]) == (200, "noindex, nofollow")
    assert words in said(answer)
    assert [word for word in OF_HEALTH if word in said(answer)] == []
    assert "<script" not in said(answer)
    assert "Set-Cookie" not in answer.headers
    other = Browser().get(f"/o/{link()}?lang=de")
    assert "Diesen Termin nehmen" in said(other)
    assert last_offer().state == OfferState.OPEN


def test_taken_on_the_page_and_the_other_one_kept(cast, deliver_all, clock):
    jeanne, visit = person(cast, "Zyrianka"), booked(cast, MONDAY)
    tuesday = booked(cast, after(24 * 60), who=jeanne)
    waits(cast, jeanne)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert 'value="give_up"' in said(opened())
    assert opened(act="take").status_code == 422
    assert last_offer().state == OfferState.OPEN
    assert opened(act="take", later="keep").status_code == 303
    shown = opened()
    assert shown.status_code == 200
    assert Appointment.objects.get(key=tuesday.appointment).state == "booked"
    assert Appointment.objects.filter(patient=int(jeanne), state="booked").count() == 2


def test_taken_on_the_page_and_the_other_one_given_up(cast, deliver_all, clock):
    jeanne, visit = person(cast, "Zyrianka"), booked(cast, MONDAY)
    tuesday = booked(cast, after(24 * 60), who=jeanne)
    waits(cast, jeanne)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert opened(act="take", later="give_up").status_code == 303
    assert Appointment.objects.get(key=tuesday.appointment).state == "cancelled"


def test_declined_on_the_page(cast, deliver_all, clock):
    visit = booked(cast, MONDAY)
    mine = waits(cast, person(cast, "Zyrianka"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert opened(act="decline").status_code == 303
    assert "<h1>C’est noté</h1>" in said(opened())
    assert opened(act="take").status_code == 409
    assert place(mine).state == PlaceState.WAITING
    assert not Appointment.objects.filter(state="booked").exists()


@pytest.mark.parametrize("act", ["take", "decline"])
def test_a_link_that_is_too_old_changes_nothing(cast, deliver_all, clock, act):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Zyrianka"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    clock.at = LATER + HOUR
    assert opened().status_code == 410
    assert opened(act=act).status_code == 409
    pursue(deliver_all, clock.at)
    assert opened().status_code == 410
    assert opened(act=act).status_code == 409
    assert offered() == [("Zyrianka", "lapsed")]


def test_no_link_but_ours_leads_anywhere(cast, deliver_all, clock):
    one, other = booked(cast, MONDAY), booked(cast, after(60))
    waits(cast, person(cast, "Zyrianka"), at=NOON - HOUR)
    waits(cast, person(cast, "Bellard"))
    cancelled(cast, one)
    cancelled(cast, other)
    pursue(deliver_all, LATER)
    first, second = SlotOffer.objects.order_by("pk")
    signature = offers.link_of(first.key).rpartition("-")[2]
    for page in (f"{second.key}-{signature}", f"{second.key}-", second.key, f"{'0' * 26}-{signature}", "x" * 200):
        assert opened(page).status_code == 404
        assert opened(page, act="take").status_code == 404
    assert {each.state for each in SlotOffer.objects.all()} == {"open"}


def test_a_page_that_says_something_else_changes_nothing(cast, deliver_all, clock):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Zyrianka"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert opened(act="steal").status_code == 422
    assert opened(later="keep").status_code == 422
    assert last_offer().state == OfferState.OPEN


def test_his_file_was_changed_meanwhile_so_that_he_may_not_come(cast, deliver_all, clock):
    """The rules have the last word: refused with words, and nothing is changed."""
    visit, jeanne = booked(cast, MONDAY), person(cast, "Zyrianka")
    mine = waits(cast, jeanne)
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    Patient.objects.filter(pk=int(jeanne)).update(birth_date="2025-01-01")
    reason = last_offer().place.reason
    type(reason).objects.filter(pk=reason.pk).update(youngest=18)
    assert opened(act="take").status_code == 409
    assert (place(mine).state, last_offer().state) == (PlaceState.WAITING, OfferState.OPEN)


def test_when_all_are_asked_the_secretary_has_it(cast, provider, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, by_sms(cast), at=NOON - HOUR)
    waits(cast, by_sms(cast, "Bellard", PAUL))
    cancelled(cast, visit)
    round_(deliver_all)
    round_(deliver_all, LATER + HOUR)
    reply("2", PAUL, at=LATER + HOUR)
    round_(deliver_all, LATER + HOUR)
    assert FreedTime.objects.get().state == FreedState.NOBODY
    (time,) = waiting.freed_times(by=cast.claire, at=LATER + HOUR)
    assert [(who.birth_name, offer.state) for who, offer in time.offers] == [
        ("Zyrianka", OfferState.LAPSED),
        ("Bellard", OfferState.DECLINED),
    ]
