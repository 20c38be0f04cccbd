# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who has read what must be read before a call is answered, and until when only those are asked. Pure.

"Must be read by everybody before the next call" is kept as a training is: for some seconds of the wait a call is for
those who have read everything that its card will say must be read. What the card of another call says (another line,
another caller) keeps nobody from this one.
"""

from collections.abc import Iterable
from datetime import datetime

from permanence.reception.instructions import concerns, holds
from permanence.reception.table import ClientSlice, InstructionEntry


def read_first_for_s(client: ClientSlice | None) -> int:
    """How long a call of the client waits for those who have read, seconds; 0 where it does not.

    Half of his longest wait at most: a caller is not sent to the closing words while somebody else could answer.
    """
    return 0 if client is None else min(client.read_first_s, client.max_wait_s // 2)


def asked_of(client: ClientSlice, *, line: str, caller: str | None) -> list[InstructionEntry]:
    """What every secretary is to read, at one time or another, before a call on that line (E.164) by that caller
    (E.164, None: masked or not sent)."""
    return [entry for entry in client.instructions if entry.acknowledge and concerns(entry, line=line, caller=caller)]


def readers_of(asked: Iterable[InstructionEntry], *, at: datetime) -> frozenset[str] | None:
    """Who has read all of these that hold at `at`; None where none does."""
    found: frozenset[str] | None = None
    for entry in asked:
        if holds(entry, at=at):
            found = frozenset(entry.readers) if found is None else found.intersection(entry.readers)
    return found


def next_change(asked: Iterable[InstructionEntry], *, at: datetime, until: datetime) -> datetime | None:
    """The first moment after `at` and before `until` at which others of these hold than before."""
    moments = (moment for entry in asked for moment in (entry.starts, entry.ends))
    return min((moment for moment in moments if moment is not None and at < moment < until), default=None)
