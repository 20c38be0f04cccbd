# SPDX-License-Identifier: AGPL-3.0-or-later
"""The offers of the waiting list are told: as an SMS or a mail by consent, else by a secretary; and SMS answer them."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from permanence.agenda.operations import offer_answers
from permanence.agenda.queries import offers, waiting
from permanence.agenda.queries.offers import OfferView, link_of
from permanence.agenda.refusals import AddressMissing, OfferOver, PatientDeceased, QuestionsUnanswered, SlotRefused
from permanence.agenda.rules.public import OVERTAKEN
from permanence.agenda.rules.waiting import OfferState, OfferWay
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.countries.quiet import heard_from
from permanence.dispatch import sms_operations
from permanence.dispatch.channels.sms.content import SmsKind, Words
from permanence.dispatch.channels.sms.replies import Meaning
from permanence.dispatch.models import OfferNotice, Sms
from permanence.dispatch.reminder_queries import contact_rule
from permanence.dispatch.rules import LEASE, NO_WAY, TOO_LATE, Attempt, DeliveryState, ended
from permanence.dispatch.sms_operations import language_for
from permanence.dispatch.sms_reach import NoConsent, NoMobile, SmsOff
from permanence.foundation.operations import house_system
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id

_WENT = (DeliveryState.SENT.value, DeliveryState.DELIVERED.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferMailTaken:
    """A mail a worker took: it alone may send it until the lease ends. `practice` is "" unless the client agreed.

    `place_first`: he learns behind the link at which site it is.
    """

    notice: int
    attempt: int
    key: str
    offer: str
    house: str
    house_name: str
    time_zone: str
    practice: str
    address: str
    language: str
    starts_at: datetime
    expires_at: datetime
    place_first: bool


def tell(*, house: str, offer: str, at: datetime, entropy: Entropy) -> None:
    """Tell him of the offer: by SMS, else by mail, by consent; who agreed to neither, whom nobody asked what has to be
    asked before the visit, and to whom nothing that is written may say where it is, is a secretary's. Idempotent.
    """
    by = house_system(house=house)
    found = offers.offer(by=by, offer=offer)
    if found.state is not OfferState.OPEN or at >= found.expires_at:
        return
    account = clients.client(house=house, client=found.client)
    person = _person(found, by=by)
    with transaction.atomic():
        notice, is_new = OfferNotice.objects.get_or_create(
            house_id=by.house_key,
            offer=offer,
            defaults={
                "client_id": int(found.client),
                "key": new_id(at, entropy),
                "language": language_for(person, account),
                "starts_at": found.starts_at,
                "expires_at": found.expires_at,
                "next_attempt_at": at,
            },
        )
        if not is_new:
            return
        mine = OfferNotice.objects.filter(pk=notice.pk)
        place_first = offers.place_untold(by=by, offer=offer)
        written = not offers.unasked(by=by, offer=offer) and (not place_first or _names_practice(found, by=by))
        if written and _by_sms(found, person, place_first=place_first, by=by, at=at, entropy=entropy):
            mine.update(channel="sms", state=DeliveryState.SENT, sent_at=at)
            way = OfferWay.SMS
        elif written and person.may_mail and person.mail:
            mine.update(channel="email", address=person.mail)
            way = OfferWay.EMAIL
        else:
            mine.update(state=DeliveryState.FAILED, why=NO_WAY)
            way = OfferWay.PHONE
        offer_answers.note_way(offer=offer, way=way, by=by, at=at)


def answer_by_sms(*, house: str, offer: str, yes: bool, at: datetime, entropy: Entropy) -> None:
    """He answered by a digit or a word; what came of it, when he wants it, he is told the same way. Idempotent.

    Who was not told where it is takes nothing by that: he is told so with the link, and a secretary telephones too, for
    he may have nothing to open a link with.
    """
    by = house_system(house=house)
    found = offers.offer(by=by, offer=offer)
    if not yes:
        if found.state is OfferState.OPEN and at < found.expires_at:
            offer_answers.decline(offer=offer, by=by, at=at)
        return
    is_new = found.state is not OfferState.TAKEN
    if found.state is OfferState.OPEN and at < found.expires_at and offers.place_untold(by=by, offer=offer):
        offer_answers.note_way(offer=offer, way=OfferWay.PHONE, by=by, at=at)
        _say_not_yet(found, place_untold=True, by=by, at=at, entropy=entropy)
        return
    try:
        offer_answers.take(offer=offer, by=by, at=at)
        kind = SmsKind.BOOKED
    except PatientDeceased:  # nobody writes to him, nor telephones
        return
    except (QuestionsUnanswered, AddressMissing):  # asked since he was written to: a secretary telephones him
        _say_not_yet(found, place_untold=False, by=by, at=at, entropy=entropy)
        return
    except (OfferOver, SlotRefused):
        kind = SmsKind.OVER
    if is_new and at < found.starts_at:
        _say(kind, found, by=by, at=at, entropy=entropy)


def say_booked(offer: OfferView, *, by: Who, at: datetime, entropy: Entropy) -> None:
    """He wanted it in words of his own, and a secretary has just booked it: told as after a yes that was understood,
    but not at night, for she may have come to it hours later.
    """
    if at >= offer.starts_at:
        return
    key = _say(SmsKind.BOOKED, offer, by=by, at=at, entropy=entropy)
    account = clients.client(house=by.house, client=offer.client)
    heard = heard_from(at, country=account.country, time_zone=account.time_zone)
    Sms.objects.for_house(by.house_key).filter(key=key).update(next_attempt_at=heard)


def not_reached(*, house: str, offer: str, at: datetime) -> None:
    """What was sent did not reach him: as long as the offer is open, a secretary telephones; once it lapsed, he was not
    silent. Idempotent.
    """
    by = house_system(house=house)
    with transaction.atomic():
        notices = OfferNotice.objects.for_house(by.house_key).filter(offer=offer)
        notices.exclude(state=DeliveryState.BOUNCED).update(state=DeliveryState.FAILED)
        offer_answers.note_way(offer=offer, way=OfferWay.PHONE, by=by, at=at)
        _note_if_untold(offer, by=by, at=at)


def close_question(*, house: str, offer: str, at: datetime) -> None:
    """The offer is over: what was not sent of it is not sent, and its digits mean nothing any more; who heard nothing
    of it was not silent. Idempotent.
    """
    by = house_system(house=house)
    with transaction.atomic():
        _note_if_untold(offer, by=by, at=at)
        notices = OfferNotice.objects.for_house(by.house_key).filter(offer=offer, state=DeliveryState.PENDING)
        notices.update(state=DeliveryState.FAILED, why=OVERTAKEN, leased_until=None)
        asked = Sms.objects.for_house(by.house_key).filter(kind=SmsKind.OFFER.value, about=offer, answered_at=None)
        asked.filter(state=DeliveryState.PENDING).update(state=DeliveryState.FAILED, why=OVERTAKEN)
        asked.filter(expires_at__gt=at).update(expires_at=at)


def _note_if_untold(offer: str, *, by: Who, at: datetime) -> None:
    """The row of an SMS says of it whether it went out, that of the notice of a mail."""
    written = Sms.objects.for_house(by.house_key).filter(kind=SmsKind.OFFER.value, about=offer, state__in=_WENT)
    mailed = OfferNotice.objects.for_house(by.house_key).filter(offer=offer, channel="email", state__in=_WENT)
    if not written.exists() and not mailed.exists():
        offer_answers.note_untold(offer=offer, by=by, at=at)


def take_due(*, at: datetime) -> OfferMailTaken | None:
    """Take a mail that is due, the longest due first; None when there is none. One that came too late has failed."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = OfferNotice.objects.filter(free, channel="email", state=DeliveryState.PENDING, next_attempt_at__lte=at)
    due.filter(expires_at__lte=at).update(state=DeliveryState.FAILED, why=TOO_LATE, leased_until=None)
    for row in due.select_related("house", "client").order_by("next_attempt_at", "pk")[:20]:
        mine = OfferNotice.objects.filter(free, pk=row.pk, state=DeliveryState.PENDING, attempts=row.attempts)
        if mine.update(leased_until=at + LEASE, attempts=row.attempts + 1):
            named = contact_rule(house=row.house.slug, client=str(row.client_id)).names_practice
            return OfferMailTaken(
                notice=row.pk,
                attempt=row.attempts + 1,
                key=row.key,
                offer=row.offer,
                house=row.house.slug,
                house_name=row.house.name,
                time_zone=row.client.time_zone,
                practice=row.client.name if named else "",
                address=row.address,
                language=row.language,
                starts_at=row.starts_at,
                expires_at=row.expires_at,
                place_first=offers.place_untold(by=house_system(house=row.house.slug), offer=row.offer),
            )
    return None


