# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who and what else uses a reason that goes: those who wait for it, and the public pages that offer it.

Inside the act that retires it, under the locks of the client's agendas.
"""

from collections.abc import Mapping
from datetime import datetime

from permanence.agenda.models import Agenda, PublicPage, SlotOffer, VisitReason, WaitingPlace
from permanence.agenda.operations.offer_ends import close
from permanence.agenda.operations.waiting_merges import one_of
from permanence.agenda.rules.kinds import Asker
from permanence.agenda.rules.waiting import OfferState, PlaceState
from permanence.foundation import audit
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who


def waiting_for(row: VisitReason) -> ClientQuerySet[WaitingPlace]:
    """Those who wait for the reason."""
    return WaitingPlace.objects.filter(reason=row, state=PlaceState.WAITING.value)


def wait_for_other(
    row: VisitReason, other: VisitReason, agendas: Mapping[int, Agenda], *, by: Who, at: datetime
) -> tuple[int, int]:
    """Whoever waits for the reason waits for the other one, in his turn; gives how many, and how many waited for it
    already: of those one place stays, as where two files are one person (`waiting_merges.one_of`).

    What is offered to him is kept for him, but where his place is closed. `agendas`: those of the client, locked.
    """
    moved = joined = 0
    already = {each.patient_id: each for each in waiting_for(other).select_related("client")}
    for place in waiting_for(row).order_by("pk"):
        own = already.get(place.patient_id)
        if own is None:
            _have(place, other, by=by, at=at)
            moved += 1
            continue
        stays, closed, fair = one_of(own, place, at=at)
        for offer in SlotOffer.objects.filter(place=closed, state=OfferState.OPEN.value):
            close(offer, agendas[offer.agenda_id], OfferState.WITHDRAWN, by=by, at=at)
        said = {"state": PlaceState.WITHDRAWN.value, "state_at": at, "state_by_name": by.name, "sealed_answers": ""}
        WaitingPlace.objects.filter(pk=closed.pk).update(**said)
        _note(closed, "waiting.withdrawn", by=by, at=at, waits_as=stays.pk)
        if fair:
            WaitingPlace.objects.filter(pk=stays.pk).update(**fair)
        if stays is place:
            _have(place, other, by=by, at=at)
        joined += 1
    return moved, joined


def _have(place: WaitingPlace, other: VisitReason, *, by: Who, at: datetime) -> None:
    """He waits for the other reason from now on."""
    WaitingPlace.objects.filter(pk=place.pk).update(reason=other)
    _note(place, "waiting.reason_replaced", by=by, at=at, reason=other.pk, before=place.reason_id)


def pages_of(row: VisitReason) -> tuple[str, ...]:
    """The public pages (their slugs) that are on and offer nothing else: without the reason they would be empty."""
    pages = PublicPage.objects.filter(client=row.client_id, active=True, agenda__isnull=False)
    return tuple(each.slug for each in pages if set(each.reasons) == {str(row.pk)})


def is_online(row: VisitReason) -> bool:
    """Whether patients may book it by themselves."""
    return Asker.ONLINE.value in row.bookable_by


def change_pages(row: VisitReason, other: VisitReason | None) -> None:
    """Public pages offer the other reason instead, where patients may book it; a page left with nothing is off."""
    instead = [str(other.pk)] if other is not None and is_online(other) else []
    for page in PublicPage.objects.filter(client=row.client_id):
        if str(row.pk) in page.reasons:
            lists = [instead if each == str(row.pk) else [each] for each in page.reasons]
            reasons = list(dict.fromkeys(each for some in lists for each in some))
            PublicPage.objects.filter(pk=page.pk).update(reasons=reasons, active=page.active and bool(reasons))


def _note(place: WaitingPlace, action: str, *, by: Who, at: datetime, **detail: object) -> None:
    subject = f"agenda.waitingplace:{place.pk}"
    audit.note(by=by, at=at, action=action, subject=subject, client=place.client_id, detail=detail)
