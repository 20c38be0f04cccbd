# SPDX-License-Identifier: AGPL-3.0-or-later
"""The smaller parts of the exchange: states of a call, commands, ports, trunks, slices on the disk, records."""

import contextlib
import io
import json
import logging
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.engine.exchange.arrivals import identify, loop_refusal, spelled, told_host
from permanence.engine.exchange.call import Call
from permanence.engine.exchange.log import LineFormatter, Log, event_fields
from permanence.engine.exchange.ports import PortPool
from permanence.engine.exchange.seats import Seat, fingerprint_of
from permanence.engine.exchange.slices import MAX_SLICE, SliceStore, UnusableSlice
from permanence.engine.exchange.trunks import TrunkBook, place_of
from permanence.kernel.fast_json import decode, encode
from permanence.reception.table import HouseSlice, RoutingTable, TrunkEntry, read_slice, write_slice
from permanence.telephony.commands import (
    HOUSE_COMMANDS,
    SEAT_COMMANDS,
    BadMessage,
    read_house_command,
    read_seat_command,
)
from permanence.telephony.core.call import TABLE, CallState, Effect, Trigger, accepts, advance
from permanence.telephony.events import CallArrived
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.incoming import CalledNumber, IncomingInvite
from permanence.telephony.sip.location import Place
from tests.stories import cast

# -- the states of a call --------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(Trigger), max_size=30))
def test_any_order_of_triggers_keeps_the_call_consistent(triggers: list[Trigger]) -> None:
    state, leg, answered, plugged = CallState.ARRIVED, 0, 0, False
    for trigger in triggers:
        step = advance(state, trigger)
        if step is None:
            continue
        for effect in step.effects:
            if effect is Effect.OPEN_LEG:
                leg += 1
            elif effect is Effect.CLOSE_LEG:
                leg -= 1
            elif effect is Effect.SEND_ANSWER:
                answered += 1
            elif effect is Effect.PLUG:
                assert not plugged
                plugged = True
            elif effect is Effect.UNPLUG:
                assert plugged
                plugged = False
            elif effect in (Effect.MUSIC, Effect.CLOSING_WORDS, Effect.RECORD):
                assert answered == 1  # nothing is played before the 200
                assert leg == 1
        state = step.state
        assert leg in (0, 1)
        assert answered <= 1
        assert plugged == (state is CallState.TALKING)
        assert (leg == 1) == (state not in (CallState.ARRIVED, CallState.ENDED))


def test_nothing_follows_the_end_and_every_state_can_end() -> None:
    assert not [pair for pair in TABLE if pair[0] is CallState.ENDED]
    for state in set(CallState) - {CallState.ENDED}:
        assert TABLE[(state, Trigger.CALLER_LEFT)].state is CallState.ENDED
        assert TABLE[(state, Trigger.END)].effects[-1] is Effect.FINISH


def test_a_late_trigger_changes_nothing() -> None:
    assert not accepts(CallState.ENDED, Trigger.ANSWER)
    assert advance(CallState.TALKING, Trigger.RING) is None


# -- commands ----------------------------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
FIELDS = (
    "id",
    "call",
    "ticket",
    "sdp",
    "on",
    "n",
    "digits",
    "reason",
    "outcome",
    "protocol",
    "slice",
    "after",
    "house",
)


@given(
    name=st.sampled_from([*SEAT_COMMANDS, *HOUSE_COMMANDS, "fly"]),
    values=st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6),
)
def test_any_message_is_a_command_or_a_bad_message(name: str, values: dict[str, Any]) -> None:
    for read, key in ((read_seat_command, "t"), (read_house_command, "command")):
        with contextlib.suppress(BadMessage):  # anything else that is raised fails the test
            read({**values, key: name})  # type: ignore[operator]


@given(JSON)
def test_anything_else_is_a_bad_message(value: Any) -> None:
    with pytest.raises(BadMessage):
        read_seat_command(value)


# -- ports -------------------------------------------------------------------------------------------------------------


def test_the_port_that_rested_longest_is_used_again_first() -> None:
    pool = PortPool(10_001, 10_007)
    assert [pool.take(0.0), pool.take(0.0), pool.take(0.0), pool.take(0.0)] == [10_002, 10_004, 10_006, None]
    pool.give_back(10_006, 1.0)
    pool.give_back(10_002, 2.0)
    assert [pool.take(3.0), pool.take(3.0)] == [10_006, 10_002]
    pool.give_back(10_004, 6.0, faulty=True)
    assert pool.take(60.0) is None
    assert pool.take(606.0) == 10_004
    pool.give_back(12_000, 6.0)
    assert pool.used == 3


