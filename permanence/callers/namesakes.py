# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who of a client's patients is called so: for files that name persons and bring no id."""

from collections import defaultdict

from permanence.callers.models import Patient
from permanence.callers.rules.bulk import same_person
from permanence.callers.rules.merging import stands_for
from permanence.foundation.keys import row_key

type Called = tuple[str, str]
"""Family name and first name as `same_person` compares them."""


def called(*, name: str, first_name: str) -> Called:
    """How a person of this name is looked up."""
    family, first, _birth = same_person(birth_name=name, used_name="", first_name=first_name, birth_date="")
    return family, first


def namesakes(*, house: str, client: str) -> dict[Called, list[tuple[str, str]]]:
    """By name the patients of a client who stand for themselves: id and birth date (ISO, as far as known). One query.

    Who has a used and a birth name is found by both. Who was merged leads to whoever stands for him today, with the
    birth date that was his, so that one may be there with two; without one, with that of who stands for him.
    """
    rows = Patient.objects.for_house(house).for_client(row_key(client)).order_by("pk")
    people = {
        key: (into, (birth, used), first, born)
        for key, into, birth, used, first, born in rows.values_list(
            "pk", "merged_into_id", "birth_name", "used_name", "first_name", "birth_date"
        )
    }
    stands = stands_for({key: each[0] for key, each in people.items()})
    found: dict[Called, list[tuple[str, str]]] = defaultdict(list)
    for key, (into, names, first, born) in sorted(people.items(), key=lambda each: (each[1][0] is not None, each[0])):
        if key not in stands:
            continue
        himself = str(stands[key]), born or people[stands[key]][3]
        for name in dict.fromkeys(names):
            there = found[called(name=name, first_name=first)] if name else []
            if name and (into is None or himself not in there):
                there.append(himself)
    return found
