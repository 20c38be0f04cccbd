# SPDX-License-Identifier: AGPL-3.0-or-later
"""What somebody answers to an SMS: what it means, and what he is told of what came of it."""

import hashlib
from datetime import datetime, timedelta

from django.db import transaction

from permanence.agenda.queries import appointments as agenda
from permanence.agenda.queries import offers
from permanence.agenda.rules.states import AppointmentState
from permanence.agenda.rules.waiting import OfferState
from permanence.countries.numbers import NotANumber, parse_number
from permanence.dispatch.channels.sms.content import SmsKind, Words
from permanence.dispatch.channels.sms.http import Incoming
from permanence.dispatch.channels.sms.replies import Answer, Meaning, asks_a_person, codes, read_answer
from permanence.dispatch.events import SmsAnswered, SmsUnclear
from permanence.dispatch.models import Reminder, Sms, SmsReply, SmsStop
from permanence.dispatch.rules import DeliveryState
from permanence.dispatch.sms_operations import ANSWERED_FOR, REPLY, TOLD_BACK, stop_waiting, write_back
from permanence.foundation import outbox, secrecy
from permanence.foundation.operations import house_system
from permanence.foundation.tenancy import ClientQuerySet
from permanence.kernel.clock import Entropy

UNCLEAR_EVERY = timedelta(hours=24)
"""At one number, of whichever house: two machines do not answer each other for ever."""
_WENT = (DeliveryState.SENT.value, DeliveryState.DELIVERED.value)


def take_reply(incoming: Incoming, *, at: datetime, entropy: Entropy) -> bool:
    """What somebody answered; gives whether he is one we wrote to. The same answer brought twice counts once.

    STOP ends the SMS of every house that wrote to that number, however long ago, for they share the provider's. An
    answer is for the one question its digit names; a word for the only one that is open; whatever is not certain
    changes nothing. Who confirmed may cancel by the digit as long as nothing else was written to him since.
    """
    try:
        number = parse_number(f"+{incoming.number.strip().removeprefix('+')}", country="LU").e164
    except NotANumber:
        return False
    answer = read_answer(incoming.text)
    with transaction.atomic():
        written = Sms.objects.filter(number=number).exclude(kind__in=TOLD_BACK).select_related("house", "client")
        rows = written.filter(created_at__gt=at - ANSWERED_FOR)
        last = (written if answer.meaning is Meaning.STOP else rows).order_by("-created_at", "-pk").first()
        if answer.meaning is not Meaning.STOP:
            last = _latest_question(rows) or last
        if last is None:
            return False
        asked = rows.filter(slot__isnull=False, state__in=_WENT, answered_at=None, expires_at__gt=at)
        open_now = [each for each in asked if answer.slot is None or each.slot == answer.slot]
        meant = open_now[0] if len(open_now) == 1 and answer.meaning in {Meaning.YES, Meaning.NO} else None
        named = rows.filter(slot=answer.slot, state__in=_WENT).order_by("-created_at", "-pk").first()
        before = last if answer.slot is None else named
        if not open_now and before is not None and answer.meaning is Meaning.YES:
            meant = _offered_before(rows, before)  # too late: nothing comes of it, but he is told so
        if answer.meaning is Meaning.MOVE and len(open_now) == 1 and open_now[0].kind == SmsKind.REMINDER:
            meant = open_now[0]
        if named is not None and named.pk == last.pk and _changes_his_mind(answer, named, at=at):
            meant = named
        sms = meant or (open_now[0] if len(open_now) == 1 else before or last)
        of_reminder = sms.kind == SmsKind.REMINDER
        asks = not meant and asks_a_person(answer.meaning, open_questions=len(open_now), of_reminder=of_reminder)
        asks = asks and not _says_it_again(answer, sms, open_questions=len(open_now))
        if not _note_reply(sms, incoming, answer.meaning, asks=asks, at=at, entropy=entropy):
            return True
        if answer.meaning is Meaning.STOP:
            for house in written.order_by("house").values_list("house", flat=True).distinct():
                SmsStop.objects.update_or_create(house_id=house, number=number, defaults={"at": at})
            stop_waiting(number=number, at=at)
        elif meant is not None:
            _answered(meant, answer.meaning, at=at)
        elif asks:
            alone = len(open_now) == 1 and sms.pk == open_now[0].pk
            outbox.announce(SmsUnclear(house=sms.house.slug, at=at, sms=sms.key, client=str(sms.client_id), open=alone))
    return True


def _latest_question(rows: ClientQuerySet[Sms]) -> Sms | None:
    """What reached him last and can be answered: his words are not for whom what did not go out, or a code, is of."""
    return rows.filter(state__in=_WENT).exclude(kind=SmsKind.CODE).order_by("-created_at", "-pk").first()


def _changes_his_mind(answer: Answer, sms: Sms, *, at: datetime) -> bool:
    """Whether he confirmed and now sends the digit that cancels, before the visit. A word would not be certain: "non"
    may be for what he was told last; nor would a yes after a no: the time may be another's by then.
    """
    confirmed = sms.kind == SmsKind.REMINDER and sms.answer == Meaning.YES and sms.expires_at > at
    return confirmed and answer.slot is not None and answer.meaning is Meaning.NO


