# SPDX-License-Identifier: AGPL-3.0-or-later
"""Patients of a client for other systems: by exact traits, where nothing is guessed and nobody who was merged is
listed; and all of them.
"""

from collections.abc import Iterator, Sequence

from permanence.callers.models import NameWord, Patient, PatientNumber
from permanence.callers.queries import PatientView, views
from permanence.callers.rules.letters import fold, split
from permanence.foundation.keys import row_key

CHUNK = 500
"""Rows that are read at a time where all are wanted."""


def by_traits(
    *,
    house: str,
    client: str,
    first: int,
    most: int,
    ids: Sequence[str] = (),
    birth_date: str = "",
    family: str = "",
    given: str = "",
    name: str = "",
    number: str = "",
) -> tuple[int, tuple[PatientView, ...]]:
    """How many have all these traits, and `most` of them after the `first` ones. Four queries.

    `birth_date`: ISO; "1961" is every day of that year. `family`, `given`, `name` (either): each word begins a word
    of the name, accents and capitals aside. `number`: E.164. What is not asked for is "" or ().
    """
    rows = Patient.objects.for_house(house).for_client(row_key(client)).filter(merged_into=None)
    if ids:
        rows = rows.filter(pk__in=[row_key(each) for each in ids])
    if birth_date:
        rows = rows.filter(birth_date__startswith=birth_date)
    for text, of_family in ((family, True), (given, False), (name, None)):
        for word in split(text):
            known = NameWord.objects.for_client(row_key(client)).filter(letters__startswith=fold(word))
            known = known if of_family is None else known.filter(is_family=of_family)
            rows = rows.filter(pk__in=known.values("patient"))
    if number:
        reached = PatientNumber.objects.for_client(row_key(client)).filter(number=number)
        rows = rows.filter(pk__in=reached.values("patient"))
    return rows.count(), tuple(views(list(rows.order_by("pk")[first : first + most])))


def how_many(*, house: str, client: str) -> int:
    """All patients of a client, those who were merged too. One query."""
    return Patient.objects.for_house(house).for_client(row_key(client)).count()


def everybody(*, house: str, client: str) -> Iterator[tuple[PatientView, ...]]:
    """All patients of a client, those who were merged too, as they were made; in chunks of two queries."""
    rows = Patient.objects.for_house(house).for_client(row_key(client)).order_by("pk")
    last = 0
    while found := list(rows.filter(pk__gt=last)[:CHUNK]):
        yield tuple(views(found))
        last = found[-1].pk
