# SPDX-License-Identifier: AGPL-3.0-or-later
"""STUN (RFC 8489) as an ICE-lite agent needs it (RFC 8445): binding requests read, checked and answered."""

import hmac
import ipaddress
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

COOKIE = 0x2112A442
BINDING_REQUEST, BINDING_SUCCESS, BINDING_ERROR = 0x0001, 0x0101, 0x0111
USERNAME, MESSAGE_INTEGRITY, ERROR_CODE, XOR_MAPPED_ADDRESS = 0x0006, 0x0008, 0x0009, 0x0020
PRIORITY, USE_CANDIDATE, FINGERPRINT, ICE_CONTROLLED, ICE_CONTROLLING = 0x0024, 0x0025, 0x8028, 0x8029, 0x802A
_LIMIT = 2048
_HEAD = struct.Struct("!HHI")
_ATTRIBUTE = struct.Struct("!HH")
_FINGERPRINT_MASK = 0x5354554E


@dataclass(frozen=True, slots=True)
class StunMessage:
    """A message that is well formed; nothing in it is believed before `integrity_holds`.

    `attributes`: the first of each type; those after MESSAGE-INTEGRITY are left out (RFC 8489 section 14.5).
    """

    kind: int
    transaction: bytes
    attributes: dict[int, bytes]
    raw: bytes
    integrity_at: int | None

    @property
    def username(self) -> str:
        """USERNAME, or "" where it is absent or no UTF-8."""
        return self.attributes.get(USERNAME, b"").decode("utf-8", "replace")


def parse_stun(data: bytes) -> StunMessage | None:
    """Read one message; None on anything malformed, or whose FINGERPRINT, where present, is wrong."""
    size = len(data)
    if not 20 <= size <= _LIMIT:
        return None
    kind, length, cookie = _HEAD.unpack_from(data)
    if kind & 0xC000 or cookie != COOKIE or length + 20 != size or length % 4:
        return None
    attributes: dict[int, bytes] = {}
    integrity_at: int | None = None
    at = 20
    while at < size:
        name, length = _ATTRIBUTE.unpack_from(data, at)
        value = data[at + 4 : at + 4 + length]
        if len(value) != length:
            return None
        if name == FINGERPRINT:
            if length != 4 or at + 8 != size or int.from_bytes(value, "big") != _crc(data[:at]):
                return None
        elif integrity_at is None:
            if name == MESSAGE_INTEGRITY:
                if length != 20:
                    return None
                integrity_at = at
            attributes.setdefault(name, value)
        at += 4 + length + (-length % 4)
    return StunMessage(kind, data[8:20], attributes, data, integrity_at)


def integrity_holds(message: StunMessage, key: bytes) -> bool:
    """Whether MESSAGE-INTEGRITY is present and right under `key` (the password, short-term credentials)."""
    at = message.integrity_at
    if at is None:
        return False
    covered = bytearray(message.raw[:at])
    struct.pack_into("!H", covered, 2, at + 24 - 20)
    return hmac.compare_digest(hmac.digest(key, bytes(covered), "sha1"), message.raw[at + 4 : at + 24])


def build_stun(
    kind: int, transaction: bytes, attributes: Sequence[tuple[int, bytes]], key: bytes | None = None
) -> bytes:
    """A message with MESSAGE-INTEGRITY under `key` (where given) and FINGERPRINT. `transaction`: 12 bytes."""
    body = b"".join(_ATTRIBUTE.pack(name, len(value)) + value + bytes(-len(value) % 4) for name, value in attributes)
    if key is not None:
        covered = _HEAD.pack(kind, len(body) + 24, COOKIE) + transaction + body
        body += _ATTRIBUTE.pack(MESSAGE_INTEGRITY, 20) + hmac.digest(key, covered, "sha1")
    covered = _HEAD.pack(kind, len(body) + 8, COOKIE) + transaction + body
    return covered + struct.pack("!HHI", FINGERPRINT, 4, _crc(covered))


def xor_address(host: str, port: int, transaction: bytes) -> bytes:
    """The value of XOR-MAPPED-ADDRESS (RFC 8489 section 14.2)."""
    address = ipaddress.ip_address(host.partition("%")[0])
    mask = COOKIE.to_bytes(4, "big") + transaction
    packed = bytes(byte ^ mask[at] for at, byte in enumerate(address.packed))
    return struct.pack("!BBH", 0, 1 if address.version == 4 else 2, port ^ COOKIE >> 16) + packed


def read_xor_address(value: bytes, transaction: bytes) -> tuple[str, int] | None:
    """(address, port) of an XOR-MAPPED-ADDRESS, None on a malformed one."""
    if len(value) not in (8, 20) or value[1] != (1 if len(value) == 8 else 2):
        return None
    mask = COOKIE.to_bytes(4, "big") + transaction
    packed = bytes(byte ^ mask[at] for at, byte in enumerate(value[4:]))
    return str(ipaddress.ip_address(packed)), int.from_bytes(value[2:4], "big") ^ COOKIE >> 16


def _crc(covered: bytes) -> int:
    """RFC 8489 section 14.7; the length in the header already counts FINGERPRINT."""
    return zlib.crc32(covered) ^ _FINGERPRINT_MASK
