# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two texts side by side: which words of each the other does not have."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher

_WORDS = re.compile(r"\s+|[^\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Words in a row; `own`: the other text does not have them here."""

    text: str
    own: bool


def side_by_side(one: str, other: str) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Both texts in parts; joined, the parts of each are the text itself."""
    left, right = _WORDS.findall(one), _WORDS.findall(other)
    ours: list[Part] = []
    theirs: list[Part] = []
    for what, a, b, c, d in SequenceMatcher(None, left, right, autojunk=False).get_opcodes():
        own = what != "equal"
        if a < b:
            ours.append(Part(text="".join(left[a:b]), own=own))
        if c < d:
            theirs.append(Part(text="".join(right[c:d]), own=own))
    return tuple(ours), tuple(theirs)
