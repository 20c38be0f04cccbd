# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names the persons of the demonstration who still have the printed password. A process of its own: it needs Django."""

import os
import sys

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permanence.project.settings")
django.setup()

# The rooms can be imported only once Django is set up.
from permanence.foundation.models import Person  # noqa: E402
from permanence.project.demo_cast import PASSWORD  # noqa: E402


def still_printed() -> list[str]:
    """The e-mail of each person whose stored hash is that of the printed password, in order."""
    return sorted(person.email for person in Person.objects.all() if person.check_password(PASSWORD))


def main() -> int:
    """One e-mail a line; the database is only read."""
    sys.stdout.write("".join(f"{email}\n" for email in still_printed()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
