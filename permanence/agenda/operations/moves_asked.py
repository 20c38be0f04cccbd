# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor asks the secretaries to move one visit, though he is there: it stands as it is until they do."""

from datetime import datetime

from django.db import transaction

from permanence.agenda.models import Agenda, Appointment, FollowUp
from permanence.agenda.models.appointments import CAUSE_LENGTH
from permanence.agenda.operations.acts import busy_named, filled, locked, renewed, short
from permanence.agenda.operations.day import list_for_secretaries
from permanence.agenda.operations.returns import tell_that_it_stands
from permanence.agenda.operations.visit_acts import Seen, reach_appointment, standing, subject
from permanence.agenda.queries.returns import over_by_now, unmoved
from permanence.agenda.refusals import ListedAlready, NotNow
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.foundation import live
from permanence.foundation.who import Who


@busy_named()
def ask_to_move(*, appointment: str, by: Who, at: datetime, words: str = "", seen: Seen | None = None) -> None:
    """The visit is on the secretaries' list, to be moved; `words`: his to them, instead of those before. Asked again it
    changes nothing. With `seen` only where it stands so.

    Raises AppointmentUnknown, NotNow once it has begun or stands no more, ListedAlready where it is on that list for an
    absence or because its agenda is closed, ChangedMeanwhile, WordsTooLong, AgendaBusy.
    """
    found, said = reach_appointment(appointment, by=by), short(words, CAUSE_LENGTH)
    with transaction.atomic():
        rows = locked([found.agenda_id])
        visit = standing(found.key, rows, seen)
        if visit.starts_at <= at:
            raise NotNow(f"{visit.key} has begun")
        listed = unmoved(FollowUp.objects.filter(appointment=visit, done_at=None)).first()
        if listed is not None and (listed.alone, listed.words) == (True, said):
            return
        asks = listed is not None and not listed.alone and listed.wanted != Wanted.STANDS
        if listed is not None and asks and not over_by_now([listed], house=by.house):
            raise ListedAlready(visit.key)
        list_for_secretaries([visit], absence="", wanted=Wanted.MOVE, words=said, by=by, at=at, alone=True)
        _note(visit, rows[visit.agenda_id], "agenda.move_asked", by=by, at=at)


@busy_named()
def take_back_move(*, appointment: str, by: Who, at: datetime) -> None:
    """It is to be moved no more; nothing where the doctor did not ask for that. Whom a call had told otherwise is to
    be told that it stands.

    Raises AppointmentUnknown, AgendaBusy.
    """
    found = reach_appointment(appointment, by=by)
    with transaction.atomic():
        row = locked([found.agenda_id])[found.agenda_id]
        asked = FollowUp.objects.filter(appointment=found, alone=True, done_at=None)
        if asked.update(done_at=at, done_by_name=by.name, outcome=Outcome.TAKEN_BACK.value):
            tell_that_it_stands(found.pk, house=by.house, at=at)
            _note(found, row, "agenda.move_not_asked", by=by, at=at)
            live.touch_tasks(by=by, at=at)


def _note(visit: Appointment, row: Agenda, action: str, *, by: Who, at: datetime) -> None:
    filled(row, action=action, subject=subject(visit), by=by, at=at, event=None)
    if visit.also is not None:
        renewed(visit.also, at=at)
