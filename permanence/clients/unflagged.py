# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why no red flag warns in the calls of a client of health, and what becomes of the red flags of a new version.

Nothing is refused for it: a house may answer for a doctor who has not validated his list yet, and must know it.
"""

from datetime import datetime
from enum import StrEnum

from permanence.clients.queries import ClientView
from permanence.clients.rules.script import read_text
from permanence.clients.script_queries import script_entry
from permanence.clients.validation_queries import flag_lists
from permanence.reception.table import ScriptEntry


class Unflagged(StrEnum):
    """Why no red flag is in force: none is written, no doctor validated it, or it is not published."""

    NONE_WRITTEN = "none_written"
    NOT_VALIDATED = "not_validated"
    NOT_PUBLISHED = "not_published"


class NewFlags(StrEnum):
    """Red flags that were published before a doctor validated them: earlier ones hold until then, or none does."""

    EARLIER_HOLD = "earlier_hold"
    NONE_HOLDS = "none_holds"


def why_unflagged(view: ClientView, *, house: str, script: ScriptEntry | None, at: datetime) -> Unflagged | None:
    """Why no red flag is in force in `script`, which the telephone has of him (`script_entry`); None where one is, and
    of who is not of health. Four queries at most, none where nothing is to be said.
    """
    if not view.health or _hold_any(script):
        return None
    written = [each for each in flag_lists(house=house, client=view.id, at=at) if each.script.red_flags]
    if not written:
        return Unflagged.NONE_WRITTEN
    waits = any(each.validation is None for each in written)
    return Unflagged.NOT_VALIDATED if waits else Unflagged.NOT_PUBLISHED


def why_unflagged_now(view: ClientView, *, house: str, at: datetime) -> Unflagged | None:
    """The same where it is not read yet what the telephone has. Six queries at most, none of who is not of health."""
    if not view.health:
        return None
    return why_unflagged(view, house=house, script=script_entry(house=house, client=int(view.id)), at=at)


def new_flags(*, house: str, client: str, at: datetime) -> NewFlags | None:
    """What becomes of the red flags of the version that was just published; None where a doctor validated them, and
    where it has none. Six queries at most.
    """
    lists = flag_lists(house=house, client=client, at=at)
    if not any(not each.draft and each.script.red_flags and each.validation is None for each in lists):
        return None
    holds = _hold_any(script_entry(house=house, client=int(client)))
    return NewFlags.EARLIER_HOLD if holds else NewFlags.NONE_HOLDS


def _hold_any(script: ScriptEntry | None) -> bool:
    read = None if script is None else read_text(script.text)[0]
    return read is not None and bool(read.red_flags)
