# SPDX-License-Identifier: AGPL-3.0-or-later
"""What must be read before a call: those who have read it are asked first, and no caller is lost for it."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.reception import reading
from permanence.reception.events import CallOffered, CallQueued
from permanence.reception.table import InstructionEntry, read_slice, write_slice
from tests.rules.reception.house import CLAIRE, MAUD, START, Desk, client, house_slice

A, B = "20", "21"
ANNA, BERTA = CLAIRE, MAUD
SPOKEN = {ANNA: ("fr",), BERTA: ("fr",)}
READ_S = 20
MINUTE = timedelta(minutes=1)


def order(number: str = "7", *readers: str, **more: Any) -> InstructionEntry:
    """An instruction that must be read, and who has."""
    fields = {"version": 1, "text": "t", "author": "Dr", "written_at": START - MINUTE, "acknowledge": True}
    return InstructionEntry(id=number, readers=readers, **{**fields, **more})


def desk(*orders: InstructionEntry, **more: Any) -> Desk:
    """Berta has been ready for a minute, Anna just now; client A asks for what is given, B for nothing."""
    made = Desk(house_slice(SPOKEN), client(A, **{"read_first_s": READ_S, "instructions": orders, **more}), client(B))
    made.sits(BERTA)
    made.at += MINUTE
    made.sits(ANNA)
    return made


def busy(house: Desk, secretary: str) -> None:
    """She talks with a caller of the other client."""
    other = next(each for each in SPOKEN if each != secretary)
    resting = house.state(other) == "ready"
    if resting:
        house.do("pause", other, "other")
    house.rings(f"busy-{secretary}", B)
    house.do("answer", secretary, f"busy-{secretary}")
    if resting:
        house.do("ready", other)


def reasons(event: CallOffered | CallQueued) -> dict[str, str]:
    return {each.code: each.detail for each in event.why}


def test_who_has_read_is_rung_although_another_is_ready_longer():
    house = desk(order("7", ANNA))
    house.rings("c1", A)
    assert house.offered(ANNA) == "c1"
    assert "has_read" in reasons(house.told(CallOffered)[0])
    house.rings("c2", B)
    assert house.offered(BERTA) == "c2", "the calls of others are nobody's loss"
    assert "has_read" not in reasons(house.told(CallOffered)[0])


def test_everything_that_must_be_read_counts():
    house = desk(order("7", ANNA, BERTA), order("8", ANNA), order("9", acknowledge=False))
    house.rings("c1", A)
    assert house.offered(ANNA) == "c1"


def test_where_all_have_read_nothing_is_said_of_it():
    house = desk(order("7", ANNA, BERTA))
    house.rings("c1", A)
    assert house.offered(BERTA) == "c1"
    assert {"has_read", "unread_waited", "unread_nobody"}.isdisjoint(reasons(house.told(CallOffered)[0]))


def test_nobody_has_read_so_the_call_rings_at_once():
    house = desk(order("7"))
    house.rings("c1", A)
    assert house.offered(BERTA) == "c1"
    assert "unread_nobody" in reasons(house.told(CallOffered)[0])


def test_those_who_have_read_are_taken_so_he_waits_the_seconds_and_no_longer():
    house = desk(order("7", ANNA))
    busy(house, ANNA)
    house.rings("c1", A)
    assert house.offered(BERTA) is None
    assert reasons(house.told(CallQueued)[0]) == {"nobody_ready_read": ""}
    house.forward(READ_S - 1)
    assert house.offered(BERTA) is None
    house.forward(1)
    assert house.offered(BERTA) == "c1"
    assert reasons(house.told(CallOffered)[0])["unread_waited"] == str(READ_S)


def test_who_has_read_and_becomes_free_takes_him():
    house = desk(order("7", ANNA))
    busy(house, ANNA)
    house.rings("c1", A)
    house.forward(5)
    house.do("call_gone", f"busy-{ANNA}")
    house.do("wrap_up_done", ANNA, f"busy-{ANNA}", "message")
    assert house.offered(ANNA) == "c1"


@pytest.mark.parametrize("leaves", ["off", "pause", "break after the call"])
def test_the_last_who_has_read_goes_and_he_is_offered_to_the_others_at_once(leaves):
    house = desk(order("7", ANNA))
    busy(house, ANNA)
    house.rings("c1", A)
    if leaves == "break after the call":
        house.do("pause", ANNA, "lunch")
    else:
        house.do("call_gone", f"busy-{ANNA}")
        house.do("pause", ANNA, "lunch") if leaves == "pause" else house.do("off", ANNA)
    assert house.offered(BERTA) == "c1"
    [offered] = [each for each in house.told(CallOffered) if each.call == "c1"]
    assert "unread_nobody" in reasons(offered)


def test_who_declines_leaves_him_to_the_others():
    house = desk(order("7", ANNA))
    house.rings("c1", A)
    house.do("decline", ANNA, "c1")
    assert house.offered(BERTA) == "c1"


def test_a_lost_line_is_waited_for_no_longer_than_the_seconds():
    house = desk(order("7", ANNA))
    house.do("line_state", ANNA, up=False)
    house.rings("c1", A)
    assert house.offered(BERTA) is None
    house.forward(READ_S)
    assert house.offered(BERTA) == "c1"


def test_a_reading_while_he_waits_counts_at_once():
    house = desk(order("7", ANNA))
    busy(house, ANNA)
    house.rings("c1", A)
    house.republish(lambda entry: replace(entry, instructions=(order("7", ANNA, BERTA),)), A)
    assert house.offered(BERTA) == "c1"
    assert "unread_waited" not in reasons(house.told(CallOffered)[0])


def test_an_instruction_published_while_he_waits_counts_at_once():
    house = desk()
    house.do("pause", BERTA, "pause")
    busy(house, ANNA)
    house.rings("c1", A)
    house.republish(lambda entry: replace(entry, instructions=(order("7", ANNA),)), A)
    house.do("ready", BERTA)
    assert house.offered(BERTA) is None


def test_an_instruction_that_begins_or_ends_while_he_waits():
    house = desk(order("7", ANNA, starts=START + MINUTE + timedelta(seconds=5), ends=START + MINUTE * 1.2))
    busy(house, ANNA)
    house.do("pause", BERTA, "pause")
    house.rings("c1", A)
    house.forward(6)
    house.do("ready", BERTA)
    assert house.offered(BERTA) is None
    house.forward(6)
    assert house.offered(BERTA) == "c1"
    assert "unread_waited" not in reasons(house.told(CallOffered)[0])


@pytest.mark.parametrize(
    ("scope", "line", "caller", "counts"),
    [
        ({"line": "+3519900201"}, "+3519900201", None, True),
        ({"line": "+3519900201"}, "+3519900202", None, False),
        ({"caller": "+352621000147"}, "", "+352621000147", True),
        ({"caller": "+352621000147"}, "", "+352621000148", False),
        ({"caller": "+352621000147"}, "", None, False),
        ({"recipient": "5", "reason": "results"}, "", None, True),
        ({"starts": START + timedelta(days=1)}, "", None, False),
        ({"ends": START}, "", None, False),
    ],
)
def test_what_her_card_will_not_say_keeps_nobody_from_the_call(scope, line, caller, counts):
    house = desk(order("7", ANNA, **scope))
    house.rings("c1", A, called_line=line, caller=caller)
    assert house.offered(ANNA if counts else BERTA) == "c1"


def test_a_client_who_does_not_want_it_waits_for_nobody():
    house = desk(order("7", ANNA), read_first_s=0)
    house.rings("c1", A)
    assert house.offered(BERTA) == "c1"
    assert {"has_read", "unread_waited", "unread_nobody"}.isdisjoint(reasons(house.told(CallOffered)[0]))


def test_half_the_longest_wait_at_most():
    house = desk(order("7", ANNA), read_first_s=600, max_wait_s=100)
    busy(house, ANNA)
    house.rings("c1", A)
    house.forward(49)
    assert house.offered(BERTA) is None
    house.forward(1)
    assert house.offered(BERTA) == "c1"


def test_training_comes_first_and_of_the_trained_those_who_have_read():
    house = desk(order("7", ANNA), trained=(BERTA,), trained_only_s=10)
    house.rings("c1", A)
    assert house.offered(BERTA) == "c1", "nobody who is trained has read"
    house = desk(order("7", ANNA), trained=(ANNA, BERTA), trained_only_s=10)
    house.rings("c1", A)
    assert house.offered(ANNA) == "c1"


def test_when_the_time_of_the_trained_is_over_those_who_have_read_come_before_the_others():
    house = desk(order("7", ANNA), trained=("9", BERTA), trained_only_s=10)
    house.do("pause", BERTA, "pause")
    busy(house, ANNA)
    house.rings("c1", A)
    house.forward(11)
    house.do("ready", BERTA)
    assert house.offered(BERTA) is None
    house.forward(READ_S - 11)
    assert house.offered(BERTA) == "c1"


def test_a_slice_from_before_the_readings_waits_for_nobody():
    plain = write_slice(client(A, read_first_s=READ_S, instructions=(order("7", ANNA),)))
    del plain["read_first_s"]
    for entry in plain["instructions"]:  # type: ignore[attr-defined]
        del entry["readers"]
    house = Desk(house_slice(SPOKEN), read_slice(plain))
    house.sits(BERTA)
    house.at += MINUTE
    house.sits(ANNA)
    house.rings("c1", A)
    assert house.offered(BERTA) == "c1"


def test_who_has_read_goes_through_the_wire():
    entry = client(A, read_first_s=READ_S, instructions=(order("7", ANNA),))
    assert read_slice(write_slice(entry)) == entry


def test_a_restart_keeps_whom_he_waits_for():
    house = desk(order("7", ANNA))
    busy(house, ANNA)
    house.rings("c1", A)
    house.restart(after=2)
    house.sits(BERTA, ready=False)
    assert house.offered(BERTA) is None
    house.forward(READ_S - 2)
    assert house.offered(BERTA) == "c1"


seconds = st.integers(0, 12).map(lambda number: START + timedelta(seconds=number))
orders = st.builds(
    lambda number, acknowledge, readers, starts, ends, line, caller: order(
        str(number), *readers, acknowledge=acknowledge, starts=starts, ends=ends, line=line, caller=caller
    ),
    st.integers(1, 9),
    st.booleans(),
    st.lists(st.sampled_from("1234"), unique=True),
    st.none() | seconds,
    st.none() | seconds,
    st.sampled_from(["", "", "+3519900201"]),
    st.sampled_from(["", "", "+352621000147"]),
)


def naive(given_: list[InstructionEntry], line: str, caller: str | None, at: datetime) -> set[str] | None:
    """Who of all has read each of them, one by one."""
    must = [
        each
        for each in given_
        if each.acknowledge
        and each.line in {"", line}
        and each.caller in {"", caller}
        and not (each.starts is not None and at < each.starts)
        and not (each.ends is not None and each.ends <= at)
    ]
    return {who for who in "1234" if all(who in each.readers for each in must)} if must else None


@given(
    st.lists(orders, max_size=5),
    st.sampled_from(["+3519900201", "+3519900202"]),
    st.sampled_from([None, "+352621000147", "+352621000148"]),
    seconds,
    seconds,
)
def test_who_has_read_is_what_a_look_at_each_of_them_says_second_by_second(given_, line, caller, at, until):
    asked = reading.asked_of(client(A, instructions=tuple(given_)), line=line, caller=caller)
    now = reading.readers_of(asked, at=at)
    assert now == naive(given_, line, caller, at)
    change = reading.next_change(asked, at=at, until=until)
    end = until if change is None else change
    moment = at
    while moment < end:
        assert naive(given_, line, caller, moment) == now
        moment += timedelta(seconds=1)
    assert change is None or at < change < until
