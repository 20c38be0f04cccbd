# SPDX-License-Identifier: AGPL-3.0-or-later
"""A move that was a slip is taken back: the visit is again what it was where it stood, confirmed or overbooked."""

from datetime import datetime, timedelta

from permanence.agenda.models import Agenda, AgendaAct
from permanence.agenda.operations.acts import once, reach
from permanence.agenda.operations.appointments import put_elsewhere, wish_of
from permanence.agenda.operations.holds import clear
from permanence.agenda.operations.stood import Stood
from permanence.agenda.operations.taking import judged
from permanence.agenda.operations.visit_acts import reach_appointment, standing
from permanence.agenda.queries.appointments import appointment as appointment_of
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import ChangedMeanwhile
from permanence.agenda.rules.states import AppointmentState, Door
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal

LONGEST = timedelta(minutes=2)
"""How long a move can be taken back: the page offers it for ten seconds."""


class NothingToTakeBack(Refusal):
    """No such move, it changed nothing, or it was too long ago."""

    code = "nothing_to_take_back"


def move_back(*, key: str, move: str, by: Who, at: datetime, call: str = "") -> AppointmentView:
    """The visit that the act `move` moved stands again where it stood, in the state and with the cause it had there.

    What the rules say of that place does not count, it was there: but nobody may have come there since. One of a group
    takes whichever place is free. Who was told of the move is told of this one; his reminder and his place on the
    waiting list are what they were.

    Raises NothingToTakeBack (no such move, or too long ago), ChangedMeanwhile (something else was done with it since),
    AppointmentUnknown, AgendaUnknown, PatientDeceased, NotNow, SlotAlreadyTaken, for a group SlotRefused, and those of
    `acts.once`.
    """
    act = AgendaAct.objects.for_house(by.house_key).filter(key=move[:40], act="move").first()
    if act is None or "stood" not in act.result:
        raise NothingToTakeBack(move[:40])
    found = reach_appointment(act.result["appointment"], by=by)
    stood, revision = Stood.read(act.result["stood"]), act.result["revision"]
    row = reach(stood.slot.agenda, by=by)
    wish = wish_of(found, door=Door.CONSOLE, holder="", by=by)

    def do(rows: dict[int, Agenda]) -> dict[str, str]:
        if act.at + LONGEST < at:
            raise NothingToTakeBack(move[:40])
        kept, visit = rows[row.pk], standing(found.key, rows)
        if visit.revision != revision or visit.state != AppointmentState.BOOKED:
            raise ChangedMeanwhile(visit.key)
        clear(kept, at=at)
        slot = stood.slot
        if stood.in_group:
            slot = judged(kept, wish, starts=slot.starts, at=at, without=visit.key)
        put_elsewhere(visit, slot, kept, stood=stood, slip_at=act.at, door=Door.CONSOLE, by=by, at=at, call=call)
        return {"appointment": visit.key}

    agendas = [row, found.agenda]
    result = once(act="move_back", key=key, agendas=agendas, content={"move": move}, by=by, at=at, do=do)
    return appointment_of(by=by, appointment=result["appointment"])