def finish(taken: OfferMailTaken, attempt: Attempt, *, at: datetime) -> None:
    """Write how the try ended; what cannot be sent is a secretary's. Does nothing when the lease was lost."""
    sent, wait = ended(attempt, taken.attempt)
    mine = OfferNotice.objects.filter(pk=taken.notice, attempts=taken.attempt, state=DeliveryState.PENDING)
    if sent:
        mine.update(leased_until=None, state=DeliveryState.SENT, sent_at=at, why="")
    elif wait is not None and at + wait < taken.expires_at:
        mine.update(leased_until=None, next_attempt_at=at + wait, why=attempt.why)
    elif mine.update(leased_until=None, state=DeliveryState.FAILED, why=attempt.why):
        by = house_system(house=taken.house)
        offer_answers.note_way(offer=taken.offer, way=OfferWay.PHONE, by=by, at=at)


def _person(offer: OfferView, *, by: Who) -> callers.PatientView:
    return waiting.place(by=by, place=offer.place).person


def _names_practice(offer: OfferView, *, by: Who) -> bool:
    """Whether the page behind the link may say at which site it is."""
    return contact_rule(house=by.house, client=offer.client).names_practice


def _by_sms(
    offer: OfferView, person: callers.PatientView, *, place_first: bool, by: Who, at: datetime, entropy: Entropy
) -> bool:
    words = Words(
        house="", at=offer.starts_at, until=offer.expires_at, link=link_of(offer.offer), place_first=place_first
    )
    try:
        sms_operations.send_sms(
            kind=SmsKind.OFFER,
            client=offer.client,
            patient=person.id,
            about=offer.offer,
            words=words,
            expires_at=offer.expires_at,
            by=by,
            at=at,
            entropy=entropy,
            asks=True,
        )
    except (SmsOff, NoConsent, NoMobile):
        return False
    return True


