# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who answers a reminder or an offer by SMS hears what came of it, at once and once, whatever the hour."""

import json
from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment, OpeningPattern
from permanence.callers.models import Patient
from permanence.dispatch import answer_operations, reminder_operations, sms_tasks
from permanence.dispatch.channels.sms.http import Incoming
from permanence.dispatch.models import Reminder, Sms, SmsReply
from permanence.dispatch.reply_queries import open_replies
from permanence.dispatch.rules import DeliveryState
from permanence.foundation.models import OutboxEvent, OutboxReceipt
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY
from tests.rooms.messaging_cast import NOON
from tests.rooms.reminders_cast import DUE, book, cast, patient_says, provider, send, told
from tests.rooms.test_sms import BEARER, JEANNES, describe
from tests.rooms.waiting_cast import LATER, booked, cancelled, person, pursue, waits

__all__ = ["cast", "provider"]

pytestmark = pytest.mark.django_db
SOON = DUE + timedelta(minutes=10)
IN_THE_NIGHT = DUE + timedelta(hours=15)
DAY = timedelta(hours=24)


@pytest.fixture
def reminded(cast, provider, deliver_all):
    """She is booked on Monday, and was reminded of it."""
    visit = book(cast)
    deliver_all(NOON)
    send(DUE)
    return visit


@pytest.fixture
def hears(deliver_all, provider):
    """What goes to the telephone that answers so, beside what went there before."""

    def heard(text, *, at=SOON, number=JEANNES, key=""):
        before = len(told(provider))
        answer_operations.take_reply(Incoming(number=number, text=text, id=key), at=at, entropy=SystemEntropy())
        deliver_all(at)
        deliver_all(at)
        sms_tasks.run_sms(at=at)
        return [json.loads(each)["messages"][0]["text"] for each in told(provider)[before:]]

    return heard


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("fr 1", "merci, votre rendez-vous du lun 30/11 à 8 h est confirmé."),
        ("fr 2", "votre rendez-vous du lun 30/11 à 8 h est annulé."),
        ("en 1", "thank you, your appointment on Mon 30 Nov at 08:00 is confirmed."),
        ("de 1", "danke, Ihr Termin am Mo., 30.11. um 08:00 Uhr ist bestätigt."),
    ],
)
def test_who_confirms_or_cancels_hears_that_it_is_done(cast, hears, deliver_all, said, words):
    language, digit = said.split()
    Patient.objects.filter(pk=int(cast.jeanne)).update(language=language)
    book(cast)
    deliver_all(NOON)
    send(DUE)
    [text] = hears(digit)
    assert words in text
    assert [word for word in ("Consultation", "Dupont", "HOFFMANN", "Jeanne") if word in text] == []
    row = Sms.objects.latest("pk")
    assert (row.encoding, row.parts, row.price_micros, row.language) == ("gsm7", 1, 45_000, language)


def test_an_answer_that_is_brought_or_heard_twice_is_told_once(reminded, hears, deliver_all):
    assert len(hears("1", key="in-1")) == 1
    assert hears("1", key="in-1") == []
    OutboxReceipt.objects.all().delete()
    OutboxEvent.objects.filter(name="SmsAnswered").update(delivered_at=None, next_attempt_at=SOON)
    deliver_all(SOON)
    assert Sms.objects.filter(kind="confirmed").count() == 1


def test_in_the_night_he_hears_at_once_for_he_is_awake(reminded, hears):
    assert len(hears("oui", at=IN_THE_NIGHT)) == 1


def test_who_agreed_to_no_sms_since_is_told_at_the_number_he_wrote_from(cast, reminded, hears):
    patient_says(cast, sms=False)
    assert len(hears("1")) == 1


def test_whom_nothing_was_done_for_is_told_that_somebody_reads_it(cast, reminded, hears):
    [text] = hears("je ne sais pas encore")
    assert "votre réponse n'a encore rien changé. Une secrétaire va la lire." in text
    assert "Répondez 1 pour confirmer, 2 pour annuler." in text
    assert len(open_replies(by=cast.claire)) == 1
    assert "est confirmé" in hears("1", at=SOON + timedelta(minutes=1))[0]


