# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first of a long list, where what belongs on it shows only once the rows are loaded."""

from collections.abc import Callable, Iterable

from django.db.models import Model, QuerySet


def first_kept[Row: Model, Found](
    rows: QuerySet[Row], keep: Callable[[list[Row]], Iterable[Found]], *, most: int
) -> list[Found]:
    """What `keep` leaves of the rows (ordered), `most` at most: where it drops some, further rows take their place.

    One query for each `most` rows that are looked at, and those of `keep`.
    """
    found: list[Found] = []
    begin = 0
    while len(found) < most:
        some = list(rows[begin : begin + most])
        found += keep(some)
        if len(some) < most:
            break
        begin += most
    return found[:most]
