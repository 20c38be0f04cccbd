# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whoever commits an event wakes whoever delivers it: an empty datagram on the Unix socket `run/worker.sock`.

Only a hint, so that nobody waits for the next look. A datagram that is lost (no worker, a full socket, a process of
another machine) costs at most that wait, and one too many a look in vain.
"""

import contextlib
import os
import socket
from pathlib import Path
from types import TracebackType
from typing import Self

SOCKET = "worker.sock"
"""Its name in the house's folder `run`."""
MANY = 4096
"""Bytes read of a datagram; it has none that matter."""


def wake(path: Path) -> None:
    """Wake who waits on `path`, if anybody does. Never waits, never fails."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out, contextlib.suppress(OSError):
        out.setblocking(False)
        out.sendto(b"", str(path))


class Waiter:
    """Waits on `path`, a socket of mode 0600, until its block ends. One that nobody waits on any more is replaced.

    Where the socket cannot be made (a path that is too long, a folder that is not there) nothing wakes it: it waits for
    as long as it is told.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)
            before = os.umask(0o177)
            try:
                self._socket.bind(str(path))
            finally:
                os.umask(before)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def wait(self, seconds: float) -> bool:
        """Whether somebody woke it within `seconds`; all that woke it so far count once."""
        self._socket.settimeout(seconds)
        try:
            self._socket.recv(MANY)
            self._socket.setblocking(False)
            while True:
                self._socket.recv(MANY)
        except TimeoutError:
            return False
        except BlockingIOError:
            return True