def test_two_machines_do_not_write_to_each_other_for_ever(cast, reminded, hears):
    """An absence note of a telephone answers each SMS: it gets one reply, of whichever house or practice."""
    assert [len(hears("Je suis absente.", at=SOON + timedelta(minutes=6 * each))) for each in range(4)] == [1, 0, 0, 0]
    assert hears("Je suis absente.", at=SOON + DAY + timedelta(hours=1)) == []  # of this reminder it heard already
    assert Sms.objects.filter(kind="unclear").count() == 1
    assert len(open_replies(by=cast.claire)) == 5


def test_another_sms_within_a_day_makes_no_second_one(cast, reminded, hears, deliver_all):
    hears("peut-être")
    book(cast, 60)
    deliver_all(NOON)
    send(SOON + timedelta(hours=2))
    assert hears("peut-être bien", at=SOON + timedelta(hours=3)) == []
    assert len(hears("peut-être pas", at=SOON + DAY)) == 1


@pytest.mark.parametrize("sender", ["38200", "DOCTOLIB", "+"])
def test_what_is_no_telephone_is_not_answered(reminded, hears, sender):
    assert hears("peut-être", number=sender) == []


def test_stop_is_obeyed_without_a_word(cast, reminded, hears):
    assert hears("STOP") == []
    assert hears("peut-être", at=SOON + timedelta(hours=1)) == []


def test_no_word_follows_where_stop_came_before_it_left(reminded, hears, deliver_all):
    answer_operations.take_reply(Incoming(number=JEANNES, text="1"), at=SOON, entropy=SystemEntropy())
    assert hears("STOP") == []


@pytest.mark.parametrize("heard", ["at once", "late", "twice"])
def test_who_confirmed_and_then_sends_the_digit_to_cancel_has_cancelled(cast, reminded, hears, deliver_all, heard):
    later = SOON + timedelta(minutes=2)
    if heard == "late":
        answer_operations.take_reply(Incoming(number=JEANNES, text="1"), at=SOON, entropy=SystemEntropy())
    else:
        assert "est confirmé" in hears("1")[0]
    assert "votre rendez-vous du lun 30/11 à 8 h est annulé." in hears("2", at=later)[-1]
    if heard == "twice":
        OutboxReceipt.objects.all().delete()
        OutboxEvent.objects.filter(name="SmsAnswered").update(delivered_at=None, next_attempt_at=later)
        deliver_all(later)
    assert (Appointment.objects.get().state, Reminder.objects.get().answer) == ("cancelled", "no")
    assert (open_replies(by=cast.claire), Sms.objects.filter(kind="cancelled").count()) == ((), 1)


def test_an_answer_that_is_heard_after_his_last_one_undoes_nothing(cast, reminded, hears, deliver_all):
    """He cancelled by SMS, then confirmed behind the link, before the house had heard of the SMS."""
    answer_operations.take_reply(Incoming(number=JEANNES, text="2"), at=SOON, entropy=SystemEntropy())
    reminder_operations.act(key=Reminder.objects.get().key, yes=True, at=SOON + timedelta(seconds=30))
    deliver_all(SOON + timedelta(minutes=1))
    assert Appointment.objects.get().state == "confirmed"
    assert open_replies(by=cast.claire) == ()


@pytest.mark.parametrize("since", ["moved", "begun", "written to", "in a word"])
def test_where_it_is_not_certain_what_he_means_to_cancel_somebody_reads_it(cast, reminded, hears, deliver_all, since):
    """The visit is another one now or began, the house wrote something else since, or it is a word and no digit."""
    hears("1")
    at = MONDAY + timedelta(minutes=5) if since == "begun" else SOON + timedelta(hours=2)
    if since == "moved":
        Appointment.objects.update(revision=1)
    elif since == "written to":
        book(cast, 60)
        deliver_all(NOON)
        send(SOON + timedelta(hours=1))
    state = Appointment.objects.order_by("pk")[0].state
    hears("non" if since == "in a word" else "2", at=at)
    assert [each.words for each in open_replies(by=cast.claire)] == (["non"] if since == "in a word" else ["2"])
    assert Appointment.objects.order_by("pk")[0].state == state


