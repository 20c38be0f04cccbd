# SPDX-License-Identifier: AGPL-3.0-or-later
"""Looks after the exchange's alarms once a second: raises those that nobody's turn raises, drops those that are over.

What happened once and cannot be mended (a fault, a journal set aside) stands for a while and goes by itself.
"""

from collections import OrderedDict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol

from permanence.engine.exchange.moment import Moment
from permanence.engine.exchange.parts import Parts
from permanence.kernel.faults import FaultBook

BEHIND_S = 60.0
"""How long the house may leave the events of the calls where they are."""
ASIDE_STANDS_S = 24 * 3600.0
LINE_STANDS_S = 24 * 3600.0
MOST_LINES = 20
"""Lines of nobody complained of at once, to one house: a carrier may send any number."""
REFUSED_FOR = timedelta(hours=1)
MOST_REFUSED = 32


class WaitingEvents(Protocol):
    """What is asked of the journal."""

    next_sequence: int
    acknowledged: int

    def events_after(self, sequence: int, limit: int = 500) -> Sequence[tuple[int, dict[str, Any]]]:
        """Events after a sequence, in order."""
        ...


class Vigil:
    """`slices` names the files of the table that could not be read (`SliceStore.unreadable`)."""

    def __init__(self, parts: Parts, journal: WaitingEvents, faults: FaultBook) -> None:
        self._parts = parts
        self._journal = journal
        self.faults = faults
        self._behind_at: float | None = None
        self._acknowledged = -1
        self._since: dict[str, float] = {}
        self._refused: OrderedDict[str, dict[str, Any]] = OrderedDict()

    def look(self, moment: Moment, *, unreadable: Sequence[str]) -> None:
        """Brings the alarms up to date. `unreadable`: the slices that cannot be read."""
        self._slices(unreadable)
        self._faults(moment)
        self._events(moment)
        self._expire("journal_aside", ASIDE_STANDS_S, moment)
        self._lines(moment)
        alarms, parts = self._parts.alarms, self._parts
        for code in [code for code in alarms if code.startswith("restore:")]:
            if code.partition(":")[2] in parts.desks:
                del alarms[code]
        if parts.media_is_away(moment):
            alarms.setdefault("media", "the media process cannot be reached")
        if "ports" in alarms and parts.ports.has_room:
            del alarms["ports"]

    def refused(self, source: str, count: int, moment: Moment) -> None:
        """Requests came from an address that is no trunk's."""
        known = self._refused.pop(source, None)
        if known is None or known["at"] <= moment.at - REFUSED_FOR:
            known = {"source": source, "count": 0}
        self._refused[source] = {**known, "count": known["count"] + count, "at": moment.at}
        while len(self._refused) > MOST_REFUSED:
            self._refused.popitem(last=False)

    def status(self, moment: Moment) -> dict[str, Any]:
        """`faults {count, kind, where, at}` since the start, and the sources `refused` in the last hour."""
        faults = self.faults
        recent = [one for one in self._refused.values() if one["at"] > moment.at - REFUSED_FOR]
        return {
            "faults": {
                "count": faults.count,
                "kind": faults.kind,
                "where": faults.where,
                "at": None if faults.at is None else faults.at.isoformat(),
            },
            "refused": [{**one, "at": one["at"].isoformat()} for one in recent],
        }

    def _slices(self, unreadable: Sequence[str]) -> None:
        alarms = self._parts.alarms
        for name in unreadable:
            alarms[f"slice:{name}"] = "this slice of the table cannot be read"
        for code in [code for code in alarms if code.startswith("slice:")]:
            if code.partition(":")[2] not in unreadable:
                del alarms[code]

    def _faults(self, moment: Moment) -> None:
        alarms, faults = self._parts.alarms, self.faults
        if faults.is_standing(moment.at):
            alarms["fault"] = f"faults inside the telephone: {faults.count}, the last {faults.kind} in {faults.where}"
        else:
            alarms.pop("fault", None)
            self._expire("turn_failed", 0.0, moment)

    def _events(self, moment: Moment) -> None:
        """The events that nobody acknowledges. Sequences have gaps: only an event that is there counts."""
        journal = self._journal
        if journal.acknowledged != self._acknowledged or journal.next_sequence - 1 <= journal.acknowledged:
            self._acknowledged, self._behind_at = journal.acknowledged, None
        if self._behind_at is None:
            if journal.next_sequence - 1 <= journal.acknowledged or not journal.events_after(journal.acknowledged, 1):
                self._parts.alarms.pop("events", None)
                return
            self._behind_at = moment.now
        if moment.now - self._behind_at >= BEHIND_S:
            self._parts.alarms["events"] = "the house does not take the events of the calls: they wait in the journal"
        else:
            self._parts.alarms.pop("events", None)

    def _expire(self, code: str, stands_s: float, moment: Moment) -> None:
        """Drops an alarm that stood so long."""
        alarms = self._parts.alarms
        if code not in alarms:
            self._since.pop(code, None)
        elif moment.now - self._since.setdefault(code, moment.now) >= stands_s:
            del alarms[code], self._since[code]

    def _lines(self, moment: Moment) -> None:
        alarms, table = self._parts.alarms, self._parts.slices.table
        of_house: dict[str, list[str]] = {}
        for code in alarms:
            if code.startswith("line:"):
                of_house.setdefault(code.partition("/")[0], []).append(code)
        for codes in of_house.values():
            for code in codes[:-MOST_LINES]:
                del alarms[code]
                self._since.pop(code, None)
            for code in codes[-MOST_LINES:]:
                if code.partition("/")[2] in table.lines:
                    del alarms[code]
                self._expire(code, LINE_STANDS_S, moment)
