# SPDX-License-Identifier: AGPL-3.0-or-later
"""The card of a call shown again is the card that was shown, whatever was written, renamed or taken away since."""

from datetime import timedelta

import pytest
from django.utils.html import escape

from permanence.calls import shown
from permanence.calls.handlers import apply_engine_event
from permanence.calls.models import CallOffer
from permanence.clients import absences, queries
from permanence.clients import operations as clients
from permanence.clients.models import Client, Greeting, Reason, Recipient
from permanence.clients.rules import Scope
from permanence.clients.rules.script import plain, read_text
from permanence.foundation.models import Person
from permanence.reception import decisions
from permanence.reception.decisions import Offer
from permanence.reception.desk import Reception
from permanence.reception.events import ENGINE_EVENTS, CallOffered
from permanence.reception.table import RoutingTable
from permanence.switchboard.operations import HOUSE, current_slice
from permanence.telephony.events import CallArrived
from tests.rooms.conftest import NOW, SeededEntropy, SignedInBrowser
from tests.rooms.test_scripts import begin, publish, revised, validate

pytestmark = pytest.mark.django_db
CALLER = "+352621000147"
TEXT = "**Urgence** : < 15 min\n- rappeler\n- noter"


class House:
    """The real desk on the slices of the database; what it announces is recorded as the worker does."""

    def __init__(self, cast):
        self.cast, self.sequence = cast, 0
        table = RoutingTable()
        for client in (HOUSE, cast.weber, cast.dupont):
            table = table.put(current_slice(house=cast.house, client=client, at=NOW))
        self.desk = Reception(cast.house, table, entropy=SeededEntropy())

    def keep(self, decided):
        for event in decided.events:
            self.sequence += 1
            read = ENGINE_EVENTS.read(ENGINE_EVENTS.write(event))
            apply_engine_event("e1", self.sequence, read)
        return [each for each in decided.decisions if isinstance(each, decisions.Offer)]

    def sits(self, secretary):
        self.keep(self.desk.seat_connected(secretary, f"seat-{secretary}", at=NOW))
        self.keep(self.desk.line_state(secretary, up=True, at=NOW))
        self.keep(self.desk.ready(secretary, at=NOW))

    def rings(self, call="c1") -> Offer:
        line = queries.client_file(house=self.cast.house, client=self.cast.weber, at=NOW).lines[0]
        self.sequence += 1
        arrived = CallArrived(
            house=self.cast.house, at=NOW, call=call, client=self.cast.weber, trunk="t", called_line=line, caller=CALLER
        )
        apply_engine_event("e1", self.sequence, arrived)
        (offer,) = self.keep(
            self.desk.call_arrived(call, client=self.cast.weber, called_line=line, caller=CALLER, at=NOW)
        )
        return offer


def write(cast, text, **more):
    return clients.write_instruction(
        client=cast.weber, text=text, author=cast.dr_weber.person, by=cast.marc, at=NOW - timedelta(hours=1), **more
    )


def everything_changes(cast, key):
    """Every kind of edit an owner can make."""
    later = NOW + timedelta(minutes=5)
    common = {"client": cast.weber, "by": cast.marc, "at": later, "author": cast.marc.person}
    clients.revise_instruction(instruction=key, text="Tout autre chose", scope=Scope(), **common)
    clients.retire_instruction(instruction=key, **common)
    for each in queries.client_file(house=cast.house, client=cast.weber, at=NOW).instructions:
        if each.id != key:
            clients.revise_instruction(instruction=each.id, text="Autre", priority=9, **common)
    Recipient.objects.filter(client=int(cast.weber)).update(name="Dr Nouveau")
    Reason.objects.filter(client=int(cast.weber)).delete()
    Greeting.objects.filter(client=int(cast.weber)).update(text="Une autre phrase")
    Client.objects.filter(pk=cast.weber).update(name="Cabinet Nouveau")
    Person.objects.filter(pk=cast.dr_weber.person).update(name="Dr W.")


