# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people bring becomes an announcement: whatever its kind, at one level, whole or not at all.

The level is measured here by a meter of its own: the mean power of the half of the 50 ms windows that are loudest.
"""

import io
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.foundation.audio import conversion, levels, refusals
from permanence.foundation.audio.convert import convert
from permanence.foundation.audio.refusals import AudioRefused
from permanence.telephony.media.g711 import ALAW_TO_LINEAR

VOICES = Path(__file__).resolve().parents[2] / "permanence" / "engine" / "mediaplane" / "sounds"
KINDS = {
    "wav": ("WAV", "PCM_16"),
    "wav24": ("WAV", "PCM_24"),
    "float": ("WAV", "FLOAT"),
    "alaw": ("WAV", "ALAW"),
    "wavex": ("WAVEX", "PCM_16"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "vorbis": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
}
Array = Any


def voice(seconds: float = 8.0, rate: int = 8000) -> Array:
    """A sentence of the product's own voice, full scale 1."""
    codes = (VOICES / "fr" / "voice-caller.alaw").read_bytes()
    sound = numpy.array([ALAW_TO_LINEAR[code] for code in codes]) / 32768
    sound = numpy.tile(sound, int(seconds * 8000 / len(sound)) + 1)[: int(seconds * 8000)]
    if rate == 8000:
        return sound
    return numpy.interp(numpy.arange(int(seconds * rate)) * 8000 / rate, range(len(sound)), sound)


def written(sound: Array, rate: int = 48000, kind: str = "wav") -> bytes:
    form, coding = KINDS[kind]
    out = io.BytesIO()
    channels = 1 if sound.ndim == 1 else sound.shape[1]
    with soundfile.SoundFile(out, "w", rate, channels, format=form, subtype=coding) as file:
        for at in range(0, len(sound), 16384):  # libsndfile dies of a large block of Vorbis
            file.write(sound[at : at + 16384])
    return out.getvalue()


def heard(audio: bytes) -> Array:
    return numpy.array([ALAW_TO_LINEAR[code] for code in audio]) / 32768


def loudness(sound: Array) -> float:
    """dB of full scale of its louder half."""
    windows = sound[: len(sound) // 400 * 400].reshape(-1, 400)
    power = numpy.sort(numpy.square(windows).mean(axis=1))[len(windows) // 2 :]
    return float(10 * numpy.log10(power.mean()))


def likeness(one: Array, other: Array) -> float:
    """The greatest normalised correlation of the two at any shift."""
    size = 1 << (len(one) + len(other)).bit_length()
    found = numpy.fft.irfft(numpy.fft.rfft(one, size) * numpy.conj(numpy.fft.rfft(other, size)), size)
    return float(found.max() / numpy.sqrt(numpy.square(one).sum() * numpy.square(other).sum()))


OWN = loudness(voice())
"""The product's own voice: every announcement is as loud."""


@pytest.mark.parametrize("rate", [8000, 16000, 44100, 48000])
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_is_heard_as_it_was_said(kind: str, rate: int) -> None:
    if kind == "opus" and rate == 44100:
        rate = 24000  # Opus has no such rate
    found = heard(convert(written(voice(4, rate), rate, kind)))
    assert likeness(found, voice(4)) > 0.95
    assert abs(len(found) / 8000 - 4) < 0.4


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_channels_are_one(channels: int) -> None:
    sound = numpy.column_stack([voice(3, 16000)] * channels)
    assert likeness(heard(convert(written(sound, 16000))), voice(3)) > 0.95


@pytest.mark.parametrize("kind", ["float", "wav24", "mp3", "opus"])
@pytest.mark.parametrize("gain_db", [-34, -20, -6, 0, 6])
def test_loud_or_faint_it_is_as_loud_as_the_house(gain_db: float, kind: str) -> None:
    found = heard(convert(written(numpy.clip(voice(5, 48000) * 10 ** (gain_db / 20), -1, 1), 48000, kind)))
    assert loudness(found) == pytest.approx(OWN, abs=1.0)
    assert levels.active_level(found) == pytest.approx(levels.TARGET_DB, abs=0.5)
    assert numpy.abs(found).max() < 10 ** (-1.7 / 20)


def test_clipped_speech_is_brought_down() -> None:
    """20 dB too loud in the recording: its peaks are gone, and it is no louder than the rest for that."""
    found = heard(convert(written(numpy.clip(voice(5, 48000) * 10, -1, 1), 48000)))
    assert levels.active_level(found) == pytest.approx(levels.TARGET_DB, abs=0.5)


def test_a_blow_does_not_make_the_voice_faint() -> None:
    sound = voice(5, 48000) * 0.05
    sound[48000:48010] = 1.0
    found = heard(convert(written(sound, 48000, "float")))
    assert levels.active_level(found) == pytest.approx(levels.TARGET_DB, abs=0.5)
    assert numpy.abs(found).max() <= levels.CEILING + 0.02


@pytest.mark.parametrize("before", [0.0, 0.3, 4.0])
@pytest.mark.parametrize("after", [0.0, 5.0])
@pytest.mark.parametrize("noise_db", [-120, -60])
def test_silence_around_it_is_cut_off(before: float, after: float, noise_db: float) -> None:
    chance = numpy.random.default_rng(1)
    said = voice(3, 16000)
    whole = numpy.concatenate((numpy.zeros(int(before * 16000)), said, numpy.zeros(int(after * 16000))))
    whole += chance.normal(0, 10 ** (noise_db / 20), len(whole))
    found = heard(convert(written(whole, 16000, "float")))
    assert abs(len(found) / 8000 - 3) < 0.45
    assert likeness(found, voice(3)) > 0.95
    assert abs(found[:8]).max() < 0.02


def test_a_pause_inside_is_kept_and_makes_it_no_fainter() -> None:
    said = voice(3, 16000)
    found = heard(convert(written(numpy.concatenate((said, numpy.zeros(32000), said)), 16000)))
    assert abs(len(found) / 8000 - 8) < 0.45
    assert levels.active_level(found) == pytest.approx(levels.TARGET_DB, abs=0.5)


def test_offset_and_hum_are_not_the_voice() -> None:
    at = numpy.arange(4 * 16000) / 16000
    sound = voice(4, 16000) * 0.2 + 0.3 + 0.1 * numpy.sin(2 * numpy.pi * 50 * at)
    found = heard(convert(written(sound, 16000, "float")))
    assert likeness(found, voice(4)) > 0.9
    assert abs(found.mean()) < 0.001


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    gain=st.floats(-30, 20),
    peaks=st.lists(st.tuples(st.integers(0, 15999), st.floats(-1, 1)), max_size=5),
    seed=st.integers(0, 1000),
)
def test_whatever_was_said_is_never_clipped_and_at_the_level(gain: float, peaks: list[Any], seed: int) -> None:
    sound = voice(2) * 10 ** (gain / 20) + numpy.random.default_rng(seed).normal(0, 1e-4, 16000)
    for at, height in peaks:
        sound[at] = height
    found = levels.levelled(sound)
    assert numpy.abs(found).max() <= levels.CEILING + 1e-9
    assert levels.active_level(found) == pytest.approx(levels.TARGET_DB, abs=1.0)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-8, 8), min_size=1, max_size=400))
