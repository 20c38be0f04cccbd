# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run demo`: callers for the demonstration house, until Ctrl-C, with the volumes and hours of the trade.

A general practitioner's practice gets 20 to 60 calls a day; 77 % of a day's calls come between 9 and 12 and between 14
and 19, the peak is 9 to 10 with 11 %; a call answered personally lasts 2 min 12 s on average (URPS Ile-de-France 2012).
"""

import argparse
import asyncio
import math
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project import line_states
from permanence.project.demo_cast import NUMBERS
from permanence.project.phone import directory, sound
from permanence.project.phone.command import known_sounds, reachable, told
from permanence.project.phone.softphone import Softphone
from permanence.project.supervisor import folder
from permanence.project.supervisor.start import DEMONSTRATION, say

CALLS_A_DAY = 40
"""Of one line of the demonstration, on an ordinary day."""
QUIET, BUSY, PEAK = 0.0575, 0.66 / 7, 0.11
HOURS = {8: QUIET, 9: PEAK, 12: QUIET, 13: QUIET, 19: QUIET, **dict.fromkeys((10, 11, 14, 15, 16, 17, 18), BUSY)}
"""The share of a day's calls that comes in the hour that begins then."""
TALK_S = 132.0
PATIENCE_S = 60.0
WITHHELD = 0.1


def calls_an_hour(lines: int, hour: int, scale: float) -> float:
    """How many callers all lines together get in an hour of the day; `scale` makes a small house busier."""
    return lines * CALLS_A_DAY * HOURS.get(hour, 0.0) * scale


def fraction(entropy: Entropy) -> float:
    """A number from 0 (included) to 1 (excluded)."""
    return int.from_bytes(entropy.token(6), "big") / (1 << 48)


def exponential(mean: float, entropy: Entropy) -> float:
    """A waiting time without memory, whose mean is `mean`: gaps between callers, talk, patience."""
    return -mean * math.log(1.0 - fraction(entropy))


@dataclass(frozen=True, slots=True)
class Caller:
    """One caller to come: `gap` seconds after the one before; hangs up `talk` after the answer, or out of patience."""

    gap: float
    number: str
    name: str
    caller: str
    anonymous: bool
    patience: float
    talk: float


