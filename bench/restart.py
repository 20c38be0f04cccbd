# SPDX-License-Identifier: AGPL-3.0-or-later
"""`restart`: (a) how long after `kill -9` of the exchange its calls are led again; (b) how long `./run` takes to start
a house that was started before."""

import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Figures, priority
from bench.house import CLONE, BenchHouse, Worker, environment, folder_of_its_own, running
from tests.processes import KEY, ORIGIN, port_settings
from tests.stories import cast

PLACE_EVERY_S = 0.05
SETTLED_S, TAKEN_OVER_S = 20.0, 5.0
LOOK_S = 0.002
STOP_S = 30.0
NEVER_MS = 60_000.0
"""The figure of what did not come at all; it counts among the failed too."""
READY = "Permanence is ready."
"""What `./run` prints when every process of the house serves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """What goes on when the exchange dies: conversations, and callers who hear the music of the queue."""

    talking: int
    waiting: int


def taken_over(floor: Floor, runs: int) -> tuple[list[Figures], str]:
    """(a): each run in a house of its own, since three deaths within seconds set a journal aside."""
    found: list[Figures] = []
    words = ""
    for _ in range(runs):
        with running(null_media=False) as house:
            seats = Worker("seats", "bench.returning", folder=house.folder)
            callers = Worker("callers", "bench.callers", folder=house.folder)
            try:
                found.append(_one_death(house, seats, callers, floor))
            finally:
                callers.close()
                seats.close()
            words = f"exchange {priority(house.exchange.pid)}; media {priority(house.media.pid)}"
    return found, words


def _one_death(house: BenchHouse, seats: Worker, callers: Worker, floor: Floor) -> Figures:
    lines = house.publish(clients=1, secretaries=floor.talking, ring_before_music_s=1)
    seats.told({
        "line_port": house.line_port, "origin": ORIGIN, "house": cast.HOUSE, "key": KEY.hex(), "media": True,
        "secretaries": [str(number + 1) for number in range(floor.talking)],
    })  # fmt: skip
    seats.ready()
    callers.ready()
    total = floor.talking + floor.waiting
    callers.told({
        "sip_port": house.sip_port, "lines": lines, "rate": 1 / PLACE_EVERY_S, "seconds": total * PLACE_EVERY_S,
        "hold_s": 0, "rtp": True, "listens": floor.talking,
    })  # fmt: skip
    wanted = ["talking"] * floor.talking + ["waiting"] * floor.waiting
    before, _ = _calls(house, lambda calls: sorted(calls.values()) == wanted, SETTLED_S)
    seats.asked("watch")
    killed = house.replace_exchange()
    serving = time.monotonic_ns()
    after, shown = _calls(house, lambda calls: calls == before, TAKEN_OVER_S)
    first = seats.asked("first")
    rest = seats.asked(floor.waiting)
    done = callers.answer()
    moments = {
        "serving_ms": serving,
        "status_ms": shown,
        "end_accepted_ms": first["accepted_ns"],
        "bye_ms": done["ended"].get(first["caller"], 0),
        "seats_back_ms": max(rest["back_ns"]) if all(rest["back_ns"]) else 0,
    }
    since = {name: (moment - killed) / 1e6 if moment else NEVER_MS for name, moment in moments.items()}
    kept = places_kept(done["placed"], rest["offered"], floor)
    return {
        "takeover_ms": max(since["status_ms"], since["end_accepted_ms"], since["bye_ms"]),
        "lost": lost(before, after, total),
        **since,
        "longest_gap_ms": done["longest_gap_ms"],
        "places_kept": kept,
        "failed": done["failed"] + len(rest["refusals"]) + list(moments.values()).count(0) + floor.waiting - kept,
        "talking": floor.talking,
        "waiting": floor.waiting,
        "generator_cpu_s": done["cpu_s"] + rest["cpu_s"],
    }


def _calls(house: BenchHouse, wanted: Callable[[dict[str, str]], bool], within_s: float) -> tuple[dict[str, str], int]:
    """(call -> its state, the moment they were as wanted; 0: not within `within_s`). Nothing announces it: `status` is
    asked again and again, as somebody would who looks."""
    limit = time.monotonic() + within_s
    while True:
        calls = {str(call["call"]): str(call["state"]) for call in house.command("status")["calls"]}
        moment = time.monotonic_ns()
        if wanted(calls):
            return calls, moment
        if time.monotonic() > limit:
            return calls, 0
        time.sleep(LOOK_S)


def lost(before: dict[str, str], after: dict[str, str], total: int) -> int:
    """How many of `total` calls were not there before, or are not as they were (call -> state)."""
    return total - len(before) + sum(after.get(call) != state for call, state in before.items())


def places_kept(placed: dict[str, int], offered: list[str], floor: Floor) -> int:
    """How many callers of the queue were offered at the place that the moment of their INVITE gave them."""
    queue = sorted(placed, key=lambda number: placed[number])[floor.talking :]
    return sum(one == other for one, other in zip(queue, offered, strict=False))


def starts(runs: int) -> tuple[Figures, list[Figures]]:
    """(b): the first start of `./run` on an empty data folder, then so many on the same, from exec to ready.

    The environment in `.venv` is there already: the bench runs in it.
    """
    with folder_of_its_own() as folder:
        settings = {**environment(), **port_settings()}
        first = {"first_start_ms": _start(folder / "demo", settings)}
        return first, [{"second_start_ms": _start(folder / "demo", settings)} for _ in range(runs)]


def _start(data: Path, settings: dict[str, str]) -> float:
    """Milliseconds. The house is stopped again. Raises RuntimeError when it does not come up."""
    began = time.monotonic_ns()
    process = subprocess.Popen(
        [str(CLONE / "run"), "--data", str(data)], env=settings, text=True, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert process.stdout is not None
    said: list[str] = []
    try:
        for line in process.stdout:
            if READY in line:
                return (time.monotonic_ns() - began) / 1e6
            said.append(line)
        raise RuntimeError(f"./run did not come up: {''.join(said)[-2000:]}")
    finally:
        process.terminate()
        process.communicate(timeout=STOP_S)
