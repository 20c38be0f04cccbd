# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the owner changes in a client's sites and directory can be taken back as what the client changes himself."""

from typing import Any

from django.http import HttpRequest

from permanence.clients.directory_operations import change_of
from permanence.clients.directory_queries import facts_of
from permanence.clients.models import Contact, Site
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()


def note_written(request: HttpRequest, row: Any) -> None:
    """Keeps what stood there before `row`, which is about to be saved; its place alone is no change."""
    if not isinstance(row, Site | Contact):
        return
    held = type(row).objects.for_client(row.client_id).filter(pk=row.pk).first() if row.pk else None
    before, after = None if held is None else facts_of(held), facts_of(row)
    if before != after:
        change_of(row, before=before, after=after, by=who(request), at=CLOCK.now()).save()


def note_removed(request: HttpRequest, row: Any) -> None:
    """Keeps what stood in `row`, which is about to be deleted."""
    if isinstance(row, Site | Contact):
        change_of(row, before=facts_of(row), after=None, by=who(request), at=CLOCK.now()).save()
