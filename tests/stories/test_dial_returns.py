# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of a call of ours that is to come back: the client's line forwards it to the house, or does not."""

from typing import Any

import pytest

from permanence.engine.exchange.dialling import CannotDial
from permanence.engine.exchange.returns import GRACE_S
from permanence.telephony.commands import Dial
from permanence.telephony.sip.events import InviteReceived
from tests.stories import cast
from tests.stories.world import OFFER, Caller, World

PUBLIC = "+35226000001"
FORWARDED = (("Diversion", f"<sip:{PUBLIC}@192.0.2.10>;reason=unconditional"),)
ID = "01testcall0000000000000001"


def dial(world: World, **changes: Any) -> str:
    """Calls Dr Weber's public number, showing the number of the cabinet Dupont's line."""
    asked = {
        "house": cast.HOUSE,
        "trunk": "carrier",
        "number": PUBLIC,
        "caller": cast.DUPONT_LINE,
        "seconds": 1,
        "ring_seconds": 45,
        "dial": ID,
        "expect_line": cast.WEBER_LINE,
    }
    trunk = world.conductor.parts.trunks.named(f"{cast.HOUSE}/carrier")
    assert trunk is not None
    command = Dial(**{**asked, **changes})
    found = world.conductor.dial(command, trunk, (world.exchange_flow,), "", world.clock.moment)
    world.settle()
    return found


def outside(world: World) -> InviteReceived:
    return world.called[-1]


def forwards(world: World, to: str = cast.WEBER_LINE, **options: Any) -> Caller:
    """The client's telephone exchange sends the call on to us, as the one who called it."""
    return world.caller(options.pop("number", cast.DUPONT_LINE)).dials(to, **{"headers": FORWARDED, **options})


def kinds(world: World) -> list[str]:
    return [event["type"] for event in world.journal.events]


def test_it_comes_back_on_the_line_and_rings_nobody(world: World) -> None:
    world.claire.sits_down()
    assert dial(world) == ID
    world.forward(2)
    leg = forwards(world)
    [returned] = world.events("DialReturned")
    assert (returned["dial"], returned["called_line"], returned["client"]) == (ID, cast.WEBER_LINE, cast.WEBER)
    assert (returned["forwarded_by"], returned["forward_reason"]) == (PUBLIC, "unconditional")
    assert (returned["trunk"], returned["waited_ms"]) == ("carrier", 2_000)
    assert (leg.state, leg.status) == ("refused", 603)
    assert not world.claire.rings
    assert world.events("CallArrived") == []
    assert world.conductor.parts.calls == {}
    world.forward(1)
    assert kinds(world)[-1] == "DialEnded"
    assert any(data.startswith(b"CANCEL ") for data in world.on_the_wire)
    assert world.conductor.parts.ports.used == 0
    assert world.gateway.living().legs == ()
    assert [name for name in world.journal.states if name.startswith("dial/")] == []


def test_it_may_show_the_very_line_on_which_it_comes_back(world: World) -> None:
    dial(world, caller=cast.WEBER_LINE)
    forwards(world, number=cast.WEBER_LINE)
    assert len(world.events("DialReturned")) == 1


def test_it_comes_back_on_another_line_of_the_house(world: World) -> None:
    world.claire.sits_down()
    dial(world)
    forwards(world, to=cast.ATLAS_LINE)
    [returned] = world.events("DialReturned")
    assert (returned["called_line"], returned["client"]) == (cast.ATLAS_LINE, cast.ATLAS)
    assert not world.claire.rings


def test_it_comes_back_on_a_number_nobody_has(world: World) -> None:
    dial(world)
    forwards(world, to="+35220009999")
    [returned] = world.events("DialReturned")
    assert (returned["called_line"], returned["client"]) == ("+35220009999", None)
    assert world.events("UnknownLineCalled") == []


def test_the_carrier_may_hide_our_number_from_people_but_not_from_us(world: World) -> None:
    dial(world)
    hidden = (("Privacy", "id"), ("P-Asserted-Identity", f"<sip:{cast.DUPONT_LINE}@192.0.2.10>"), *FORWARDED)
    forwards(world, number="anonymous", headers=hidden)
    assert len(world.events("DialReturned")) == 1
    assert world.events("CallArrived") == []


