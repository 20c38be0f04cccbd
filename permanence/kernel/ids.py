# SPDX-License-Identifier: AGPL-3.0-or-later
"""Identifiers that cross the walls of a room or of a process: strings, sortable by the moment they were made."""

from datetime import datetime

from permanence.kernel.clock import Entropy

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case
_PAIRS = tuple(first + second for first in _ALPHABET for second in _ALPHABET)
_SHIFTS = range(120, -1, -10)


def new_id(at: datetime, entropy: Entropy) -> str:
    """26 characters: 48 bits of milliseconds since 1970, then 80 bits of chance (the layout of a ULID)."""
    value = (int(at.timestamp() * 1000) << 80) | int.from_bytes(entropy.token(10), "big")
    return "".join([_PAIRS[value >> shift & 1023] for shift in _SHIFTS])