def _say_not_yet(offer: OfferView, *, place_untold: bool, by: Who, at: datetime, entropy: Entropy) -> None:
    """He wants it, and it is not booked yet: with the link and until when it is kept. Once an offer. Why: he was not
    told where it is, which the link says or, where it may not name the practice, a secretary; else something is asked.
    Nothing came of his yes: the digit to decline is still understood.
    """
    about = Sms.objects.for_house(by.house_key).filter(kind=SmsKind.OFFER.value, about=offer.offer)
    about.filter(answer=Meaning.YES.value).update(answered_at=None, answer="")
    if not about.filter(slot=None).exists():  # the one that offered it has digits, else he could not have answered
        named = _names_practice(offer, by=by)
        words = Words(
            house="",
            at=offer.starts_at,
            until=offer.expires_at,
            link=link_of(offer.offer),
            asked_first=True,
            place_first=place_untold and named,
            place_by_telephone=place_untold and not named,
        )
        _write(SmsKind.OFFER, offer, words, expires_at=offer.expires_at, by=by, at=at, entropy=entropy)


def _say(kind: SmsKind, offer: OfferView, *, by: Who, at: datetime, entropy: Entropy) -> str:
    """What came of his answer; gives the key of the SMS, "" for none."""
    words = Words(house="", at=offer.starts_at)
    return _write(kind, offer, words, expires_at=offer.starts_at, by=by, at=at, entropy=entropy)


def _write(
    kind: SmsKind, offer: OfferView, words: Words, *, expires_at: datetime, by: Who, at: datetime, entropy: Entropy
) -> str:
    """He has just written, so that he can be written to; who said STOP meanwhile is not. Gives the key, "" for none."""
    try:
        return sms_operations.send_sms(
            kind=kind,
            client=offer.client,
            patient=_person(offer, by=by).id,
            about=offer.offer,
            words=words,
            expires_at=expires_at,
            by=by,
            at=at,
            entropy=entropy,
        )
    except (SmsOff, NoConsent, NoMobile):
        return ""
