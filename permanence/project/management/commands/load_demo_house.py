# SPDX-License-Identifier: AGPL-3.0-or-later
"""`load_demo_house`: the demonstration house, into a database that has no other."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project.demo_house import load_demo_house
from permanence.project.demo_knowledge import load_demonstration


class Command(BaseCommand):
    """Loads the demonstration house; does nothing when it is there."""

    help = "Loads the demonstration house; does nothing when it is there."

    def add_arguments(self, parser: CommandParser) -> None:
        """With or without what it knows beyond its clients."""
        parser.add_argument("--bare", action="store_true", help="without script, absence and instruction to be read")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Load it now."""
        load = load_demo_house if options["bare"] else load_demonstration
        try:
            load(at=SystemClock().now(), entropy=SystemEntropy())
        except Refusal as refusal:
            raise CommandError(refusal.why) from refusal
