# SPDX-License-Identifier: AGPL-3.0-or-later
"""An agenda is closed: nobody who is booked in it, waits for it or holds a time in it is forgotten.

Its visits stay where they are until a secretary has moved or cancelled them; they are on her list, with what is wanted.
"""

from dataclasses import dataclass
from datetime import datetime

from permanence.agenda.models import Agenda, FreedTime, SlotHold, SlotOffer, WaitingPlace
from permanence.agenda.models.appointments import CAUSE_LENGTH
from permanence.agenda.operations import holds
from permanence.agenda.operations.acts import short
from permanence.agenda.operations.day import list_for_secretaries
from permanence.agenda.operations.offer_ends import close
from permanence.agenda.queries.closing import standing_in, taking_too, waiting_alone
from permanence.agenda.refusals import AgendaBookedToo, AgendaInUse
from permanence.agenda.rules.follow_ups import Onwards, Wanted
from permanence.agenda.rules.states import HoldEnd
from permanence.agenda.rules.waiting import FreedState, OfferState, PlaceState
from permanence.foundation import audit
from permanence.foundation.who import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """What becomes of those whom the end of an agenda meets: of the booked, and of those who wait for it alone. `words`
    are for the secretary.
    """

    wanted: Wanted | None = None
    words: str = ""
    onwards: Onwards | None = None


NOTHING_SAID = Leaving()


def end_what_stands(row: Agenda, leaving: Leaving, *, by: Who, at: datetime) -> dict[str, int]:
    """Inside the act that closes the agenda, under its lock; gives what was met, for the audit trail.

    Raises AgendaBookedToo while visits of other agendas take it too, whatever is offered by now: on no list would
    anybody see that it is closed under them; AgendaInUse where it was not said what becomes of somebody, or those who
    wait are to wait for other agendas and there are none; WordsTooLong.
    """
    words = short(leaving.words, CAUSE_LENGTH)
    too = taking_too(row, at=at).count()
    if too:
        raise AgendaBookedToo(f"{too} appointments of other agendas")
    visits, alone = list(standing_in(row, at=at)), waiting_alone(row)
    if (visits and leaving.wanted is None) or (alone and leaving.onwards is None):
        raise AgendaInUse(f"{len(visits)} appointments, {len(alone)} who wait")
    if visits and leaving.wanted is not None:
        list_for_secretaries(visits, absence="", wanted=leaving.wanted, words=words, by=by, at=at)
    offers = list(SlotOffer.objects.filter(agenda=row, state=OfferState.OPEN.value).order_by("pk"))
    for offer in offers:
        close(offer, row, OfferState.WITHDRAWN, by=by, at=at)
    held = holds.end(SlotHold.objects.filter(agenda=row, ended_at=None), row, HoldEnd.RELEASED, by=by, at=at)
    _let_go_on(row, alone, leaving.onwards, by=by, at=at)
    FreedTime.objects.filter(agenda=row, done_at=None).exclude(state=FreedState.TAKEN.value).update(
        state=FreedState.OVER.value, next_at=None, suggested=[]
    )
    return {"appointments": len(visits), "waiting": len(alone), "offers": len(offers), "holds": held}


def _let_go_on(row: Agenda, alone: list[int], onwards: Onwards | None, *, by: Who, at: datetime) -> None:
    """Who waits for this agenda and others waits for the others; who waits for it alone as was said."""
    there = Agenda.objects.filter(client=row.client_id, active=True).exclude(pk=row.pk).exists()
    if alone and onwards is Onwards.ANY and not there:
        raise AgendaInUse("the client has no other agenda to wait for")
    for place in WaitingPlace.objects.filter(client=row.client_id, state=PlaceState.WAITING.value).order_by("pk"):
        is_alone, named = place.pk in alone, [each for each in place.agendas if each != str(row.pk)]
        if is_alone and onwards is Onwards.NONE:
            said = {"state": PlaceState.WITHDRAWN.value, "state_at": at, "state_by_name": by.name, "sealed_answers": ""}
            _note(place, "waiting.withdrawn", said, by=by, at=at)
        elif is_alone:
            _note(place, "waiting.any_agenda", {"agendas": []}, by=by, at=at)
        elif named != place.agendas:
            _note(place, "waiting.agenda_closed", {"agendas": named}, by=by, at=at)


def _note(place: WaitingPlace, action: str, fields: dict[str, object], *, by: Who, at: datetime) -> None:
    WaitingPlace.objects.filter(pk=place.pk).update(**fields)
    audit.note(by=by, at=at, action=action, subject=f"agenda.waitingplace:{place.pk}", client=place.client_id)