def test_a_claimed_port_is_not_given_out() -> None:
    pool = PortPool(10_000, 10_003)
    pool.claim(10_000)
    assert pool.take(0.0) == 10_002
    assert pool.take(0.0) is None
    with pytest.raises(ValueError, match="range"):
        PortPool(10_001, 10_001)


# -- trunks and numbers ------------------------------------------------------------------------------------------------


def invite(*called: CalledNumber, count: int = 0) -> IncomingInvite:
    return IncomingInvite(
        call_id="c",
        request_user=called[0].user,
        called=called,
        caller=None,
        display="",
        masked=False,
        withheld=None,
        diversion_reason=None,
        diversion_count=count,
        offer=None,
        supported=frozenset(),
        require=frozenset(),
        raw=b"",
    )


def book(*trunks: TrunkEntry) -> tuple[TrunkBook, RoutingTable]:
    table = RoutingTable().put(replace(cast.house(), trunks=trunks)).put(cast.weber()).put(cast.dupont())
    found = TrunkBook()
    found.table_changed(table)
    return found, table


def test_a_trunk_is_known_by_its_addresses() -> None:
    found, _ = book(
        TrunkEntry(name="a", addresses=("192.0.2.0/28", "2001:db8::/32"), country="LU"),
        TrunkEntry(name="b", addresses=("sip.carrier.example",), country="FR"),
    )

    def trust(host: str) -> str | None:
        return found.trust(Flow("udp", ("192.0.2.99", 5060), (host, 5060)))

    assert trust("192.0.2.15") == "demo/a"
    assert trust("::ffff:192.0.2.15") == "demo/a"
    assert trust("2001:db8::7") == "demo/a"
    assert trust("192.0.2.16") is None
    assert trust("not an address") is None
    assert trust("198.51.100.1") is None
    assert list(found.named_places()) == ["sip.carrier.example"]
    found.resolved({"sip.carrier.example": ["198.51.100.1"]})
    assert trust("198.51.100.1") == "demo/b"


def test_the_called_number_is_looked_for_where_the_trunk_says_first() -> None:
    found, table = book(TrunkEntry(name="a", addresses=("192.0.2.1",), country="LU", number_from="to"))
    trunks = found.at("192.0.2.1")
    both = invite(CalledNumber("request_uri", cast.DUPONT_LINE), CalledNumber("to", "20000101"))
    at = identify(both, trunks, table)
    assert (at.client and at.client.client, at.found_by, at.line) == (cast.WEBER, "to", cast.WEBER_LINE)
    nobody = identify(invite(CalledNumber("request_uri", "*21#")), trunks, table)
    assert (nobody.client, nobody.line, nobody.found_by) == (None, "*21#", "unknown")


def test_the_prefix_of_the_trunk_is_cut_and_national_numbers_are_spelled() -> None:
    trunk = TrunkEntry(name="a", addresses=(), country="FR", strip_prefix="99")
    assert spelled("990199001234", trunk) == "+33199001234"
    assert spelled("0033199001234", trunk) == "+33199001234"
    assert spelled("abc", trunk) is None


def test_a_client_of_another_house_is_not_found_on_this_trunk() -> None:
    found, table = book(TrunkEntry(name="a", addresses=("192.0.2.1",), country="LU"))
    table = table.put(replace(cast.weber(), house="other", client="7", lines=("+35220000707",)))
    at = identify(invite(CalledNumber("request_uri", "+35220000707")), found.at("192.0.2.1"), table)
    assert at.client is None
    assert at.house == cast.HOUSE


def test_the_number_called_goes_before_a_hint_at_another_houses_client() -> None:
    """Two houses behind one carrier: what a forwarding header names never outweighs the line that was dialled."""
    trunk = TrunkEntry(name="a", addresses=("192.0.2.1",), country="LU")
    _, table = book(trunk)
    table = table.put(replace(cast.house(), house="other", trunks=(trunk,)))
    table = table.put(replace(cast.weber(), house="other", client="7", lines=("+35220000707",)))
    found = TrunkBook()
    found.table_changed(table)
    dialled, hint = CalledNumber("request_uri", "+35220000707"), CalledNumber("diversion", cast.WEBER_LINE)
    at = identify(invite(dialled, hint, count=1), found.at("192.0.2.1"), table)
    assert (at.house, at.client and at.client.client, at.line) == ("other", "7", "+35220000707")


