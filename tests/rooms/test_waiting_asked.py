# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is asked before a visit, and who waits for one: asked as he is put on the list, else on the telephone."""

import re
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from permanence.agenda.models import Appointment, SlotOffer, WaitingPlace
from permanence.agenda.operations import offer_answers, reasons, setting, waiting_list
from permanence.agenda.operations.closing import Leaving, Onwards
from permanence.agenda.queries import agendas, appointments, place_answers, waiting
from permanence.agenda.refusals import AddressMissing, QuestionsUnanswered, SlotRefused
from permanence.agenda.rules.answers import ADDRESS, Answer
from permanence.agenda.rules.kinds import OpeningKind, Question, Way
from permanence.agenda.rules.waiting import OfferState, PlaceState
from permanence.agenda.rules.why_not import ContraIndicated
from permanence.booking import parts
from permanence.callers.models import Patient
from permanence.console import follow_ups
from permanence.console import waiting as screen
from permanence.dispatch import offer_operations, sms_operations
from permanence.dispatch.channels.sms.content import SmsKind, Words
from permanence.dispatch.models import OfferNotice, Sms
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.reminders_cast import provider
from tests.rooms.test_agenda_closing import closed
from tests.rooms.test_offers import LINK, OF_HEALTH, by_sms, opened, reply, round_, told
from tests.rooms.test_waiting_screens import add, post, shown
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, person, place, pursue, waits

__all__ = ["provider"]

pytestmark = pytest.mark.django_db
PACEMAKER = Question(id="q-pacemaker", text="Portez-vous un stimulateur ?")
SINCE = Question(id="q-iodine", text="Prenez-vous un anticoagulant ?")
FASTING = Question(id="q-fasting", text="Depuis quand à jeun ?")
NO = {PACEMAKER.id: "no"}
HOME = "3 rue des Lilas, 67000 Strasbourg"
KEPT = (
    Answer(question=PACEMAKER.text, words="no", forbids=True),
    Answer(question=FASTING.text, words="hier soir"),
)


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    still = SimpleNamespace(now=lambda: LATER)
    for module in (screen, follow_ups):
        monkeypatch.setattr(module, "_CLOCK", still)
    monkeypatch.setattr(parts, "CLOCK", still)


def asks(cast, *forbidding, **more):
    """What the practice asks before a consultation, from now on."""
    every = agendas.reasons(by=cast.claire, client=cast.cabinet.id)
    reason = next(each for each in every if each.id == cast.consultation)
    reason = replace(reason, contra_indications=forbidding, questions=(FASTING,), **more)
    reasons.set_reason(client=cast.cabinet.id, reason=reason, by=cast.claire, at=NOON)


def offered(cast, visit, deliver_all):
    """The visit is cancelled, and its time offered."""
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    return last_offer()


def take(cast, offer, **more):
    return offer_answers.take(offer=offer.key, by=cast.claire, at=LATER, **more)


def answers(cast):
    """Those of the visit that was booked."""
    return appointments.answers(by=cast.claire, appointment=Appointment.objects.get(state="booked").key)


def to_telephone(cast):
    return [each.person.birth_name for each in waiting.to_telephone(by=cast.claire, at=LATER)]


@pytest.mark.parametrize(
    ("said", "refusal"),
    [
        ({}, QuestionsUnanswered),
        ({PACEMAKER.id: "perhaps"}, QuestionsUnanswered),
        ({PACEMAKER.id: "yes"}, SlotRefused),
    ],
)
def test_nobody_waits_before_what_may_forbid_the_visit_was_answered_by_no(cast, said, refusal):
    asks(cast, PACEMAKER)
    with pytest.raises(refusal) as refused:
        waits(cast, cast.jeanne, said=said)
    if refusal is SlotRefused:
        assert refused.value.causes == (ContraIndicated(question=PACEMAKER.id, text=PACEMAKER.text),)
    assert not WaitingPlace.objects.exists()


def test_where_a_visit_at_home_is_to_be_is_asked_then_unless_the_file_says_it(cast):
    asks(cast, way=Way.HOME)
    with pytest.raises(AddressMissing):
        waits(cast, cast.jeanne, said={})
    assert waits(cast, cast.jeanne, said={ADDRESS: HOME})
    Patient.objects.filter(pk=int(cast.paul)).update(address=HOME)
    assert waits(cast, cast.paul, said={})


def test_the_answers_are_kept_sealed_and_are_those_of_the_visit_he_takes(cast, deliver_all):
    visit = booked(cast, MONDAY)
    asks(cast, PACEMAKER)
    key = waits(cast, person(cast, "Bellard"), said={**NO, FASTING.id: "hier soir", "q-of-another": "x"})
    assert place(key).sealed_answers
    assert "hier" not in place(key).sealed_answers
    assert offered(cast, visit, deliver_all).way == "email"
    assert opened(act="take").status_code == 303
    assert (answers(cast), place(key).state) == (KEPT, PlaceState.BOOKED)