def test_real_callers_at_the_same_moment_are_never_taken_for_it(world: World) -> None:
    world.claire.sits_down()
    dial(world)
    for headers in ((), FORWARDED):
        patient = world.caller("+352621000147").dials(cast.WEBER_LINE, headers=headers)
        assert patient.call
    assert world.claire.rings
    doctor = world.caller(PUBLIC).dials(cast.WEBER_LINE)  # who calls from the very line
    masked = world.caller("anonymous").dials(cast.WEBER_LINE, headers=(("Privacy", "id"), *FORWARDED))
    assert doctor.call
    assert masked.call
    assert world.events("DialReturned") == []
    forwards(world)
    assert len(world.events("DialReturned")) == 1
    assert len(world.events("CallArrived")) == 4


def test_nothing_is_expected_before_and_long_after(world: World) -> None:
    world.claire.sits_down()
    before = forwards(world)
    assert before.call
    before.hangs_up()
    dial(world)
    world.carrier.reject(outside(world).session, 404, now=world.clock.monotonic())
    world.settle()
    late = forwards(world)
    assert late.call == ""  # it was under way
    assert len(world.events("DialReturned")) == 1
    world.forward(GRACE_S + 1)
    assert forwards(world).call
    assert len(world.events("DialReturned")) == 1


def test_a_carrier_that_tries_again_is_told_the_same_and_it_counts_once(world: World) -> None:
    world.claire.sits_down()
    dial(world)
    forwards(world)
    again = forwards(world)
    assert (again.status, len(world.events("DialReturned"))) == (603, 1)
    assert not world.claire.rings


def test_two_at_once_are_told_apart_by_their_lines(world: World) -> None:
    other = "01testcall0000000000000002"
    dial(world)
    dial(world, dial=other, number="+35226000002", expect_line=cast.ATLAS_LINE)
    forwards(world, to=cast.ATLAS_LINE)
    forwards(world, to=cast.WEBER_LINE)
    found = [(event["dial"], event["called_line"]) for event in world.events("DialReturned")]
    assert found == [(other, cast.ATLAS_LINE), (ID, cast.WEBER_LINE)]


def test_somebody_answers_at_the_client(world: World) -> None:
    dial(world)
    world.carrier.accept(outside(world).session, OFFER, now=world.clock.monotonic())
    world.settle()
    world.forward(3)
    assert kinds(world) == ["DialStarted", "DialAnswered", "DialEnded"]
    assert world.conductor.parts.ports.used == 0


def test_a_switchboard_that_answers_and_then_sends_it_on(world: World) -> None:
    dial(world, seconds=20)
    world.carrier.accept(outside(world).session, OFFER, now=world.clock.monotonic())
    world.settle()
    forwards(world)
    assert kinds(world) == ["DialStarted", "DialAnswered", "DialReturned", "DialEnded"]
    assert world.conductor.parts.ports.used == 0
    assert world.gateway.living().legs == ()


def test_a_call_of_ours_that_expects_nothing_takes_no_call(world: World) -> None:
    dial(world, expect_line="", dial="")
    assert forwards(world).call
    assert world.events("DialReturned") == []


@pytest.mark.parametrize(
    "changes", [{"expect_line": "+33999999999"}, {"expect_line": "x"}, {"dial": "A/B"}, {"dial": "x" * 41}]
)
def test_what_cannot_be_expected_is_refused(world: World, changes: dict[str, str]) -> None:
    with pytest.raises(CannotDial):
        dial(world, **changes)
    assert world.called == []
    assert world.conductor.parts.ports.used == 0


def test_an_id_is_used_once(world: World) -> None:
    dial(world)
    with pytest.raises(CannotDial):
        dial(world)
    assert len(world.called) == 1


def test_the_expectation_dies_with_the_exchange(world: World) -> None:
    dial(world)
    world.kill_exchange()
    world.start_exchange()
    assert forwards(world).call  # a ring too many is better than a caller lost
    assert world.events("DialReturned") == []
