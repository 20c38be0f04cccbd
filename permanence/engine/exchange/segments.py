# SPDX-License-Identifier: AGPL-3.0-or-later
"""The bytes of the journal: segment files of length-and-checksum records, their repair and their reading.

A segment is named by its number (`00000001.journal`), begins with a magic line carrying the format's version, and
then holds records: length (u32, big endian), CRC-32 of the payload (u32), payload (UTF-8 JSON). A record that is
incomplete or does not match its checksum ends what can be believed: everything after it is the torn tail.

What one turn of the exchange writes is one record, `{"k": "turn", "r": [...]}`: it is believed whole or not at all.
"""

import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from permanence.kernel.fast_json import decode, encode

FORMAT_VERSION = 2
_MAGIC = b"PERMANENCE-JOURNAL %d\n"
MAGIC = _MAGIC % FORMAT_VERSION
_READABLE = {_MAGIC % version for version in (FORMAT_VERSION, FORMAT_VERSION - 1)}
_HEAD = struct.Struct(">II")
_TURN = "turn"
MAX_RECORD = 1 << 20
MAX_TURN = MAX_RECORD - (64 << 10)
"""What the records of one turn may have together, with room for the names and for what joins them."""
MAX_VALUE = MAX_RECORD - (4 << 10)
"""What one event, or one state with its name, may have: a record of it alone can be written."""
EVENT = b'{"k":"event",'
"""How the record of an event begins."""
SUFFIX = ".journal"


class UnreadableSegment(Exception):
    """The file is not a segment of a version this code reads."""


def pack(record: bytes) -> bytes:
    """One record, a JSON object, with its length and checksum. Raises ValueError above MAX_RECORD bytes."""
    if len(record) > MAX_RECORD:
        raise ValueError(f"a record of {len(record)} bytes is over the limit")
    return _HEAD.pack(len(record), zlib.crc32(record)) + record


def pack_turn(records: list[bytes]) -> bytes:
    """Several records as one. Raises ValueError above MAX_RECORD bytes."""
    return pack(records[0] if len(records) == 1 else b'{"k":"turn","r":[%b]}' % b",".join(records))


def state(name: str, value: bytes) -> bytes:
    """The record of a state whose JSON is `value`."""
    return b'{"k":"state","s":%b,"v":%b}' % (encode(name), value)


def scan(data: bytes) -> Iterator[tuple[dict[str, Any], int]]:
    """The believable records of a segment, those of a turn one by one, each with the offset just after it.

    Raises UnreadableSegment.
    """
    magic_end = data.find(b"\n", 0, 64) + 1
    if magic_end == 0 and MAGIC.startswith(data):
        return  # cut inside its own magic line: an empty segment
    if data[:magic_end] not in _READABLE:
        raise UnreadableSegment("unknown magic")
    offset = magic_end
    while offset + _HEAD.size <= len(data):
        length, checksum = _HEAD.unpack_from(data, offset)
        end = offset + _HEAD.size + length
        if length > MAX_RECORD or end > len(data):
            return
        payload = data[offset + _HEAD.size : end]
        if zlib.crc32(payload) != checksum:
            return
        try:
            record = decode(payload)
        except ValueError:
            return
        if not isinstance(record, dict):
            return
        if record.get("k") == _TURN:
            for one in record.get("r", ()):
                yield one, end
        else:
            yield record, end
        offset = end


def believable_length(data: bytes) -> int:
    """How many bytes of a segment stand before the torn tail; 0 when not even the magic line is whole."""
    end = len(MAGIC) if data.startswith(MAGIC) else 0
    for _, end in scan(data):  # noqa: B007 - the last offset is the answer
        pass
    return end


def segment_paths(folder: Path) -> list[Path]:
    """The segments of a journal folder, oldest first."""
    return sorted(path for path in folder.glob(f"*{SUFFIX}") if path.stem.isdigit())


def segment_path(folder: Path, number: int) -> Path:
    """Where the segment `number` lives."""
    return folder / f"{number:08d}{SUFFIX}"
