# SPDX-License-Identifier: AGPL-3.0-or-later
"""More secretaries for a running demonstration house, in its database. To be imported by `django shell`."""

import json

from permanence.foundation import operations
from permanence.kernel.system import SystemClock
from permanence.project.demo_cast import PASSWORD
from permanence.project.demo_house import HOUSE
from permanence.staff import operations as staff


def make(number: int) -> None:
    """`number` secretaries who speak English and French, signing in as `s1@bench.example`...; prints their ids."""
    at = SystemClock().now()
    system = operations.house_system(house=HOUSE)
    made = []
    for place in range(1, number + 1):
        person = operations.add_person(
            email=f"s{place}@bench.example", name=f"Bench {place}", language="en", roles=frozenset(),
            password=PASSWORD, by=system, at=at,
        )  # fmt: skip
        made.append(staff.make_secretary(person=person, languages=("en", "fr"), by=system, at=at))
    print(json.dumps(made))
