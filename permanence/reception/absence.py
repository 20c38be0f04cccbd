# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who is away at a moment, and whether that closes the client's lines."""

from datetime import datetime, timedelta

from permanence.reception.table import AbsenceEntry, ClientSlice

ANSWER, ANNOUNCE, VOICE_MESSAGE = "answer", "announce", "voice_message"
TREATMENTS = (ANSWER, ANNOUNCE, VOICE_MESSAGE)
CLOSING = frozenset({ANNOUNCE, VOICE_MESSAGE})
"""The treatments by which an absence of the whole client closes his lines."""

SHOWN_BEFORE = timedelta(days=1)
"""How long before its beginning an absence stands on the card."""


def in_force(entry: AbsenceEntry, at: datetime) -> bool:
    """Whether somebody is away by this absence at `at`."""
    return entry.starts <= at < entry.ends


def is_away(client: ClientSlice, recipient: str, *, at: datetime) -> bool:
    """Whether that recipient (his id) is away at `at` by an absence of his own."""
    return any(entry.recipient == recipient and in_force(entry, at) for entry in client.absences)


def closes(entry: AbsenceEntry) -> bool:
    """Whether it is the whole client who is away, and his calls are not answered meanwhile."""
    return not entry.recipient and entry.treatment in CLOSING


def closing_absence(client: ClientSlice, *, at: datetime) -> AbsenceEntry | None:
    """The absence of the whole client that closes his lines at `at`, whatever his hours; None when none does."""
    closing = [entry for entry in client.absences if closes(entry) and in_force(entry, at)]
    return min(closing, key=lambda entry: (entry.starts, entry.id), default=None)


def open_until(client: ClientSlice, changes_at: datetime | None, *, at: datetime) -> datetime | None:
    """When a line that is open at `at` closes: by his hours (`changes_at`, None: never), or by an absence before."""
    if not client.absences:
        return changes_at
    starts = [entry.starts for entry in client.absences if closes(entry) and at < entry.ends]
    return min((each for each in (changes_at, *starts) if each is not None), default=None)


def near_absences(client: ClientSlice, *, at: datetime) -> tuple[AbsenceEntry, ...]:
    """Those in force at `at` and those that begin within a day, the earliest first."""
    near = [entry for entry in client.absences if entry.starts <= at + SHOWN_BEFORE and at < entry.ends]
    return tuple(sorted(near, key=lambda entry: (entry.starts, entry.id)))
