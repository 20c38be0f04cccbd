# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who answers for whom: pools and their overflow, trained secretaries, secretaries of some clients only."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from permanence.reception import decisions as decided
from permanence.reception.events import CallOffered, CallQueued
from permanence.reception.table import PoolEntry, read_slice, write_slice
from tests.rules.reception.house import AOIFE, CLAIRE, MAUD, Desk, client, codes, house_slice

DAY, NIGHT = "7", "8"
A, B = "20", "21"
POOLS = (PoolEntry(id=DAY, name="Day"), PoolEntry(id=NIGHT, name="Night"))
SPOKEN = {CLAIRE: ("fr",), AOIFE: ("fr",), MAUD: ("fr",)}


def desk(*, pools: tuple[PoolEntry, ...] = POOLS, a: dict[str, Any] | None = None, **more: Any) -> Desk:
    """Claire and Maud by day, Aoife by night; client A is answered by the first pool, B by the night's."""
    members = {CLAIRE: (DAY,), AOIFE: (NIGHT,), MAUD: (DAY, NIGHT), **more.pop("members", {})}
    return Desk(
        house_slice(SPOKEN, members=members, pools=pools, **more),
        client(A, **(a or {})),
        client(B, pool=NIGHT),
    )


def reasons(event: CallOffered | CallQueued) -> dict[str, str]:
    return {each.code: each.detail for each in event.why}


def test_a_call_rings_only_at_a_secretary_of_the_clients_pool():
    house = desk()
    house.sits(AOIFE)
    house.at += timedelta(seconds=5)
    house.sits(CLAIRE)
    house.rings("c1", A)
    assert house.offered(CLAIRE) == "c1"
    assert reasons(house.told(CallOffered)[0])["pool"] == "Day"
    house.rings("c2", B)
    assert house.offered(AOIFE) == "c2"
    assert reasons(house.told(CallOffered)[0])["pool"] == "Night"


def test_nobody_of_the_pool_is_ready_so_he_waits_beside_a_free_secretary_of_another_pool():
    house = desk()
    house.sits(AOIFE)
    house.rings("c1", A)
    assert house.offered(AOIFE) is None
    assert reasons(house.told(CallQueued)[0]) == {"nobody_ready_in_pool": "Day"}
    house.sits(CLAIRE)
    assert house.offered(CLAIRE) == "c1"


def test_who_is_in_two_pools_takes_the_first_caller_of_both():
    house = desk()
    house.rings("c1", B)
    house.at += timedelta(seconds=1)
    house.rings("c2", A)
    house.sits(MAUD)
    assert house.offered(MAUD) == "c1"


def test_an_unknown_line_rings_the_first_pool():
    house = desk()
    house.sits(AOIFE)
    house.sits(CLAIRE)
    house.rings("c1", None, called_line="+35220999999")
    assert house.offered(CLAIRE) == "c1"


def test_a_house_with_one_pool_says_nothing_of_pools():
    house = desk(pools=POOLS[:1])
    house.sits(CLAIRE)
    house.rings("c1", A)
    assert codes(house.named(decided.Offer)[0]) == ["only_ready", "speaks"]


def test_a_slice_from_before_the_pools_is_one_pool():
    plain = write_slice(house_slice({CLAIRE: ("fr",)}))
    del plain["pools"]
    for entry in plain["secretaries"]:  # type: ignore[attr-defined]
        del entry["pools"], entry["clients"]
    old = write_slice(client(A))
    for name in ("pool", "trained", "trained_only_s"):
        del old[name]
    house = Desk(read_slice(plain), read_slice(old))
    house.sits(CLAIRE)
    house.rings("c1", A)
    assert house.offered(CLAIRE) == "c1"


@pytest.mark.parametrize("gone", ["99", ""])
def test_a_client_of_a_pool_that_is_not_there_is_answered_by_the_first(gone):
    house = desk(a={"pool": gone})
    house.sits(AOIFE)
    house.sits(CLAIRE)
    house.rings("c1", A)
    assert house.offered(CLAIRE) == "c1"


def test_a_pool_that_goes_while_a_caller_waits_for_it_leaves_him_to_the_first():
    house = desk()
    house.rings("c1", B)
    house.sits(CLAIRE)
    assert house.offered(CLAIRE) is None
    house.table = house.table.put(replace(house.table.houses["demo"], version=2, pools=POOLS[:1]))
    house.do("table_changed", house.table)
    assert house.offered(CLAIRE) == "c1"


def test_a_client_given_to_another_pool_while_his_caller_waits():
    house = desk()
    house.sits(AOIFE)
    house.rings("c1", A)
    house.republish(lambda entry: replace(entry, pool=NIGHT), A)
    assert house.offered(AOIFE) == "c1"


