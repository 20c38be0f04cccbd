# SPDX-License-Identifier: AGPL-3.0-or-later
"""The races of `./run bench agenda`: at the level of operations, and through every door, on both databases.

A proof more than a figure: they run once, whatever number of runs is asked for. `--full` is the whole of it, in pieces:
what a piece found is kept (`agenda_kept`), and whoever asks again races only those that are missing.
"""

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from bench.agenda_doors import NAMES
from bench.agenda_kept import Pieces
from bench.agenda_race import PROCESSES, Figures
from bench.agenda_read import changed_since
from bench.figures import Before
from bench.programs import Program, told

DATABASES = ("sqlite", "postgresql")
REMARKS = (
    f"race: {PROCESSES} processes that book, overbook, hold, move, cancel and block at the level of operations "
    "(race_attempts), and as many that come through the console, the public pages, $book and CalDAV in turn, each "
    "giving back most of what he took (race_door_attempts, through all doors together); sums of SQLite and PostgreSQL",
    "race_overlaps: visits, events or devices at one moment, appointments and events without their span, bookings that "
    "were promised and do not stand or stand unpromised, acts that ended in anything but success or a named refusal; "
    "..._refused: every refusal by its name",
)


@dataclass(frozen=True, slots=True)
class Size:
    """Attempts of a piece at the level of operations, and through each door; on each database. `pieces` of a race are
    one after the other, each in empty databases and with chances of its own; where they are many they are kept."""

    operations: int
    each_door: int
    pieces: int = 1

    @property
    def operations_s(self) -> float:
        """How long a piece takes at the level of operations, both databases on two cores, seconds, roughly."""
        return START_S + self.operations * ACT_MS / 1000

    @property
    def doors_s(self) -> float:
        """The same through the doors."""
        return START_S + self.each_door * DOORS_MS / 1000

    @property
    def about_s(self) -> float:
        """All pieces."""
        return self.pieces * (self.operations_s + self.doors_s)


QUICK, USUAL, FULL = Size(120, 8), Size(4_000, 120), Size(50_000, 1_000, pieces=20)
START_S = 20
"""Two empty databases are migrated and peopled, and every process compiles its queries."""
ACT_MS, DOORS_MS = 8.0, 200.0
"""What an attempt on each database takes while twice 24 processes share two cores: an operation; one through each of
the four doors. It is CPU, nearly all of it ours: processes are forked once, and nothing goes through a network."""
LEAST_S, TIMES = 240, 5
"""A race has failed when it takes so much longer than it is thought to."""


def part(size: Size) -> Figures:
    """The figures of both races; `failed` counts what must not be. Raises PartFailed."""
    return figures_of(_kept(size, lambda nth: piece(size, nth)) if size.pieces > 1 else piece(size, 0))


def piece(size: Size, nth: int) -> Figures:
    """What both races of one piece found, which run side by side: each waits for its locks. Raises PartFailed."""
    limit_s = LEAST_S + TIMES * (size.operations_s + size.doors_s)

    def run(name: str, attempts: int) -> Figures:
        program = Program(module=f"bench.agenda_{name}", limit_s=limit_s)
        figures: Figures = program.figures("--attempts", str(attempts), "--seed", str(nth))
        return figures

    with ThreadPoolExecutor(2) as side:
        begun = {
            name: side.submit(run, name, many) for name, many in (("race", size.operations), ("doors", size.each_door))
        }
        found: Figures = {name: each.result() for name, each in begun.items()}
    runs = *found["race"]["race"].values(), *found["doors"].values()
    return {**found, "read": sorted({file for each in runs for file in each.pop("read")})}


def _kept(size: Size, run: Callable[[int], Figures]) -> Figures:
    """All pieces together: those that are kept, and the others, each of which is kept as soon as it is there."""
    pieces = Pieces(size)
    told(f"race: {len(pieces.found())} of {size.pieces} pieces are in {pieces.file}")
    # One that is kept may show that those before it were of another code: they are raced again.
    while missing := sorted(set(range(size.pieces)) - pieces.found().keys()):
        began = time.time()
        found = run(missing[0])
        read = found.pop("read")
        if changed_since(read, began):
            told(f"race: what piece {missing[0]} has read was changed meanwhile: it is not kept")
            continue
        pieces.keep(missing[0], found, read, machine=Before.look().machine)
        told(f"race: {len(pieces.found())} of {size.pieces} pieces are in {pieces.file}")
    together, *others = (found for _nth, found in sorted(pieces.found().items()))
    for each in others:
        together = added(together, each)
    return together


def added(first: Any, second: Any) -> Any:
    """Two pieces of figures as one: numbers added up, lists one after the other, whatever is named so in both."""
    if isinstance(first, dict):
        names = dict.fromkeys([*first, *second])
        both = first.keys() & second.keys()
        return {name: added(first[name], second[name]) if name in both else (first | second)[name] for name in names}
    return first + second


def figures_of(races: Figures) -> Figures:
    """As they stand in the table."""
    acts, doors = races["race"], races["doors"]
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
