# SPDX-License-Identifier: AGPL-3.0-or-later
"""The races of `./run bench agenda`: at the level of operations, and through every door, on both databases.

A proof more than a figure: it runs once, whatever number of runs is asked for. `--full` is the whole of it.
"""

from collections import Counter
from dataclasses import dataclass

from bench import agenda_doors, agenda_race
from bench.agenda_doors import NAMES, Heat
from bench.agenda_race import PROCESSES, Figures

DATABASES = ("sqlite", "postgresql")
REMARKS = (
    f"race: {PROCESSES} processes that book, hold, move, cancel and block at the level of operations (race_attempts), "
    "and as many that come through the console, the public pages, $book and CalDAV in turn, each giving back most of "
    "what he took (race_door_attempts, through all doors together); sums of SQLite and PostgreSQL",
    "race_overlaps: visits, events or devices at one moment, appointments and events without their span, bookings that "
    "were promised and do not stand or stand unpromised, acts that ended in anything but success or a named refusal; "
    "..._refused: every refusal by its name",
)


@dataclass(frozen=True, slots=True)
class Size:
    """Attempts at the level of operations, and through each door; on each database."""

    operations: int
    each_door: int

    @property
    def about_s(self) -> float:
        """How long it takes on two cores, seconds, roughly."""
        starts_s = 4 * START_S
        return starts_s + len(DATABASES) * (self.operations * ACT_MS + self.each_door * DOORS_MS) / 1000


QUICK, USUAL, FULL = Size(120, 8), Size(12_000, 240), Size(1_000_000, 20_000)
START_S = 10
"""An empty database is migrated and peopled."""
ACT_MS, DOORS_MS = 7.0, 150.0
"""What an attempt takes while 24 processes share two cores: an operation; one through each of the four doors."""


def part(size: Size) -> Figures:
    """The figures of both races; `failed` counts what must not be."""
    acts = agenda_race.measure(attempts=size.operations)
    doors = agenda_doors.measure(Heat(attempts=size.each_door))
    overlaps = acts["race_overlaps"] + sum(each["race_overlaps"] for each in doors.values())
    found: Figures = {
        "race_attempts": acts["race_attempts"],
        "race_door_attempts": sum(each["race_attempts"] for each in doors.values()),
        "race_overlaps": overlaps,
        "race_processes": PROCESSES,
        "failed": overlaps,
    }
    for name in DATABASES:
        act, door = acts["race"][name], doors[name]
        found[f"race_{name}_s"] = act["seconds"]
        found[f"race_{name}_done"] = counted(act["done"])
        found[f"race_{name}_refused"] = counted(act["refused"])
        found[f"race_{name}_wrong"] = counted({**act["wrong"], "unnamed": len(act["unnamed"])})
        found[f"race_doors_{name}_s"] = door["seconds"]
        for each in NAMES:
            tally = door["doors"][each]
            found[f"race_{each}_{name}_taken"] = tally["taken"]
            found[f"race_{each}_{name}_refused"] = counted(tally["refused"])
        found[f"race_doors_{name}_wrong"] = counted({**door["wrong"], "unnamed": len(door["unnamed"])})
    return found


def counted(names: dict[str, int]) -> str:
    """In words, the most frequent first; "none" where there is none."""
    return ", ".join(f"{name} {count}" for name, count in Counter(names).most_common() if count) or "none"
