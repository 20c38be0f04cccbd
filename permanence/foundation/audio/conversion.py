# SPDX-License-Identifier: AGPL-3.0-or-later
"""Has a file converted (`convert`), in a process that may die of it; one at a time: calls need the processor."""

import json
import subprocess
import sys
import threading
from pathlib import Path

from permanence.foundation.audio.refusals import BUSY, CODES, DAMAGED, LARGEST, TOO_LARGE, AudioRefused

LIMIT_S = 30.0
PATIENCE_S = 20.0
"""How long a file waits for the one before it."""
_CLONE = Path(__file__).resolve().parents[3]
_TURN = threading.Lock()


def converted(data: bytes) -> bytes:
    """The audio as A-law at 8 kHz. Raises AudioRefused."""
    if len(data) > LARGEST:
        raise AudioRefused(TOO_LARGE)
    if not _TURN.acquire(timeout=PATIENCE_S):
        raise AudioRefused(BUSY)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "permanence.foundation.audio.convert"],
            input=data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_CLONE,
            env={"OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=LIMIT_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise AudioRefused(DAMAGED, "it takes too long to read") from error
    finally:
        _TURN.release()
    head, _, audio = done.stdout.partition(b"\n")
    try:
        told = json.loads(head)
    except ValueError as error:
        raise AudioRefused(DAMAGED, f"the converter ended with {done.returncode}") from error
    if "refused" in told:
        raise AudioRefused(told["refused"] if told["refused"] in CODES else DAMAGED, told.get("why", ""))
    return audio
