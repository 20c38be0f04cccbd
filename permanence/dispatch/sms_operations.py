# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is done with SMS: asked for, taken by a worker, finished, confirmed by a receipt.

They are taken, tried again and given up as mails are (`dispatch.operations`): an update filtered on what was read, a
lease, a result filtered on the try's number. The provider gets our key with each try, so that one which knows such
references drops a repetition after a kill.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.countries.numbers import NotANumber, parse_number
from permanence.countries.quiet import heard_from
from permanence.dispatch import late_overtaken
from permanence.dispatch.channels.sms.content import SmsKind, Words, compose
from permanence.dispatch.channels.sms.http import Given, Report
from permanence.dispatch.channels.sms.length import measure
from permanence.dispatch.channels.sms.replies import SLOTS, codes
from permanence.dispatch.events import SmsFailed
from permanence.dispatch.models import ContactRule, Sms, SmsStop
from permanence.dispatch.rules import LEASE, STOPPED, TOO_LATE, DeliveryState, ended
from permanence.dispatch.sms_provider import usable_provider
from permanence.dispatch.sms_reach import NoConsent, NoMobile, SmsOff, is_stopped, may_reach, takes_sms
from permanence.foundation import audit, outbox, secrecy
from permanence.foundation.models import House
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id

TEXT, REPLY = "sms.text", "sms.reply"
"""What the words are sealed for."""
TOLD_BACK = frozenset({SmsKind.CONFIRMED, SmsKind.CANCELLED, SmsKind.DECLINED, SmsKind.UNCLEAR})
"""What came of an answer: nobody answers these, what he writes next is about what was asked before."""
AT_ONCE = TOLD_BACK | {SmsKind.CODE, SmsKind.LATE, SmsKind.BOOKED, SmsKind.OVER, SmsKind.MOVE}
"""Not held back by quiet hours: asked for or answered this moment, or about a visit of this very day. Nor is what says
that something is asked first: he has just answered.
"""
CODE_GOOD_FOR = timedelta(minutes=10)
TOLD_FOR = timedelta(hours=2)
"""So long what came of an answer is tried: later it would wake up who wrote in the evening."""
ANSWERED_FOR = timedelta(days=14)
"""An answer is about an SMS of the last two weeks."""
LANGUAGES = ("fr", "en", "de")


@dataclass(frozen=True, slots=True, kw_only=True)
class SmsTaken:
    """An SMS a worker took: it alone may give it to the provider until the lease ends. `attempt` counts from 1."""

    sms: int
    attempt: int
    key: str
    number: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """What is to be written down."""

    kind: SmsKind
    client: clients.ClientView
    patient: str
    about: str
    number: str
    language: str
    words: Words
    asks: bool
    expires_at: datetime


def language_for(person: callers.PatientView, account: clients.ClientView) -> str:
    """In which language somebody is written to: his own, else the first of the client's that we have."""
    return next((each for each in (person.language, *account.languages) if each in LANGUAGES), "fr")


def send_sms(
    *,
    kind: SmsKind,
    client: str,
    patient: str,
    about: str,
    words: Words,
    expires_at: datetime,
    by: Who,
    at: datetime,
    entropy: Entropy,
    asks: bool = False,
) -> str:
    """Write an SMS down for a person of a client, in his language; gives its key. It goes out when quiet hours allow.

    `words.house`, `practice`, `yes` and `no` are filled in here; `words.at` is turned to the client's clock. `asks`: it
    can be answered by a digit. Raises SmsOff, NoConsent, NoMobile, callers' PatientUnknown, clients' ClientUnknown.
    """
    account = clients.client(house=by.house, client=client)
    person = callers.standing(house=by.house, client=client, patient=patient)
    number = may_reach(house_key=by.house_key, patient=person)
    language = language_for(person, account)
    message = _Message(
        kind=kind,
        client=account,
        patient=person.id,
        about=about,
        number=number,
        language=language,
        words=words,
        asks=asks,
        expires_at=expires_at,
    )
    return _keep(message, by=by, at=at, entropy=entropy)


def send_code(*, client: str, number: str, language: str, code: str, by: Who, at: datetime, entropy: Entropy) -> str:
    """Send a code to the number somebody has just typed in himself, at once; gives the SMS's key. Good for 10 minutes.

    Whoever calls this limits how often it is asked for. Raises SmsOff, NoMobile, NoConsent (he said STOP,
    and no patient of the client with that number agreed since), clients' ClientUnknown.
    """
    account = clients.client(house=by.house, client=client)
    if usable_provider() is None:
        raise SmsOff("no provider of SMS")
    try:
        e164 = parse_number(number, country=account.country).e164
    except NotANumber as error:
        raise NoMobile("no number") from error
    if not takes_sms(e164):
        raise NoMobile("no mobile number")
    if is_stopped(house_key=by.house_key, client=account.id, number=e164):
        raise NoConsent("stopped")
    message = _Message(
        kind=SmsKind.CODE,
        client=account,
        patient="",
        about="",
        number=e164,
        language=language if language in LANGUAGES else "fr",
        words=Words(house="", code=code),
        asks=False,
        expires_at=at + CODE_GOOD_FOR,
    )
    return _keep(message, by=by, at=at, entropy=entropy)


