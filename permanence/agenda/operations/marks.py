# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a page has shown, as a mark that it carries to the act: of two people at one page the second is told."""

import hashlib
import json
from collections.abc import Sequence, Set
from dataclasses import asdict, replace
from typing import Any

from permanence.agenda.refusals import ChangedMeanwhile
from permanence.agenda.rules.kinds import OpeningException, VisitReason


def mark_of_day(kept: Sequence[OpeningException]) -> str:
    """Of what is otherwise on one day; of nothing too. Rows that say the same have the same mark."""
    return _mark(
        [asdict(replace(day, id="", openings=tuple(replace(each, id="") for each in day.openings))) for day in kept]
    )


def mark_of_reason(kept: VisitReason) -> str:
    """Of all fields of a reason."""
    return _mark(asdict(kept))


def mark_of_setting(
    *,
    name: str,
    step: int,
    closed_on_holidays: bool,
    overbookings_per_day: int,
    offer_minutes: int,
    active: bool,
) -> str:
    """Of what the form of an agenda sets."""
    return _mark([name, step, closed_on_holidays, overbookings_per_day, offer_minutes, active])


def compare(kept: str, seen: str | None, *, of: str) -> None:
    """Whether what is kept is what was seen; None: nobody has looked. Raises ChangedMeanwhile."""
    if seen is not None and seen != kept:
        raise ChangedMeanwhile(of[:40])


def _mark(seen: Any) -> str:
    said = json.dumps(seen, sort_keys=True, default=lambda each: sorted(each) if isinstance(each, Set) else str(each))
    return hashlib.sha256(said.encode()).hexdigest()[:32]
