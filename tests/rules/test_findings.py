# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the exchange's status means to each house; which refused source is told; how long a fault is complained of."""

from datetime import UTC, datetime, timedelta

import pytest

from permanence.foundation.alarms import Alarm
from permanence.kernel.faults import STANDS_FOR, FaultBook
from permanence.project.findings import of_status, refused_source

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def status(*codes, trunks=(), **more):
    blank = dict.fromkeys(("registration", "registration_status", "alive", "alive_status"))
    return {
        "alarms": [{"code": code, "why": "demo and nadia"} for code in codes],
        "trunk_states": [{"trunk": name, **blank, **told} for name, told in trunks],
        **more,
    }


def codes(found):
    return {house: [(alarm.code, alarm.about) for alarm in told] for house, told in found.items()}


def test_what_concerns_the_machine_goes_to_every_house_and_a_houses_own_to_it_alone():
    found = of_status(status("journal", "trunk:demo/sip-1", "slice:nadia/client-4.json", "restore:nadia"))
    assert codes(found.told_to(["demo", "nadia"])) == {
        "demo": [("journal", ""), ("trunk", "sip-1")],
        "nadia": [("journal", ""), ("restore", ""), ("slice", "client-4.json")],
    }
    assert "nadia" not in repr(found.told_to(["demo"]))
    assert codes(found.told_to(["third"])) == {"third": [("journal", "")]}


def test_a_sick_trunk_is_told_once_with_the_carriers_answer():
    trunks = (
        ("demo/one", {"registration": "failed", "registration_status": 403}),
        ("demo/two", {"registration": "failed", "registration_status": 503, "alive": False, "alive_status": 408}),
        ("demo/three", {"registration": "registered", "registration_status": 200, "alive": True, "alive_status": 200}),
    )
    told = of_status(status("trunk:demo/one", trunks=trunks)).told_to(["demo"])["demo"]
    assert [(one.code, one.about, one.params["status"]) for one in told] == [
        ("trunk", "one", 403),
        ("trunk", "two", 503),
        ("silent", "two", 408),
    ]


def test_a_fault_is_counted_unless_the_telephone_already_says_that_it_mended_itself():
    faults = {"count": 3, "kind": "KeyError", "where": "permanence.exchange", "at": AT.isoformat()}
    assert of_status(status("fault", faults=faults)).machine == [
        Alarm(code="fault", params={"count": 3, "kind": "KeyError"})
    ]
    assert [one.code for one in of_status(status("fault", "turn_failed", faults=faults)).machine] == ["turn_failed"]


SOURCES = [
    {"source": "192.0.2.77", "count": 4, "at": "2026-11-24T11:00:00+00:00"},
    {"source": "2001:db8:1:2::/64", "count": 9, "at": "2026-11-24T11:30:00+00:00"},
    {"source": "203.0.113.9", "count": 2, "at": "2026-11-24T11:50:00+00:00"},
]


@pytest.mark.parametrize(
    ("addresses", "told"),
    [
        (("192.0.2.10",), "192.0.2.77"),
        (("192.0.2.0/28",), "192.0.2.77"),
        (("2001:db8:1:1::5",), "2001:db8:1:2::/64"),
        (("198.51.100.1", "sip.carrier.example"), None),
        ((), None),
    ],
)
def test_a_busy_house_is_told_of_its_carriers_neighbours_only(addresses, told):
    alarm = refused_source(SOURCES, addresses, last_call_at=AT - timedelta(hours=2), at=AT)
    assert (alarm and alarm.params["source"]) == told


@pytest.mark.parametrize("last", [None, AT - timedelta(days=2)])
def test_a_house_without_calls_is_told_of_the_last_source_that_was_refused(last):
    alarm = refused_source(SOURCES, ("198.51.100.1",), last_call_at=last, at=AT)
    assert alarm == Alarm(code="refused", params={"source": "203.0.113.9", "count": 2})
    assert refused_source([], (), last_call_at=last, at=AT) is None


def test_a_fault_stands_for_a_while_after_the_last_one():
    book = FaultBook()
    assert not book.is_standing(AT)
    book.note("KeyError", "permanence.exchange", AT - STANDS_FOR)
    assert not book.is_standing(AT)
    book.note("ValueError", "permanence.exchange.bus", AT)
    assert book.is_standing(AT)
    assert (book.count, book.kind, book.where) == (2, "ValueError", "permanence.exchange.bus")
