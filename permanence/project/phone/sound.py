# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the telephone plays and what it heard: WAV files in, WAV files out, A-law frames of 20 ms in between."""

import wave
from collections.abc import Iterator
from pathlib import Path

import numpy

from permanence.kernel.refusals import Refusal
from permanence.telephony.media import g711

LINEAR = numpy.array(g711.ALAW_TO_LINEAR, dtype=numpy.int16)
_CODES = numpy.frombuffer(g711.nearest_codes(g711.ALAW_TO_LINEAR, range(-32768, 32768)), dtype=numpy.uint8)
VOICES = Path(__file__).resolve().parents[2] / "engine" / "mediaplane" / "sounds"
PAUSE_FRAMES = 100
"""Silent frames (2 s) between two times that the built-in voice says its sentence."""


class UnusableSound(Refusal):
    """The file is not a WAV file that this telephone reads."""

    code = "unusable_sound"


def to_alaw(samples: "numpy.typing.NDArray[numpy.int16]") -> bytes:
    """Linear 16-bit samples as A-law codes (ITU-T G.711)."""
    return _CODES[samples.astype(numpy.int32) + 32768].tobytes()


def from_alaw(codes: bytes) -> "numpy.typing.NDArray[numpy.int16]":
    """A-law codes as linear 16-bit samples."""
    return LINEAR[numpy.frombuffer(codes, dtype=numpy.uint8)]


def read_wav(path: Path) -> bytes:
    """A PCM WAV file (16 bits, any rate, any number of channels) as A-law at 8 kHz. Raises UnusableSound."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getsampwidth() != 2:
                raise UnusableSound(f"{path}: only WAV files of 16 bits are read")
            rate, channels = file.getframerate(), file.getnchannels()
            raw = numpy.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    except (OSError, EOFError, wave.Error) as error:
        raise UnusableSound(f"{path}: {error}") from error
    mono = raw.reshape(-1, channels).mean(axis=1)
    count = int(len(mono) * g711.SAMPLES_PER_SECOND / rate)
    if rate > g711.SAMPLES_PER_SECOND:  # a plain average first: what 8 kHz cannot carry would be heard as noise
        width = max(1, round(rate / g711.SAMPLES_PER_SECOND))
        mono = numpy.convolve(mono, numpy.ones(width) / width, mode="same")
    at = numpy.arange(count) * (rate / g711.SAMPLES_PER_SECOND)
    return to_alaw(numpy.interp(at, numpy.arange(len(mono)), mono).astype(numpy.int16))


def built_in_voice(language: str) -> bytes:
    """The sentence that the house's own caller says, in "fr", "en" or "de"; A-law."""
    path = VOICES / language / "voice-caller.alaw"
    if not path.exists():
        path = VOICES / "en" / "voice-caller.alaw"
    return path.read_bytes()


def frames(sound: bytes, *, repeat: bool) -> Iterator[bytes]:
    """20 ms of A-law at a time, for ever: the sound, then silence; with `repeat`, the sound again after a pause."""
    size = g711.FRAME_SAMPLES
    while True:
        for start in range(0, len(sound), size):
            yield sound[start : start + size].ljust(size, bytes([g711.ALAW_SILENCE]))
        for _ in range(PAUSE_FRAMES):
            yield g711.SILENT_FRAME
        if not repeat:
            while True:
                yield g711.SILENT_FRAME


class Recorder:
    """Keeps what was heard in the order of the clock of its sender; a lost packet is silence. Mono, 8 kHz.

    At most `limit_s` seconds are kept.
    """

    def __init__(self, limit_s: float = 3600.0) -> None:
        self._codes = bytearray()
        self._limit = int(limit_s * g711.SAMPLES_PER_SECOND)
        self._origin: int | None = None
        self._source: int | None = None

    @property
    def seconds(self) -> float:
        """How much was heard."""
        return len(self._codes) / g711.SAMPLES_PER_SECOND

    def hear(self, source: int, timestamp: int, payload: bytes) -> None:
        """One packet of A-law: its SSRC, its RTP timestamp, its samples."""
        if self._origin is None or source != self._source:
            self._origin, self._source = (timestamp - len(self._codes)) & 0xFFFFFFFF, source
        at = (timestamp - self._origin) & 0xFFFFFFFF
        if at > self._limit:
            return
        missing = at - len(self._codes)
        if missing > 0:
            self._codes += bytes([g711.ALAW_SILENCE]) * missing
        self._codes[at : at + len(payload)] = payload

    def write(self, path: Path) -> None:
        """Writes a PCM WAV file of 16 bits. Raises OSError."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(g711.SAMPLES_PER_SECOND)
            file.writeframes(from_alaw(bytes(self._codes)).astype("<i2").tobytes())


class Ear:
    """Tells sound from silence: `hears` gives a word when it changed, after `STEADY` frames of the same kind."""

    STEADY = 15
    LOUD = 300
    """Mean level (of 32768) above which 20 ms count as sound."""

    def __init__(self) -> None:
        self._state = ""
        self._run = 0
        self._last = ""

    def hears(self, payload: bytes) -> str | None:
        """`sound` or `silence` at the moment it has become that, otherwise None."""
        level = float(numpy.abs(from_alaw(payload).astype(numpy.int32)).mean()) if payload else 0.0
        kind = "sound" if level > self.LOUD else "silence"
        # the pauses of speech are not silence: one second of it is asked for
        self._run = self._run + 1 if kind == self._last else 1
        self._last = kind
        needed = self.STEADY if kind == "sound" else 50
        if kind != self._state and self._run >= needed:
            self._state = kind
            return kind
        return None
