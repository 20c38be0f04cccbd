# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the telephone plays and what it heard: WAV files in, WAV files out, A-law frames of 20 ms in between."""

import wave
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import numpy

from permanence.engine.mediaplane.prompts import PromptLibrary
from permanence.kernel.refusals import Refusal
from permanence.telephony.media import g711

LINEAR = numpy.array(g711.ALAW_TO_LINEAR, dtype=numpy.int16)
_CODES = numpy.frombuffer(g711.nearest_codes(g711.ALAW_TO_LINEAR, range(-32768, 32768)), dtype=numpy.uint8)
VOICES = Path(__file__).resolve().parents[2] / "engine" / "mediaplane" / "sounds"
PAUSE_FRAMES = 100
"""Silent frames (2 s) between two times that the built-in voice says its sentence."""
LAST_PLACE = 20
"""The last place in the queue that the house says as a number."""
FAINT = 30.0
"""Mean level (of 32768) below which a frame is much like any other."""
SPEECH_WINDOW = 25
"""Frames (0.5 s) among which speech and the house's sounds are looked for."""


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


def built_in_voice(language: str, who: str = "caller") -> bytes:
    """The sentence that the house's own caller, or "secretary", says, in "fr", "en" or "de"; A-law."""
    path = VOICES / language / f"voice-{who}.alaw"
    if not path.exists():
        path = VOICES / "en" / f"voice-{who}.alaw"
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


def house_sounds(prompts: PromptLibrary, own: Iterable[str] = (), before: Iterable[str] = ()) -> dict[bytes, str]:
    """What the house itself plays, as word by frame of 20 ms: it sends its sounds as they are, from their first sample.

    `own`: the names of the clients' own closing words, `before` of what they recorded to be heard before the music.
    Words: `music`, `announcement`, `place`, `closing`, `tone` (after which a message is recorded). Frames too quiet to
    tell one sound from another are left out.
    """
    named = {"music": ("music",), "tone": ("beep",), "closing": tuple(own), "announcement": tuple(before)}
    for folder in (path for path in VOICES.iterdir() if path.is_dir()):
        stems = [
            path.stem for path in folder.glob("*.alaw") if not path.stem.startswith(("voice-", "number-", "place-"))
        ]
        named["closing"] += tuple(f"{folder.name}/{stem}" for stem in stems)
        places = (*(f"place-{number}" for number in range(1, LAST_PLACE + 1)), "place-many")
        named[f"place {folder.name}"] = tuple(f"{folder.name}/{place}" for place in places)
    found: dict[bytes, str] = {}
    for word, names in named.items():
        for name in names:
            frames_of_it = prompts.frames(name) or ()
            found |= dict.fromkeys((each for each in frames_of_it if level(each) > FAINT), word.partition(" ")[0])
    return found


def level(payload: bytes) -> float:
    """The mean level of A-law samples, of 32768."""
    return float(numpy.abs(from_alaw(payload).astype(numpy.int32)).mean()) if payload else 0.0


class Ear:
    """Tells the house's own sounds, speech and silence apart: `hears` gives a word when it changed, within a second."""

    LOUD = 300
    """Mean level (of 32768) above which 20 ms that are no sound of the house's count as speech."""
    NEEDED: ClassVar[dict[str, int]] = {"silence": 50, "speech": 10}
    """Frames of a kind before it is said; the pauses of speech are not silence. A sound of the house's: `SURE`."""
    SURE = 3

    def __init__(self, known: Mapping[bytes, str] | None = None) -> None:
        self._known = known or {}
        self._state = ""
        self._recent: deque[str] = deque(maxlen=max(self.NEEDED.values()))

    def hears(self, payload: bytes) -> str | None:
        """`speech`, `silence` or a word of `house_sounds` at the moment it has become that, otherwise None."""
        kind = self._known.get(payload) or ("speech" if level(payload) > self.LOUD else "silence")
        self._recent.append(kind)
        recent = self._recent if kind == "silence" else list(self._recent)[-SPEECH_WINDOW:]
        if kind == self._state or sum(each == kind for each in recent) < self.NEEDED.get(kind, self.SURE):
            return None
        self._state = kind
        return kind
