# SPDX-License-Identifier: AGPL-3.0-or-later
"""Processes that want the same slot at the same moment, through every door: one has it, all others read why not. Events
of calendars may lie over each other, never over a booking.

A short run of the bench, on the database of the suite.
"""

import pytest

from bench import agenda_doors
from bench.agenda_doors import NAMES, Heat
from tests.rooms.test_agenda_race import url

__all__ = ("url",)

RACERS = 8
OTHERS_FIRST = {"slot_already_taken", "agenda_busy", "not_available"}
"""How a door says that somebody else was there."""


def check(found, attempts):
    assert found["unnamed"] == []
    assert set(found["wrong"].values()) == {0}
    assert {name: each["attempts"] for name, each in found["doors"].items()} == attempts
    for name, each in found["doors"].items():
        assert each["taken"] + sum(each["refused"].values()) >= each["attempts"], name
        assert each["refused"].keys() <= OTHERS_FIRST, name


def taken(found):
    return sum(each["taken"] for each in found["doors"].values())


@pytest.fixture
def heats():
    """Every door alone, for one moment; all of them for one; all of them for many, giving back."""
    alone = [Heat(doors=(name,), attempts=RACERS, processes=RACERS, slots=1, back=0) for name in NAMES]
    together = Heat(attempts=RACERS, processes=RACERS, slots=1, back=0)
    return [*alone, together, Heat(attempts=3 * RACERS, processes=RACERS, slots=12)]


def test_through_every_door_a_slot_is_taken_once_and_every_no_has_its_name(url, tmp_path, heats):
    *single, many = agenda_doors.run(tmp_path, url, heats)
    for heat, found in zip(heats, single, strict=False):
        check(found, dict.fromkeys(heat.doors, RACERS))
        events = found["doors"].get("caldav", {"taken": 0})["taken"]
        assert taken(found) - events == (events == 0), heat
    check(many, dict.fromkeys(NAMES, 3 * RACERS))
    assert all(each["taken"] >= each["given_back"] for each in many["doors"].values())
    assert taken(many) > RACERS
