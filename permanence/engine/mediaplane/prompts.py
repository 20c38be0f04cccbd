# SPDX-License-Identifier: AGPL-3.0-or-later
"""Prompts by name: the product's own sounds, and audio by content in DATA/prompts."""

import logging
import re
from pathlib import Path

from permanence.countries.emergency import EMERGENCY_RULES, LANGUAGES
from permanence.engine.mediaplane.player import Frames, frames_of

_CONTENT = re.compile(r"[0-9a-f]{64}\Z")
_BUILT_IN = re.compile(r"(?:[a-z]{2}/)?[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_RECORDED = re.compile(rf"([0-9a-f]{{64}})/({_BUILT_IN.pattern})")
_SIZE_LIMIT = 10 * 60 * 8000  # ten minutes
_CACHE_LIMIT = 64 * 1024 * 1024
_EMERGENCY = re.compile(r"([a-z]{2})/emergency-[0-9-]+\Z")
_PLACE = re.compile(r"([a-z]{2})/place-(\d{1,2})\Z")
_log = logging.getLogger(__name__)
SOUNDS = Path(__file__).parent / "sounds"


class PromptLibrary:
    """Reads prompts once and keeps them. Used by the control thread, so that the media thread reads no file."""

    def __init__(self, folder: Path) -> None:
        """`folder`: DATA/prompts."""
        self._folder = folder
        self._cache: dict[str, Frames] = {}
        self._size = 0

    def frames(self, name: str) -> Frames | None:
        """The prompt, None where there is none of that name.

        Recorded audio that is not there is said by the built-in prompt that its name gives instead.
        An emergency sentence whose audio is not there is never left out: the one that says 112 is said, in its own
        language if possible.
        """
        recorded = _RECORDED.match(name)
        if recorded is not None:
            content, instead = recorded.groups()
            kept = self._read(content)
            if kept is None:
                _log.error("recorded audio %s is not there: %r is said", content, instead)
            return self.frames(instead) if kept is None else kept
        found = self._read(name)
        sentence = _EMERGENCY.match(name)
        if found is not None or sentence is None:
            return found
        for language in dict.fromkeys((sentence.group(1), "en", *LANGUAGES)):
            instead = f"{language}/emergency-{EMERGENCY_RULES[-1].numbers[0]}"
            found = self._read(instead)
            if found is not None:
                _log.error("prompt %r is not there: %r is said", name, instead)
                return found
        return None

    def _read(self, name: str) -> Frames | None:
        known = self._cache.get(name)
        if known is not None:
            return known
        audio = b""
        for path in self._paths(name):
            try:
                if path.stat().st_size > _SIZE_LIMIT:
                    return None
                audio += path.read_bytes()
            except OSError:
                return None
        frames = frames_of(audio)
        if not frames:
            return None
        if self._size + len(audio) > _CACHE_LIMIT:
            self._cache.clear()
            self._size = 0
        self._cache[name] = frames
        self._size += len(audio)
        return frames

    def _paths(self, name: str) -> tuple[Path, ...]:
        """The files of a prompt, to be joined. A place in the queue is joined from what stands before the number, the
        number, and what stands after it."""
        if _CONTENT.match(name):
            return (self._folder / f"{name}.alaw",)
        place = _PLACE.match(name)
        if place is not None:
            language, number = place.groups()
            parts = ("place-before", f"number-{number}", "place-after")
            return tuple(SOUNDS / language / f"{part}.alaw" for part in parts)
        return (SOUNDS / f"{name}.alaw",) if _BUILT_IN.match(name) else ()
