# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of what is too large for the journal: kept small at the door where it comes in, refused whole behind it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.engine.exchange import segments
from permanence.engine.exchange.arrivals import LONGEST_NAME
from permanence.engine.exchange.slices import MAX_SLICE
from permanence.kernel.fast_json import encode
from permanence.reception.table import write_slice
from permanence.telephony.sip.settings import SipSettings
from tests.stories import cast
from tests.stories.world import OFFER, World


def largest(world: World) -> int:
    """Octets of the largest state ever kept, and of the largest event."""
    states = [len(encode(value)) for value in world.journal.states.values()]
    return max([*states, *(len(encode(event)) for event in world.journal.events)])


def invite(world: World, headers: str, body: str = OFFER) -> bytes:
    head = (
        f"INVITE sip:{cast.WEBER_LINE}@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.10;branch=z9hG4bKlarge\r\n"
        f"To: <sip:{cast.WEBER_LINE}@192.0.2.1>\r\nCall-ID: large\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\n"
        f"Contact: <sip:192.0.2.10>\r\nContent-Type: application/sdp\r\n{headers}"
    )
    return f"{head}Content-Length: {len(body.encode())}\r\n\r\n{body}".encode("utf-8", "surrogateescape")


def test_a_name_without_end_is_shortened_at_the_door(world: World) -> None:
    world.claire.sits_down()
    caller = world.caller(display="J" * 50_000).dials(cast.WEBER_LINE)
    assert world.claire.offered["card"]["caller"]["display"] == "J" * LONGEST_NAME
    [arrived] = world.events("CallArrived")
    assert arrived["display"] == "J" * LONGEST_NAME
    world.claire.answers()
    assert caller.hears("Claire")


@pytest.mark.parametrize("header", ["Diversion: <sip:+35220000009@c>;reason=", "Diversion: <sip:", "Privacy: id;"])
def test_a_forwarding_without_end_is_shortened_at_the_door(world: World, header: str) -> None:
    end = "@c>\r\n" if header.endswith("<sip:") else "\r\n"
    sender = 'From: "Jeanne" <sip:+352621000147@192.0.2.10>;tag=1\r\n'
    data = invite(world, f"{sender}{header}{'z' * 40_000}{end}")
    world.endpoint.receive(data, world.exchange_flow, world.clock.monotonic())
    world.conductor.sip_happened(world.clock.moment)
    [arrived] = world.events("CallArrived")
    assert len(encode(arrived)) < 2_000


@given(
    piece=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\n"), min_size=1, max_size=40),
    header=st.sampled_from(("X-Large", "From", "Diversion", "History-Info", "P-Asserted-Identity", "Subject")),
    body=st.booleans(),
)
def test_the_largest_message_that_comes_in_can_be_kept(piece: str, header: str, body: bool) -> None:
    """Whatever stands in it: the journal escapes what JSON does not take as it is."""
    world = World()
    world.claire.sits_down()
    sender = 'From: "Jeanne" <sip:+352621000147@192.0.2.10>;tag=1\r\n'
    room = SipSettings().max_message - len(invite(world, sender)) - 200
    large = piece * (room // len(piece.encode()))
    headers = {
        "From": f'From: "{large}" <sip:+352621000147@192.0.2.10>;tag=1\r\n',
        "P-Asserted-Identity": f'{sender}P-Asserted-Identity: "{large}" <sip:+352621000147@c>\r\n',
    }.get(header, f"{sender}{header}: {large}\r\n")
    data = invite(world, sender, f"{OFFER}a=x:{large}\r\n") if body else invite(world, headers)
    assert len(data) <= SipSettings().max_message
    world.endpoint.receive(data, world.exchange_flow, world.clock.monotonic())
    world.conductor.sip_happened(world.clock.moment)
    for step in (0, 1, 30):
        world.forward(step)
        assert largest(world) <= segments.MAX_VALUE // 2


def test_the_card_of_the_largest_slice_can_be_kept() -> None:
    text = "\u0001é\U0001f600"
    weber = replace(cast.weber(), name=text * 10)
    instruction = replace(weber.instructions[0], text="")
    room = MAX_SLICE - len(encode(write_slice(replace(weber, instructions=(instruction,)))))
    size = len(encode(text)) - 2
    instruction = replace(instruction, text=text * (room // size))
    world = World(clients=(replace(weber, instructions=(instruction,)), cast.dupont()))
    world.claire.sits_down()
    world.caller().dials(cast.WEBER_LINE)
    world.claire.answers()
    world.claire.hangs_up()
    assert largest(world) <= segments.MAX_VALUE
