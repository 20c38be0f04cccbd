# SPDX-License-Identifier: AGPL-3.0-or-later
"""The files of the spool: what a caller spoke, sealed block by block for the one process that may open it.

A file is a row of blocks: length of the sealed part (u32, big endian), id of the key (8 bytes), sealed part. A block is
sealed by HPKE (RFC 9180, base mode, X25519, HKDF-SHA256, AES-256-GCM) with a public key; the file's name and the
block's place are bound to it, so blocks cannot change places or files. A block cut off by a crash ends the file: what
stands before it is whole. Who records needs the public key alone and can open nothing, its own recordings included.
"""

import hashlib
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from permanence.kernel.refusals import Refusal

PUBLIC_KEY = "spool.pub"
"""The file of the public key in `keys/`: 32 bytes."""

_SUITE = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)
_HEAD = struct.Struct(">I8s")
_OVERHEAD = 32 + 16  # the encapsulated key and the tag (RFC 9180 section 7)
_LONGEST = 1 << 20


class SpoolBroken(Refusal):
    """A block was altered, moved, or sealed for a key that is not there."""

    code = "spool_broken"


class Block(NamedTuple):
    """One whole block as it stands in a file: `end` is the offset behind it, `key` the id of its key."""

    end: int
    key: bytes
    sealed: bytes

    @property
    def samples(self) -> int:
        """Bytes of audio in it."""
        return len(self.sealed) - _OVERHEAD


def key_id(public: bytes) -> bytes:
    """The 8 bytes that name a key: the beginning of the SHA-256 of its public half (32 bytes)."""
    return hashlib.sha256(public).digest()[:8]


def private_key_file(key: bytes) -> str:
    """The name in `keys/` of the private key with this id."""
    return f"spool-{key.hex()}.key"


def make_pair() -> tuple[bytes, bytes]:
    """A new private key and its public one, 32 bytes each (RFC 7748)."""
    private = X25519PrivateKey.generate()
    return private.private_bytes_raw(), private.public_key().public_bytes_raw()


def seal_block(audio: bytes, *, public: bytes, file: str, index: int) -> bytes:
    """The block number `index` (from 0) of the file with this name. Raises ValueError when `public` is no key."""
    sealed = _SUITE.encrypt(audio, X25519PublicKey.from_public_bytes(public), _bound(file, index))
    return _HEAD.pack(len(sealed), key_id(public)) + sealed


def blocks(data: bytes) -> Iterator[Block]:
    """The whole blocks of a file, up to the first one that is cut off or none."""
    place = 0
    while place + _HEAD.size <= len(data):
        length, key = _HEAD.unpack_from(data, place)
        end = place + _HEAD.size + length
        if not _OVERHEAD <= length <= _LONGEST or end > len(data):
            return
        yield Block(end, key, data[place + _HEAD.size : end])
        place = end


def open_file(data: bytes, *, file: str, private: Callable[[bytes], bytes]) -> bytes:
    """The audio of a file. `private` gives the private key with an id; it may raise. Raises SpoolBroken."""
    keys: dict[bytes, X25519PrivateKey] = {}
    audio = bytearray()
    for index, block in enumerate(blocks(data)):
        if block.key not in keys:
            keys[block.key] = X25519PrivateKey.from_private_bytes(private(block.key))
        try:
            audio += _SUITE.decrypt(block.sealed, keys[block.key], _bound(file, index))
        except InvalidTag as error:
            raise SpoolBroken(f"block {index} of {file} does not open") from error
    return bytes(audio)


def _bound(file: str, index: int) -> bytes:
    return b"permanence spool 1\0" + file.encode() + b"\0" + index.to_bytes(4, "big")
