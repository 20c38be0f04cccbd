# SPDX-License-Identifier: AGPL-3.0-or-later
"""What callers spoke: taken over from the spool, sealed under the house's key, given back as a WAV file.

The spool's files are sealed by media for the worker alone (`telephony.spool`); they hold A-law at 8 kHz, and so does a
WAV file of format 6, which browsers play. The house's file appears whole or not at all; the spool's is deleted once the
message is committed.
"""

import os
import re
import struct
from pathlib import Path

from django.conf import settings

from permanence.foundation import secrecy
from permanence.kernel.refusals import Refusal
from permanence.telephony import spool

PURPOSE = "message.audio"
RATE = 8000
_NAME = re.compile(r"[0-9A-Za-z_-][0-9A-Za-z._-]{0,119}\Z")


class RecordingMissing(Refusal):
    """The spool has no such file (yet), and it was not taken over before."""

    code = "recording_missing"


def take_over(*, house: str, key: str, file: str) -> None:
    """Seal the spool's `file` as the recording of a message, unless that was done before.

    Raises RecordingMissing, and telephony.spool.SpoolBroken when the file does not open.
    """
    place = _place(house, key)
    if place.exists():
        return
    try:
        sealed = _spooled(file).read_bytes()
    except FileNotFoundError as error:
        raise RecordingMissing(file) from error
    audio = spool.open_file(sealed, file=file, private=_private_key)
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = place.with_name(f".{place.name}")
    with open(beside, "wb", opener=_private) as out:
        out.write(secrecy.seal_bytes(audio, house=house, purpose=PURPOSE))
        out.flush()
        os.fsync(out.fileno())
    os.replace(beside, place)


def forget_spool(file: str) -> None:
    """Delete the spool's file; it was taken over."""
    _spooled(file).unlink(missing_ok=True)


def spooled() -> list[tuple[str, float, float]]:
    """The recordings waiting in the spool: name, seconds of audio, moment of the last writing (Unix seconds)."""
    folder: Path = settings.PERMANENCE.data / "spool"
    found = []
    for path in sorted(folder.glob("*.alaw")):
        try:
            data, written = path.read_bytes(), path.stat().st_mtime
        except FileNotFoundError:  # taken over at this moment
            continue
        found.append((path.name, sum(block.samples for block in spool.blocks(data)) / RATE, written))
    return found


def read(*, house: str, key: str) -> bytes | None:
    """The recording of a message as a WAV file, None when there is none. Raises foundation.secrecy.SealBroken."""
    try:
        sealed = _place(house, key).read_bytes()
    except FileNotFoundError:
        return None
    return wav(secrecy.unseal_bytes(sealed, house=house, purpose=PURPOSE))


def wav(audio: bytes) -> bytes:
    """A-law samples as a WAV file: RIFF with `fmt ` (WAVE_FORMAT_ALAW, 6), `fact` and `data` chunks."""
    form = struct.pack("<HHIIHHH", 6, 1, RATE, RATE, 1, 8, 0)
    padded = audio + b"\xd5" * (len(audio) % 2)  # a chunk has an even length; 0xd5 is silence
    chunks = b"".join(
        (
            b"WAVEfmt ",
            struct.pack("<I", len(form)),
            form,
            b"fact",
            struct.pack("<II", 4, len(audio)),
            b"data",
            struct.pack("<I", len(audio)),
            padded,
        )
    )
    return b"RIFF" + struct.pack("<I", len(chunks)) + chunks


def _private_key(key: bytes) -> bytes:
    folder: Path = settings.PERMANENCE.data / "keys"
    try:
        return (folder / spool.private_key_file(key)).read_bytes()
    except FileNotFoundError as error:
        raise spool.SpoolBroken(f"the key {key.hex()} of the spool is not there") from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _spooled(file: str) -> Path:
    if not _NAME.match(file):
        raise RecordingMissing(f"{file[:80]!r} is no name of the spool")
    folder: Path = settings.PERMANENCE.data / "spool"
    return folder / file


def _place(house: str, key: str) -> Path:
    folder: Path = settings.PERMANENCE.data / "audio"
    return folder / f"{house}-{key}.sealed"
