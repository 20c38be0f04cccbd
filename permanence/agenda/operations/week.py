# SPDX-License-Identifier: AGPL-3.0-or-later
"""One opening of the week is changed, added or taken away, as the one who did it saw the week."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from permanence.agenda.operations.acts import locked, reach
from permanence.agenda.operations.setting import replace_opening
from permanence.agenda.queries.agendas import week_openings
from permanence.agenda.refusals import ChangedMeanwhile, OpeningUnknown
from permanence.agenda.rules.kinds import Opening
from permanence.foundation.who import Who


def mark_of(week: Sequence[Opening]) -> str:
    """What tells this week from another one; a page carries it from the look to the act."""
    return hashlib.sha256(repr(tuple(week)).encode()).hexdigest()[:32]


def changed_week(week: Sequence[Opening], *, instead_of: str, openings: Sequence[Opening]) -> tuple[Opening, ...]:
    """The week with these openings in the place of one ("" for none). Raises OpeningUnknown."""
    if instead_of and instead_of not in {each.id for each in week}:
        raise OpeningUnknown(instead_of[:40])
    return (*(each for each in week if each.id != instead_of), *openings)


def change_opening(
    *, agenda: str, instead_of: str, openings: Sequence[Opening], mark: str, by: Who, at: datetime
) -> None:
    """These openings in the place of the one with the id `instead_of` ("": they are new); none takes it away.

    Raises ChangedMeanwhile when the week is not the one that `mark` was made of, OpeningUnknown, and as
    `setting.replace_opening`.
    """
    row = reach(agenda, by=by)
    with transaction.atomic():
        locked([row.pk])
        week = week_openings(by=by, agenda=agenda)
        if mark_of(week) != mark:
            raise ChangedMeanwhile(agenda[:40])
        changed_week(week, instead_of=instead_of, openings=openings)
        replace_opening(agenda=agenda, instead_of=instead_of, openings=openings, by=by, at=at)
