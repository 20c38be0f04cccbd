# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of a house with two pools: who is rung for whom, what overflows, and a table that changes meanwhile."""

from dataclasses import replace

from permanence.reception.table import HouseSlice, PoolEntry, write_slice
from permanence.telephony import commands
from tests.stories import cast
from tests.stories.world import World

DAY = PoolEntry(id="7", name="Day", overflow="8", overflow_after_s=20)
NIGHT = PoolEntry(id="8", name="Night")


def house(*pools: PoolEntry) -> HouseSlice:
    """Claire by day, Aoife by night."""
    claire, aoife = cast.house().secretaries
    members = (replace(claire, pools=(DAY.id,)), replace(aoife, pools=(NIGHT.id,)))
    return replace(cast.house(), secretaries=members, pools=pools or (DAY, NIGHT))


def world_of_two_pools() -> World:
    return World(house=house(), clients=(cast.weber(), replace(cast.dupont(), pool=NIGHT.id)))


def test_a_call_rings_where_its_client_is_answered_and_nowhere_else() -> None:
    world = world_of_two_pools()
    world.claire.sits_down()
    world.aoife.sits_down()
    world.caller().dials(cast.DUPONT_LINE)
    assert (world.claire.rings, world.aoife.rings) == (False, True)
    why = [(each["code"], each["detail"]) for each in world.events("CallOffered")[0]["why"]]
    assert ("pool", "Night") in why
    world.caller("+352621000148").dials(cast.WEBER_LINE)
    assert world.claire.rings


def test_he_waits_for_his_pool_then_the_other_helps_even_through_a_killed_exchange() -> None:
    world = world_of_two_pools()
    world.aoife.sits_down()
    caller = world.caller().dials(cast.WEBER_LINE)
    world.forward(15)
    assert not world.aoife.rings
    world.kill_exchange()
    world.start_exchange()
    world.aoife.reloads()
    assert not world.aoife.rings
    world.forward(5)
    assert world.aoife.rings
    world.aoife.answers()
    assert caller.hears("Aoife")
    [answered] = world.events("CallAnswered")
    assert (answered["secretary"], answered["client"]) == (cast.AOIFE, cast.WEBER)


def test_a_client_given_to_another_pool_while_he_waits_rings_there_at_once() -> None:
    world = world_of_two_pools()
    world.aoife.sits_down()
    world.caller().dials(cast.WEBER_LINE)
    assert not world.aoife.rings
    moved = replace(cast.weber(), version=2, pool=NIGHT.id)
    world.conductor.house_command(commands.Publish(slice=write_slice(moved)), world.clock.moment)
    world.settle()
    assert world.aoife.rings
