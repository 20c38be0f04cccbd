# SPDX-License-Identifier: AGPL-3.0-or-later
"""Encryption at rest of message text and audio, under a key per house.

AES-256-GCM (NIST SP 800-38D) with a 96-bit random nonce; the house's slug and the purpose are authenticated with it, so
that a sealed text moved to another house or field does not open. Keys are files `keys/house-<slug>.key` of mode 0600.
Format of a sealed text: "1." and base64url(nonce, ciphertext, tag); the first part is the version of the format.
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
FORMAT = "1"


class SealBroken(Refusal):
    """The text was not sealed by this house for this purpose, or was altered, or the key is not there."""

    code = "seal_broken"


def key_file(house: str) -> Path:
    """Where the key of a house stands."""
    folder: Path = settings.PERMANENCE.data / "keys"
    return folder / f"house-{house}.key"


def make_key(house: str, *, entropy: Entropy) -> None:
    """Make the key of a house; does nothing when it exists. The file appears whole or not at all, mode 0600."""
    path = key_file(house)
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
    sealed = seal_bytes(text.encode(), house=house, purpose=purpose, entropy=entropy)
    return f"{FORMAT}.{base64.urlsafe_b64encode(sealed).decode()}"


def unseal(sealed: str, *, house: str, purpose: str) -> str:
    """The text behind `sealed`. Raises SealBroken."""
    version, _, body = sealed.partition(".")
    if version != FORMAT:
        raise SealBroken("unknown format")
    try:
        data = base64.urlsafe_b64decode(body.encode())
    except ValueError as error:
        raise SealBroken("not a sealed text") from error
    return unseal_bytes(data, house=house, purpose=purpose).decode()


def seal_bytes(data: bytes, *, house: str, purpose: str, entropy: Entropy | None = None) -> bytes:
    """`data` (a recording) encrypted: nonce, ciphertext, tag."""
    chance = entropy or SystemEntropy()
    make_key(house, entropy=chance)
    nonce = chance.token(NONCE_BYTES)
    return nonce + AESGCM(_key(house)).encrypt(nonce, data, _bound(house, purpose))


def unseal_bytes(data: bytes, *, house: str, purpose: str) -> bytes:
    """The inverse of `seal_bytes`. Raises SealBroken."""
    try:
        return AESGCM(_key(house)).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(house, purpose))
    except (InvalidTag, ValueError) as error:
        raise SealBroken("altered, or sealed by another house or for another purpose") from error


def _bound(house: str, purpose: str) -> bytes:
    return f"permanence:{house}:{purpose}".encode()


def _key(house: str) -> bytes:
    try:
        return key_file(house).read_bytes()
    except FileNotFoundError as error:
        raise SealBroken(f"the key of the house {house} is not there") from error
