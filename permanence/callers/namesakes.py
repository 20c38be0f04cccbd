# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who of a client's patients is called so: for files that name persons and bring no id."""

from collections import defaultdict

from permanence.callers.models import Patient
from permanence.callers.rules.bulk import same_person
from permanence.foundation.keys import row_key

type Called = tuple[str, str]
"""Family name and first name as `same_person` compares them."""


def called(*, name: str, first_name: str) -> Called:
    """How a person of this name is looked up."""
    family, first, _birth = same_person(birth_name=name, used_name="", first_name=first_name, birth_date="")
    return family, first


def namesakes(*, house: str, client: str) -> dict[Called, list[tuple[str, str]]]:
    """By name the patients of a client who stand for themselves: id and birth date (ISO, as far as known). One query.

    Who has a used and a birth name is found by both.
    """
    found: dict[Called, list[tuple[str, str]]] = defaultdict(list)
    rows = Patient.objects.for_house(house).for_client(row_key(client)).filter(merged_into__isnull=True)
    for key, birth, used, first, born in rows.order_by("pk").values_list(
        "pk", "birth_name", "used_name", "first_name", "birth_date"
    ):
        for name in dict.fromkeys((birth, used)):
            if name:
                found[called(name=name, first_name=first)].append((str(key), born))
    return found
