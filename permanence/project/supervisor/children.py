# SPDX-License-Identifier: AGPL-3.0-or-later
"""One process of the house: started so that it dies with its parent, heard line by line, stopped with patience."""

import asyncio
import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable, Mapping

from permanence.kernel.pulse import PULSE_FD
from permanence.project.supervisor.log import Log
from permanence.project.supervisor.plan import Program

LINE_LIMIT = 1 << 16
PATIENCE_S = 8.0
"""Seconds that a process has to stop after SIGTERM; then it is killed."""

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)


def die_with(parent: int) -> Callable[[], None]:
    """For `preexec_fn`: the kernel ends this child when its parent ends, however that happens (prctl(2))."""

    def arrange() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # the parent ended before the call above
            os._exit(1)

    return arrange


class Child:
    """A running process. `ready` is set at its line `ready`; `wait` returns when it has ended and was heard out."""

    def __init__(self, program: Program, process: asyncio.subprocess.Process, log: Log, pulse: int | None) -> None:
        self.program = program
        self._pulse = pulse
        self.ready = asyncio.Event()
        self._process = process
        self._log = log
        if not program.says_ready:
            self.ready.set()
        self._listeners = [asyncio.create_task(self._listen(stream)) for stream in (process.stdout, process.stderr)]

    @classmethod
    async def start(cls, program: Program, environment: Mapping[str, str], log: Log) -> "Child":
        """Starts the program with this Python (or as it is, when its first argument is an absolute path)."""
        direct = program.arguments[0].startswith("/")
        command = program.arguments if direct else (sys.executable, "-P", *program.arguments)
        ours, theirs = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC) if program.pulses else (None, None)
        try:
            process = await cls._begin(program, command, environment, theirs)
        except BaseException:
            if ours is not None:
                os.close(ours)
            raise
        finally:
            if theirs is not None:
                os.close(theirs)
        return cls(program, process, log, ours)

    @staticmethod
    async def _begin(
        program: Program, command: tuple[str, ...], environment: Mapping[str, str], pulse: int | None
    ) -> asyncio.subprocess.Process:
        own = {name: value for name, value in environment.items() if name != PULSE_FD} | dict(program.environment)
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=own if pulse is None else {**own, PULSE_FD: str(pulse)},
            pass_fds=program.fds if pulse is None else (*program.fds, pulse),
            start_new_session=True,  # Ctrl-C reaches the supervisor alone
            preexec_fn=die_with(os.getpid()),
            limit=LINE_LIMIT,
        )

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    async def wait(self) -> int:
        """The exit status: negative for a signal."""
        status = await self._process.wait()
        await asyncio.gather(*self._listeners)
        if self._pulse is not None:
            os.close(self._pulse)
            self._pulse = None
        return status

    def pulsed(self) -> bool:
        """Whether a sign of life came since this was asked last."""
        came = False
        if self._pulse is not None:
            with contextlib.suppress(BlockingIOError):
                while os.read(self._pulse, 4096):
                    came = True
        return came

    async def stop(self) -> None:
        """The program's `stop_signal`, then SIGKILL after `PATIENCE_S`."""
        self.signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(self._process.wait(), PATIENCE_S)
        except TimeoutError:
            self._log.write("house", f"{self.program.name} did not stop in {PATIENCE_S:.0f} s: killed")
            self.signal(signal.SIGKILL)
            await self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Sends a signal; nothing happens when the process has ended."""
        if self._process.returncode is None:
            try:
                self._process.send_signal(number)
            except ProcessLookupError:
                return

    async def _listen(self, stream: asyncio.StreamReader | None) -> None:
        if stream is None:
            return
        while True:
            try:
                line = await stream.readline()
            except ValueError:  # a line longer than LINE_LIMIT: asyncio drops what it holds of it
                self._log.write(self.program.name, "(a line too long for the log)")
                continue
            if not line:
                return
            text = line.decode(errors="replace").rstrip()
            if text == "ready":
                self.ready.set()
            self._log.write(self.program.name, text)