def test_who_was_not_asked_is_telephoned_and_asked_then(cast, provider, deliver_all):
    visit = booked(cast, MONDAY)
    asks(cast, PACEMAKER)
    waits(cast, person(cast, "Bellard", number="+33639980147"))
    offer = offered(cast, visit, deliver_all)
    assert (offer.way, Sms.objects.count(), OfferNotice.objects.filter(channel="email").count()) == ("phone", 0, 0)
    [row] = waiting.to_telephone(by=cast.claire, at=LATER)
    assert (row.unasked.questions, row.unasked.address) == ((PACEMAKER,), False)
    for said, refusal in (({}, QuestionsUnanswered), ({PACEMAKER.id: "yes"}, SlotRefused)):
        with pytest.raises(refusal):
            take(cast, offer, said=said)
    assert SlotOffer.objects.get().state == OfferState.OPEN
    take(cast, offer, said={**NO, FASTING.id: "hier soir"})
    assert answers(cast) == KEPT


def test_what_the_practice_asks_since_is_asked_on_the_telephone_and_the_rest_not_twice(cast, deliver_all):
    visit = booked(cast, MONDAY)
    asks(cast, PACEMAKER)
    waits(cast, person(cast, "Bellard"), said=NO)
    asks(cast, PACEMAKER, SINCE)
    offer = offered(cast, visit, deliver_all)
    [row] = waiting.to_telephone(by=cast.claire, at=LATER)
    assert (offer.way, row.unasked.questions) == ("phone", (SINCE,))
    take(cast, offer, said={SINCE.id: "no"})
    assert {each.question for each in answers(cast)} == {PACEMAKER.text, SINCE.text}


def test_what_may_forbid_nothing_is_no_reason_to_telephone(cast, deliver_all):
    visit = booked(cast, MONDAY)
    asks(cast)
    waits(cast, person(cast, "Bellard"))
    assert offered(cast, visit, deliver_all).way == "email"
    assert opened(act="take").status_code == 303


@pytest.mark.parametrize(("address", "way"), [("", "phone"), (HOME, "email")])
def test_a_visit_at_home_of_which_nobody_said_where(cast, deliver_all, address, way):
    asks(cast, way=Way.HOME)
    rounds = openings(cast.dupont, kind=OpeningKind.HOME_VISIT, travel=0)
    setting.set_openings(agenda=cast.dupont, openings=rounds, by=cast.claire, at=NOON)
    deliver_all(NOON)
    visit = booked(cast, MONDAY, said={ADDRESS: HOME})
    who = person(cast, "Bellard")
    Patient.objects.filter(pk=int(who)).update(address=address)
    waits(cast, who)
    offer = offered(cast, visit, deliver_all)
    assert offer.way == way
    if not address:
        [row] = waiting.to_telephone(by=cast.claire, at=LATER)
        assert (row.unasked.questions, row.unasked.address) == ((), True)
        with pytest.raises(AddressMissing):
            take(cast, offer)
        take(cast, offer, said={ADDRESS: HOME})
        assert answers(cast) == (Answer(question="", words=HOME, address=True),)