@pytest.mark.parametrize("thanks", ["Merci !", "ok merci", "d’accord", "Ok", "oui", "👍🏽", "1"])
def test_who_says_thanks_for_what_he_was_told_is_not_answered_and_asks_nobody(cast, reminded, hears, thanks):
    assert "est confirmé" in hears("1")[0]
    assert hears(thanks, at=SOON + timedelta(minutes=8)) == []  # later than a provider brings the same one again
    assert open_replies(by=cast.claire) == ()
    assert SmsReply.objects.count() == 2


def test_d_accord_to_a_visit_that_is_cancelled_asks_nobody_but_a_yes_does(cast, reminded, hears):
    assert "est annulé" in hears("2")[0]
    assert hears("d’accord", at=SOON + timedelta(minutes=2)) == []
    assert open_replies(by=cast.claire) == ()
    assert len(hears("oui", at=SOON + timedelta(minutes=4))) == 1
    assert len(open_replies(by=cast.claire)) == 1


def test_thanks_while_a_question_is_open_answer_it_neither_way(cast, reminded, hears):
    [text] = hears("Merci !")
    assert "Répondez 1 pour confirmer, 2 pour annuler." in text
    assert [each.words for each in open_replies(by=cast.claire)] == ["Merci !"]


def test_what_follows_an_answer_that_was_understood_is_not_said_to_have_changed_nothing(cast, reminded, hears):
    hears("1")
    [text] = hears("je ne peux plus venir", at=SOON + timedelta(minutes=2))
    assert "Une secrétaire va la lire." in text
    assert "rien changé" not in text
    assert [each.words for each in open_replies(by=cast.claire)] == ["je ne peux plus venir"]


def test_of_an_answer_that_nothing_came_of_a_secretary_reads_the_words_not_the_thanks(cast, reminded, deliver_all):
    """The visit was moved meanwhile, and his thanks are there before the house could say so."""
    Appointment.objects.update(revision=1)
    for text, at in (("2", SOON), ("merci", SOON + timedelta(seconds=5))):
        answer_operations.take_reply(Incoming(number=JEANNES, text=text, id=text), at=at, entropy=SystemEntropy())
    deliver_all(SOON + timedelta(seconds=5))
    assert [each.words for each in open_replies(by=cast.claire)] == ["2"]


def test_who_died_meanwhile_is_not_written_to(cast, reminded, hears):
    Patient.objects.filter(pk=int(cast.jeanne)).update(is_deceased=True)
    assert hears("peut-être") == []


def test_who_cannot_choose_another_moment_is_told_that_somebody_reads_it(cast, reminded, hears):
    OpeningPattern.objects.update(online=False)
    [text] = hears("déplacer")
    assert "Une secrétaire va la lire." in text


def test_a_visit_that_is_another_one_now_is_not_said_to_be_confirmed(reminded, hears):
    Appointment.objects.update(revision=1)
    [text] = hears("1")
    assert "n'a encore rien changé. Une secrétaire va la lire." in text


def test_the_house_may_switch_it_off(reminded, hears, provider, settings, tmp_path):
    describe(settings, tmp_path, BEARER | {"tells_back": False}, provider.url)
    assert hears("1") == []
    assert Appointment.objects.get().state == "confirmed"
    assert hears("peut-être", at=SOON + timedelta(minutes=2)) == []


def test_who_declines_an_offer_hears_that_it_is_noted(cast, hears, deliver_all, provider):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Zyrianka", number="+33639980150", mail=""))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    sms_tasks.run_sms(at=LATER)
    [text] = hears("2", at=LATER, number="+33639980150")
    assert "c'est noté, vous ne prenez pas le rendez-vous du lun 30/11 à 8 h." in text
    assert Sms.objects.latest("pk").state == DeliveryState.SENT


def test_of_an_offer_that_is_not_understood_the_digits_are_not_said_again(cast, hears, deliver_all, provider):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Zyrianka", number="+33639980150", mail=""))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    sms_tasks.run_sms(at=LATER)
    [text] = hears("à quelle heure ?", at=LATER, number="+33639980150")
    assert "Répondez" not in text
