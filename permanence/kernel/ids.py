# SPDX-License-Identifier: AGPL-3.0-or-later
"""Identifiers that cross the walls of a room or of a process: strings, sortable by the moment they were made."""

from datetime import datetime

from permanence.kernel.clock import Entropy

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32, lower case


def new_id(at: datetime, entropy: Entropy) -> str:
    """26 characters: 48 bits of milliseconds since 1970, then 80 bits of chance (the layout of a ULID)."""
    value = (int(at.timestamp() * 1000) << 80) | int.from_bytes(entropy.token(10), "big")
    digits: list[str] = []
    for _ in range(26):
        value, digit = divmod(value, 32)
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))
