# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exchange's alarms come and go: unread slices, events nobody takes, faults, crashes, lines of nobody."""

import json
from dataclasses import replace

import pytest

from permanence.engine.exchange.arrivals import identify
from permanence.engine.exchange.journal import Journal
from permanence.engine.exchange.parts import MEDIA_AWAY_S
from permanence.engine.exchange.slices import SliceStore
from permanence.engine.exchange.trunks import TrunkBook
from permanence.engine.exchange.vigil import ASIDE_STANDS_S, BEHIND_S, LINE_STANDS_S, MOST_LINES, Vigil
from permanence.kernel.faults import STANDS_FOR, FaultBook
from permanence.reception.table import RoutingTable, TrunkEntry, write_slice
from permanence.telephony.sip.incoming import CalledNumber
from tests.rooms.test_exchange_parts import invite
from tests.stories import cast
from tests.stories.edges import MovableClock
from tests.stories.world import World


class Watched:
    """A vigil over the parts of a real exchange and a real journal."""

    def __init__(self, folder):
        self.world = World()
        self.parts = self.world.conductor.parts
        self.clock = MovableClock(cast.MONDAY_MORNING)
        self.journal = Journal(folder / "journal", self.clock)
        self.vigil = Vigil(self.parts, self.journal, FaultBook())
        self.unreadable = []

    def look(self, seconds=0.0):
        self.clock.move(seconds)
        self.vigil.look(self.clock.moment, unreadable=self.unreadable)
        return dict(self.parts.alarms)


@pytest.fixture
def watched(tmp_path):
    watched = Watched(tmp_path)
    yield watched
    watched.journal.close()


def test_events_that_nobody_takes_are_an_alarm_until_somebody_does(watched):
    assert watched.look() == {}
    sequence = watched.journal.append({"type": "CallEnded"})
    assert watched.look() == {}
    assert watched.look(BEHIND_S - 1) == {}
    assert list(watched.look(1)) == ["events"]
    watched.journal.acknowledge(sequence)
    assert watched.look() == {}


def test_whoever_is_late_but_goes_on_is_not_complained_of(watched):
    for _ in range(4):
        watched.journal.append({"type": "CallEnded"})
    for sequence in range(1, 4):
        assert watched.look(BEHIND_S - 1) == {}
        watched.journal.acknowledge(sequence)
    assert watched.look(BEHIND_S - 1) == {}


def test_a_gap_in_the_sequences_is_no_event(watched):
    watched.journal.skip_to(5000)
    watched.look()
    assert watched.look(BEHIND_S * 2) == {}


def test_a_fault_is_complained_of_for_an_hour(watched):
    watched.parts.alarms["turn_failed"] = "a fault inside the exchange"
    watched.vigil.faults.note("KeyError", "permanence.exchange", watched.clock.now())
    assert set(watched.look()) == {"fault", "turn_failed"}
    assert "1, the last KeyError in permanence.exchange" in watched.parts.alarms["fault"]
    assert watched.vigil.status(watched.clock.moment)["faults"]["count"] == 1
    assert watched.look(STANDS_FOR.total_seconds()) == {}
    assert watched.vigil.status(watched.clock.moment)["faults"]["count"] == 1


def test_a_journal_set_aside_is_complained_of_for_a_day(watched):
    watched.parts.alarms["journal_aside"] = "set aside"
    assert list(watched.look()) == ["journal_aside"]
    assert list(watched.look(ASIDE_STANDS_S - 1)) == ["journal_aside"]
    assert watched.look(1) == {}


def test_a_slice_that_can_be_read_again_is_none_any_more(watched, tmp_path):
    house = tmp_path / "table" / cast.HOUSE
    house.mkdir(parents=True)
    (house / "house.json").write_text(json.dumps(write_slice(cast.house())))
    (house / f"client-{cast.WEBER}.json").write_text("{torn")
    (house / "client-77.json").write_text("{torn")
    store = SliceStore(tmp_path / "table")
    watched.unreadable = store.unreadable
    named = {f"slice:{cast.HOUSE}/client-{key}.json" for key in (cast.WEBER, "77")}
    assert set(watched.look()) == named
    store.publish(write_slice(cast.weber()))
    store.withdraw(cast.HOUSE, "77")
    watched.unreadable = store.unreadable
    assert watched.look() == {}


def test_a_reception_that_could_not_be_rebuilt_is_mended_once_it_is_there(watched):
    watched.parts.alarms |= {"restore:nadia": "gone", f"restore:{cast.HOUSE}": "gone"}
    assert list(watched.look()) == ["restore:nadia"]


def test_ports_that_rest_again_are_no_alarm(watched):
    watched.parts.alarms["ports"] = "every RTP port is in use"
    taken = []
    while (port := watched.parts.ports.take(0.0)) is not None:
        taken.append(port)
    assert list(watched.look()) == ["ports"]
    watched.parts.ports.give_back(taken[0], 0.0)
    assert watched.look() == {}


