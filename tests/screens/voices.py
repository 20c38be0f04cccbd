# SPDX-License-Identifier: AGPL-3.0-or-later
"""Speech for the tests, and whether a voice heard at one end is the one spoken at the other.

Echo cancellation, noise suppression and gain control change a wave on its way, so waves are not compared sample by
sample: the energies of eight bands, frame by frame, are correlated at the best shift.
"""

import itertools
import wave
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from permanence.project.phone.sound import PAUSE_FRAMES, VOICES, from_alaw, read_wav

Samples = NDArray[np.float64]
RATE = 8000
FRAME = 160
STRETCH, STEP = 150, 25
QUIET = 200
BAND_EDGES_HZ = (200, 400, 650, 950, 1300, 1700, 2200, 2800, 3400)


def built_in(name: str) -> Samples:
    """One of the product's own voices ("en/voice-caller"), 8 kHz."""
    return from_alaw((VOICES / f"{name}.alaw").read_bytes()).astype(np.float64)


def caller(language: str) -> Samples:
    """What the telephone says again and again: its voice and the pause after it."""
    return np.concatenate([built_in(f"{language}/voice-caller"), np.zeros(PAUSE_FRAMES * FRAME)])


def heard_in(path: Path) -> Samples:
    """What a WAV file holds, at 8 kHz."""
    return from_alaw(read_wav(path)).astype(np.float64)


def write_wav(path: Path, samples: Samples, *, rate: int) -> Path:
    """Mono, 16 bits, at `rate`; the samples are at 8 kHz."""
    positions = np.arange(0, len(samples), RATE / rate)
    dense = np.interp(positions, np.arange(len(samples)), samples)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.clip(dense, -32767, 32767).astype("<i2").tobytes())
    return path


def bands(samples: Samples) -> NDArray[np.float64]:
    """Log energies: one row a frame of 20 ms, one column a band; each column centred."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME) * np.hanning(FRAME)
    power = np.abs(np.fft.rfft(frames, axis=1)) ** 2
    hertz = np.fft.rfftfreq(FRAME, 1 / RATE)
    columns = [power[:, (hertz >= low) & (hertz < high)].sum(axis=1) for low, high in itertools.pairwise(BAND_EDGES_HZ)]
    energies = np.log10(np.stack(columns, axis=1) + 1e4)
    centred: NDArray[np.float64] = energies - energies.mean(axis=0)
    return centred


def likeness(heard: Samples, spoken: Samples) -> float:
    """The best correlation (-1 to 1) of three seconds that were heard with any place of `spoken`, which has no end.

    Three seconds prove a voice; a browser short of processor time drops pieces, and what lies between is not compared.
    """
    pattern = bands(heard)
    source = np.concatenate([bands(spoken)] * 2)
    source = np.concatenate([source] * (1 + len(pattern) // len(source)))
    starts = range(0, max(1, len(pattern) - STRETCH + 1), STEP)
    return max(_best(pattern[start : start + STRETCH], source) for start in starts)


def longest_silence_s(heard: Samples) -> float:
    """Seconds of the longest stretch in which no sample is louder than -44 dB of full scale."""
    edges = np.flatnonzero(np.abs(np.concatenate([[np.inf], heard, [np.inf]])) >= QUIET)
    return float(np.diff(edges).max() - 1) / RATE


def _best(pattern: NDArray[np.float64], source: NDArray[np.float64]) -> float:
    pattern = pattern - pattern.mean(axis=0)
    best = -1.0
    for shift in range(len(source) - len(pattern) + 1):
        part = source[shift : shift + len(pattern)]
        part = part - part.mean(axis=0)
        norm = float(np.linalg.norm(part) * np.linalg.norm(pattern))
        best = max(best, float((part * pattern).sum()) / norm if norm else -1.0)
    return best
