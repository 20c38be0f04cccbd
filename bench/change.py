# SPDX-License-Identifier: AGPL-3.0-or-later
"""How long a change takes from the database to the card: an operation is done, the worker publishes, a call comes.

The demonstration as real processes. The house's hand (`bench.change_hand`) writes an instruction and says when that was
committed; how long until the exchange holds it is the figure, and the card of the next call has to show it.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

from bench.figures import Figures
from bench.house import CLONE, folder_of_its_own
from tests.wire.next_card import LINE, card_of_the_next_call, claire_at_her_seat, held
from tests.wire.recorded_house import RecordedHouse, recorded_house

LOOK_S = 0.002
NEVER_MS = 10_000.0
"""The figure of a change that did not come; it counts among the failed too."""


def to_the_card(rounds: int, runs: int) -> list[Figures]:
    """The figures of each run, each in a house of its own."""
    return [_run(rounds) for _ in range(runs)]


def _run(rounds: int) -> Figures:
    with folder_of_its_own() as folder:
        return asyncio.run(_measured(folder, rounds))


async def _measured(folder: Path, rounds: int) -> Figures:
    took: list[float] = []
    failed = 0
    async with recorded_house(folder, None) as house, _hand(house) as hand:
        claire = await claire_at_her_seat(house)
        for number in range(rounds):
            words = f"Consigne mesurée, la {number + 1}e."
            version = held(house).version
            committed = await _told(hand, words)
            milliseconds = await _published(house, version, committed)
            took.append(milliseconds)
            shown = words in await card_of_the_next_call(house, claire)
            failed += milliseconds >= NEVER_MS or not shown
    took.sort()
    return {
        "change_p50_ms": took[len(took) // 2],
        "change_max_ms": took[-1],
        "changes": rounds,
        "failed": failed,
    }


async def _published(house: RecordedHouse, version: int, committed: int) -> float:
    """Milliseconds since the change was committed. Nothing announces it: one looks again and again."""
    while True:
        since = (time.monotonic_ns() - committed) / 1e6
        if held(house).version > version or since >= NEVER_MS:
            return min(since, NEVER_MS)
        await asyncio.sleep(LOOK_S)


async def _told(hand: asyncio.subprocess.Process, words: str) -> int:
    """Has the instruction written; the moment it was committed, CLOCK_MONOTONIC nanoseconds."""
    assert hand.stdin is not None
    assert hand.stdout is not None
    hand.stdin.write(json.dumps(words).encode() + b"\n")
    return int(await hand.stdout.readline())


@contextlib.asynccontextmanager
async def _hand(house: RecordedHouse) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.change_hand",
        LINE,
        cwd=CLONE,
        env=house.environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert await process.stdout.readline() == b"ready\n"
        yield process
    finally:
        process.stdin.close()
        await process.wait()
