# SPDX-License-Identifier: AGPL-3.0-or-later
"""The callers of the demonstration house, with the volumes and hours of the trade (`./run demo`, `demo_command`).

A general practitioner's practice gets 20 to 60 calls a day; 77 % of a day's calls come between 9 and 12 and between 14
and 19, the peak is 9 to 10 with 11 %; a call answered personally lasts 2 min 12 s on average (URPS Ile-de-France 2012).
"""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from permanence.kernel.clock import Entropy
from permanence.kernel.system import SystemClock
from permanence.project import line_states
from permanence.project.demo_cast import NUMBERS
from permanence.project.demo_chance import exponential, fraction, one_of
from permanence.project.phone import directory, sound
from permanence.project.phone.command import told
from permanence.project.phone.softphone import Softphone
from permanence.project.supervisor.start import say

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
        name, number = one_of(lines(), entropy)
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

    def summary(self) -> str:
        """What became of them, in one sentence."""
        return f"{self.count} callers, {self.connected} connected, {self.answered} answered by a secretary."

    async def walk(self, coming: Iterator[Caller]) -> None:
        """Lets callers come until it is cancelled."""
        for caller in coming:
            await asyncio.sleep(caller.gap)
            task = asyncio.create_task(self.one(caller))
            self.calls.add(task)
            task.add_done_callback(self.calls.discard)

    async def go_home(self) -> None:
        """Everybody hangs up, and is waited for."""
        await self.phone.close()
        await asyncio.gather(*self.calls, return_exceptions=True)
