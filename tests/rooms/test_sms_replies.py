# SPDX-License-Identifier: AGPL-3.0-or-later
"""Answers by SMS that are neither yes nor no: nothing comes of them by itself, a secretary reads them and says what."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.models import Appointment, OpeningPattern
from permanence.agenda.queries import offers
from permanence.agenda.refusals import NotNow, OfferOver
from permanence.agenda.rules.states import AppointmentState
from permanence.callers.models import Patient
from permanence.clients.access import choose_clients
from permanence.console.open_tasks import open_tasks
from permanence.dispatch import (
    answer_operations,
    late_operations,
    offer_operations,
    reply_queries,
    sms_operations,
    sms_tasks,
)
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.channels.sms.http import Incoming, Report
from permanence.dispatch.channels.sms.replies import Meaning, asks_a_person, read_answer
from permanence.dispatch.models import Reminder, Sms, SmsReply
from permanence.dispatch.reminder_operations import link_of
from permanence.dispatch.reply_operations import NothingToAnswer, ReplyUnknown, settle_reply
from permanence.dispatch.reply_queries import client_of_reply, open_replies
from permanence.dispatch.rules import ReplyOutcome, SentKind
from permanence.foundation.models import AuditEntry, Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemEntropy
from permanence.supervision.sent_words import KINDS
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.reminders_cast import DUE, book, patient_says, provider, rule, send, told
from tests.rooms.test_sms import JEANNES, known
from tests.rooms.test_sms import send as write
from tests.rooms.waiting_cast import booked, cancelled, last_offer, person, pursue, waits

__all__ = ["provider"]

pytestmark = pytest.mark.django_db
SOON = DUE + timedelta(minutes=10)
HIS_WORDS = "Je viens mais plutôt à 10h <b>si possible</b>"


@pytest.fixture
def cast(provider):
    made = make_agenda_cast()
    rule(made, 48)
    patient_says(made, sms=True)
    return made


def answers(text, *, at=SOON, number=JEANNES, key=""):
    return answer_operations.take_reply(Incoming(number=number, text=text, id=key), at=at, entropy=SystemEntropy())


@pytest.fixture
def reminded(cast, deliver_all):
    """She is booked on Monday, and was reminded of it."""
    visit = book(cast)
    deliver_all(NOON)
    send(DUE)
    sms_tasks.run_sms(at=DUE)
    return visit


def state():
    return Appointment.objects.get().state


def settled(cast, outcome, *, by=None, reply=None, at=SOON):
    found = reply or open_replies(by=cast.claire)[0].reply
    said = {"key": cast.key(), "by": by or cast.claire, "at": at, "entropy": SystemEntropy()}
    return settle_reply(reply=found, outcome=outcome, **said)


def test_his_words_stand_on_the_list_with_what_they_are_about_and_change_nothing(cast, reminded):
    assert answers(HIS_WORDS)
    [row] = open_replies(by=cast.claire)
    assert (row.words, row.patient_name, row.number) == (HIS_WORDS, "HOFFMANN Jeanne", JEANNES)
    assert (row.visit.appointment, row.offer, row.several, row.is_open) == (reminded.appointment, None, False, True)
    assert "30/11" in row.asked
    assert HIS_WORDS not in SmsReply.objects.get().sealed_text
    assert state() == AppointmentState.BOOKED


@pytest.mark.parametrize("what", ["a code", "an SMS that failed", "an SMS that waits"])
def test_his_words_are_about_what_he_was_sent_and_not_about_what_another_client_writes(
    cast, reminded, deliver_all, provider, what
):
    assert answers("1")
    deliver_all(SOON)
    later = SOON + timedelta(minutes=5)
    if what == "a code":
        code = {"client": cast.weber.id, "number": JEANNES, "language": "fr", "code": "123456"}
        sms_operations.send_code(**code, by=cast.claire, at=later, entropy=SystemEntropy())
        sms_tasks.run_sms(at=later)
        assert Sms.objects.get(kind=SmsKind.CODE).state == "sent"
    else:
        provider.status = 400 if what == "an SMS that failed" else 503
        write(cast, known(cast.weber.id, "Weberin"), client=cast.weber.id, kind=SmsKind.LATE, at=later, asks=False)
        sms_tasks.run_sms(at=later)
        assert Sms.objects.get(kind=SmsKind.LATE).state == ("failed" if provider.status == 400 else "pending")
    assert answers("je ne peux plus venir", at=later)
    [row] = open_replies(by=cast.claire)
    assert (row.client, row.visit.appointment) == (cast.cabinet.id, reminded.appointment)


def test_words_to_who_was_sent_nothing_yet_are_read_all_the_same(cast, provider):
    write(cast, known(cast.weber.id, "Weberin"), client=cast.weber.id, kind=SmsKind.LATE, at=SOON, asks=False)
    assert answers("je ne peux plus venir")
    assert [each.client for each in open_replies(by=cast.claire)] == [cast.weber.id]


def test_yes_no_and_stop_stand_on_no_list(cast, reminded, deliver_all):
    assert answers("oui")
    deliver_all(SOON)
    assert answers("stop")
    assert open_replies(by=cast.claire) == ()
    assert state() == AppointmentState.CONFIRMED


def test_the_same_words_brought_twice_stand_there_once(cast, reminded):
    assert answers("peut-être", key="in-7")
    assert answers("peut-être", key="in-7")
    assert len(open_replies(by=cast.claire)) == 1


def test_a_yes_that_comes_too_late_for_the_visit_it_means_is_read_by_somebody(cast, reminded, deliver_all):
    """The visit was moved since: the digit is still understood, and nothing may come of it."""
    Appointment.objects.update(revision=1)
    assert answers("2")
    deliver_all(SOON)
    [row] = open_replies(by=cast.claire)
    assert (row.words, state()) == ("2", AppointmentState.BOOKED)


@pytest.mark.parametrize(
    ("outcome", "becomes"),
    [
        (ReplyOutcome.CONFIRMED, AppointmentState.CONFIRMED),
        (ReplyOutcome.CANCELLED, AppointmentState.CANCELLED),
        (ReplyOutcome.MOVED, AppointmentState.BOOKED),
        (ReplyOutcome.DONE, AppointmentState.BOOKED),
    ],
)
def test_what_she_says_comes_of_it_once_and_is_noted(cast, reminded, outcome, becomes):
    answers(HIS_WORDS)
    reply = open_replies(by=cast.claire)[0].reply
    settled(cast, outcome)
    assert (state(), open_replies(by=cast.claire)) == (becomes, ())
    row = SmsReply.objects.get()
    assert (row.outcome, row.done_by_name, row.done_at) == (outcome, cast.claire.name, SOON)
    with pytest.raises(ReplyUnknown):
        settled(cast, ReplyOutcome.DONE, reply=reply)
    note = AuditEntry.objects.get(action="sms.reply_settled")
    assert (note.client_key, note.detail) == (int(cast.cabinet.id), {"outcome": outcome.value})
    assert HIS_WORDS not in str(list(AuditEntry.objects.values_list("detail", flat=True)))


def sent(kind):
    return list(Sms.objects.filter(kind=kind).order_by("pk"))


@pytest.mark.parametrize("word", ["déplacer", "Autre date", "verschieben", "MOVE"])
def test_who_wants_another_moment_gets_the_link_to_choose_one(cast, reminded, deliver_all, provider, word):
    assert answers(word, key="in-1")
    deliver_all(SOON)
    assert len(sent(SmsKind.MOVE)) == 1
    sms_tasks.run_sms(at=SOON)
    text = told(provider)[-1]
    assert f"{link_of(Reminder.objects.get().key)}?move=1" in text
    assert [word for word in ("Consultation", "Dupont", "HOFFMANN") if word in text] == []
    assert (open_replies(by=cast.claire), state()) == ((), AppointmentState.BOOKED)
    answers("1", at=SOON + timedelta(minutes=1), key="in-2")  # she comes after all: the question is still open
    deliver_all(SOON + timedelta(minutes=1))
    assert state() == AppointmentState.CONFIRMED


def test_asked_again_or_without_another_moment_a_secretary_reads_it(cast, reminded, deliver_all):
    answers("déplacer", key="in-1")
    deliver_all(SOON)
    answers("déplacer !", key="in-2")
    deliver_all(SOON)
    assert len(sent(SmsKind.MOVE)) == 1
    assert [row.words for row in open_replies(by=cast.claire)] == ["déplacer !"]


def test_without_any_free_moment_no_link_is_sent(cast, reminded, deliver_all):
    OpeningPattern.objects.update(online=False)
    answers("déplacer", key="in-1")
    deliver_all(SOON)
    assert sent(SmsKind.MOVE) == []
    assert [row.words for row in open_replies(by=cast.claire)] == ["déplacer"]


def test_whom_the_link_does_not_reach_a_secretary_hears(cast, reminded, deliver_all):
    answers("déplacer", key="in-1")
    deliver_all(SOON)
    sms_tasks.run_sms(at=SOON)
    [link] = sent(SmsKind.MOVE)
    Sms.objects.filter(pk=link.pk).update(provider_id="the link's")
    assert sms_operations.take_report(Report(id="the link's", delivered=False, why="no such number"), at=SOON)
    deliver_all(SOON)
    [row] = open_replies(by=cast.claire)
    assert (row.words, row.visit.appointment) == ("déplacer", reminded.appointment)


def test_all_that_is_written_to_a_patient_is_told_to_supervisors():
    assert {each.value for each in SmsKind} <= {each.value for each in SentKind} == {each.value for each in KINDS}


def test_an_offer_is_not_moved(cast, deliver_all):
    later = MONDAY - timedelta(days=2, hours=22)
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First", number="+33639980150"))
    cancelled(cast, visit, at=later)
    pursue(deliver_all, later)
    sms_tasks.run_sms(at=later)
    answers("déplacer", at=later, number="+33639980150")
    assert [row.words for row in open_replies(by=cast.claire)] == ["déplacer"]
    assert last_offer().state == "open"


def test_what_cannot_be_done_any_more_leaves_the_words_on_the_list(cast, reminded):
    answers(HIS_WORDS)
    Appointment.objects.update(state=AppointmentState.DONE.value)
    with pytest.raises(NotNow):
        settled(cast, ReplyOutcome.CANCELLED)
    assert [each.is_open for each in open_replies(by=cast.claire)] == [False]
    settled(cast, ReplyOutcome.DONE)


def test_words_about_nothing_that_stands_can_only_be_read(cast):
    key = known(cast.cabinet.id, "Ohne", "+33639980149")
    write(cast, key, kind=SmsKind.BOOKED, asks=False, about="")
    sms_tasks.run_sms(at=NOON)
    answers("je rappelle", at=NOON, number="+33639980149")
    for outcome in (ReplyOutcome.CONFIRMED, ReplyOutcome.CANCELLED, ReplyOutcome.MOVED):
        with pytest.raises(NothingToAnswer):
            settled(cast, outcome, at=NOON)
    settled(cast, ReplyOutcome.DONE, at=NOON)
    assert open_replies(by=cast.claire) == ()


def test_an_offer_is_taken_or_declined_by_her(cast, deliver_all):
    later = MONDAY - timedelta(days=2, hours=22)
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First", number="+33639980150"))
    waits(cast, person(cast, "Second", number="+33639980151"), at=NOON + timedelta(minutes=1))
    cancelled(cast, visit, at=later)
    pursue(deliver_all, later)
    sms_tasks.run_sms(at=later)
    answers("on verra", at=later, number="+33639980150")
    [row] = open_replies(by=cast.claire)
    assert (row.patient_name, row.offer.offer, row.visit) == ("FIRST Jeanne", last_offer().key, None)
    with pytest.raises(NothingToAnswer):
        settled(cast, ReplyOutcome.MOVED, at=later)
    settled(cast, ReplyOutcome.CANCELLED, at=later)
    assert last_offer().state == "declined"
    pursue(deliver_all, later)
    sms_tasks.run_sms(at=later)
    answers("volontiers !", at=later, number="+33639980151")
    settled(cast, ReplyOutcome.CONFIRMED, at=later)
    assert Appointment.objects.get(state="booked").patient.birth_name == "Second"
    assert [each.number for each in sent(SmsKind.BOOKED)] == ["+33639980151"]
    night = later.replace(hour=22)
    taken = offers.offer(by=cast.claire, offer=last_offer().key)
    offer_operations.say_booked(taken, by=cast.claire, at=night, entropy=SystemEntropy())
    written = sent(SmsKind.BOOKED)[-1]
    assert (written.created_at, written.next_attempt_at) == (night, night.replace(hour=7) + timedelta(days=1))


def test_of_a_yes_that_comes_to_nothing_no_visit_is_said_to_be_booked(cast, deliver_all):
    later = MONDAY - timedelta(days=2, hours=22)
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First", number="+33639980150"))
    cancelled(cast, visit, at=later)
    pursue(deliver_all, later)
    sms_tasks.run_sms(at=later)
    answers("volontiers !", at=later, number="+33639980150")
    with pytest.raises(OfferOver):
        settled(cast, ReplyOutcome.CONFIRMED, at=last_offer().expires_at)
    assert sent(SmsKind.BOOKED) == []


@pytest.mark.parametrize("word", ["Annuler", "non", "2"])
def test_a_no_after_he_was_told_of_a_delay_is_read_with_his_visit(cast, reminded, deliver_all, word):
    """He had confirmed: no question is open any more, and the last he was told is that the doctor is late."""
    answers("1")
    deliver_all(SOON)
    early = MONDAY - timedelta(minutes=20)
    late = {"agenda": cast.dupont, "minutes": 40, "by": cast.claire, "at": early, "entropy": SystemEntropy()}
    late_operations.tell_late(key="late-act-00000001", **late)
    sms_tasks.run_sms(at=early)
    assert answers(word, at=early)
    deliver_all(early)
    [row] = open_replies(by=cast.claire)
    assert (row.words, row.visit.appointment, row.is_open) == (word, reminded.appointment, True)
    assert state() == AppointmentState.CONFIRMED


def test_a_no_to_what_he_has_just_taken_is_read_with_his_visit(cast, deliver_all):
    later = MONDAY - timedelta(days=2, hours=22)
    visit, first = booked(cast, MONDAY), person(cast, "First", number="+33639980150")
    waits(cast, first)
    cancelled(cast, visit, at=later)
    for text in ("", "1", "finalement non", "non"):
        if text:
            answers(text, at=later, number="+33639980150")
        pursue(deliver_all, later)
        sms_tasks.run_sms(at=later)
    rows = open_replies(by=cast.claire)
    taken = Appointment.objects.get(patient=int(first))
    assert [(each.words, each.visit.appointment) for each in rows] == [
        ("finalement non", taken.key),
        ("non", taken.key),
    ]
    settled(cast, ReplyOutcome.CANCELLED, reply=rows[1].reply, at=later)
    taken.refresh_from_db()
    assert taken.state == AppointmentState.CANCELLED


def test_words_that_may_be_for_another_client_say_so(cast, reminded):
    Patient.objects.filter(pk=int(cast.greta)).update(sms_agreed_at=NOON)
    key = known(cast.weber.id, "Schmitz")
    write(cast, key, client=cast.weber.id, kind=SmsKind.LATE, asks=False, at=SOON, about="")
    sms_tasks.run_sms(at=SOON)
    answers(HIS_WORDS)
    [row] = open_replies(by=cast.claire)
    assert (row.several, row.visit.appointment) == (True, reminded.appointment)


def test_behind_the_wall_nothing_is_there(cast, reminded):
    answers(HIS_WORDS)
    reply = open_replies(by=cast.claire)[0].reply
    choose_clients(person=cast.claire.person, clients=(cast.weber.id,), by=cast.marc, at=NOON)
    limited = who_is(Person.objects.select_related("house").get(pk=cast.claire.person_key))
    for who in (limited, cast.other_secretary, cast.dr_weber):
        assert open_replies(by=who) == ()
        with pytest.raises(ReplyUnknown):
            settled(cast, ReplyOutcome.CANCELLED, by=who, reply=reply)
    assert client_of_reply(house_key=cast.other_secretary.house_key, reply=reply) is None
    assert state() == AppointmentState.BOOKED


def posted(browser, reply, **body):
    return browser.post(f"/console/replies/{reply}", body, HTTP_ACCEPT_LANGUAGE="fr", follow=False)


def test_on_her_list_with_a_button_for_each(cast, reminded, browser_of):
    answers(HIS_WORDS)
    browser = browser_of(cast.claire)
    text = browser.get("/console/follow-ups", HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert "plutôt à 10h &lt;b&gt;si possible" in text
    assert all(f'value="{each.value}"' in text for each in ReplyOutcome)
    reply = open_replies(by=cast.claire)[0].reply
    wrong = posted(browser, reply, outcome="shred")
    assert (wrong.status_code, len(open_replies(by=cast.claire))) == (302, 1)
    moved = posted(browser, reply, outcome="moved")
    his = f"client={cast.cabinet.id}&day=2026-11-30&patient={reminded.patient}"
    assert moved["Location"] == f"/console/agenda?{his}&move={reminded.appointment}"
    assert posted(browser, reply, outcome="done")["Location"] == "/console/follow-ups"
    assert posted(browser, "999999", outcome="done").status_code == 404
    assert posted(browser_of(cast.other_secretary), reply, outcome="done").status_code == 404
    assert HIS_WORDS[:10] not in browser.get("/console/follow-ups").content.decode()


def asked_for(ask):
    with CaptureQueriesContext(connection) as seen:
        ask()
    return len(seen)


def test_the_badge_counts_them_and_opens_none_and_the_list_asks_as_often_for_twenty_as_for_one(
    cast, reminded, monkeypatch
):
    answers("peut-être")
    counted, listed = partial(open_tasks, cast.claire, at=SOON), partial(open_replies, by=cast.claire)
    assert counted() == 1
    once, of_one = asked_for(counted), asked_for(listed)
    for minute in range(1, 20):
        answers(f"peut-être {minute}", at=SOON + timedelta(minutes=minute))
    assert (asked_for(counted), asked_for(listed)) == (once, of_one)
    assert [len(each) for each in (listed(), {row.words for row in listed()})] == [20, 20]
    monkeypatch.setattr(reply_queries, "LIST_LIMIT", 5)
    monkeypatch.setattr(reply_queries.secrecy, "unseal", None)
    assert counted() == 5


@given(st.text(max_size=200), st.integers(0, 4), st.booleans())
def test_what_is_not_understood_is_always_read_by_somebody(text, open_questions, of_reminder):
    meaning = read_answer(text).meaning
    asked = asks_a_person(meaning, open_questions=open_questions, of_reminder=of_reminder)
    assert asked or meaning is not Meaning.UNCLEAR
    assert not asked or meaning is not Meaning.STOP
    assert not asked or open_questions > 1 or of_reminder or meaning in {Meaning.UNCLEAR, Meaning.NO, Meaning.THANKS}
