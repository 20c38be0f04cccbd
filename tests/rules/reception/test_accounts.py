# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the state of a contract means to the telephone; sites and directory in the slice and on the card."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients.rules import ClientState
from permanence.reception.card import CallerShown, build_card
from permanence.reception.closing import SUSPENDED, voice_message_allowed
from permanence.reception.hours import Openings
from permanence.reception.table import ContactEntry, SecretaryEntry, SiteEntry, read_slice, write_slice
from permanence.reception.treatment import why_shut
from tests.rules.reception.house import DUPONT, START, Desk, client, house_slice

ANSWERED = {"prospect": False, "trial": True, "active": True, "suspended": False, "ended": False}
SITE = SiteEntry(name="Neudorf", address="1 rue du Lazaret", lift="yes", floor="2", parking="behind the church")
KLEIN = ContactEntry(
    name="Dr Klein", function="replacement", numbers=("+352621000158",), shown=("621 000 158",), number_for="nobody"
)
text = st.text(max_size=20)
sites = st.builds(SiteEntry, name=text, address=text, access=text, parking=text, lift=text, floor=text, hours=text)
contacts = st.builds(
    ContactEntry, name=text, function=text, numbers=st.lists(text).map(tuple), number_for=text, may_say=text
)


def test_every_state_says_whether_calls_are_answered():
    assert set(ANSWERED) == {state.value for state in ClientState}


@pytest.mark.parametrize(("state", "answered"), ANSWERED.items())
def test_a_trial_is_answered_and_a_prospect_is_not(state: str, answered: bool):
    entry = client("10", state=state, voice_message=True)
    shut = why_shut(entry, Openings(), at=START)
    assert (shut is None) is answered
    assert voice_message_allowed(entry)[0] is answered
    if shut is not None:
        assert (shut[0], shut[1].detail) == (SUSPENDED, state)


@pytest.mark.parametrize(("state", "answered"), ANSWERED.items())
def test_the_desk_offers_only_the_calls_of_those_who_are_answered(state: str, answered: bool):
    desk = Desk(house_slice({"1": ("fr",)}), client(DUPONT, state=state))
    desk.sits("1")
    desk.rings("call-1")
    assert (desk.offered("1") == "call-1") is answered


@given(st.lists(sites, max_size=3).map(tuple), st.lists(contacts, max_size=3).map(tuple))
def test_sites_and_directory_come_back_from_the_wire(some, others):
    entry = client("10", sites=some, contacts=others)
    assert read_slice(json.loads(json.dumps(write_slice(entry)))) == entry


def test_a_slice_written_before_there_were_sites_is_read():
    plain = write_slice(client("10"))
    old = {name: value for name, value in plain.items() if name not in {"sites", "contacts"}}
    assert read_slice(old) == client("10")


def test_the_card_shows_the_sites_and_the_directory_of_its_client_alone():
    claire = SecretaryEntry(id="1", name="Claire", languages=("fr",))
    entry = client("10", sites=(SITE,), contacts=(KLEIN,))
    house = house_slice({"1": ("fr",)})
    card = build_card(entry, house, claire, caller=CallerShown(), called_line="+35212345", at=START)
    assert (card.sites, card.contacts) == ((SITE,), (KLEIN,))
    plain = card.plain()
    assert (plain["sites"][0]["floor"], plain["contacts"][0]["numbers"]) == ("2", ["+352621000158"])
    unknown = build_card(None, house, claire, caller=CallerShown(), called_line="+35212345", at=START)
    assert (unknown.sites, unknown.contacts) == ((), ())
