# SPDX-License-Identifier: AGPL-3.0-or-later
"""The media thread: it wakes every 5 ms, reads what arrived, and every 20 ms sends what has no clock of its own.

Reading in ticks instead of on every packet is what makes it cheap: one wake-up serves all the calls of a process.
"""

import logging
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Protocol

from permanence.engine.mediaplane.priority import raise_priority

_log = logging.getLogger(__name__)
_TRACES = 100  # traces logged, then one a minute: the thousandth tells nothing new and a disk is finite
_TRACE_EVERY_S = 60.0

TICK_S = 0.005
FRAME_S = 0.020
_IDLE_TICK_S = 0.020
_LATE_S = 0.1  # further behind than this the lost ticks are not made up for
_EVENTS = 1024

Work = Callable[[float], None]


class Steps(Protocol):
    """What the thread drives. Moments are monotonic seconds."""

    @property
    def idle(self) -> bool:
        """Whether nothing lives, so that a slower tick is enough."""

    def step(self, now: float) -> None:
        """20 ms of audio."""


class MediaLoop:
    """Owns the sockets' readiness and the ticks. `call` is the only door for other threads."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._ready: dict[int, Work] = {}
        self._jobs: deque[Work] = deque()
        self._running = True
        self.late = 0
        self.late_most_s = 0.0
        self.real_time = False
        self.failures = 0
        self._traced_at = 0.0

    def watch(self, sock: socket.socket, ready: Work | None) -> None:
        """Call `ready(now)` when the socket can be read, None to stop. Media thread only, or before it starts."""
        number = sock.fileno()
        if ready is None:
            if self._ready.pop(number, None) is not None:
                self._poll.unregister(number)
            return
        self._ready[number] = ready
        self._poll.register(number, select.EPOLLIN)

    def call(self, job: Work) -> None:
        """Run `job(now)` in the media thread, in order, within one tick. Any thread."""
        self._jobs.append(job)

    def stop(self) -> None:
        """End the thread after its tick. Any thread."""
        self._running = False

    def start(self, steps: Steps) -> threading.Thread:
        """Start the thread."""
        thread = threading.Thread(target=self._run, args=(steps,), name="media", daemon=True)
        thread.start()
        return thread

    def _run(self, steps: Steps) -> None:
        self.real_time = raise_priority()
        monotonic, sleep = time.monotonic, time.sleep
        next_tick = next_frame = monotonic()
        while self._running:
            next_tick += _IDLE_TICK_S if steps.idle else TICK_S
            wait = next_tick - monotonic()
            if wait > 0:
                sleep(wait)
            elif wait < -_LATE_S:
                next_tick = monotonic()
            now = monotonic()
            if now - next_tick > TICK_S:
                self.late += 1
                self.late_most_s = max(self.late_most_s, now - next_tick)
            self._read(now)
            if now >= next_frame:
                next_frame = now if now - next_frame > _LATE_S else next_frame + FRAME_S
                self._guarded(steps.step, now)

    def _read(self, now: float) -> None:
        ready = self._ready
        for number, _ in self._poll.poll(0, _EVENTS):
            work = ready.get(number)  # a socket closed by one before it in the batch is not there any more
            if work is not None:
                self._guarded(work, now)
        jobs = self._jobs
        while jobs:
            self._guarded(jobs.popleft(), now)

    def _guarded(self, work: Work, now: float) -> None:
        """A fault in the handling of one packet or party must not stop the audio of all the others."""
        try:
            work(now)
        except Exception:
            self.failures += 1
            if self.failures <= _TRACES or now - self._traced_at >= _TRACE_EVERY_S:
                self._traced_at = now
                _log.exception("media: a step failed")
