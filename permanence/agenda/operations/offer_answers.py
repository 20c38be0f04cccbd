# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of an offer: told to him by a way, taken, declined; and what a secretary does on the telephone.

Taking it books, exactly once. The same answer again changes nothing; another one, one that comes too late, or one about
an offer that the house took back, is refused, and nothing is changed.
"""

from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F

from permanence.agenda.models import Appointment, FreedTime, SlotOffer, WaitingPlace
from permanence.agenda.operations.acts import busy_named, locked, touch
from permanence.agenda.operations.appointments import Booking, book, cancel
from permanence.agenda.operations.offer_ends import close
from permanence.agenda.operations.waiting_offers import TOLD, holder_of
from permanence.agenda.queries.agendas import clients_seen
from permanence.agenda.queries.offers import VIEWED, OfferView, later_of, named_later, offer_row, offer_view
from permanence.agenda.queries.place_answers import said_of
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import AddressMissing, FreedUnknown, HoldOver, OfferOver, QuestionsUnanswered
from permanence.agenda.rules.states import STANDING, CancelCause, Door
from permanence.agenda.rules.waiting import FreedState, OfferState, OfferWay, PlaceState
from permanence.callers.entries import entries_of
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who


@transaction.atomic
def note_way(*, offer: str, way: OfferWay, by: Who, at: datetime) -> None:
    """How he is told of the offer: once, but that a secretary may be asked to do what SMS and mail could not.

    An offer that is over stays as it is. Raises OfferUnknown.
    """
    row = offer_row(offer, by=by)
    mine = SlotOffer.objects.filter(pk=row.pk, state=OfferState.OPEN.value).exclude(way=way.value)
    mine = mine if way is OfferWay.PHONE else mine.filter(way="")
    if mine.update(way=way.value):
        subject, detail = f"agenda.slotoffer:{row.pk}", {"way": way.value}
        audit.note(by=by, at=at, action="offer.told", subject=subject, client=row.client_id, detail=detail)
        touch(row.agenda, at=at)


def note_untold(*, offer: str, by: Who, at: datetime) -> None:
    """It lapsed, and what was to tell him of it never left: he was not silent, and does not go behind. Idempotent; an
    offer that did not lapse stays as it is. Raises OfferUnknown.
    """
    row = offer_row(offer, by=by)
    mine = SlotOffer.objects.filter(pk=row.pk, state=OfferState.LAPSED.value, way__in=TOLD)
    with transaction.atomic():
        if mine.update(way=""):
            WaitingPlace.objects.filter(pk=row.place_id, silent__gt=0).update(silent=F("silent") - 1)
            subject = f"agenda.slotoffer:{row.pk}"
            audit.note(by=by, at=at, action="offer.untold", subject=subject, client=row.client_id)
            touch(row.agenda, at=at)


@busy_named()
def take(
    *,
    offer: str,
    gives_up_later: bool | None = None,
    said: Mapping[str, str] | None = None,
    by: Who,
    at: datetime,
) -> OfferView:
    """He takes it: booked, and off the list. `gives_up_later`: his later appointment is cancelled, or kept; None: as he
    said when he was put on the list. `said`: question -> answer, of what was asked only now.

    Raises OfferUnknown, OfferOver, AgendaBusy, PatientDeceased; QuestionsUnanswered, AddressMissing where nobody asked
    what comes before the visit: then a secretary is to telephone; SlotRefused where the rules are against it by now.
    """
    try:
        return _taken(offer, gives_up_later, said or {}, by=by, at=at)
    except (QuestionsUnanswered, AddressMissing):
        note_way(offer=offer, way=OfferWay.PHONE, by=by, at=at)
        raise


def _taken(offer: str, gives_up_later: bool | None, said: Mapping[str, str], *, by: Who, at: datetime) -> OfferView:
    row = offer_row(offer, by=by)
    seen = later_of(row)
    if gives_up_later is None:
        gives_up_later = seen is not None and seen.key == row.place.instead_of
    with transaction.atomic():
        rows = locked({row.agenda_id, *([seen.agenda_id] if seen is not None else [])})
        later = seen if seen is not None and _stands(seen, after=row.starts_at) else None
        fresh = SlotOffer.objects.select_related(*VIEWED).get(pk=row.pk)
        if fresh.state == OfferState.TAKEN:
            return offer_view(fresh)
        if fresh.state != OfferState.OPEN or at >= fresh.expires_at:
            raise OfferOver(f"{fresh.key} is {fresh.state}")
        made = _book(fresh, said, by=by, at=at)
        close(fresh, rows[fresh.agenda_id], OfferState.TAKEN, by=by, at=at, appointment=made.appointment)
        _booked(WaitingPlace.objects.get(pk=fresh.place_id), made.appointment, by=by, at=at)
        if gives_up_later and later is not None:
            key = f"{fresh.key}-later"
            cancel(key=key, appointment=later.key, cause=CancelCause.PATIENT, by=by, at=at)
    return offer_view(offer_row(offer, by=by))


@busy_named()
def decline(*, offer: str, by: Who, at: datetime) -> OfferView:
    """He does not want it, and stays on the list as if he had not been asked. Raises OfferUnknown, OfferOver,
    AgendaBusy.
    """
    row = offer_row(offer, by=by)
    with transaction.atomic():
        rows = locked([row.agenda_id])
        fresh = SlotOffer.objects.select_related(*VIEWED).get(pk=row.pk)
        if fresh.state == OfferState.DECLINED:
            return offer_view(fresh)
        if at >= fresh.expires_at or not close(fresh, rows[fresh.agenda_id], OfferState.DECLINED, by=by, at=at):
            raise OfferOver(f"{fresh.key} is {fresh.state}")
    return offer_view(offer_row(offer, by=by))


def follow_booking(*, appointment: AppointmentView, by: Who, at: datetime, moved_from: datetime | None = None) -> bool:
    """Somebody was booked at `at`, by whatever door, or moved from `moved_from`: where he waits for that, he waits no
    more. Idempotent. What he had before he was put on the list ends that only where it was moved to an earlier moment.

    The later appointment that he said he gives up for an earlier one is cancelled, as when an offer is taken. A visit
    that was over by then, or that a file brought in once it had begun, is none that he waits for.
    """
    theirs = entries_of(house=by.house, client=appointment.client, patient=appointment.patient)
    rows = WaitingPlace.objects.for_house(by.house_key).select_related("client").order_by("pk")
    rows = rows.filter(patient__in=[int(each) for each in theirs], reason=int(appointment.reason))
    rows = rows.filter(state=PlaceState.WAITING.value)
    is_put_off = moved_from is not None and moved_from <= appointment.starts_at
    if is_put_off:
        rows = rows.filter(asked_at__lt=appointment.booked_at).exclude(instead_of=appointment.appointment)
    ended = [_followed(each, appointment, by=by, at=at) for each in rows]
    return any(ended)


@transaction.atomic
def wait_again(*, appointment: str, slip_at: datetime, by: Who, at: datetime) -> None:
    """What he had already is not what he waits for: whose place ended in the move of `slip_at`, which is taken back,
    waits again. What he was offered meanwhile went to others. Idempotent.
    """
    rows = WaitingPlace.objects.for_house(by.house_key).filter(appointment=appointment, state_at=slip_at)
    for row in rows.filter(state=PlaceState.BOOKED.value):
        if WaitingPlace.objects.filter(
            patient=row.patient_id, reason=row.reason_id, state=PlaceState.WAITING.value
        ).exists():
            continue  # he was put on the list anew
        said = {"state": PlaceState.WAITING.value, "state_at": at, "state_by_name": by.name, "appointment": ""}
        WaitingPlace.objects.filter(pk=row.pk, state=PlaceState.BOOKED.value).update(**said)
        subject = f"agenda.waitingplace:{row.pk}"
        audit.note(by=by, at=at, action="waiting.again", subject=subject, client=row.client_id)


def _followed(row: WaitingPlace, appointment: AppointmentView, *, by: Who, at: datetime) -> bool:
    # What he had, or was at when a file brought it in, is not what he waits for; a time that was held may have begun.
    over_from = appointment.starts_at if appointment.door is Door.IMPORT else appointment.ends_at
    if at <= row.asked_at or over_from <= at:
        return False
    day: date = appointment.starts_at.astimezone(ZoneInfo(row.client.time_zone)).date()
    if not row.from_date <= day < row.until_date or (row.agendas and appointment.agenda not in row.agendas):
        return False
    if row.sites and appointment.site and appointment.site not in row.sites:
        return False
    offers = SlotOffer.objects.filter(place=row, state=OfferState.OPEN.value)
    after = appointment.starts_at
    with transaction.atomic():
        later = named_later(row, after=after)
        agendas = locked([*offers.values_list("agenda", flat=True), *([later.agenda_id] if later is not None else [])])
        if not _booked(row, appointment.appointment, by=by, at=at):
            return False
        for each in offers.filter(agenda__in=list(agendas)):
            close(each, agendas[each.agenda_id], OfferState.WITHDRAWN, by=by, at=at)
        later = named_later(row, after=after)  # under the lock: somebody may have cancelled it meanwhile
        if later is not None and later.key != appointment.appointment:
            cancel(key=f"given-up-{row.pk:012d}", appointment=later.key, cause=CancelCause.PATIENT, by=by, at=at)
    return True


@transaction.atomic
def settle_freed(*, freed: str, by: Who, at: datetime) -> None:
    """A secretary has done with a time what she could. Raises FreedUnknown, also where somebody else was before her."""
    row = FreedTime.objects.for_house(by.house_key).filter(pk=row_key(freed)).select_related("agenda__house").first()
    if row is None or not clients_seen(by, [row.client_id]):
        raise FreedUnknown(freed[:40])
    mine = FreedTime.objects.filter(pk=row.pk, done_at=None).exclude(state=FreedState.OFFERING.value)
    if not mine.update(done_at=at, done_by_name=by.name):
        raise FreedUnknown(freed[:40])
    asked = SlotOffer.objects.filter(freed=row, state=OfferState.OPEN.value)
    FreedTime.objects.filter(pk=row.pk).exclude(pk__in=asked.values("freed")).update(next_at=None)
    audit.note(by=by, at=at, action="freed.settled", subject=f"agenda.freedtime:{row.pk}", client=row.client_id)
    touch(row.agenda, at=at)


def _book(offer: SlotOffer, said: Mapping[str, str], *, by: Who, at: datetime) -> AppointmentView:
    place = offer.place
    booking = Booking(
        patient=str(place.patient_id),
        reason=str(place.reason_id),
        door=Door.WAITING,
        holder=holder_of(offer.key),
        new_here=not place.known,
        said={**said_of(place, house=by.house), **said},
    )
    hold, agenda = offer.hold.key, str(offer.agenda_id)
    try:
        return book(
            key=f"{offer.key}-taken",
            agenda=agenda,
            starts_at=offer.starts_at,
            booking=booking,
            by=by,
            at=at,
            hold=hold,
        )
    except HoldOver as error:
        raise OfferOver(offer.key) from error


def _stands(visit: Appointment, *, after: datetime) -> bool:
    """Whether it is still one that he may give up for that moment: it may have been cancelled or moved meanwhile."""
    states = [each.value for each in STANDING]
    return Appointment.objects.filter(pk=visit.pk, state__in=states, starts_at__gt=after).exists()


def _booked(row: WaitingPlace, appointment: str, *, by: Who, at: datetime) -> bool:
    said = {"state": PlaceState.BOOKED.value, "state_at": at, "state_by_name": by.name, "appointment": appointment}
    mine = WaitingPlace.objects.filter(pk=row.pk, state=PlaceState.WAITING.value)
    if not mine.update(**said, sealed_answers=""):  # the visit has its own copy
        return False
    subject, detail = f"agenda.waitingplace:{row.pk}", {"appointment": appointment}
    audit.note(by=by, at=at, action="waiting.booked", subject=subject, client=row.client_id, detail=detail)
    return True
