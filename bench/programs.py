# SPDX-License-Identifier: AGPL-3.0-or-later
"""The parts of a bench that are programs of their own: run with a limit of time, told of as they begin and end."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CLONE = Path(__file__).resolve().parents[1]
GRACE_S = 20.0
"""To put away what it started: a browser, a database."""


class PartFailed(Exception):
    """A part of a bench gave no figures: it took too long, or it fell. In words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A module that prints one JSON value on stdout. `limit_s`: after so many seconds it is ended and has failed."""

    module: str
    limit_s: float

    def figures(self, *arguments: str) -> Any:
        """What it prints. Raises PartFailed."""
        name = self.module.removeprefix("bench.")
        told(f"{name} {' '.join(arguments)}: begins; {self.limit_s / 60:.1f} min at most")
        began = time.monotonic()
        with subprocess.Popen(
            [sys.executable, "-P", "-m", self.module, *arguments],
            cwd=CLONE,
            env={**os.environ, "PYTHONPATH": str(CLONE)},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            try:
                said, _ = process.communicate(timeout=self.limit_s)
            except subprocess.TimeoutExpired:
                raise PartFailed(f"{name} did not end within {self.limit_s / 60:.1f} min and was ended") from None
            finally:
                end(process)
        try:
            found = json.loads(said)
        except ValueError:
            raise PartFailed(f"{name} ended with status {process.returncode} and without figures") from None
        told(f"{name}: took {time.monotonic() - began:.0f} s")
        return found


def end(process: subprocess.Popen[str]) -> None:
    """Ends a program that leads a session of its own, and all that belongs to it, where it has not ended by itself."""
    if process.poll() is not None:
        return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=GRACE_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def told(words: str) -> None:
    """A line for who waits."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)
