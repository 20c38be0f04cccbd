# SPDX-License-Identifier: AGPL-3.0-or-later
"""How agendas are set, kept by a process: a booking asks for what stands in the agenda, not for its rules again.

It is true at every question: `Agenda.set_version` comes with the row that is asked about, and grows whoever sets the
agenda otherwise, in whatever process. What is read after a row may be newer than it, never older.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from threading import Lock

from django.db import connection

from permanence.agenda.models import Agenda
from permanence.agenda.rules import kinds

MOST = 1_000
"""Agendas that are kept, some 40 KB each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How one agenda is set; `exceptions` are those from some day on."""

    openings: tuple[kinds.Opening, ...]
    exceptions: tuple[kinds.OpeningException, ...]
    reasons: tuple[kinds.VisitReason, ...]
    resources: tuple[kinds.Resource, ...]


type Read = Callable[[Sequence[Agenda], date], dict[int, Setting]]
"""By key how these agendas are set, exceptions from a day on."""


@dataclass(frozen=True, slots=True)
class _Known:
    version: int
    since: date
    setting: Setting


class Kept:
    """The settings a process keeps, safe for threads; those not asked for the longest go first."""

    def __init__(self, read: Read, *, most: int = MOST) -> None:
        self._read, self._most = read, most
        self._lock = Lock()
        self._known: OrderedDict[tuple[str, int], _Known] = OrderedDict()

    def of(self, rows: Sequence[Agenda], *, since: date) -> dict[int, Setting]:
        """By key how these agendas are set, as their rows say; exceptions from `since` on, or from before it."""
        if connection.in_atomic_block:  # what stands there may be taken back, and its version given again
            return self._read(rows, since)
        name = str(connection.settings_dict["NAME"])
        found: dict[int, Setting] = {}
        with self._lock:
            for row in rows:
                known = self._known.get((name, row.pk))
                if known is not None and known.since > since:
                    continue
                if known is not None and known.version == row.set_version:
                    found[row.pk] = known.setting
                    self._known.move_to_end((name, row.pk))
        missing = [row for row in rows if row.pk not in found]
        if missing:
            fresh = self._read(missing, since)
            self._keep(name, missing, since, fresh)
            found |= fresh
        return found

    def _keep(self, name: str, rows: Sequence[Agenda], since: date, fresh: dict[int, Setting]) -> None:
        with self._lock:
            for row in rows:
                self._known[name, row.pk] = _Known(row.set_version, since, fresh[row.pk])
                self._known.move_to_end((name, row.pk))
            while len(self._known) > self._most:
                self._known.popitem(last=False)