@pytest.mark.parametrize(
    ("numbers", "count", "status"),
    [
        (("request_uri",), 0, None),
        (("request_uri", "history_info"), 0, None),
        (("request_uri", "history_info"), 1, 486),
        (("request_uri", "diversion"), 1, 486),
        (("request_uri",), 5, None),
        (("request_uri",), 6, 482),
    ],
)
def test_loops(numbers: tuple[str, ...], count: int, status: int | None) -> None:
    found, table = book(TrunkEntry(name="a", addresses=("192.0.2.1",), country="LU"))
    asked = invite(*(CalledNumber(source, cast.WEBER_LINE) for source in numbers), count=count)
    refusal = loop_refusal(asked, identify(asked, found.at("192.0.2.1"), table))
    assert (refusal and refusal[0]) == status


# -- slices ------------------------------------------------------------------------------------------------------------


def test_slices_are_on_the_disk_when_published(tmp_path: Path) -> None:
    store = SliceStore(tmp_path)
    for entry in (cast.house(), cast.weber(), cast.dupont()):
        store.publish(json.loads(json.dumps(write_slice(entry))))
    again = SliceStore(tmp_path)
    assert again.table == store.table
    assert again.table.client_of(cast.WEBER_LINE) == cast.weber()
    store.publish(write_slice(replace(cast.weber(), version=3, name="Dr Weber-Klein")))
    store.publish(write_slice(replace(cast.weber(), version=2, name="late")))
    assert SliceStore(tmp_path).table.clients[(cast.HOUSE, cast.WEBER)].name == "Dr Weber-Klein"
    store.withdraw(cast.HOUSE, cast.WEBER)
    assert SliceStore(tmp_path).table.client_of(cast.WEBER_LINE) is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"slice": "house", "house": "demo"},
        {**write_slice(cast.weber()), "house": "../etc"},
        {**write_slice(cast.weber()), "client": "a/b"},
        {**write_slice(cast.weber()), "lines": 5},
        {**write_slice(cast.weber()), "name": "x" * MAX_SLICE},
    ],
)
def test_a_slice_that_cannot_be_is_refused_and_leaves_nothing(tmp_path: Path, data: dict[str, object]) -> None:
    store = SliceStore(tmp_path)
    with pytest.raises(UnusableSlice):
        store.publish(data)
    assert list(tmp_path.rglob("*.json")) == []
    assert store.table == RoutingTable()


def test_a_line_of_another_house_cannot_be_taken(tmp_path: Path) -> None:
    store = SliceStore(tmp_path)
    store.publish(write_slice(cast.weber()))
    with pytest.raises(UnusableSlice, match="another house"):
        store.publish(write_slice(replace(cast.weber(), house="other", client="9")))


def test_a_broken_file_costs_one_slice(tmp_path: Path) -> None:
    store = SliceStore(tmp_path)
    store.publish(write_slice(cast.weber()))
    store.publish(write_slice(cast.dupont()))
    (tmp_path / cast.HOUSE / f"client-{cast.WEBER}.json").write_text('{"slice":"cl')
    again = SliceStore(tmp_path)
    assert again.unreadable == [f"{cast.HOUSE}/client-{cast.WEBER}.json"]
    assert again.table.client_of(cast.DUPONT_LINE) is not None


# -- records -----------------------------------------------------------------------------------------------------------


def test_a_call_and_a_seat_come_back_from_their_records() -> None:
    at = datetime(2026, 11, 24, 9, 0, 0, 123000, tzinfo=UTC)
    call = Call(
        id="c",
        session="s",
        house="demo",
        client=None,
        trunk="t",
        arrived_at=at,
        answered_at=at,
        called_line="+35220000101",
        state=CallState.HELD,
        closing_prompts=("a", "b"),
    )
    assert Call.from_plain({**decode(encode(call.to_plain())), "of_a_later_version": 1}) == call
    seat = Seat(house="demo", secretary="1", name="Claire", seat="s", page="p", after=({"t": "ended"},))
    assert Seat.from_plain(json.loads(json.dumps(seat.to_plain()))) == Seat(
        house="demo", secretary="1", name="Claire", seat="s", after=({"t": "ended"},)
    )


