# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which visit reasons a word of another product's file means."""

from collections import defaultdict
from collections.abc import Iterable

from permanence.foundation.folded import folded


class ReasonNames:
    """The names of a client's reasons, found as they are written, else but for capitals and accents, which many
    products leave out.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._known = frozenset(names)
        self._alike: dict[str, list[str]] = defaultdict(list)
        for name in sorted(self._known):
            self._alike[folded(name)].append(name)

    def called(self, word: str) -> tuple[str, ...]:
        """None where nothing is called so, several where the word does not tell them apart."""
        return (word,) if word in self._known else tuple(self._alike.get(folded(word), ()))
