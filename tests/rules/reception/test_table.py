# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table made at once is the table made slice by slice."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from permanence.reception.table import RoutingTable
from tests.stories import cast

NUMBERS = [f"+35220000{number:03d}" for number in range(12)]


@given(st.lists(st.lists(st.sampled_from(NUMBERS), max_size=4, unique=True), max_size=6), st.booleans())
def test_at_once_or_one_after_the_other(lines, with_house):
    entries = [
        replace(cast.weber(), client=str(number), version=number + 1, lines=tuple(each))
        for number, each in enumerate(lines)
    ]
    whole = [*([cast.house()] if with_house else []), *entries]
    one_by_one = RoutingTable()
    for entry in whole:
        one_by_one = one_by_one.put(entry)
    assert RoutingTable.holding(whole) == one_by_one
    assert RoutingTable.holding(whole).versions() == one_by_one.versions()