def test_the_fingerprint_tells_two_browsers_apart() -> None:
    assert fingerprint_of("v=0\r\na=fingerprint:sha-256 ab:CD\r\na=setup:actpass\r\n") == "SHA-256 AB:CD"
    assert fingerprint_of("v=0\r\n") == ""


def test_no_number_of_a_caller_stands_in_the_log() -> None:
    event = CallArrived(
        house="demo", at=datetime(2026, 11, 24, tzinfo=UTC), call="c", client="1", trunk="carrier",
        called_line="+35226000001", caller="+352621000147", withheld="+352621", display="Max", found_by="request_uri",
    )  # fmt: skip
    assert event_fields(event) == {
        "call": "c",
        "client": "1",
        "trunk": "carrier",
    }


@pytest.mark.parametrize("value", ["line:demo/5 why=over secretary=2", "a b", "a=b", 'a"b', "a\nb", ""])
def test_no_value_can_pass_for_another_field_of_the_log(value: str) -> None:
    line = LineFormatter().line(0.0, "INFO", "x", "alarm", {"code": value, "why": "w"})
    assert line == f"1970-01-01T00:00:00.000Z INFO x alarm code={value!r} why=w"


@given(
    st.dictionaries(
        st.sampled_from(["call", "why", "by"]), st.text("ab'\"= \n\té\xa0\u2028", max_size=5) | st.integers()
    )
)
def test_the_fields_of_a_line_are_read_again_as_they_were_written(fields: dict[str, Any]) -> None:
    words = LineFormatter().line(0.0, "INFO", "x", "e", fields).removeprefix("1970-01-01T00:00:00.000Z INFO x e")
    plain = re.compile(r"[^\s\"'=]+")
    spelled = [(key, str(value)) for key, value in fields.items()]
    assert words == "".join([f" {key}={text if plain.fullmatch(text) else repr(text)}" for key, text in spelled])


def test_a_log_that_cannot_be_written_costs_no_turn() -> None:
    with open("/dev/full", "wb", buffering=0) as full:
        log = Log(io.TextIOWrapper(full, write_through=True))
        log.tell(0.0, "x", "CallArrived", {"call": "c"})
        log.handle(logging.LogRecord("x", logging.ERROR, "", 0, "alarm", None, None))
    log._stream = io.StringIO()
    log.tell(0.0, "x", "CallEnded", {"call": "c"})
    assert log._stream.getvalue() == "1970-01-01T00:00:00.000Z INFO x CallEnded call=c\n"


# -- behind a router ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("public", "remote", "told"),
    [
        ("203.0.113.7", "198.51.100.9", "203.0.113.7"),
        ("203.0.113.7", "192.168.1.1", "192.168.1.2"),
        ("203.0.113.7", "2001:db8::9", "192.168.1.2"),
        ("", "198.51.100.9", "192.168.1.2"),
    ],
)
def test_the_public_address_stands_in_the_sdp_for_trunks_outside(public: str, remote: str, told: str) -> None:
    flow = Flow("udp", ("192.168.1.2", 5060), (remote, 5060))
    assert told_host(public, flow) == told


def test_where_our_calls_go() -> None:
    def place(**fields: Any) -> Place | None:
        return place_of(
            TrunkEntry(**{"name": "a", "addresses": ("192.0.2.0/28", "192.0.2.9"), "country": "LU", **fields})
        )

    assert place() == Place("192.0.2.9", 0, "udp")
    assert place(registrar="reg.example:5070", transport="tls") == Place("reg.example", 5070, "tls")
    assert place(registrar="reg.example", target="[2001:db8::1]:5062") == Place("2001:db8::1", 5062, "udp")
    assert place(target="carrier.example", transport="auto") == Place("carrier.example", 0, "")
    assert place(addresses=("192.0.2.0/28",)) is None


def test_a_slice_written_before_the_new_fields_is_still_read() -> None:
    written = write_slice(replace(cast.house(), trunks=(TrunkEntry(name="a", addresses=(), country="LU"),)))
    [trunk] = cast_trunks(written)
    for name in ("target", "ca_file", "client_certificate", "keep_alive_s"):
        del trunk[name]
    read = read_slice(written)
    assert isinstance(read, HouseSlice)
    assert read.trunks == (TrunkEntry(name="a", addresses=(), country="LU"),)


def cast_trunks(written: dict[str, Any]) -> list[dict[str, Any]]:
    return list(written["trunks"])
