# SPDX-License-Identifier: AGPL-3.0-or-later
"""Three crashes on one journal: it is set aside, and the telephone starts without it rather than not at all.

The file `starts` in the journal's folder counts the starts that did not live long enough to be called healthy.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from permanence.engine.exchange import segments
from permanence.engine.exchange.journal import CRASHES_BEFORE_ASIDE, Journal
from permanence.kernel.clock import Clock

_STARTS = "starts"
_SEQUENCE_MARGIN = 10_000  # beyond whatever the unreadable part could have held


def count_start(folder: Path) -> int:
    """Notes that the exchange starts on this journal; returns how many starts in a row were not healthy, this one
    included. Call `note_healthy` once the exchange has lived long enough."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / _STARTS
    try:
        count = int(path.read_text()) + 1
    except (OSError, ValueError):
        count = 1
    _write(path, count)
    return count


def note_healthy(folder: Path) -> None:
    """This start is a good one: the count begins again."""
    _write(folder / _STARTS, 0)


def set_aside_if_due(folder: Path, starts: int) -> Path | None:
    """Renames the segments away when `CRASHES_BEFORE_ASIDE` starts crashed; where they went, or None."""
    if starts <= CRASHES_BEFORE_ASIDE:
        return None
    return set_aside(folder)


def set_aside(folder: Path) -> Path | None:
    """Moves every segment into a folder of its own beside the journal; None when there was none."""
    paths = segments.segment_paths(folder)
    if not paths:
        return None
    base = folder.parent / f"{folder.name}-aside"
    number = 1
    while (base / str(number)).exists():
        number += 1
    target = base / str(number)
    target.mkdir(parents=True, mode=0o700)
    for path in paths:
        path.rename(target / path.name)
    _write(folder / _STARTS, 0)
    return target


def carry_over(aside: Path, journal: Journal) -> int:
    """Brings the events nobody acknowledged from a set-aside journal into `journal`; returns how many.

    States stay behind (one of them may be what crashed the exchange). Sequences go on well above the old ones.
    """
    acknowledged, last = 0, 0
    events: list[tuple[int, dict[str, object]]] = []
    for path in segments.segment_paths(aside):
        try:
            for record, _ in segments.scan(path.read_bytes()):
                if record.get("k") == "event":
                    last = max(last, int(record["n"]))
                    events.append((int(record["n"]), record["e"]))
                elif record.get("k") == "base":
                    last = max(last, int(record["n"]) - 1)
                    acknowledged = max(acknowledged, int(record["a"]))
                elif record.get("k") == "ack":
                    acknowledged = max(acknowledged, int(record["n"]))
        except (segments.UnreadableSegment, KeyError, TypeError, ValueError):
            continue  # what cannot be believed is left where it is, for a human
    carried = [event for sequence, event in events if sequence > acknowledged]
    journal.skip_to(last + _SEQUENCE_MARGIN)
    for event in carried:
        journal.append(event)
    return len(carried)


def states_of(aside: Path) -> dict[str, Any]:
    """The last states of a set-aside journal, as far as it can be read; nothing is written."""
    states: dict[str, Any] = {}
    for path in segments.segment_paths(aside):
        try:
            for record, _ in segments.scan(path.read_bytes()):
                if record.get("k") == "base":
                    states.clear()
                elif record.get("k") == "state":
                    states[record["s"]] = record["v"]
        except (segments.UnreadableSegment, KeyError, TypeError, ValueError, OSError):
            continue
    return {name: value for name, value in states.items() if value is not None}


def open_journal[J: Journal](
    folder: Path, clock: Clock, on_synced: Callable[[int], None], kind: Callable[..., J]
) -> tuple[J, Path | None]:
    """The journal, and the folder the previous one was set aside to when it crashed the exchange too often or is of
    a version this code cannot read. `kind` is `Journal` or a class of its kind."""
    aside = set_aside_if_due(folder, count_start(folder))
    try:
        journal = kind(folder, clock, on_synced=on_synced)
    except segments.UnreadableSegment:
        aside = set_aside(folder)
        journal = kind(folder, clock, on_synced=on_synced)
    if aside is not None:
        carry_over(aside, journal)
    return journal, aside


def _write(path: Path, count: int) -> None:
    temporary = path.with_suffix(".new")
    temporary.write_text(str(count))
    os.replace(temporary, path)
