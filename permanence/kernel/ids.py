# SPDX-License-Identifier: AGPL-3.0-or-later
"""Identifiers that cross the walls of a room or of a process: strings, sortable by the moment they were made."""

from datetime import datetime

from permanence.kernel.clock import Entropy

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_CHANCE = _ALPHABET.encode() * 8  # for each octet the character of its lower five bits


def new_id(at: datetime, entropy: Entropy) -> str:
    """26 characters: 48 bits of milliseconds since 1970, then 80 bits of chance (the layout of a ULID)."""
    ms = int(at.timestamp() * 1000)
    moment = f"{_PAIRS[ms >> 40]}{_PAIRS[ms >> 30 & 1023]}{_PAIRS[ms >> 20 & 1023]}{_PAIRS[ms >> 10 & 1023]}"
    return f"{moment}{_PAIRS[ms & 1023]}{entropy.token(16).translate(_CHANCE).decode()}"
