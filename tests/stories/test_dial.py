# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of a call of ours: the trunk test."""

from typing import Any

import pytest

from permanence.engine.exchange.dialling import CannotDial
from permanence.telephony.commands import Dial
from permanence.telephony.sip.events import InviteReceived
from tests.stories import cast
from tests.stories.world import OFFER, World

ECHO = "+35220001000"


def dial(world: World, **changes: Any) -> str:
    command = Dial(**{"house": cast.HOUSE, "trunk": "carrier", "number": ECHO, "caller": cast.WEBER_LINE, **changes})
    trunk = world.conductor.parts.trunks.named(f"{cast.HOUSE}/carrier")
    assert trunk is not None
    found = world.conductor.dial(command, trunk, (world.exchange_flow,), "", world.clock.moment)
    world.settle()
    return found


def rung(world: World) -> InviteReceived:
    [invite] = world.called
    return invite


def told(world: World) -> list[str]:
    return [event["type"] for event in world.journal.events]


def test_the_carrier_rings_answers_and_echoes(world: World) -> None:
    call = dial(world, seconds=5)
    invite = rung(world)
    assert invite.invite.request_user == ECHO
    assert invite.invite.caller == cast.WEBER_LINE
    now = world.clock.monotonic()
    world.carrier.ring(invite.session, now=now)
    world.carrier.accept(invite.session, OFFER, now=now)
    world.settle()
    assert world.gateway.hears(call) == "offer-tone"
    world.gateway.speak(call)
    world.forward(6)
    assert told(world) == ["DialStarted", "DialProgressed", "DialAnswered", "DialEnded"]
    [ended] = world.events("DialEnded")
    assert (ended["by"], ended["why"], ended["heard"]) == ("system", "done", True)
    assert world.gateway.living().legs == ()
    assert world.conductor.parts.ports.used == 0
    assert world.journal.states == {}


def test_the_carrier_refuses(world: World) -> None:
    dial(world)
    world.carrier.reject(rung(world).session, 404, now=world.clock.monotonic())
    world.settle()
    [ended] = world.events("DialEnded")
    assert (ended["by"], ended["status"], ended["heard"]) == ("carrier", 404, False)
    assert world.conductor.parts.ports.used == 0


def test_early_media_is_heard_before_the_answer(world: World) -> None:
    call = dial(world)
    world.carrier.progress(rung(world).session, OFFER, now=world.clock.monotonic())
    world.settle()
    assert world.gateway.leg(call) is not None
    assert world.events("DialProgressed")[-1]["early_media"]


@pytest.mark.parametrize("changes", [{"number": "112"}, {"caller": "+33999999999"}, {"number": "sip:x@evil.example"}])
def test_what_is_not_ours_to_dial_or_to_show_is_refused(world: World, changes: dict[str, str]) -> None:
    with pytest.raises(CannotDial):
        dial(world, **changes)
    assert world.called == []
    assert world.journal.events == []
    assert world.conductor.parts.ports.used == 0


def test_a_restart_hangs_up(world: World) -> None:
    dial(world)
    invite = rung(world)
    world.carrier.accept(invite.session, OFFER, now=world.clock.monotonic())
    world.settle()
    world.kill_exchange()
    world.start_exchange()
    assert world.events("DialEnded")[0]["why"] == "exchange_lost"
    assert any(data.startswith(b"BYE ") for data in world.on_the_wire)
    assert world.gateway.living().legs == ()
