# SPDX-License-Identifier: AGPL-3.0-or-later
"""Somebody of the house at work: for each line of JSON on stdin an instruction is written for the client of a line; on
stdout stands the moment it was committed (CLOCK_MONOTONIC, nanoseconds)."""

import json
import sys
import time

import django

django.setup()

from permanence.clients import operations, queries  # noqa: E402
from permanence.foundation.models import House, Person  # noqa: E402
from permanence.foundation.who import system_of  # noqa: E402
from permanence.kernel.system import SystemClock  # noqa: E402

HOUSE = "demo"


def main(line: str) -> None:
    """Works until stdin ends."""
    client = queries.lines(house=HOUSE)[line]
    by = system_of(House.objects.get(slug=HOUSE))
    author = str(Person.objects.for_house(HOUSE).order_by("pk")[0].pk)
    print("ready", flush=True)
    for said in sys.stdin:
        operations.write_instruction(client=client, text=json.loads(said), author=author, by=by, at=SystemClock().now())
        print(time.monotonic_ns(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
