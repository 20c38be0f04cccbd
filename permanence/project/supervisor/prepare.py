# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes the database current and, in the demonstration, loads its house. A process of its own: it needs Django.

The supervisor starts it only when `fingerprint.is_prepared` says no. Its output goes to the person and to the log.
"""

import os
import sys
from pathlib import Path

import django
from django.core.management import call_command

from permanence.project import config
from permanence.project.supervisor.fingerprint import mark_prepared


def main() -> int:
    """Reads `PERMANENCE_*`; returns the exit status."""
    configuration = config.read_configuration(os.environ)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "permanence.project.settings")
    django.setup()
    call_command("migrate", interactive=False, verbosity=0)
    if configuration.demonstration:
        call_command("load_demo_house")
    mark_prepared(Path(__file__).resolve().parents[2], configuration)
    return 0


if __name__ == "__main__":
    sys.exit(main())
