# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whole calls between endpoints over wires that lose, repeat, reorder and fork: both ends must agree in the end."""

import pytest

from permanence.telephony.sip.events import (
    AnswerReceived,
    DialFailed,
    InviteCancelled,
    InviteReceived,
    OfferAnswered,
    OfferReceived,
    SessionConfirmed,
    SessionEnded,
    SipEvent,
)
from tests.wire.carrier import Network, Party, sdp

SEEDS = range(1, 26)


def answering(network: Network, party: Party, port: int) -> None:
    """A party that rings, sends early media, answers, and answers offers."""

    def react(event: SipEvent) -> None:
        if isinstance(event, InviteReceived):
            party.ua.ring(event.session, now=network.now)
            party.ua.progress(event.session, sdp(port), now=network.now)
            party.ua.accept(event.session, sdp(port), now=network.now)
        elif isinstance(event, OfferReceived):
            party.ua.answer_offer(event.session, sdp(port, 2), now=network.now)

    party.react = react


def empty(network: Network) -> bool:
    live = ("sessions", "transactions", "timers")
    return not any(party.ua.counters()[name] for party in network.parties.values() for name in live)


@pytest.mark.parametrize("seed", SEEDS)
def test_call_over_a_bad_wire(seed: int) -> None:
    network = Network(seed, loss=0.25, repeat=0.2, reorder=0.3)
    caller, house = network.party("192.0.2.50"), network.party("192.0.2.1")
    answering(network, house, 5000)
    session = caller.ua.dial(
        "sip:+352@192.0.2.1:5060", network.way(caller, house.address), "sip:c@192.0.2.50", sdp(4000), now=0.0
    )
    network.run(40)
    assert len(house.took(InviteReceived)) == 1
    assert len(caller.took(AnswerReceived)) == len(house.took(SessionConfirmed)) == 1
    assert caller.ua.offer(session, sdp(4000, 2, "a=sendonly\r\n"), now=network.now)
    network.run(40)
    assert [event.sdp for event in caller.took(OfferAnswered)] == [sdp(5000, 2)]
    caller.ua.end(session, now=network.now)
    network.run(80)
    assert [event.by for event in house.took(SessionEnded)] == ["remote"]
    assert empty(network)


@pytest.mark.parametrize("seed", SEEDS)
def test_cancel_racing_the_answer_leaves_both_ends_agreed(seed: int) -> None:
    network = Network(seed, loss=0.2, repeat=0.2, reorder=0.5)
    caller, house = network.party("192.0.2.50"), network.party("192.0.2.1")
    session = caller.ua.dial(
        "sip:+352@192.0.2.1:5060", network.way(caller, house.address), "sip:c@192.0.2.50", sdp(4000), now=0.0
    )
    network.run(1.5)
    for event in house.took(InviteReceived):
        house.ua.ring(event.session, now=network.now)
        network.run(0.1)
        house.ua.accept(event.session, sdp(5000), now=network.now)
    caller.ua.end(session, now=network.now)
    network.run(120)
    assert len(caller.took(DialFailed)) + len(caller.took(SessionEnded)) == 1
    assert len(house.took(InviteCancelled)) + len(house.took(SessionEnded)) == len(house.took(InviteReceived))
    assert empty(network)


def test_glare_is_resolved() -> None:
    network = Network(3)
    caller, house = network.party("192.0.2.50"), network.party("192.0.2.1")
    answering(network, house, 5000)
    session = caller.ua.dial(
        "sip:+352@192.0.2.1:5060", network.way(caller, house.address), "sip:c@192.0.2.50", sdp(4000), now=0.0
    )
    answering(network, caller, 4000)
    network.run(5)
    theirs = house.took(InviteReceived)[0].session
    assert caller.ua.offer(session, sdp(4000, 3, "a=sendonly\r\n"), now=network.now)
    assert house.ua.offer(theirs, sdp(5000, 3, "a=sendonly\r\n"), now=network.now)
    network.run(20)
    assert len(caller.took(OfferAnswered)) == 1
    assert len(house.took(OfferAnswered)) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_two_forks_that_both_answer_leave_one_call(seed: int) -> None:
    network = Network(seed, loss=0.1, repeat=0.2, reorder=0.3)
    caller = network.party("192.0.2.50")
    first, second = network.party("192.0.2.1"), network.party("192.0.2.2")
    answering(network, first, 5000)
    answering(network, second, 5002)
    proxy = ("192.0.2.99", 5060)
    network.forks[proxy] = [first.address, second.address]
    session = caller.ua.dial("sip:+352@192.0.2.99", network.way(caller, proxy), "sip:c@192.0.2.50", sdp(), now=0.0)
    network.run(90)
    assert len(caller.took(AnswerReceived)) == 1
    assert caller.ua.sessions() == (session,)
    assert len(first.ua.sessions()) + len(second.ua.sessions()) == 1
