# SPDX-License-Identifier: AGPL-3.0-or-later
"""How an offer ends: inside an act, under the lock of its agenda; its slot goes to the next."""

from datetime import datetime

from permanence.agenda.events import OfferAnswered
from permanence.agenda.models import Agenda, FreedTime, SlotHold, SlotOffer
from permanence.agenda.operations import holds
from permanence.agenda.rules.states import HoldEnd
from permanence.agenda.rules.waiting import OfferState
from permanence.foundation import audit, outbox
from permanence.foundation.who import Who

HOW = {OfferState.TAKEN: HoldEnd.BOOKED, OfferState.LAPSED: HoldEnd.EXPIRED}
"""How the hold ends with the offer; else it is given back."""


def close(offer: SlotOffer, row: Agenda, state: OfferState, *, by: Who, at: datetime, appointment: str = "") -> bool:
    """An open offer ends so: its slot is held no longer, and its time is looked at again; False where it was over."""
    said = {"state": state.value, "state_at": at, "state_by_name": by.name if by.person else ""}
    if not SlotOffer.objects.filter(pk=offer.pk, state=OfferState.OPEN.value).update(**said):
        return False
    held = SlotHold.objects.filter(pk=offer.hold_id)
    holds.end(held, row, HOW.get(state, HoldEnd.RELEASED), by=by, at=at)
    FreedTime.objects.filter(pk=offer.freed_id).update(next_at=at)
    detail = {"place": offer.place_id, "starts_at": offer.starts_at, "way": offer.way}
    subject = f"agenda.slotoffer:{offer.pk}"
    audit.note(by=by, at=at, action=f"offer.{state.value}", subject=subject, client=offer.client_id, detail=detail)
    told = {"client": str(offer.client_id), "agenda": str(offer.agenda_id), "appointment": appointment}
    outbox.announce(OfferAnswered(house=by.house, at=at, offer=offer.key, answer=state.value, **told))
    return True
