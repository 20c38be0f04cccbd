# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes the database current and opens the house in it. A process of its own: it needs Django.

The supervisor starts it only when `fingerprint.is_prepared` says no. For a new real house it reads who the owner is
(JSON) from its standard input: a password never stands in an argument, in the environment or in the log.
"""

import json
import os
import sys
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permanence.project.settings")
django.setup()

# The rooms can be imported only once Django is set up.
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402

from permanence.foundation import operations, secrecy  # noqa: E402
from permanence.foundation.rules import Role  # noqa: E402
from permanence.kernel.refusals import Refusal  # noqa: E402
from permanence.kernel.system import SystemClock, SystemEntropy  # noqa: E402
from permanence.project.config import Configuration, read_configuration  # noqa: E402
from permanence.project.demo_knowledge import load_demonstration  # noqa: E402
from permanence.project.supervisor.fingerprint import mark_prepared  # noqa: E402


def open_real_house(configuration: Configuration, owner: dict[str, str]) -> None:
    """A house with its owner, whose day begins in the back office. Raises Refusal (e-mail malformed, password weak)."""
    at = SystemClock().now()
    secrecy.make_key(configuration.house, entropy=SystemEntropy())
    with transaction.atomic():
        system = operations.open_house(
            slug=configuration.house,
            name=owner["house"],
            language=owner["language"],
            country=owner["country"],
            time_zone=owner["time_zone"],
            at=at,
        )
        operations.add_person(
            email=owner["email"],
            name=owner["name"],
            language=owner["language"],
            roles=frozenset({Role.OWNER}),
            password=owner["password"],
            by=system,
            at=at,
        )


def main() -> int:
    """Reads `PERMANENCE_*` and, for a new house, the owner from stdin; returns the exit status."""
    configuration = read_configuration(os.environ)
    if not configuration.database_url:
        configuration.database.touch(mode=0o600)  # the settings open a file that is there, and no other
    call_command("migrate", interactive=False, verbosity=0)
    try:
        if configuration.demonstration:
            load_demonstration(at=SystemClock().now(), entropy=SystemEntropy())
        elif owner := sys.stdin.read():
            open_real_house(configuration, json.loads(owner))
    except Refusal as refusal:
        sys.stderr.write(f"{refusal.code}: {refusal.why}\n")
        return 1
    mark_prepared(Path(__file__).resolve().parents[2], configuration)
    return 0


if __name__ == "__main__":
    sys.exit(main())
