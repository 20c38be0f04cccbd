# SPDX-License-Identifier: AGPL-3.0-or-later
"""The offers of the waiting list, and what stands behind the link of one.

The link is signed: nobody makes one who has not our key.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from django.conf import settings
from django.utils.crypto import salted_hmac

from permanence.agenda.models import Appointment, SlotOffer, WaitingPlace
from permanence.agenda.queries.agendas import clients_seen, known_key, of_seen
from permanence.agenda.queries.place_answers import Unasked, unasked_of
from permanence.agenda.refusals import OfferUnknown
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.states import STANDING
from permanence.agenda.rules.waiting import OfferState
from permanence.callers import queries as callers
from permanence.callers.entries import entries_of
from permanence.callers.queries import PatientView
from permanence.clients.directory_queries import told_sites
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who, system_of

SIGNATURE = 20
"""Hexadecimal digits: 80 bits."""
SALT = "permanence.agenda.waiting.offer"
LINK_LIMIT = 80
LOADED = "agenda__client", "agenda__house", "place__reason", "hold"
VIEWED = "agenda", "place__reason", "hold"
"""What `offer_view` needs of a row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """One slot that was offered. `way`: sms, email, phone, "" until he was told; `state_by_name` "" for himself.

    `site`: the id of that at which it is; "" where it is not at the practice, or no opening says which.
    """

    offer: str
    client: str
    agenda: str
    agenda_name: str
    place: str
    site: str
    starts_at: datetime
    ends_at: datetime
    offered_at: datetime
    expires_at: datetime
    way: str
    state: OfferState
    state_at: datetime
    state_by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPage:
    """What stands behind the link of an offer; nothing of the reason, the practitioner or the patient's name.

    `later`: when the appointment begins that he may give up for this one, None for none; `gives_up`: that he said he
    would when he was put on the list. `way`, `site`, `video_link`: where it is, as of an appointment; `place_untold`
    as the query of that name.
    """

    link: str
    house_name: str
    gives_up: bool
    offer: OfferView
    by: Who
    person: PatientView
    later: datetime | None
    way: Way
    site: str
    video_link: str
    place_untold: bool


def client_of_offer(*, by: Who, offer: str) -> str | None:
    """Whose offer it is, in the house of `by`; None for none there. For the wall alone."""
    row = SlotOffer.objects.for_house(by.house_key).filter(key=known_key(offer)).first()
    return None if row is None else str(row.client_id)


def offer(*, by: Who, offer: str) -> OfferView:
    """One offer. Raises OfferUnknown, for one of a client that `by` does not see too."""
    return offer_view(offer_row(offer, by=by))


