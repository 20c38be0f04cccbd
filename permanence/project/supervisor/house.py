# SPDX-License-Identifier: AGPL-3.0-or-later
"""The running house: its processes started in order, kept running, and stopped in order."""

import asyncio
import signal
from collections.abc import Callable, Mapping, Sequence

from permanence.kernel.clock import Clock
from permanence.project.supervisor.children import Child
from permanence.project.supervisor.log import Log
from permanence.project.supervisor.plan import STEADY_S, Program, restart_delay, stop_order
from permanence.project.supervisor.signs import LOOK_S, Signs, activity

READY_S = 40.0
"""Seconds after which a process that has not said `ready` is reported."""


class House:
    """Keeps the programs of one house running until it is told to stop. `say` prints one line to the owner."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        environment: Mapping[str, str],
        log: Log,
        clock: Clock,
        say: Callable[[str], None],
        look_s: float = LOOK_S,
    ) -> None:
        """`look_s`: how often each process is looked at for a sign of life."""
        self._programs = programs
        self._environment = environment
        self._log = log
        self._clock = clock
        self._say = say
        self._look_s = look_s
        self._children: dict[str, Child] = {}
        self._ready = {program.name: asyncio.Event() for program in programs}
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Asks the house to stop; called twice, it stops without patience."""
        if self._stopping.is_set():
            for child in self._children.values():
                child.signal(signal.SIGKILL)
        self._stopping.set()

    async def run(self, when_ready: Callable[[], None]) -> None:
        """Returns when the house has stopped. `when_ready` is called once, when every process has said `ready`."""
        keepers = [asyncio.create_task(self._keep(program)) for program in self._programs]
        greeter = asyncio.create_task(self._greet(when_ready))
        await self._stopping.wait()
        greeter.cancel()
        for name in stop_order(list(self._children)):
            if name in self._children:
                self._say(f"stopping {name}")
                await self._children[name].stop()
        for keeper in keepers:
            keeper.cancel()
        await asyncio.gather(*keepers, greeter, return_exceptions=True)

    async def _greet(self, when_ready: Callable[[], None]) -> None:
        waiting = list(self._ready)
        while waiting:
            try:
                await asyncio.wait_for(self._ready[waiting[0]].wait(), READY_S)
            except TimeoutError:
                self._report(waiting[0], f"{waiting[0]} is not ready after {READY_S:.0f} s")
                continue
            waiting.pop(0)
        when_ready()

    async def _keep(self, program: Program) -> None:
        if program.after is not None:
            await self._ready[program.after].wait()
        ends = 0
        while not self._stopping.is_set():
            started = self._clock.monotonic()
            child = await Child.start(program, self._environment, self._log)
            self._children[program.name] = child
            heard = asyncio.create_task(self._hear(program.name, child))
            watched = asyncio.create_task(self._watch(program.name, child))
            status = await child.wait()
            heard.cancel()
            watched.cancel()
            self._children.pop(program.name, None)
            if self._stopping.is_set():
                return
            ends = 1 if self._clock.monotonic() - started > STEADY_S else ends + 1
            delay = restart_delay(ends)
            self._report(program.name, f"{program.name} ended ({_how(status)}); started again in {delay:g} s", ends < 3)
            await asyncio.sleep(delay)

    async def _hear(self, name: str, child: Child) -> None:
        await child.ready.wait()
        self._ready[name].set()
        self._log.write("house", f"{name} is ready (process {child.pid})")

    async def _watch(self, name: str, child: Child) -> None:
        """A process that pulses, and hangs once it serves, is killed: `_keep` starts it again."""
        if not child.program.pulses:
            return
        await child.ready.wait()
        signs, looks = Signs(), 0
        while not self._stopping.is_set():
            await asyncio.sleep(self._look_s)
            pulsed = child.pulsed()
            looks = 0 if pulsed else looks + 1
            if signs.look(pulsed=pulsed, found=None if pulsed else activity(child.pid)) and not self._stopping.is_set():
                self._report(
                    name, f"{name} gives no sign of life ({looks * self._look_s:g} s): killed", at_length=False
                )
                child.signal(signal.SIGKILL)
                return

    def _report(self, name: str, sentence: str, at_length: bool = True) -> None:
        self._log.write("house", sentence)
        self._say(sentence)
        for line in self._log.tail(name)[-3:] if at_length else ():
            self._say(f"    {line}")


def _how(status: int) -> str:
    if status < 0:
        return f"signal {signal.Signals(-status).name}"
    return f"status {status}"
