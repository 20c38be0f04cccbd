# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recorded audio goes to media's store (DATA/prompts) before the slice that names it goes to the exchange.

A file that media lost comes back at the next comparison of the slices. What cannot be written costs no slice: callers
hear the generated voice meanwhile.
"""

import hashlib
import logging
import os
from pathlib import Path

from django.conf import settings

from permanence.clients import announcements
from permanence.reception.prompts import content_of
from permanence.reception.table import ClientSlice, HouseSlice

log = logging.getLogger(__name__)


def named_by(entry: ClientSlice) -> tuple[str, ...]:
    """The sha256 of all recorded audio that the slice names."""
    spoken = [content_of(prompt) for words in entry.closing for prompt in words.prompts]
    return tuple(dict.fromkeys(each for each in (*spoken, *(one.announcement for one in entry.greetings)) if each))


def deliver(entry: ClientSlice | HouseSlice) -> int:
    """Write what media does not have yet of a slice's audio; gives how many files. Nothing is ever deleted here."""
    written = 0
    if isinstance(entry, HouseSlice):
        return written
    for content in named_by(entry):
        place = _store() / f"{content}.alaw"
        if place.exists():
            continue
        audio = announcements.audio_by_content(house=entry.house, client=entry.client, content=content)
        if audio is None or hashlib.sha256(audio).hexdigest() != content:
            log.error("the recorded audio %s of %s/%s is not kept", content, entry.house, entry.client)
            continue
        try:
            _write(place, audio)
        except OSError as error:
            log.error("recorded audio cannot be given to media: %s", error)
            continue
        written += 1
    return written


def _store() -> Path:
    folder: Path = settings.PERMANENCE.data / "prompts"
    return folder


def _write(place: Path, audio: bytes) -> None:
    """Whole or not at all, and on the disk: the name says what is in it."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}.{os.getpid()}")
    try:
        with open(beside, "wb", opener=_private) as out:
            out.write(audio)
            out.flush()
            os.fsync(out.fileno())
        os.replace(beside, place)
    finally:
        beside.unlink(missing_ok=True)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
