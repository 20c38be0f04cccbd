# SPDX-License-Identifier: AGPL-3.0-or-later
"""The thread that makes written bytes survive a power cut: one `fdatasync` for all that was written since the last."""

import os
import threading
from collections import deque
from collections.abc import Callable

from permanence.kernel.clock import Clock

GROUP_S = 0.014  # how long a sync waits for more to take along; with the sync itself, within 20 ms


class Syncer:
    """Syncs a file from its own thread. Positions count records; `synced` is the last one known to be on the disk."""

    def __init__(self, clock: Clock, on_synced: Callable[[int], None], on_failed: Callable[[OSError], None]) -> None:
        """`on_synced(position)` and `on_failed(error)` are called from the thread: they must only pass it on."""
        self._clock = clock
        self._on_synced = on_synced
        self._on_failed = on_failed
        self._condition = threading.Condition()
        self._fd: int | None = None
        self._retired: list[int] = []
        self._written = 0
        self._closing = False
        self._failed = False
        self._idle = False
        self.synced = 0
        self.durations_s: deque[float] = deque(maxlen=2048)
        self._thread = threading.Thread(target=self._run, name="journal-sync", daemon=True)
        self._thread.start()

    def written(self, fd: int, position: int) -> None:
        """Record number `position` was just written to `fd`; an earlier, different `fd` is synced, then closed."""
        with self._condition:
            if self._fd is not None and self._fd != fd:
                self._retired.append(self._fd)
            self._fd = fd
            self._written = position
            if self._idle:  # a thread that groups looks at what was written when it has waited: it is not woken
                self._idle = False
                self._condition.notify()

    def close(self) -> None:
        """Syncs what is left, closes the files and ends the thread."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                self._idle = True
                self._condition.wait_for(self._has_work)
                self._idle = False
                self._condition.wait_for(lambda: self._closing, timeout=GROUP_S)
                fd, target, retired = self._fd, self._written, self._retired
                self._retired = []
                closing = self._closing
            if not self._failed:
                self._sync(fd, target, retired)
            with self._condition:
                if closing and self._written <= target:
                    if self._fd is not None:
                        os.close(self._fd)
                    return

    def _has_work(self) -> bool:
        return self._closing or (not self._failed and (self._written > self.synced or bool(self._retired)))

    def _sync(self, fd: int | None, target: int, retired: list[int]) -> None:
        started = self._clock.monotonic()
        try:
            for old in retired:
                os.fdatasync(old)
                os.close(old)
            if fd is not None:
                os.fdatasync(fd)
        except OSError as error:
            self._failed = True  # the next sync would succeed without what this one lost
            self._on_failed(error)
            return
        self.durations_s.append(self._clock.monotonic() - started)
        if target > self.synced:
            self.synced = target
            self._on_synced(target)
