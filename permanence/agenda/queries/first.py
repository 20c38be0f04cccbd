# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first of a long list, where what belongs on it shows only once the rows are loaded."""

from collections.abc import Callable, Iterable

from django.db.models import Model, QuerySet

PAGE = 100


def first_kept[Row: Model, Found](
    rows: QuerySet[Row], keep: Callable[[list[Row]], Iterable[Found]], *, most: int
) -> list[Found]:
    """What `keep` leaves of the rows (ordered), `most` at most: where it drops some, further rows take their place.

    One query for each `PAGE` rows or more that are looked at, and those of `keep`.
    """
    found: list[Found] = []
    begin, page = 0, max(most, PAGE)
    while len(found) < most:
        some = list(rows[begin : begin + page])
        found += keep(some)
        if len(some) < page:
            break
        begin += page
    return found[:most]
