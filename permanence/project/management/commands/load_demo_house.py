# SPDX-License-Identifier: AGPL-3.0-or-later
"""`load_demo_house`: the demonstration house, into a database that has no other."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project.demo_house import load_demo_house


class Command(BaseCommand):
    """Loads the demonstration house; does nothing when it is there."""

    help = "Loads the demonstration house; does nothing when it is there."

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Load it now."""
        try:
            load_demo_house(at=SystemClock().now(), entropy=SystemEntropy())
        except Refusal as refusal:
            raise CommandError(refusal.why) from refusal
