# SPDX-License-Identifier: AGPL-3.0-or-later
"""The thread that makes written bytes survive a power cut: one `fdatasync` for all that was written since the last."""

import contextlib
import os
import threading
from collections import deque
from collections.abc import Callable
from queue import Empty, SimpleQueue

from permanence.kernel.clock import Clock

GROUP_S = 0.014  # how long a sync waits for more to take along; with the sync itself, within 20 ms


class Syncer:
    """Syncs a file from its own thread. Positions count records; `synced` is the last one known to be on the disk."""

    def __init__(self, clock: Clock, on_synced: Callable[[int], None], on_failed: Callable[[OSError], None]) -> None:
        """`on_synced(position)` and `on_failed(error)` are called from the thread: they must only pass it on."""
        self._clock = clock
        self._on_synced = on_synced
        self._on_failed = on_failed
        self._fd: int | None = None
        self._retired: deque[int] = deque()
        self._written = 0
        self._closing = False
        self._failed = False
        # Queues for their waiting alone, which is C throughout (a Condition is not): the thread wakes for every call.
        self._work: SimpleQueue[None] = SimpleQueue()
        self._close_now: SimpleQueue[None] = SimpleQueue()
        self._idle = False
        self.synced = 0
        self.durations_s: deque[float] = deque(maxlen=2048)
        self._thread = threading.Thread(target=self._run, name="journal-sync", daemon=True)
        self._thread.start()

    def written(self, fd: int, position: int) -> None:
        """Record number `position` was just written to `fd`; an earlier, different `fd` is synced, then closed."""
        if self._fd != fd:
            if self._fd is not None:
                self._retired.append(self._fd)
            self._fd = fd
        self._written = position
        if self._idle:  # a thread that groups looks at what was written when it has waited: it is not woken
            self._idle = False
            self._work.put(None)

    def close(self) -> None:
        """Syncs what is left, closes the files and ends the thread."""
        self._closing = True
        self._close_now.put(None)
        self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        while True:
            self._idle = True
            if not self._has_work():  # looked at after `_idle` was set: what is written from now on wakes us
                self._work.get()
            self._idle = False
            with contextlib.suppress(Empty):
                self._close_now.get(timeout=GROUP_S)
            closing = self._closing
            target = self._written  # before `_fd`: what was written up to `target` is in it or in a retired one
            fd = self._fd
            if not self._failed:
                self._sync(fd, target)
            if closing and self._written <= target:
                if self._fd is not None:
                    os.close(self._fd)
                return

    def _has_work(self) -> bool:
        return self._closing or (not self._failed and (self._written > self.synced or bool(self._retired)))

    def _sync(self, fd: int | None, target: int) -> None:
        started = self._clock.monotonic()
        try:
            if fd is not None:
                os.fdatasync(fd)
            while self._retired:
                old = self._retired.popleft()
                os.fdatasync(old)
                os.close(old)
        except OSError as error:
            self._failed = True  # the next sync would succeed without what this one lost
            self._on_failed(error)
            return
        self.durations_s.append(self._clock.monotonic() - started)
        if target > self.synced:
            self.synced = target
            self._on_synced(target)
