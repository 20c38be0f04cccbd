# SPDX-License-Identifier: AGPL-3.0-or-later
"""The converter: what comes on stdin leaves on stdout as A-law at 8 kHz, levelled; run by `conversion` alone.

`python -m permanence.foundation.audio.convert`. A process of its own, because a file that somebody brings is read by a
decoder written in C: it has little memory, little time and nothing to write to, and when it dies the site goes on.
Answer: one line of JSON, `{"seconds": s}` and the audio behind it, or `{"refused": code, "why": why}`.
"""

import json
import resource
import sys

import soxr

from permanence.foundation.audio import levels
from permanence.foundation.audio.decode import read
from permanence.foundation.audio.refusals import DAMAGED, SILENT, TOO_SHORT, AudioRefused

FAINTEST_DB = -58.0
"""Fainter speech is noise: nobody spoke."""
SHORTEST_S = 0.4
CPU_S = 15
MEMORY = 1 << 30
"""Bytes of memory beyond what the interpreter and its libraries hold."""


def convert(data: bytes) -> bytes:
    """The announcement as the telephone plays it. Raises AudioRefused."""
    sound, rate = read(data)
    heard = levels.without_rumble(soxr.resample(sound - sound.mean(dtype="float64"), rate, levels.RATE))
    if levels.active_level(heard) < FAINTEST_DB:
        raise AudioRefused(SILENT)
    spoken = levels.trimmed(heard)
    if len(spoken) < SHORTEST_S * levels.RATE:
        raise AudioRefused(TOO_SHORT)
    return levels.to_alaw(levels.levelled(spoken))


def bound() -> None:
    """From now on this process gets no more than it needs."""
    with open("/proc/self/statm", encoding="ascii") as file:
        held = int(file.read().split()[0]) * resource.getpagesize()
    for limit, value in (
        (resource.RLIMIT_AS, held + MEMORY),
        (resource.RLIMIT_CPU, CPU_S),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, 16),
    ):
        resource.setrlimit(limit, (value, value))


def main() -> int:
    """Convert stdin."""
    bound()
    out = sys.stdout.buffer
    try:
        audio = convert(sys.stdin.buffer.read())
    except AudioRefused as refusal:
        out.write(json.dumps({"refused": refusal.code, "why": refusal.why}).encode() + b"\n")
    except MemoryError:
        out.write(json.dumps({"refused": DAMAGED, "why": "it needs too much memory"}).encode() + b"\n")
    else:
        out.write(json.dumps({"seconds": len(audio) / levels.RATE}).encode() + b"\n" + audio)
    out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