def _says_it_again(answer: Answer, sms: Sms, *, open_questions: int) -> bool:
    """Whether nothing new is in it: "ok" once he had answered, yes in a word or by its digit once he had said yes."""
    if answer.meaning is Meaning.YES and answer.slot is not None:
        return sms.slot == answer.slot and sms.answer == Meaning.YES
    if open_questions or answer.slot is not None or answer.meaning is not Meaning.YES:
        return False
    return sms.answer == Meaning.YES or (answer.takes_note and sms.answered_at is not None)


def _offered_before(rows: ClientQuerySet[Sms], about: Sms) -> Sms | None:
    """The offer that is no longer open and was not answered, where that SMS is of it; of an older one he says nothing
    any more by a word.
    """
    offers = rows.filter(kind=SmsKind.OFFER.value, slot__isnull=False, state__in=_WENT, answered_at=None)
    return offers.filter(about=about.about).first() if about.kind == SmsKind.OFFER else None


def _note_reply(sms: Sms, incoming: Incoming, meaning: Meaning, *, asks: bool, at: datetime, entropy: Entropy) -> bool:
    """Keep the answer; False where it is there already. Without an id of the provider's it is known by its minute, and
    for the five after it, in which a provider brings again what was beside something else.
    """
    text = incoming.text[:500].encode(errors="replace").decode()
    again = 1 if meaning is Meaning.STOP else 6  # who agreed anew and says STOP once more means it
    minutes = [at - timedelta(minutes=each) for each in range(again)]
    known = [incoming.id] if incoming.id else [f"{each:%Y%m%d%H%M} {text}" for each in minutes]
    digest, *before = (hashlib.sha256(each.encode(errors="replace")).hexdigest() for each in known)
    if SmsReply.objects.filter(sms__number=sms.number, digest__in=[digest, *before]).exists():
        return False
    SmsReply.objects.create(
        house_id=sms.house_id,
        client_id=sms.client_id,
        sms=sms,
        digest=digest,
        sealed_text=secrecy.seal(text, house=sms.house.slug, purpose=REPLY, entropy=entropy),
        meaning=meaning.value,
        asks=asks,
        at=at,
    )
    return True


def _answered(sms: Sms, meaning: Meaning, *, at: datetime) -> None:
    """Say so once; who asks for another moment has not answered yet: yes and no are still understood."""
    if meaning is Meaning.MOVE or Sms.objects.filter(pk=sms.pk, answered_at=sms.answered_at).update(
        answered_at=at, answer=meaning.value
    ):
        client = str(sms.client_id)
        outbox.announce(
            SmsAnswered(
                house=sms.house.slug,
                at=at,
                sms=sms.key,
                client=client,
                kind=sms.kind,
                about=sms.about,
                answer=meaning.value,
            )
        )


def tell_visit(*, house: str, sms: str, yes: bool, at: datetime, entropy: Entropy) -> None:
    """He answered the reminder `sms` (its key): he is told that his visit is confirmed or cancelled, where it is, at
    the moment that he was told. Idempotent.
    """
    by = house_system(house=house)
    asked = Sms.objects.for_house(by.house_key).get(key=sms)
    row = Reminder.objects.for_house(by.house_key).get(key=asked.about)
    visit = agenda.appointment(by=by, appointment=row.appointment)
    becomes = AppointmentState.CONFIRMED if yes else AppointmentState.CANCELLED
    if visit.state is becomes and visit.starts_at == row.starts_at:
        kind, words = SmsKind.CONFIRMED if yes else SmsKind.CANCELLED, Words(house="", at=row.starts_at)
        write_back(asked=sms, kind=kind, words=words, by=by, at=at, entropy=entropy)


def tell_declined(*, house: str, sms: str, offer: str, at: datetime, entropy: Entropy) -> None:
    """He declined the offer by the SMS `sms`: he is told that it is noted. Idempotent."""
    by = house_system(house=house)
    found = offers.offer(by=by, offer=offer)
    if found.state is OfferState.DECLINED:
        words = Words(house="", at=found.starts_at)
        write_back(asked=sms, kind=SmsKind.DECLINED, words=words, by=by, at=at, entropy=entropy)


def tell_unclear(*, house: str, sms: str, still_open: bool, at: datetime, entropy: Entropy) -> None:
    """Nothing came by itself of what he answered to `sms`: he is told that a secretary reads it, once for each SMS and
    number and day, and that nothing is changed yet, but where something came of an answer before it. `still_open`: it
    is the one question that is open at his number; of a visit he is told its digits.
    """
    by = house_system(house=house)
    asked = Sms.objects.for_house(by.house_key).get(key=sms)
    last = Sms.objects.filter(number=asked.number, kind=SmsKind.UNCLEAR, created_at__gt=at - UNCLEAR_EVERY)
    if last.exists():
        return
    has_digits = still_open and asked.kind == SmsKind.REMINDER and asked.slot is not None
    yes, no = codes(asked.slot) if has_digits and asked.slot is not None else (0, 0)
    answered = asked.kind == SmsKind.BOOKED or (asked.answered_at is not None and asked.answered_at < at)
    words = Words(house="", yes=yes, no=no, answered=answered)
    write_back(asked=sms, kind=SmsKind.UNCLEAR, words=words, by=by, at=at, entropy=entropy)