def test_the_limiter_never_lets_a_sample_through(samples: list[float]) -> None:
    found = levels.limited(numpy.array(samples))
    assert len(found) == len(samples)
    assert numpy.abs(found).max() <= levels.CEILING + 1e-9
    assert (numpy.sign(found) * numpy.sign(samples) >= 0).all()


def test_alaw_there_and_back() -> None:
    codes = bytes(range(256))
    assert levels.to_alaw(levels.from_alaw(codes)) == codes
    assert levels.to_alaw(numpy.array([2.0, -2.0])) == levels.to_alaw(numpy.array([1.0, -1.0]))


# -- what is refused -------------------------------------------------------------------------------------------------


def refusal(data: bytes) -> str:
    with pytest.raises(AudioRefused) as caught:
        conversion.converted(data)
    return caught.value.code


GOOD = written(voice(2, 16000), 16000)
OGG = written(voice(3, 16000), 16000, "vorbis")


def test_the_converter_in_its_own_process() -> None:
    assert conversion.converted(GOOD) == convert(GOOD)


STRANGERS = [
    b"",
    b"RIFF",
    b"\x00" * 5000,
    b"<html>no sound</html>" * 100,
    b"%PDF-1.7 " + bytes(9000),
    b"\x89PNG\r\n\x1a\n" + bytes(500),
    b"PK\x03\x04" + bytes(500),
    b"\x1aE\xdf\xa3webm" + bytes(500),
    b"\x00\x00\x00\x20ftypM4A " + bytes(500),
    b"fLaC" + bytes(500),
    b"RIFF\x00\x10\x00\x00AVI " + bytes(500),
    b"MZ" + bytes(500),
]


@pytest.mark.parametrize("case", range(len(STRANGERS)))
def test_not_audio(case: int) -> None:
    assert refusal(STRANGERS[case]) == refusals.NOT_AUDIO


