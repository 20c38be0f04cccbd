# SPDX-License-Identifier: AGPL-3.0-or-later
"""The product's own sounds: every one the reception may name is there, and nobody gets at any other file."""

import hashlib
import shutil
from pathlib import Path

import pytest

from permanence.engine.mediaplane import prompts
from permanence.engine.mediaplane.player import Player, frames_of
from permanence.engine.mediaplane.prompts import SOUNDS, PromptLibrary
from permanence.engine.mediaplane.recorder import is_file_name
from permanence.reception.prompts import built_in_prompts
from permanence.telephony.media.g711 import ALAW_TO_LINEAR

OTHERS = ("music", "ringback-fr", "ringback-lu", "ringback-ie", "offer-tone", "beep")
VOICES = tuple(f"{language}/voice-{who}" for language in ("fr", "en", "de") for who in ("caller", "secretary"))


@pytest.mark.parametrize("name", [*built_in_prompts(), *OTHERS, *VOICES])
def test_every_prompt_is_there_and_is_heard(name: str, tmp_path: Path) -> None:
    frames = PromptLibrary(tmp_path).frames(name)
    assert frames is not None
    audio = b"".join(frames)
    loud = sum(abs(ALAW_TO_LINEAR[code]) > 500 for code in audio)
    assert loud > len(audio) / 20
    assert 0.3 < len(audio) / 8000 < 25
    assert {len(frame) for frame in frames} == {160}


def test_a_place_is_joined_from_its_parts(tmp_path: Path) -> None:
    library = PromptLibrary(tmp_path)
    parts = b"".join((SOUNDS / f"fr/{part}.alaw").read_bytes() for part in ("place-before", "number-7", "place-after"))
    assert b"".join(library.frames("fr/place-7") or ()).startswith(parts)
    assert library.frames("fr/place-99") is None


def test_all_of_it_stays_small() -> None:
    assert sum(path.stat().st_size for path in SOUNDS.rglob("*.alaw")) < 2_000_000


def test_audio_by_content(tmp_path: Path) -> None:
    audio = b"\x11" * 400
    name = hashlib.sha256(audio).hexdigest()
    (tmp_path / f"{name}.alaw").write_bytes(audio)
    library = PromptLibrary(tmp_path)
    assert b"".join(library.frames(name) or ()) == audio + b"\xd5" * 80
    assert library.frames("0" * 64) is None


@pytest.mark.parametrize(
    "name", ["", "../music", "fr/../music", "/etc/passwd", "music.alaw", "fr/", "FR/closed", "a/b/c"]
)
def test_no_other_file_is_reached(name: str, tmp_path: Path) -> None:
    assert PromptLibrary(tmp_path).frames(name) is None


@pytest.mark.parametrize(("name", "good"), [("call-1.alaw", True), ("../x", False), (".x", False), ("a/b", False)])
def test_names_of_recordings(name: str, good: bool) -> None:
    assert is_file_name(name) is good


def test_playing_once_and_for_ever() -> None:
    frames = frames_of(bytes(320))
    once, loop = Player(frames, loop=False), Player(frames, loop=True)
    assert [once.next() is None for _ in range(3)] == [False, False, True]
    assert [loop.next() is None for _ in range(5)] == [False] * 5
    assert Player((), loop=True).next() is None


@pytest.mark.parametrize(
    "missing", ["fr/emergency-15-112", "de/emergency-112-999", "pt/emergency-112", "en/emergency-5"]
)
def test_an_emergency_sentence_that_is_missing_is_said_by_another(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A damaged installation, a rule without its audio: all Europe answers 112 (Directive 2018/1972, art. 109)."""
    sounds = tmp_path / "sounds"
    shutil.copytree(SOUNDS, sounds)
    (sounds / f"{missing}.alaw").unlink(missing_ok=True)
    monkeypatch.setattr(prompts, "SOUNDS", sounds)
    language = missing[:2] if missing[:2] in {"fr", "en", "de"} else "en"
    instead = PromptLibrary(tmp_path).frames(f"{language}/emergency-112")
    assert instead is not None
    assert PromptLibrary(tmp_path).frames(missing) == instead
    for path in sounds.rglob("emergency*"):
        path.unlink()
    assert PromptLibrary(tmp_path).frames(missing) is None
    assert PromptLibrary(tmp_path).frames("fr/closing-112") is None


@pytest.mark.parametrize("instead", ["fr/closed", "de/place-3", "music", "fr/emergency-15-112"])
def test_recorded_audio_that_is_lost_is_said_by_the_generated_voice(instead: str, tmp_path: Path) -> None:
    audio = b"\x11" * 400
    name = hashlib.sha256(audio).hexdigest()
    generated = PromptLibrary(tmp_path).frames(instead)
    assert generated
    assert PromptLibrary(tmp_path).frames(f"{name}/{instead}") == generated
    (tmp_path / f"{name}.alaw").write_bytes(audio)
    assert PromptLibrary(tmp_path).frames(f"{name}/{instead}") == frames_of(audio)
    (tmp_path / f"{name}.alaw").write_bytes(b"")
    assert PromptLibrary(tmp_path).frames(f"{name}/{instead}") == generated


@pytest.mark.parametrize("instead", ["", "../music", "fr/closed/..", "fr/none", "0" * 64, f"{'0' * 64}/fr/closed"])
def test_what_is_said_instead_is_the_products_own(instead: str, tmp_path: Path) -> None:
    assert PromptLibrary(tmp_path).frames(f"{'0' * 64}/{instead}") is None