def test_what_is_asked_since_he_was_written_to_is_not_passed_over_by_his_link(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Bellard"))
    assert offered(cast, visit, deliver_all).way == "email"
    asks(cast, PACEMAKER)
    answer = opened(act="take")
    assert (answer.status_code, SlotOffer.objects.get().state) == (409, OfferState.OPEN)
    assert "appelez-nous" in answer.content.decode()
    assert not Appointment.objects.filter(state="booked").exists()
    assert to_telephone(cast) == ["Bellard"]


def wants_by_his_digit(cast, deliver_all):
    """Offered by SMS; a question is asked from then on; he answers that he wants it."""
    visit = booked(cast, MONDAY)
    waits(cast, by_sms(cast))
    cancelled(cast, visit)
    round_(deliver_all)
    asks(cast, PACEMAKER)
    assert reply("1")
    round_(deliver_all)


def test_nor_by_his_digit(cast, provider, deliver_all):
    wants_by_his_digit(cast, deliver_all)
    assert not Appointment.objects.filter(state="booked").exists()
    assert to_telephone(cast) == ["Zyrianka"]


def test_and_he_is_told_by_the_same_way_that_nothing_is_booked_yet(cast, provider, deliver_all):
    wants_by_his_digit(cast, deliver_all)
    first, second = told(provider)
    assert "n'est pas encore r" in second
    assert "11 h" in second  # until when it is kept
    assert LINK.search(second).group(1) == LINK.search(first).group(1)
    assert [word for word in (*OF_HEALTH, "stimulateur") if word.casefold() in second.casefold()] == []
    # Once, however often his answer is heard, or he answers again.
    offer_operations.answer_by_sms(
        house=cast.claire.house, offer=SlotOffer.objects.get().key, yes=True, at=LATER, entropy=SystemEntropy()
    )
    assert reply("oui", at=LATER + timedelta(minutes=1))
    round_(deliver_all, LATER + timedelta(minutes=1))
    assert len(told(provider)) == 2


@pytest.mark.parametrize(("asked_first", "at_once"), [(True, True), (False, False)])
def test_at_once_also_in_the_evening_for_he_has_just_written(cast, provider, asked_first, at_once):
    evening = LATER.replace(hour=21, minute=30)
    sms_operations.send_sms(
        kind=SmsKind.OFFER,
        client=cast.cabinet.id,
        patient=by_sms(cast),
        about="offer",
        words=Words(house="", at=MONDAY, until=MONDAY, asked_first=asked_first),
        expires_at=MONDAY,
        by=cast.claire,
        at=evening,
        entropy=SystemEntropy(),
    )
    assert (Sms.objects.get().next_attempt_at == evening) is at_once


def test_the_console_asks_before_she_puts_him_on_the_list(cast, browser_of):
    claire = browser_of(cast.claire)
    asks(cast, PACEMAKER)
    refused = add(claire, cast)
    assert (refused.status_code, refused.json()["why"]) == (422, "Ask the questions of this reason first: yes or no.")
    forbidden = add(claire, cast, said={PACEMAKER.id: "yes"})
    assert forbidden.status_code == 422
    assert PACEMAKER.text in forbidden.json()["why"]
    assert add(claire, cast, said="x").status_code == 422
    assert not WaitingPlace.objects.exists()
    assert add(claire, cast, said=NO).status_code == 201
    assert WaitingPlace.objects.get().sealed_answers


def test_the_work_list_asks_what_was_not_asked(cast, browser_of, deliver_all):
    claire = browser_of(cast.claire)
    visit = booked(cast, MONDAY)
    asks(cast, PACEMAKER)
    waits(cast, person(cast, "Bellard"))
    where = f"/console/waiting/offer/{offered(cast, visit, deliver_all).key}"
    text = shown(claire, "/console/follow-ups")
    assert PACEMAKER.text in text
    assert f'name="said-{PACEMAKER.id}"' in text
    yes = f"A question that rules this visit out was answered by yes: {PACEMAKER.text}"
    for given, words in (({}, "Ask the questions of this reason first"), ({f"said-{PACEMAKER.id}": "yes"}, yes)):
        assert post(claire, where, {"act": "take", **given}).status_code == 302
        assert words in shown(claire, "/console/follow-ups")
        assert not Appointment.objects.filter(state="booked").exists()
    assert post(claire, where, {"act": "take", f"said-{PACEMAKER.id}": "x" * 300}).status_code == 422
    assert post(claire, where, {"act": "take", f"said-{PACEMAKER.id}": "no"}).status_code == 302
    assert answers(cast) == KEPT[:1]


def test_answers_that_cannot_be_read_are_asked_again_and_stop_no_list(cast, browser_of, deliver_all):
    claire = browser_of(cast.claire)
    visit = booked(cast, MONDAY)
    asks(cast, PACEMAKER)
    broken = waits(cast, person(cast, "Bellard"), said=NO)
    waits(cast, person(cast, "Zyrianka"), said=NO)
    WaitingPlace.objects.filter(key=broken).update(sealed_answers="1.broken")
    assert {"BELLARD", "ZYRIANKA"} <= set(re.findall(r"[A-Z]{6,}", shown(claire, "/console/waiting")))
    offer = offered(cast, visit, deliver_all)
    assert (offer.place.key, offer.way) == (broken, "phone")
    [row] = waiting.to_telephone(by=cast.claire, at=LATER)
    assert row.unasked.questions == (PACEMAKER,)
    assert PACEMAKER.text in shown(claire, "/console/follow-ups")
    with pytest.raises(QuestionsUnanswered):
        take(cast, offer)
    take(cast, offer, said=NO)
    assert answers(cast) == KEPT[:1]


def test_an_address_is_kept_only_for_a_visit_at_home(cast):
    asks(cast, PACEMAKER)
    key = waits(cast, cast.jeanne, said={**NO, ADDRESS: HOME})
    assert place_answers.said_of(place(key), house=cast.claire.house) == NO
    asks(cast, way=Way.HOME)
    key = waits(cast, cast.paul, said={ADDRESS: HOME})
    assert place_answers.said_of(place(key), house=cast.claire.house) == {ADDRESS: HOME}


@pytest.mark.parametrize("how", ["taken", "booked by another door", "withdrawn", "agenda closed"])
def test_who_waits_no_more_leaves_no_answers_on_the_list(cast, deliver_all, how):
    visit = booked(cast, MONDAY)
    asks(cast, PACEMAKER)
    more = {"agendas": (cast.dupont,)} if how == "agenda closed" else {}
    key = waits(cast, cast.paul, said=NO, **more)
    assert place(key).sealed_answers
    if how == "taken":
        take(cast, offered(cast, visit, deliver_all))
        assert answers(cast) == KEPT[:1]
    elif how == "booked by another door":
        booked(cast, MONDAY + timedelta(hours=1), who=cast.paul, at=LATER, said=NO)
        deliver_all(LATER)
    elif how == "withdrawn":
        waiting_list.withdraw(place=key, by=cast.claire, at=LATER)
    else:
        cancelled(cast, visit)
        closed(cast, cast.dupont, leaving=Leaving(onwards=Onwards.NONE), at=LATER)
    assert place(key).state in {PlaceState.BOOKED, PlaceState.WITHDRAWN}
    assert place(key).sealed_answers == ""