BROKEN = [
    GOOD[:44],
    GOOD[: len(GOOD) // 2],
    GOOD[:30],
    b"RIFF\x24\x00\x00\x00WAVE" + bytes(300),
    OGG[: len(OGG) // 2],
    OGG[:40],
    b"OggS" + bytes(3000),
    b"ID3\x04\x00\x00\x00\x00\x00\x10" + bytes(3000),
    b"\xff\xfb\x90\x00" + bytes(3000),
    OGG[:3000] + bytes(200) + OGG[3200:],
    GOOD[:24] + struct.pack("<I", 3) + GOOD[28:],
    GOOD[:22] + struct.pack("<H", 40) + GOOD[24:],
]


@pytest.mark.parametrize("case", range(len(BROKEN)))
def test_damaged(case: int) -> None:
    assert refusal(BROKEN[case]) in {refusals.DAMAGED, refusals.NOT_AUDIO}


def test_a_sample_that_is_no_number() -> None:
    sound = voice(2, 16000)
    sound[100] = numpy.nan
    assert refusal(written(sound, 16000, "float")) == refusals.DAMAGED


@pytest.mark.parametrize("kind", ["wav", "mp3", "vorbis", "opus"])
def test_too_long(kind: str) -> None:
    assert refusal(written(voice(61, 8000), 8000, kind)) == refusals.TOO_LONG


def test_the_longest() -> None:
    assert 59 < len(conversion.converted(written(voice(60, 8000), 8000))) / 8000 <= 60


@pytest.mark.parametrize(("kind", "minutes"), [("mp3", 60), ("vorbis", 60), ("opus", 6)])
def test_hours_in_a_small_file_are_not_read(kind: str, minutes: int) -> None:
    """An hour of silence: a few hundred kilobytes, which would be 115 MB of sound."""
    bomb = written(numpy.zeros(minutes * 60 * 8000, dtype="float32"), 8000, kind)
    assert len(bomb) < conversion.LARGEST
    assert refusal(bomb) == refusals.TOO_LONG


def test_a_header_that_promises_hours() -> None:
    promised = GOOD[:40] + struct.pack("<I", 0xFFFFFF00) + GOOD[44:]
    assert refusal(promised) == refusals.DAMAGED
    assert len(convert(GOOD[:40] + struct.pack("<I", 0xFFFFFFFF) + GOOD[44:])) > 8000


@pytest.mark.parametrize("sound", [numpy.zeros(32000), numpy.full(32000, 0.5), voice(2, 16000) * 10 ** (-52 / 20)])
def test_silence(sound: Array) -> None:
    assert refusal(written(sound, 16000, "float")) == refusals.SILENT


def test_noise_of_the_last_bit_is_silence() -> None:
    assert refusal(written(numpy.random.default_rng(1).normal(0, 1e-4, 32000), 16000)) == refusals.SILENT


def test_too_short() -> None:
    sound = numpy.zeros(16000)
    sound[8000:8800] = voice(1, 16000)[4000:4800]
    assert refusal(written(sound, 16000)) == refusals.TOO_SHORT


def test_too_large_is_not_even_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversion.subprocess, "run", None)
    assert refusal(bytes(conversion.LARGEST + 1)) == refusals.TOO_LARGE


@settings(max_examples=60, deadline=None)
@given(
    start=st.sampled_from([GOOD, OGG, written(voice(1, 16000), 16000, "mp3"), written(voice(1, 16000), 16000, "opus")]),
    changes=st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 255)), max_size=8),
    cut=st.integers(0, 20000),
)
def test_hostile_files_are_refused_or_are_announcements(start: bytes, changes: list[Any], cut: int) -> None:
    data = bytearray(start[: len(start) - cut] if cut < len(start) else start)
    for at, value in changes:
        data[at % len(data)] = value
    try:
        audio = convert(bytes(data))
    except AudioRefused as refused:
        codes, audio = {refused.code}, b""
    else:
        codes = set()
    assert codes <= refusals.CODES
    assert codes or 0.3 * 8000 < len(audio) <= 60 * 8000
    assert numpy.abs(heard(audio)).max(initial=0) < 0.9


def test_the_site_itself_holds_no_decoder() -> None:
    """What reads hostile files in C lives in the converter's process alone."""
    code = "import sys, permanence.project.asgi; print(*{'soundfile', 'soxr', 'numpy'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=conversion._CLONE, check=True, stdout=subprocess.PIPE, text=True
    )
    assert done.stdout.split() == []


@pytest.mark.parametrize(
    "program",
    [
        "import os; os.kill(os.getpid(), 11)",
        "bytearray(4 << 30)",
        "while True: pass",
        "open('escaped', 'w').write('x')",
        "print('nonsense')",
    ],
)
def test_a_converter_that_dies_hangs_or_lies_costs_one_file(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a hostile file could do to a decoder written in C is done here by the file itself."""
    evil = tmp_path / "python"
    lines = (
        f"#!{sys.executable}",
        "import os, sys",
        f"sys.path.insert(0, {str(conversion._CLONE)!r})",
        "from permanence.foundation.audio import convert",
        f"convert.CPU_S = 1; convert.bound(); os.chdir({str(tmp_path)!r})",
        program,
    )
    evil.write_text("\n".join(lines))
    evil.chmod(0o755)
    monkeypatch.setattr(conversion.sys, "executable", str(evil))
    assert refusal(GOOD) == refusals.DAMAGED
    monkeypatch.undo()
    assert len(conversion.converted(GOOD)) > 8000
    assert not (tmp_path / "escaped").exists() or not (tmp_path / "escaped").read_text()
