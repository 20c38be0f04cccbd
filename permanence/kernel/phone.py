# SPDX-License-Identifier: AGPL-3.0-or-later
"""Telephone numbers as the house compares them: E.164 with the plus sign (ITU-T E.164, RFC 3966 global number)."""

import re
from dataclasses import dataclass
from typing import Self

_E164 = re.compile(r"\+[1-9][0-9]{4,14}\Z")


@dataclass(frozen=True, slots=True, order=True)
class PhoneNumber:
    """A number in E.164 (`+352621000147`). Equality is equality of the line.

    Short codes (15, 112) are not this type.
    """

    e164: str

    def __post_init__(self) -> None:
        if not _E164.match(self.e164):
            raise ValueError(f"not an E.164 number: {self.e164[:40]!r}")

    @classmethod
    def parse_global(cls, text: str) -> Self:
        """From a spelling that already carries its country (`+352 621-000.147`). Raises ValueError."""
        return cls("+" + re.sub(r"[ .\-()/\u00a0\u202f]", "", text.removeprefix("+")) if text.startswith("+") else text)

    def __str__(self) -> str:
        return self.e164