def gaps(
    first: int, scale: float, entropy: Entropy, *, speed: float = 1.0, lines: int = len(NUMBERS)
) -> Iterator[float]:
    """Seconds from each caller to the next, along the curve of the day from its hour `first`; the night is left out.

    `speed`: how many seconds of that day pass in one of ours. A Poisson process whose rate changes with the hour, by
    thinning (Lewis and Shedler 1979): callers come at the rate of the peak and as many stay as the hour wants.
    """
    hours = sorted(HOURS)
    peak = max(HOURS.values())
    mean = 3600.0 / calls_an_hour(lines, 9, scale) / speed
    now = hours.index(first) * 3600.0
    gap = 0.0
    while True:
        step = exponential(mean, entropy)
        gap, now = gap + step, now + step * speed
        if fraction(entropy) * peak < HOURS[hours[int(now // 3600) % len(hours)]]:
            yield gap
            gap = 0.0


def open_lines(data: Path) -> Sequence[tuple[str, str]]:
    """The lines of the demonstration that are open at this moment; all of them when none is."""
    table, now = line_states.read_table(data), SystemClock().now()
    return [line for line in NUMBERS if line_states.is_open(line[1], table, at=now)] or NUMBERS


def callers(
    coming: Iterable[float],
    entropy: Entropy,
    *,
    talk_s: float = TALK_S,
    lines: Callable[[], Sequence[tuple[str, str]]] = lambda: NUMBERS,
) -> Iterator[Caller]:
    """A caller after each gap, from numbers kept for fiction (06 39 98 xx xx), on one of `lines()` (names, E.164)."""
    for gap in coming:
        called = lines()
        name, number = called[int(fraction(entropy) * len(called))]
        yield Caller(
            gap=gap,
            number=number,
            name=name,
            caller=f"+3363998{int(fraction(entropy) * 10000):04d}",
            anonymous=fraction(entropy) < WITHHELD,
            patience=10.0 + exponential(PATIENCE_S, entropy),
            talk=5.0 + exponential(talk_s, entropy),
        )


@dataclass(slots=True)
class Answer:
    """What one caller hears. `person` is set once a secretary is there, even one who says nothing yet.

    Silence after the closing words is not hers: there a message is recorded.
    """

    closing: bool = False
    person: asyncio.Event = field(default_factory=asyncio.Event)

    def hears(self, caller: Caller, step: str, detail: str) -> None:
        """One step of the call, as `softphone.Progress`; prints it."""
        if step == "hears":
            self.closing = self.closing or detail in {"closing", "tone"}
            if detail == "speech" or (detail == "silence" and not self.closing):
                if not self.person.is_set():
                    self.person.set()
                    say(f"  {caller.caller} -> {caller.name}: a secretary answers")
                return
            if detail == "silence":
                return
        say(f"  {caller.caller} -> {caller.name}: {told(step, detail)}")


@dataclass(slots=True)
class Street:
    """The callers on their telephones, and what became of them."""

    phone: Softphone
    calls: set[asyncio.Task[None]] = field(default_factory=set)
    count: int = 0
    connected: int = 0
    answered: int = 0

    async def one(self, caller: Caller) -> None:
        """One caller from dialling to hanging up."""
        language = directory.look_up_language(caller.number)
        answer = Answer()
        call = await self.phone.call(
            caller.number,
            caller=caller.caller,
            display="",
            anonymous=caller.anonymous,
            frames=sound.frames(sound.built_in_voice(language), repeat=True),
            progress=lambda step, detail: answer.hears(caller, step, detail),
        )
        self.count += 1
        over = asyncio.create_task(call.over.wait())
        person = asyncio.create_task(answer.person.wait())
        await asyncio.wait((over, person), timeout=caller.patience, return_when=asyncio.FIRST_COMPLETED)
        self.connected += call.answered.is_set()
        if answer.person.is_set():
            self.answered += 1
            await asyncio.wait((over,), timeout=caller.talk)
        person.cancel()
        if not call.over.is_set():
            self.phone.hang_up(call)
        await over

    async def walk(self, coming: Iterator[Caller]) -> None:
        """Lets callers come until it is cancelled."""
        for caller in coming:
            await asyncio.sleep(caller.gap)
            task = asyncio.create_task(self.one(caller))
            self.calls.add(task)
            task.add_done_callback(self.calls.discard)


async def _demo(house: tuple[str, int], data: Path, coming: Iterator[Caller]) -> Street:
    street = Street(Softphone(house, SystemEntropy(), known_sounds(data)))
    await street.phone.open()
    walking = asyncio.create_task(street.walk(coming))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, walking.cancel)
    await asyncio.wait([walking])
    await street.phone.close()
    await asyncio.gather(*street.calls, return_exceptions=True)
    return street


def main(arguments: Sequence[str]) -> int:
    """Status 0 after Ctrl-C."""
    parser = argparse.ArgumentParser(prog="./run demo", description="Sends callers to the demonstration house.")
    parser.add_argument("--data", type=Path, default=DEMONSTRATION, help="its data folder (default: var/demo)")
    parser.add_argument("--hour", type=int, choices=sorted(HOURS), default=9, help="where the day begins (default: 9)")
    parser.add_argument("--speed", type=float, default=1.0, help="how fast the day passes (default: 1, as it is)")
    parser.add_argument("--scale", type=float, default=5.0, help="times the calls of three lines (default: 5)")
    parser.add_argument("--talk", type=float, default=TALK_S, help=f"mean seconds of a conversation ({TALK_S:.0f})")
    options = parser.parse_args(arguments)
    status = folder.read_status(options.data.resolve())
    if status is None or not status["demonstration"]:
        raise Refusal(f"No demonstration house is running on {options.data}. Start it first: ./run")
    an_hour = calls_an_hour(len(NUMBERS), options.hour, options.scale)
    if an_hour <= 0 or options.speed <= 0:
        raise Refusal("--scale and --speed must be above 0.")
    say(
        f"{options.hour} h: {an_hour * options.speed:.0f} callers an hour on {len(NUMBERS)} lines, "
        f"then as the day goes; Ctrl-C stops them"
    )
    house = (reachable(str(status["sip"]["host"])), int(status["sip"]["port"]))
    coming = gaps(options.hour, options.scale, SystemEntropy(), speed=options.speed)
    data = options.data.resolve()
    people = callers(coming, SystemEntropy(), talk_s=options.talk, lines=lambda: open_lines(data))
    street = asyncio.run(_demo(house, data, people))
    say(f"{street.count} callers, {street.connected} connected, {street.answered} answered by a secretary.")
    return 0
