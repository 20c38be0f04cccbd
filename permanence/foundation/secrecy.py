# SPDX-License-Identifier: AGPL-3.0-or-later
"""Encryption at rest of message text and audio, under a key per house.

AES-256-GCM (NIST SP 800-38D) with a 96-bit random nonce; the house's slug and the purpose are authenticated with it, so
that a sealed text moved to another house or field does not open. Keys are files of mode 0600: `keys/house-<slug>.key`
is the first version, `keys/house-<slug>.<n>.key` the later ones. The newest seals, all of them open: a rotation touches
no row. A sealed text is "<version>." and base64url(nonce, ciphertext, tag); sealed bytes begin with the version (u16).
"""

import base64
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemEntropy

KEY_BYTES = 32
NONCE_BYTES = 12
_FIRST = 1
_LAST = 0xFFFF


class SealBroken(Refusal):
    """The text was not sealed by this house for this purpose, or was altered, or the key is not there."""

    code = "seal_broken"


def key_file(house: str, version: int = _FIRST) -> Path:
    """Where a version of the key of a house stands."""
    folder: Path = settings.PERMANENCE.data / "keys"
    return folder / (f"house-{house}.key" if version == _FIRST else f"house-{house}.{version}.key")


def versions(house: str) -> tuple[int, ...]:
    """The versions of the key of a house that are there, the oldest first."""
    folder = key_file(house).parent
    later = (
        path.name.removeprefix(f"house-{house}.").removesuffix(".key") for path in folder.glob(f"house-{house}.*.key")
    )
    found = {int(version) for version in later if version.isascii() and version.isdecimal()}
    return tuple(sorted(found | ({_FIRST} if key_file(house).exists() else set())))


def make_key(house: str, *, entropy: Entropy) -> None:
    """Make the first key of a house; does nothing when it exists. The file appears whole or not at all, mode 0600."""
    _make(key_file(house), entropy)


def rotate_key(house: str, *, entropy: Entropy) -> int:
    """Make a new version of a house's key: it seals from now on, the older ones go on opening. Gives its number."""
    version = max(versions(house), default=0) + 1
    _make(key_file(house, version), entropy)
    return version


def _make(path: Path, entropy: Entropy) -> None:
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{entropy.token(8).hex()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, entropy.token(KEY_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(beside, path)
    except FileExistsError:
        pass  # another process made it first; its key is the key
    finally:
        beside.unlink()


def seal(text: str, *, house: str, purpose: str, entropy: Entropy | None = None) -> str:
    """`text` encrypted under the key of `house` (its slug) for a `purpose` ("message.text").

    The key is made at the first use.
    """
    version, sealed = _seal(text.encode(), house=house, purpose=purpose, chance=entropy or SystemEntropy())
    return f"{version}.{base64.urlsafe_b64encode(sealed).decode()}"


def unseal(sealed: str, *, house: str, purpose: str) -> str:
    """The text behind `sealed`. Raises SealBroken."""
    version, _, body = sealed.partition(".")
    if not (version.isascii() and version.isdecimal() and _FIRST <= int(version) <= _LAST):
        raise SealBroken("unknown format")
    try:
        data = base64.urlsafe_b64decode(body.encode())
    except ValueError as error:
        raise SealBroken("not a sealed text") from error
    return _unseal(data, int(version), house=house, purpose=purpose).decode()


def seal_bytes(data: bytes, *, house: str, purpose: str, entropy: Entropy | None = None) -> bytes:
    """`data` (a recording) encrypted: version, nonce, ciphertext, tag."""
    version, sealed = _seal(data, house=house, purpose=purpose, chance=entropy or SystemEntropy())
    return version.to_bytes(2, "big") + sealed


def unseal_bytes(data: bytes, *, house: str, purpose: str) -> bytes:
    """The inverse of `seal_bytes`. Raises SealBroken."""
    return _unseal(data[2:], int.from_bytes(data[:2], "big"), house=house, purpose=purpose)


def _seal(data: bytes, *, house: str, purpose: str, chance: Entropy) -> tuple[int, bytes]:
    make_key(house, entropy=chance)
    version = versions(house)[-1]
    nonce = chance.token(NONCE_BYTES)
    return version, nonce + AESGCM(_key(house, version)).encrypt(nonce, data, _bound(house, purpose))


def _unseal(data: bytes, version: int, *, house: str, purpose: str) -> bytes:
    try:
        return AESGCM(_key(house, version)).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(house, purpose))
    except (InvalidTag, ValueError) as error:
        raise SealBroken("altered, or sealed by another house or for another purpose") from error


def _bound(house: str, purpose: str) -> bytes:
    return f"permanence:{house}:{purpose}".encode()


def _key(house: str, version: int) -> bytes:
    try:
        return key_file(house, version).read_bytes()
    except FileNotFoundError as error:
        raise SealBroken(f"the key of the house {house} is not there (version {version})") from error
