# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of an instruction that every secretary must read before her next call: who has read it is rung first."""

from dataclasses import replace
from datetime import UTC, datetime

from permanence.reception.table import ClientSlice, HouseSlice, InstructionEntry, SecretaryEntry, write_slice
from permanence.telephony import commands
from tests.stories import cast
from tests.stories.world import Secretary, World

ANNA, BERTA = cast.CLAIRE, cast.AOIFE
AT_TEN = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
MOST_IMPORTANT = 90
READ_FIRST_S = 20


def house() -> HouseSlice:
    """Anna and Berta, who speak the same."""
    people = ((ANNA, "Anna"), (BERTA, "Berta"))
    return replace(
        cast.house(), secretaries=tuple(SecretaryEntry(id=each, name=name, languages=("fr",)) for each, name in people)
    )


def weber(version: int, *readers: str) -> ClientSlice:
    """Dr Weber since 10:02: his instruction must be read, and these have."""
    order = InstructionEntry(
        id="11",
        version=1,
        text="Le docteur opère : rien ne lui est passé avant 14 h.",
        author="Dr Weber",
        written_at=datetime(2026, 11, 23, 10, 2, tzinfo=UTC),
        priority=MOST_IMPORTANT,
        acknowledge=True,
        readers=readers,
    )
    return replace(
        cast.weber(),
        version=version,
        read_first_s=READ_FIRST_S,
        instructions=(order, *cast.weber().instructions),
    )


def at_two_minutes_past_ten() -> tuple[World, Secretary, Secretary]:
    """Berta has been ready since ten, Anna for a minute; at 10:02 the instruction is published."""
    world = World(at=AT_TEN, house=house(), clients=(replace(cast.weber(), read_first_s=READ_FIRST_S), cast.dupont()))
    anna, berta = world.claire, world.aoife
    berta.sits_down()
    world.forward(60)
    anna.sits_down()
    world.forward(60)
    published(world, weber(2))
    return world, anna, berta


def published(world: World, entry: ClientSlice) -> None:
    world.conductor.house_command(commands.Publish(slice=write_slice(entry)), world.clock.moment)
    world.settle()


def why(world: World, call: str) -> dict[str, str]:
    """Why the last console that rang for a call was hers."""
    (*_, offered) = [each for each in world.events("CallOffered") if each["call"] == call]
    return {each["code"]: each["detail"] for each in offered["why"]}


def test_the_call_of_three_past_ten_goes_to_anna_who_has_read_although_berta_is_free_longer() -> None:
    world, anna, berta = at_two_minutes_past_ten()
    published(world, weber(3, ANNA))
    world.forward(60)
    caller = world.caller().dials(cast.WEBER_LINE)
    assert (anna.rings, berta.rings) == (True, False)
    assert "has_read" in why(world, caller.call)
    assert [each["code"] for each in anna.offered["card"]["why"]] == ["has_read", "speaks"], "one reason: not both"
    anna.answers()
    other = world.caller("+352621000148").dials(cast.DUPONT_LINE)
    assert berta.rings, "no other client's caller waits for it"
    assert "has_read" not in why(world, other.call)


def test_nobody_has_read_so_it_rings_at_berta_at_once_with_the_instruction_on_top() -> None:
    world, anna, berta = at_two_minutes_past_ten()
    world.forward(60)
    caller = world.caller().dials(cast.WEBER_LINE)
    assert (anna.rings, berta.rings) == (False, True)
    first = berta.offered["card"]["instructions"][0]
    assert (first["id"], first["acknowledge"]) == ("11", True)
    assert "unread_nobody" in why(world, caller.call)
    berta.answers()
    [answered] = world.events("CallAnswered")
    assert answered["secretary"] == BERTA


def test_anna_who_has_read_is_taken_so_the_caller_waits_for_her_some_seconds_then_berta_answers() -> None:
    world, anna, berta = at_two_minutes_past_ten()
    published(world, weber(3, ANNA))
    world.caller().dials(cast.WEBER_LINE)
    anna.answers()
    caller = world.caller("+352621000148").dials(cast.WEBER_LINE)
    world.forward(READ_FIRST_S - 1)
    assert not berta.rings
    assert caller.hears("music")
    world.forward(2)
    assert berta.rings
    assert why(world, caller.call)["unread_waited"] == str(READ_FIRST_S)
    berta.answers()
    assert caller.state == "answered"


def test_berta_reads_while_the_caller_waits_for_anna_and_it_rings_at_her() -> None:
    world, anna, berta = at_two_minutes_past_ten()
    published(world, weber(3, ANNA))
    world.caller().dials(cast.WEBER_LINE)
    anna.answers()
    caller = world.caller("+352621000148").dials(cast.WEBER_LINE)
    world.forward(5)
    published(world, weber(4, ANNA, BERTA))
    assert berta.rings
    assert {"has_read", "unread_waited", "unread_nobody"}.isdisjoint(why(world, caller.call))


def test_anna_goes_home_while_a_caller_waits_for_her_and_berta_has_him_at_once() -> None:
    world, anna, berta = at_two_minutes_past_ten()
    published(world, weber(3, ANNA))
    world.caller().dials(cast.WEBER_LINE)
    anna.answers()
    caller = world.caller("+352621000148").dials(cast.WEBER_LINE)
    world.forward(3)
    assert not berta.rings
    anna.does(commands.GoOff())
    assert berta.rings
    assert "unread_nobody" in why(world, caller.call)


def test_a_killed_exchange_still_knows_for_whom_the_caller_waits() -> None:
    world, anna, berta = at_two_minutes_past_ten()
    published(world, weber(3, ANNA))
    world.caller().dials(cast.WEBER_LINE)
    anna.answers()
    world.caller("+352621000148").dials(cast.WEBER_LINE)
    world.forward(5)
    world.kill_exchange()
    world.start_exchange()
    berta.reloads()
    assert not berta.rings
    world.forward(READ_FIRST_S - 5)
    assert berta.rings