def offered_now(*, by: Who, holds: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Of these holds (ids) those that keep what is offered to somebody who waits: his name, and how he was told (an
    `OfferWay`, "" until he was). Two queries.
    """
    rows = of_seen(SlotOffer.objects.for_house(by.house_key).filter(state=OfferState.OPEN.value), by=by)
    found = list(rows.filter(hold__key__in=list(holds)).values_list("hold__key", "client", "place__patient", "way"))
    persons = callers.standing_of(pairs=[(str(client), str(patient)) for _hold, client, patient, _way in found])
    return {
        hold: (person.name, way)
        for hold, client, patient, way in found
        if (person := persons.get((str(client), str(patient)))) is not None
    }


def offer_row(offer: str, *, by: Who) -> SlotOffer:
    """The row with its agenda, house, hold, place and reason. Raises OfferUnknown."""
    rows = SlotOffer.objects.for_house(by.house_key).select_related(*LOADED)
    row = rows.filter(key=known_key(offer)).first()
    if row is None or not clients_seen(by, [row.client_id]):
        raise OfferUnknown(offer[:40])
    return row


def unasked(*, by: Who, offer: str) -> Unasked:
    """What a person has to ask him before he can take it. Raises OfferUnknown."""
    place = WaitingPlace.objects.select_related("reason").get(pk=offer_row(offer, by=by).place_id)
    person = callers.standing(house=by.house, client=str(place.client_id), patient=str(place.patient_id))
    return unasked_of(place, house=by.house, on_file=person.address)


def place_untold(*, by: Who, offer: str) -> bool:
    """Whether he cannot know at which of several sites it is: he waits for more of them than this one.

    Then no mere yes may take it. An SMS cannot say the site: all that is known of one is its free name and address, and
    the name ("Centre d'oncologie") may be a word about his health; there is no town apart. The page behind the link
    says it before he takes it, and where the practice may not be named a secretary does.

    No for a visit that is not at the practice, and where the opening names no site: there is no place then that anybody
    could tell him, whatever the door. Raises OfferUnknown.
    """
    return _is_untold(offer_row(offer, by=by))


def link_of(offer: str) -> str:
    """The secret address at which an offer is taken or declined."""
    return f"{settings.PERMANENCE.web_url}/o/{offer}-{_signature(offer)}"


def behind(link: str) -> OfferPage:
    """What a link shows. Raises OfferUnknown for one that was not signed by us."""
    key, _dash, signature = link[:LINK_LIMIT].partition("-")
    if not compare_digest(signature.encode(), _signature(key).encode()):
        raise OfferUnknown("not ours")
    row = SlotOffer.objects.select_related(*LOADED).filter(key=key).first()
    if row is None:
        raise OfferUnknown(key[:40])
    by = system_of(row.agenda.house)
    person = callers.standing(house=by.house, client=str(row.client_id), patient=str(row.place.patient_id))
    later = later_of(row)
    return OfferPage(
        link=link,
        house_name=row.agenda.house.name,
        gives_up=later is not None and later.key == row.place.instead_of,
        offer=offer_view(row),
        by=by,
        person=person,
        later=None if later is None else later.starts_at,
        way=Way(row.place.reason.way),
        site="" if row.hold.site_id is None else str(row.hold.site_id),
        video_link=row.place.reason.video_link,
        place_untold=_is_untold(row),
    )


def later_of(row: SlotOffer) -> Appointment | None:
    """The appointment he may give up: the one he named, else the first later one for the same reason."""
    client, patient = str(row.client_id), str(row.place.patient_id)
    himself = callers.standing(house=row.agenda.house.slug, client=client, patient=patient)
    theirs = [int(each) for each in entries_of(house=row.agenda.house.slug, client=client, patient=himself.id)]
    same = _standing_after(row.place, row.starts_at).filter(patient__in=theirs, reason=row.place.reason_id)
    return named_later(row.place, after=row.starts_at) or same.order_by("starts_at", "pk").first()


def named_later(place: WaitingPlace, *, after: datetime) -> Appointment | None:
    """The appointment he said he gives up for an earlier one, as long as it stands and begins after that."""
    return _standing_after(place, after).filter(key=place.instead_of).first() if place.instead_of else None


def offer_view(row: SlotOffer) -> OfferView:
    """The row (with what is `VIEWED`) as a view."""
    there = row.hold.site_id if Way(row.place.reason.way) is Way.PRACTICE else None
    return OfferView(
        offer=row.key,
        client=str(row.client_id),
        agenda=str(row.agenda_id),
        agenda_name=row.agenda.name,
        place=row.place.key,
        site="" if there is None else str(there),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        offered_at=row.offered_at,
        expires_at=row.expires_at,
        way=row.way,
        state=OfferState(row.state),
        state_at=row.state_at,
        state_by_name=row.state_by_name,
    )


def _is_untold(row: SlotOffer) -> bool:
    here = offer_view(row).site
    known = told_sites(house=row.house_id, clients=[str(row.client_id)]) if here else {}
    return here in known and {each for each in row.place.sites if each in known} != {here}


def _standing_after(place: WaitingPlace, after: datetime) -> ClientQuerySet[Appointment]:
    states = [each.value for each in STANDING]
    return Appointment.objects.filter(client=place.client_id, state__in=states, starts_at__gt=after)


def _signature(key: str) -> str:
    return salted_hmac(SALT, key, algorithm="sha256").hexdigest()[:SIGNATURE]