def test_the_card_shown_again_is_the_card_that_was_shown(cast):
    reason = queries.reasons(house=cast.house, client=cast.weber)[0]
    scope = Scope(recipient=cast.recipients["Dr Weber"], reason=reason.code, caller=CALLER)
    key = write(cast, TEXT, scope=scope, acknowledge=True, ends_at=NOW + timedelta(days=2), priority=3)
    away = absences.announce_absence(
        client=cast.weber,
        starts=NOW - timedelta(hours=1),
        ends=NOW + timedelta(hours=1),
        words="En visite jusqu’à 16 h.",
        announced_by=cast.dr_weber.person,
        recipient=cast.recipients["Dr Weber"],
        by=cast.marc,
        at=NOW,
    )
    cut = write(cast, "Jusqu’à demain")  # a version that begins tomorrow ends it
    clients.revise_instruction(
        client=cast.weber,
        instruction=cut,
        text="Dès demain",
        author=cast.marc.person,
        starts_at=NOW + timedelta(days=1),
        by=cast.marc,
        at=NOW - timedelta(minutes=30),
    )
    house = House(cast)
    house.sits(cast.claire_secretary)
    offer = house.rings()
    everything_changes(cast, key)
    absences.withdraw_absence(client=cast.weber, absence=away, by=cast.marc, at=NOW)
    (card,) = shown.cards_of(house=cast.house, call="c1")
    assert card.instructions[0].id == key
    assert card.instructions == offer.card.instructions
    assert card.greetings == offer.card.greetings
    assert (card.name, card.why) == (offer.card.name, offer.card.why)
    assert [{name: getattr(each, name) for name in ABSENCE} for each in card.absences] == [
        {name: getattr(each, name) for name in ABSENCE} for each in offer.card.absences
    ]
    assert card.absences[0].words == "En visite jusqu’à 16 h."
    assert (card.secretary_name, card.how) == ("Claire", "")


ABSENCE = ("name", "starts_ms", "ends_ms", "words", "by", "urgent_name", "urgent_away")


def test_the_script_and_its_red_flags_are_those_of_then(cast):
    """Three lists validated on one day: the one of the card is known again by the digest of what was shown."""
    publish(cast, begin(cast))
    validate(cast, 1)
    validate(cast, revised(cast, 1, lambda data: data["red_flags"][0].update(say="Composez le 112, restez en ligne.")))
    house = House(cast)
    house.sits(cast.claire_secretary)
    offer = house.rings()
    validate(cast, 1)
    (card,) = shown.cards_of(house=cast.house, call="c1")
    assert (card.script.version, card.script.validated_date) == (1, NOW.date().isoformat())
    assert plain(card.script.script) == plain(read_text(offer.card.script.text)[0])
    assert card.script.script.red_flags[0].say == "Composez le 112, restez en ligne."
    page = SignedInBrowser(cast.marc).get("/supervision/calls/c1").content.decode()
    first, second, *_others = card.script.script.red_flags
    for words in (first.label, first.say, second.label, first.words[0], card.script.script.title):
        assert escape(words) in page


def test_a_script_that_the_house_does_not_have_any_more_is_named_and_not_guessed(cast):
    publish(cast, begin(cast))
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    row = CallOffer.objects.get()
    row.card["script"]["digest"] = "0" * 32
    row.save()
    (card,) = shown.cards_of(house=cast.house, call="c1")
    assert (card.script.version, card.script.validated_date, card.script.script) == (1, "", None)
    assert "version 1" in SignedInBrowser(cast.marc).get("/supervision/calls/c1").content.decode()


def test_each_console_that_rang_has_its_own_card(cast):
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    house.keep(house.desk.decline(cast.claire_secretary, "c1", at=NOW))
    clients.set_greeting(client=cast.weber, language="fr", text="Nouvelle phrase, {name}.", by=cast.marc, at=NOW)
    table = RoutingTable().put(current_slice(house=cast.house, client=HOUSE, at=NOW))
    house.keep(house.desk.table_changed(table.put(current_slice(house=cast.house, client=cast.weber, at=NOW)), at=NOW))
    house.keep(house.desk.ready(cast.claire_secretary, at=NOW))
    first, second = shown.cards_of(house=cast.house, call="c1")
    assert (first.how, second.how) == ("declined", "")
    assert first.greetings != second.greetings
    assert "Nouvelle phrase, Claire." in {each.text for each in second.greetings}


def test_a_call_of_an_earlier_release_shows_what_was_kept_of_it(cast):
    key = write(cast, TEXT)
    apply_engine_event(
        "e1",
        1,
        CallOffered(
            house=cast.house, at=NOW, call="old", client=cast.weber, offer="o", secretary=cast.claire_secretary,
            seat="s", until_ms=0, greeting="Bonjour", shown=(f"{key}:1", "strange", "x:1"),
        ),
    )  # fmt: skip
    CallOffer.objects.update(card={})
    (card,) = shown.cards_of(house=cast.house, call="old")
    assert [each.text for each in card.greetings] == ["Bonjour"]
    assert [(each.id, each.text) for each in card.instructions] == [(key, TEXT), ("x", "")]
    assert card.name == ""


def test_another_house_sees_no_card(cast):
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    assert shown.cards_of(house=cast.other_house, call="c1") == ()
    assert len(shown.cards_of(house=cast.house, call="c1")) == 1


def test_a_card_costs_a_fixed_number_of_questions(cast, django_assert_num_queries):
    for number in range(8):
        write(cast, f"Consigne {number}", scope=Scope(recipient=cast.recipients["Dr Weber"]))
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    with django_assert_num_queries(3):
        shown.cards_of(house=cast.house, call="c1")
