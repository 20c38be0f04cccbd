# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which instructions a secretary sees on a call, and in which order. Pure."""

from collections.abc import Iterable
from datetime import datetime

from permanence.reception.table import InstructionEntry


def holds(entry: InstructionEntry, *, at: datetime) -> bool:
    """Whether it is in force at `at`, for whatever line, caller, recipient and reason it is."""
    return (entry.starts is None or entry.starts <= at) and (entry.ends is None or at < entry.ends)


def concerns(entry: InstructionEntry, *, line: str, caller: str | None) -> bool:
    """Whether it is about calls on that line (E.164) by that caller (E.164; None: masked or not sent)."""
    return (not entry.line or entry.line == line) and (not entry.caller or entry.caller == caller)


def instructions_for(
    entries: Iterable[InstructionEntry],
    *,
    at: datetime,
    line: str = "",
    caller: str | None = None,
    seen_at: datetime | None = None,
    reader: str | None = None,
) -> tuple[InstructionEntry, ...]:
    """Those that hold at `at` on that line (E.164) for that caller (E.164; None: masked or not sent).

    What is for a recipient or a reason is among them: both are found out in the call. What must be read and `reader`
    (a secretary, None: nobody) has not stands first, then what is new since `seen_at` (her last call for this client),
    then the highest priority, then the most recently written.
    """
    found = [entry for entry in entries if holds(entry, at=at) and concerns(entry, line=line, caller=caller)]
    return in_order(found, seen_at=seen_at, reader=reader)


def instructions_in_force(entries: Iterable[InstructionEntry], *, at: datetime) -> tuple[InstructionEntry, ...]:
    """Those that hold at `at`, whatever line and caller they are about, in the order of a card."""
    return in_order(entry for entry in entries if holds(entry, at=at))


def in_order(
    entries: Iterable[InstructionEntry], *, seen_at: datetime | None = None, reader: str | None = None
) -> tuple[InstructionEntry, ...]:
    """These, whenever they hold, in the order of a card; see `instructions_for`."""
    found = list(entries)
    if len(found) > 1:
        found.sort(key=lambda entry: entry.id)
        found.sort(
            key=lambda entry: (_unread(entry, reader), is_new(entry, seen_at), entry.priority, entry.written_at),
            reverse=True,
        )
    return tuple(found)


def _unread(entry: InstructionEntry, reader: str | None) -> bool:
    return entry.acknowledge and reader is not None and reader not in entry.readers


def is_new(entry: InstructionEntry, seen_at: datetime | None) -> bool:
    """Whether it holds only since her last call for the client: written after it, or begun after it. For who has had
    none, nothing is: all of it is."""
    if seen_at is None:
        return False
    return entry.written_at > seen_at or (entry.starts is not None and entry.starts > seen_at)