def write_back(*, asked: str, kind: SmsKind, words: Words, by: Who, at: datetime, entropy: Entropy) -> str:
    """Tell who has just answered the SMS `asked` (its key) what came of it: at once, in its language, at the number he
    wrote from, once of each kind; gives its key. He needs no consent for it: it says nothing that he was not told.

    "" where it is not told: switched off, no telephone, told already, he said STOP since, or he has died.
    """
    found, key = usable_provider(), hashlib.sha256(f"{asked} {kind}".encode()).hexdigest()[:40]
    row = Sms.objects.for_house(by.house_key).filter(key=asked).first()
    if row is None or found is None or not found.tells_back or not takes_sms(row.number):
        return ""
    stops = SmsStop.objects.for_house(by.house_key).filter(number=row.number, at__gte=row.created_at)
    if stops.exists() or Sms.objects.filter(key=key).exists():
        return ""
    client, patient = str(row.client_id), "" if row.patient_id is None else str(row.patient_id)
    if patient and callers.standing(house=by.house, client=client, patient=patient).is_deceased:
        return ""
    message = _Message(
        kind=kind,
        client=clients.client(house=by.house, client=client),
        patient=patient,
        about=row.about,
        number=row.number,
        language=row.language,
        words=words,
        asks=False,
        expires_at=at + TOLD_FOR,
    )
    return _keep(message, by=by, at=at, entropy=entropy, key=key)


def _keep(message: _Message, *, by: Who, at: datetime, entropy: Entropy, key: str = "") -> str:
    found = usable_provider()
    if found is None:
        raise SmsOff("no provider of SMS")
    account, key = message.client, key or new_id(at, entropy)
    zone = ZoneInfo(account.time_zone)
    with transaction.atomic():
        houses = House.objects.select_for_update(of=("self",), no_key=True).order_by("pk")
        # who asks takes a slot of the number, and all houses share the provider's: one at a time
        house = next(
            each for each in (houses if message.asks else houses.filter(pk=by.house_key)) if each.pk == by.house_key
        )
        slot = _free_slot(message.number, at=at) if message.asks else None
        yes, no = codes(slot) if slot is not None else (message.words.yes, message.words.no)
        rule = ContactRule.objects.for_house(by.house_key).filter(client=int(account.id)).first()
        words = replace(
            message.words,
            house=house.name,
            practice=account.name if rule is not None and rule.names_practice else "",
            at=None if message.words.at is None else message.words.at.astimezone(zone),
            until=None if message.words.until is None else message.words.until.astimezone(zone),
            yes=yes,
            no=no,
        )
        heard = heard_from(at, country=account.country, time_zone=account.time_zone)
        due = at if message.kind in AT_ONCE or words.asked_first else heard
        text = compose(message.kind, words, language=message.language, sent_on=due.astimezone(zone).date())
        length = measure(text)
        row = Sms.objects.create(
            house_id=by.house_key,
            client_id=int(account.id),
            patient_id=int(message.patient) if message.patient else None,
            key=key,
            kind=message.kind.value,
            about=message.about,
            number=message.number,
            language=message.language,
            sealed_text=secrecy.seal(text, house=by.house, purpose=TEXT, entropy=entropy),
            encoding=length.encoding,
            parts=length.parts,
            price_micros=length.parts * found.part_micros,
            currency=found.currency,
            created_at=at,
            expires_at=message.expires_at,
            next_attempt_at=due,
            slot=slot,
        )
        detail = {"kind": message.kind.value, "parts": length.parts}
        audit.note(by=by, at=at, action="sms.asked", subject=f"dispatch.sms:{row.pk}", client=account.id, detail=detail)
    return key


def _free_slot(number: str, *, at: datetime) -> int | None:
    """A slot no open question at this number has, of whichever house: they share the provider's number. The lowest that
    is not in anybody's memory, for an old SMS may still be answered; else the one that was used longest ago.
    """
    asked = Sms.objects.filter(number=number, slot__isnull=False).exclude(state=DeliveryState.FAILED)
    taken = set(asked.filter(answered_at=None, expires_at__gt=at).values_list("slot", flat=True))
    recent = asked.filter(created_at__gt=at - ANSWERED_FOR).order_by("created_at", "pk")
    used = dict(recent.values_list("slot", "created_at"))
    free = [each for each in range(SLOTS) if each not in taken]
    return min(free, key=lambda each: (each in used, used.get(each, at), each), default=None)