def test_refused_sources_are_told_for_an_hour(watched):
    for count in (1, 4):
        watched.vigil.refused("192.0.2.77", count, watched.clock.moment)
    [told] = watched.vigil.status(watched.clock.moment)["refused"]
    assert (told["source"], told["count"]) == ("192.0.2.77", 5)
    watched.clock.move(3600)
    assert watched.vigil.status(watched.clock.moment)["refused"] == []
    for number in range(100):
        watched.vigil.refused(f"198.51.100.{number}", 1, watched.clock.moment)
    assert len(watched.vigil.status(watched.clock.moment)["refused"]) == 32


def test_a_media_process_that_never_comes_is_an_alarm(watched):
    watched.parts.media_away_at = watched.clock.monotonic()
    assert watched.look(MEDIA_AWAY_S - 1) == {}
    assert set(watched.look(1)) == {"media"}


def test_the_lines_of_nobody_are_bounded_and_go_when_a_client_has_them(watched):
    watched.parts.alarms |= {f"line:nadia/+3522000{number:04}": "nobody's" for number in range(100)}
    watched.parts.alarms[f"line:nadia/{cast.WEBER_LINE}"] = "nobody's"
    assert set(watched.look()) == {f"line:nadia/+3522000{number:04}" for number in range(101 - MOST_LINES, 100)}
    assert watched.look(24 * 3600) == {}


def test_the_lines_of_one_house_hide_none_of_anothers(watched):
    quiet = f"line:demo/{'+352299999'}"
    watched.parts.alarms[quiet] = "nobody's"
    for flood in range(5):
        watched.parts.alarms |= {f"line:nadia/+3522000{flood}{number:03}": "nobody's" for number in range(100)}
        watched.parts.alarms |= {f"line:zebra/+3522000{flood}{number:03}": "nobody's" for number in range(100)}
        codes = watched.look(1)
        assert quiet in codes
        assert len(codes) == 2 * MOST_LINES + 1


def test_a_line_pushed_out_by_others_stands_its_full_time_when_it_is_called_again(watched):
    first, *others = (f"line:nadia/+3522000{number:04}" for number in range(MOST_LINES + 1))
    watched.parts.alarms[first] = "nobody's"
    assert set(watched.look()) == {first}
    watched.parts.alarms |= dict.fromkeys(others, "nobody's")
    assert set(watched.look()) == set(others)
    watched.parts.alarms.clear()
    watched.clock.move(LINE_STANDS_S)
    watched.parts.alarms[first] = "nobody's"
    assert set(watched.look()) == {first}
    assert set(watched.look(LINE_STANDS_S - 1)) == {first}
    assert watched.look(1) == {}


# -- whose is a line that no client has --------------------------------------------------------------------------------


def shared(*lines):
    """One carrier of the houses `demo`, `maison` and `zebra`; `lines` are those of `maison`."""
    trunk = TrunkEntry(name="a", addresses=("192.0.2.1",), country="LU")
    table = RoutingTable().put(replace(cast.house(), trunks=(trunk,))).put(cast.weber())
    for slug in ("maison", "zebra"):
        table = table.put(replace(cast.house(), house=slug, trunks=(trunk,)))
    table = table.put(replace(cast.weber(), house="maison", client="7", lines=lines))
    found = TrunkBook()
    found.table_changed(table)
    return found.at("192.0.2.1"), table


def called(number, *lines):
    trunks, table = shared(*lines)
    found = identify(invite(CalledNumber("request_uri", number)), trunks, table)
    assert found.client is None
    return found.house, found.also


@pytest.mark.parametrize(
    ("number", "lines", "house", "also"),
    [
        # A block of numbers: +352 27 66 00 ... is the house's that has the one beside it.
        ("+35227660012", ("+35227660010",), "maison", ()),
        # In another country than the lines of the others.
        ("+33199001234", ("+33388001234",), "maison", ()),
        # As like the lines of the one as of the other: the first answers, both are told.
        ("+35299999999", ("+35227660010",), "demo", ("maison",)),
        # Like nobody's, and no number at all: the first answers, every house is told.
        ("+35227660012", (), "demo", ()),
        ("*21#", ("+35227660010",), "demo", ("maison", "zebra")),
    ],
)
def test_an_unknown_line_rings_the_house_whose_numbers_it_is_most_like(number, lines, house, also):
    assert called(number, *lines) == (house, also)


def test_the_houses_it_may_belong_to_just_as_well_are_alarmed_without_a_call_of_theirs():
    world = World()
    trunk = cast.house().trunks[0]
    table = world.slices.table.put(replace(cast.house(), house="maison", trunks=(trunk,)))
    world.slices.table = table.put(replace(cast.weber(), house="maison", client="7", lines=("+35228000001",)))
    world.conductor._table_changed(world.clock.moment)
    world.claire.sits_down()
    caller = world.caller().dials("+35229999999")
    assert caller.hears("ringing")
    assert list(world.conductor.parts.alarms) == ["line:maison/+35229999999"]
    assert {event["house"] for event in world.events("CallArrived")} == {cast.HOUSE}
    assert {event["house"] for event in world.events("UnknownLineCalled")} == {cast.HOUSE}