def test_a_pool_overflows_into_another_after_its_seconds():
    day = PoolEntry(id=DAY, name="Day", overflow=NIGHT, overflow_after_s=20)
    house = desk(pools=(day, POOLS[1]))
    house.sits(AOIFE)
    house.rings("c1", A)
    house.forward(19)
    assert house.offered(AOIFE) is None
    house.forward(1)
    assert house.offered(AOIFE) == "c1"
    assert reasons(house.told(CallOffered)[0])["overflow"] == "Day"


def test_an_overflow_that_finds_nobody_goes_on_waiting_in_both():
    day = PoolEntry(id=DAY, name="Day", overflow=NIGHT, overflow_after_s=20)
    house = desk(pools=(day, POOLS[1]))
    house.rings("c1", A)
    house.forward(25)
    house.sits(AOIFE)
    assert house.offered(AOIFE) == "c1"


def test_an_overflow_does_not_cut_a_ringing_offer():
    day = PoolEntry(id=DAY, name="Day", overflow=NIGHT, overflow_after_s=5)
    house = desk(pools=(day, POOLS[1]))
    house.sits(AOIFE)
    house.sits(CLAIRE)
    house.rings("c1", A)
    house.forward(10)
    assert house.offered(CLAIRE) == "c1"
    house.forward(5)
    assert house.state(CLAIRE) == "missed"
    assert house.offered(AOIFE) == "c1"


def test_only_trained_secretaries_are_offered_a_client_who_asks_for_it_then_everybody():
    house = desk(a={"trained": (MAUD,), "trained_only_s": 15})
    house.sits(CLAIRE)
    house.rings("c1", A)
    assert house.offered(CLAIRE) is None
    assert "nobody_ready_trained" in reasons(house.told(CallQueued)[0])
    house.forward(14)
    assert house.offered(CLAIRE) is None
    house.forward(1)
    assert house.offered(CLAIRE) == "c1"
    assert reasons(house.told(CallOffered)[0])["not_trained"] == "15"


def test_a_trained_secretary_who_becomes_ready_takes_him_before_later_callers():
    house = desk(a={"trained": (MAUD,), "trained_only_s": 15})
    house.rings("c1", A)
    house.at += timedelta(seconds=1)
    house.rings("c2", B)
    house.sits(MAUD)
    assert house.offered(MAUD) == "c1"
    assert "trained" in reasons(house.told(CallOffered)[0])


def test_training_does_not_stand_in_for_the_language():
    house = desk(a={"languages": ("en",), "trained": (MAUD,), "trained_only_s": 15})
    house.sits(MAUD)
    house.rings("c1", A)
    house.forward(30)
    assert house.offered(MAUD) is None


def test_where_nobody_is_trained_nobody_waits_for_them():
    for trained in ((), ("who left",)):
        house = desk(a={"trained": trained, "trained_only_s": 600})
        house.sits(CLAIRE)
        house.rings("c1", A)
        assert house.offered(CLAIRE) == "c1"


def test_everybody_may_answer_before_the_longest_wait_is_over():
    house = desk(a={"trained": (MAUD,), "trained_only_s": 600, "max_wait_s": 100})
    house.sits(CLAIRE)
    house.rings("c1", A)
    house.forward(49)
    assert house.offered(CLAIRE) is None
    house.forward(1)
    assert house.offered(CLAIRE) == "c1"
    assert reasons(house.told(CallOffered)[0])["not_trained"] == "50"


def test_who_is_trained_while_the_caller_waits_is_offered_the_call():
    house = desk(a={"trained": (MAUD,), "trained_only_s": 60})
    house.sits(CLAIRE)
    house.rings("c1", A)
    house.republish(lambda entry: replace(entry, trained=(CLAIRE,)), A)
    assert house.offered(CLAIRE) == "c1"


def test_a_secretary_of_some_clients_only_is_offered_nothing_else():
    house = desk(limited={CLAIRE: (B,)}, members={CLAIRE: (DAY, NIGHT)})
    house.sits(CLAIRE)
    house.rings("c1", A)
    house.rings("c2", None, called_line="+35220999999")
    assert house.offered(CLAIRE) is None
    house.rings("c3", B)
    assert house.offered(CLAIRE) == "c3"


def test_a_restart_keeps_what_each_caller_waits_for():
    day = PoolEntry(id=DAY, name="Day", overflow=NIGHT, overflow_after_s=40)
    house = desk(pools=(day, POOLS[1]), a={"trained": (MAUD,), "trained_only_s": 20})
    house.rings("c1", A)
    house.restart(after=5)
    house.sits(CLAIRE)
    assert house.offered(CLAIRE) is None
    house.forward(15)
    assert house.offered(CLAIRE) == "c1"