def take_due(*, at: datetime) -> SmsTaken | None:
    """Take one SMS that is due, the longest due first; None when there is none. One that came too late has failed, and
    so has one that would, by the end of quiet hours that began meanwhile; else it waits for that.
    """
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = Sms.objects.filter(free, state=DeliveryState.PENDING, next_attempt_at__lte=at)
    _give_up(due.filter(expires_at__lte=at), at=at)
    # Each that is taken or put off is due no more: what may go out at night is reached behind what may not.
    while rows := list(due.select_related("house", "client").order_by("next_attempt_at", "pk")[:20]):
        for row in rows:
            unchanged = {"attempts": row.attempts, "next_attempt_at": row.next_attempt_at}
            mine = Sms.objects.filter(free, pk=row.pk, state=DeliveryState.PENDING, **unchanged)
            heard = at if row.house.demonstration else _heard_from(row, at=at)  # none of its SMS leaves the machine
            if heard >= row.expires_at:
                _give_up(mine, at=at)
            elif heard > at:
                mine.update(next_attempt_at=heard, leased_until=None)
            elif mine.update(leased_until=at + LEASE, attempts=row.attempts + 1):
                return SmsTaken(
                    sms=row.pk,
                    attempt=row.attempts + 1,
                    key=row.key,
                    number=row.number,
                    text=secrecy.unseal(row.sealed_text, house=row.house.slug, purpose=TEXT),
                )
    return None


def _heard_from(row: Sms, *, at: datetime) -> datetime:
    """From when on, at `at` or later, it may go out. What follows an offer is said to who has just answered it."""
    followed = Sms.objects.filter(house=row.house_id, kind=SmsKind.OFFER.value, about=row.about, pk__lt=row.pk)
    if row.kind in AT_ONCE or (row.kind == SmsKind.OFFER and row.slot is None and followed.exists()):
        return at
    return heard_from(at, country=row.client.country, time_zone=row.client.time_zone)


def _give_up(late: ClientQuerySet[Sms], *, at: datetime) -> None:
    """They came too late: `SmsFailed` says so of each, as of one that the provider refused."""
    for row in late.select_related("house"):
        with transaction.atomic():
            mine = late.filter(pk=row.pk, attempts=row.attempts)
            if mine.update(state=DeliveryState.FAILED, why=TOO_LATE, leased_until=None):
                _failed(row, at=at)


def stop_waiting(*, number: str, at: datetime) -> None:
    """Inside the transaction that notes his STOP: nothing that waits goes to this number (E.164) any more. `SmsFailed`
    says so of each, but of what would only have said what came of an answer; a secretary hears of a reminder, a late
    notice, an offer and the link to another moment, and telephones.
    """
    waiting = Sms.objects.filter(number=number, state=DeliveryState.PENDING)
    for row in waiting.select_related("house").order_by("pk"):
        ended_now = waiting.filter(pk=row.pk).update(state=DeliveryState.FAILED, why=STOPPED, leased_until=None)
        if ended_now and row.kind not in TOLD_BACK:
            _failed(row, at=at)


def finish(taken: SmsTaken, given: Given, *, at: datetime) -> None:
    """Write how the try ended; what has no time left for another one failed: a secretary can still telephone. That
    the doctor is late is not tried again once it is no longer so. Does nothing when the lease was lost to another
    worker.
    """
    attempt = given.attempt
    mine = Sms.objects.filter(pk=taken.sms, attempts=taken.attempt, state=DeliveryState.PENDING)
    row = mine.select_related("house", "client").first()
    if row is None:
        return
    sent, wait = ended(attempt, taken.attempt)
    again = None if wait is None else _heard_from(row, at=at + wait)
    over = again is not None and row.kind == SmsKind.LATE and late_overtaken.text_is_over(row)
    if sent:
        fields: dict[str, object] = {"state": DeliveryState.SENT, "sent_at": at, "why": "", "provider_id": given.id}
    elif over:
        fields = {**late_overtaken.OVER}
    elif again is not None and again < row.expires_at:
        fields = {"next_attempt_at": again, "why": attempt.why}
    else:
        fields = {"state": DeliveryState.FAILED, "why": attempt.why}
    with transaction.atomic():
        if mine.update(leased_until=None, **fields) and fields.get("state") == DeliveryState.FAILED and not over:
            _failed(row, at=at)


def take_report(report: Report, *, at: datetime) -> bool:
    """What a receipt says of an SMS; gives whether it was one of ours and said something new.

    It names it by the provider's id or, where that repeats what it is given, by our key: then it may even overtake the
    answer to the try.
    """
    if not report.id:
        return False
    tried = Q(key=report.id, state=DeliveryState.PENDING, attempts__gt=0)
    rows = Sms.objects.filter(tried | Q(state=DeliveryState.SENT) & (Q(provider_id=report.id) | Q(key=report.id)))
    if report.delivered:
        return bool(rows.update(state=DeliveryState.DELIVERED, delivered_at=at, leased_until=None, why=""))
    with transaction.atomic():
        found = list(rows.select_related("house"))
        changed = bool(rows.update(state=DeliveryState.BOUNCED, leased_until=None, why=report.why))
        for each in found if changed else ():
            _failed(each, at=at)
    return changed


def is_trying(*, at: datetime) -> bool:
    """Whether an SMS is with the provider whose id is not known yet."""
    return Sms.objects.filter(state=DeliveryState.PENDING, leased_until__gt=at).exists()


def _failed(sms: Sms, *, at: datetime) -> None:
    """Say that it did not reach him, inside the transaction that wrote so."""
    told = {"sms": sms.key, "client": str(sms.client_id), "kind": sms.kind, "about": sms.about}
    outbox.announce(SmsFailed(house=sms.house.slug, at=at, **told))
