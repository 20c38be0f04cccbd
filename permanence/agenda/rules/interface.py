# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a system that comes in through the interface may do, and for how long."""

import enum
import hashlib

PREFIX = "pmn_"
"""With it begins every token: whoever finds one in a file knows what it is."""
TOKEN_BYTES = 32
HINT_LENGTH = 10
LONGEST_DAYS = 730
SYSTEM_LIMIT = 80


class Scope(enum.StrEnum):
    """READ looks at agendas, appointments and patients; BOOK holds, books, moves and cancels; EXPORT takes the practice
    out whole, the register of its patients too.
    """

    READ = "read"
    BOOK = "book"
    EXPORT = "export"


def digest_of(token: str) -> str:
    """What is kept of a token. It has 256 bits of chance, so that a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
