# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reminders of appointments: made by the client's rule, sent as an SMS or a mail by consent, answered by both.

The link is signed: nobody makes one who has not our key. It acts on the appointment as it was told; once that was moved
or cancelled by somebody else, link and digits of the old moment change nothing.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from permanence.agenda.operations import appointments, visits
from permanence.agenda.operations.acts import busy_named, is_done
from permanence.agenda.queries import agendas, received
from permanence.agenda.queries import appointments as agenda
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.refusals import NotNow
from permanence.agenda.rules.public import OVERTAKEN
from permanence.agenda.rules.states import STANDING, AppointmentState, CancelCause, Door
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.clients.rules import ClientState
from permanence.countries.quiet import heard_from
from permanence.dispatch import sms_operations, unreached_operations
from permanence.dispatch.channels.sms.content import SmsKind, Words
from permanence.dispatch.models import ContactRule, Reminder, Sms
from permanence.dispatch.other_moments import choices_of
from permanence.dispatch.rules import LEASE, NO_WAY, Attempt, DeliveryState, ReminderState, ended, remind_at
from permanence.dispatch.sms_reach import NoConsent, NoMobile, SmsOff
from permanence.foundation import audit
from permanence.foundation.operations import house_system
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal

SIGNATURE = 20
"""Hexadecimal digits: 80 bits."""
MOST_HOURS = 336
MOVED = "moved"
"""What he answered who took another moment."""


class ReminderUnknown(Refusal):
    """No such reminder, or the link was not signed by us."""

    code = "reminder_unknown"


class ReminderOver(Refusal):
    """The visit has begun, the appointment is another one than was told, or nobody receives who says yes to it."""

    code = "reminder_over"


class HoursImpossible(Refusal):
    """A reminder goes out 0 (none) to 336 hours before the visit."""

    code = "hours_impossible"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderTaken:
    """A reminder a worker took. `address` is "" where it goes by SMS: then it is written down already."""

    reminder: int
    attempt: int
    key: str
    house: str
    house_name: str
    client: str
    time_zone: str
    starts_at: datetime
    practice: str
    language: str
    address: str


def change_contact_rule(
    *,
    client: str,
    names_practice: bool,
    remind_hours: int,
    by: Who,
    at: datetime,
    entropy: Entropy,
    sends_calendar: bool = False,
) -> None:
    """How a client's patients are written to. Reminders of what is booked already follow the new hours; one that was
    sent is not sent again. Raises clients' ClientUnknown, HoursImpossible.
    """
    account = clients.client(house=by.house, client=client)
    if by.person and account.id not in clients.clients_visible_to(by):
        raise clients.ClientUnknown(client[:40])
    if not 0 <= remind_hours <= MOST_HOURS:
        raise HoursImpossible(str(remind_hours))
    said = {"names_practice": names_practice, "remind_hours": remind_hours, "sends_calendar": sends_calendar}
    with transaction.atomic():
        before = ContactRule.objects.for_house(by.house_key).filter(client=int(account.id)).first()
        ContactRule.objects.update_or_create(house_id=by.house_key, client_id=int(account.id), defaults=said)
        subject = f"clients.client:{account.id}"
        audit.note(by=by, at=at, action="contact.changed", subject=subject, client=account.id, detail=said)
        if before is None or before.remind_hours != remind_hours:
            _follow_hours(account, hours=remind_hours, by=by, at=at, entropy=entropy)


def _follow_hours(account: clients.ClientView, *, hours: int, by: Who, at: datetime, entropy: Entropy) -> None:
    """What waits is due by the new hours; where that moment is past, now: nobody else would remind him."""
    rows = Reminder.objects.for_house(by.house_key).filter(client=int(account.id), state=ReminderState.PENDING)
    pending, coming = rows.filter(leased_until=None), agenda.coming(by=by, client=account.id, at=at)
    past = {(v.appointment, v.revision) for v in coming if hours and v.starts_at - timedelta(hours=hours) <= at}
    late = [each.pk for each in pending if (each.appointment, each.revision) in past]
    pending.exclude(pk__in=late).delete()
    pending.filter(pk__in=late).update(
        next_attempt_at=heard_from(at, country=account.country, time_zone=account.time_zone)
    )
    for visit in coming:
        _remind(visit, account, hours=hours, by=by, at=at, entropy=entropy)


def follow(*, house: str, appointment: str, client: str, revision: int, at: datetime, entropy: Entropy) -> None:
    """An appointment was booked, moved or cancelled: what was to be said of it before is overtaken. Idempotent."""
    by = house_system(house=house)
    visit = agenda.appointment(by=by, appointment=appointment)
    with transaction.atomic():
        old = Reminder.objects.for_house(by.house_key).filter(appointment=appointment, revision__lt=visit.revision)
        keys = list(old.values_list("key", flat=True))
        old.filter(state=ReminderState.PENDING).update(state=ReminderState.OVERTAKEN, leased_until=None)
        asked = Sms.objects.for_house(by.house_key).filter(
            kind=SmsKind.REMINDER.value, about__in=keys, answered_at=None
        )
        asked.filter(state=DeliveryState.PENDING).update(state=DeliveryState.FAILED, why=OVERTAKEN)
        asked.filter(expires_at__gt=at).update(expires_at=at)
        if visit.state not in STANDING or visit.revision != revision:
            return
        rule = ContactRule.objects.for_house(by.house_key).filter(client=int(client)).first()
        account = clients.client(house=house, client=client)
        _remind(visit, account, hours=rule.remind_hours if rule else 0, by=by, at=at, entropy=entropy)


def _remind(
    visit: AppointmentView, account: clients.ClientView, *, hours: int, by: Who, at: datetime, entropy: Entropy
) -> None:
    """Make the reminder of a visit as it stands, once; none where it would be due before `at`."""
    there = {"country": account.country, "time_zone": account.time_zone}
    goes_out_at = remind_at(starts_at=visit.starts_at, booked_at=at, hours=hours, **there)
    if goes_out_at is None:
        return
    first = {"client_id": int(account.id), "key": new_id(at, entropy), "starts_at": visit.starts_at}
    Reminder.objects.get_or_create(
        house_id=by.house_key,
        appointment=visit.appointment,
        revision=visit.revision,
        defaults={**first, "next_attempt_at": goes_out_at},
    )


def take_due(*, at: datetime, entropy: Entropy) -> ReminderTaken | None:
    """Take one that is due. What goes by SMS is written down and finished here; None when there is none left.

    Of a visit that nobody receives as things stand it is put off by an hour, and that is no try.
    """
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = Reminder.objects.filter(free, state=ReminderState.PENDING, next_attempt_at__lte=at)
    # Each that is taken or put off is due no more: those behind an absence of a whole practice are reached too.
    while rows := list(due.select_related("house", "client").order_by("next_attempt_at", "pk")[:20]):
        for row in rows:
            with transaction.atomic():
                mine = Reminder.objects.filter(free, pk=row.pk, state=ReminderState.PENDING, attempts=row.attempts)
                if not mine.update(leased_until=at + LEASE, attempts=row.attempts + 1):
                    continue
                if not _is_out_of_place(row, at=at):
                    return _decided(row, at=at, entropy=entropy)
                again = heard_from(at + timedelta(hours=1), country=row.client.country, time_zone=row.client.time_zone)
                put_off = {"next_attempt_at": again, "attempts": row.attempts, "leased_until": None}
                Reminder.objects.filter(pk=row.pk).update(**put_off)
    return None


def _is_out_of_place(row: Reminder, *, at: datetime) -> bool:
    """Whether it would ask somebody to come whom, as things stand, nobody receives: the absence may be withdrawn, and
    a secretary may say that he comes all the same, so that it is asked again.
    """
    by = house_system(house=row.house.slug)
    visit = agenda.appointment(by=by, appointment=row.appointment)
    has_ended = row.client.state == ClientState.ENDED
    if not holds(row, visit, at=at) or has_ended or not agendas.agenda(by=by, agenda=visit.agenda).active:
        return False  # it is over for good
    return not received.is_received(by=by, visit=visit)


def _decided(row: Reminder, *, at: datetime, entropy: Entropy) -> ReminderTaken:
    """By which way this one goes, inside the transaction that took it."""
    by = house_system(house=row.house.slug)
    visit = agenda.appointment(by=by, appointment=row.appointment)
    account = clients.client(house=by.house, client=str(row.client_id))
    rule = ContactRule.objects.for_house(by.house_key).filter(client=row.client_id).first()
    person = callers.standing(house=by.house, client=account.id, patient=visit.patient)
    address = ""
    has_ended = account.state == ClientState.ENDED
    if not holds(row, visit, at=at) or has_ended or not agendas.agenda(by=by, agenda=visit.agenda).active:
        _end(row, ReminderState.OVERTAKEN, at=at)
    elif row.channel != "email" and _by_sms(row, person, by=by, at=at, entropy=entropy):
        _end(row, ReminderState.SENT, channel="sms", at=at)
    elif person.may_mail and person.mail:
        address = person.mail
        Reminder.objects.filter(pk=row.pk).update(channel="email")
    else:
        _end(row, ReminderState.UNREACHABLE, at=at, why=NO_WAY)
    return ReminderTaken(
        reminder=row.pk,
        attempt=row.attempts + 1,
        key=row.key,
        house=by.house,
        house_name=row.house.name,
        client=account.id,
        time_zone=account.time_zone,
        starts_at=row.starts_at,
        practice=account.name if rule is not None and rule.names_practice else "",
        language=sms_operations.language_for(person, account),
        address=address,
    )


def _by_sms(row: Reminder, person: callers.PatientView, *, by: Who, at: datetime, entropy: Entropy) -> bool:
    try:
        sms_operations.send_sms(
            kind=SmsKind.REMINDER,
            client=str(row.client_id),
            patient=person.id,
            about=row.key,
            words=Words(house="", at=row.starts_at, link=link_of(row.key)),
            expires_at=row.starts_at,
            by=by,
            at=at,
            entropy=entropy,
            asks=True,
        )
    except (SmsOff, NoConsent, NoMobile):
        return False
    return True


def come_now(*, reminder: str, at: datetime, entropy: Entropy) -> None:
    """One of a demonstration, to be seen, goes out now whatever the hour: none of its SMS and mails leaves the machine.

    Raises ReminderUnknown, for one of a real house, one that waits no longer and one that is held back too.
    """
    waits = Reminder.objects.filter(key=reminder, house__demonstration=True, state=ReminderState.PENDING)
    row = waits.filter(leased_until=None).select_related("house", "client").first()
    if row is None or _is_out_of_place(row, at=at):
        raise ReminderUnknown(reminder[:40])
    with transaction.atomic():
        if not Reminder.objects.filter(pk=row.pk, attempts=row.attempts).update(attempts=row.attempts + 1):
            raise ReminderUnknown(reminder[:40])
        if _decided(row, at=at, entropy=entropy).address:
            Reminder.objects.filter(pk=row.pk).update(next_attempt_at=at)
        asked = Sms.objects.for_house(row.house_id).filter(about=row.key, state=DeliveryState.PENDING)
        asked.update(next_attempt_at=at)
        subject, by = f"dispatch.reminder:{row.pk}", house_system(house=row.house.slug)
        audit.note(by=by, at=at, action="reminder.let_come", subject=subject, client=row.client_id)


def finish(taken: ReminderTaken, attempt: Attempt, *, at: datetime) -> None:
    """Write how the mail's try ended. Does nothing when the lease was lost to another worker."""
    sent, wait = ended(attempt, taken.attempt)
    if sent:
        fields: dict[str, object] = {"state": ReminderState.SENT, "sent_at": at, "why": ""}
    elif wait is not None and at + wait < taken.starts_at:
        fields = {"next_attempt_at": at + wait, "why": attempt.why}
    else:
        fields = {"state": ReminderState.FAILED, "why": attempt.why}
    rows = Reminder.objects.filter(pk=taken.reminder, attempts=taken.attempt, state=ReminderState.PENDING)
    with transaction.atomic():
        if rows.update(leased_until=None, **fields) and fields.get("state") is ReminderState.FAILED:
            unreached_operations.reminder_failed(taken.reminder, at=at)


def link_of(key: str) -> str:
    """The address of a reminder's page."""
    return f"{settings.PERMANENCE.web_url}/r/{key}-{_signature(key)}"


def answer(*, link: str, yes: bool, at: datetime) -> None:
    """The patient confirms or cancels by his link. Raises ReminderUnknown, ReminderOver, and those of the agenda."""
    row, _visit, _by = behind(link)
    act(key=row.key, yes=yes, at=at)


@busy_named()
def move(*, link: str, starts_at: datetime, act_key: str, at: datetime) -> None:
    """The patient takes another moment, one that is proposed to him; the same sent twice is done once. Raises
    ReminderUnknown, ReminderOver, SlotRefused, SlotAlreadyTaken, and those of the agenda's acts.
    """
    row, visit, by = behind(link)
    account = clients.client(house=by.house, client=str(row.client_id))
    is_again = is_done(act_key, by=by)  # after the visit was read: done meanwhile, it still looks as it did before
    if not is_again and not holds(row, visit, at=at):
        raise ReminderOver(row.key)
    if not is_again and starts_at not in choices_of(visit, account, by=by, at=at):
        raise ReminderOver("not proposed")
    with transaction.atomic():
        appointments.move(
            key=act_key,
            appointment=visit.appointment,
            agenda=visit.agenda,
            starts_at=starts_at,
            by=by,
            at=at,
            door=Door.REMINDER,
            holder=f"reminder:{row.key}",
        )
        if not is_again:
            _answered(row, MOVED, at=at)


def act(*, key: str, yes: bool, at: datetime) -> None:
    """What the patient answered becomes of his appointment; the same answer again changes nothing, unless the house has
    taken it back since: then he says it anew. What came (`at`) before his last answer, or again, is no new one. A yes
    to a visit that nobody receives by now (`agenda.queries.received`) is for a secretary to hear: ReminderOver.

    Raises ReminderUnknown, ReminderOver, and those of the agenda's acts.
    """
    row = Reminder.objects.select_related("house").filter(key=key).first()
    if row is None:
        raise ReminderUnknown(key[:40])
    by = house_system(house=row.house.slug)
    visit = agenda.appointment(by=by, appointment=row.appointment)
    said, stands = "yes" if yes else "no", holds(row, visit, at=at)
    if row.answered_at is not None and (at < row.answered_at or (row.answer == said and at == row.answered_at)):
        return
    if yes and stands and not received.is_received(by=by, visit=visit):
        raise ReminderOver(row.key)
    if visit.state is (AppointmentState.CONFIRMED if yes else AppointmentState.CANCELLED):
        return
    if not stands:
        raise ReminderOver(row.key)
    act_key = _act_key(row, said, visit)
    try:
        if yes:
            visits.confirm(key=act_key, appointment=visit.appointment, by=by, at=at)
        else:
            appointments.cancel(key=act_key, appointment=visit.appointment, cause=CancelCause.PATIENT, by=by, at=at)
    except NotNow as refusal:
        raise ReminderOver(row.key) from refusal
    _answered(row, said, at=at)


def _act_key(row: Reminder, said: str, visit: AppointmentView) -> str:
    """The id of the act that an answer is: one for as long as nothing else is said of the visit."""
    about = f"{row.key} {said} {visit.state_at.isoformat()}"
    return f"reminder-{hashlib.sha256(about.encode()).hexdigest()}"[:40]


def _answered(row: Reminder, answer: str, *, at: datetime) -> None:
    Reminder.objects.filter(pk=row.pk).update(answer=answer, answered_at=at)
    Sms.objects.for_house(row.house_id).filter(about=row.key, answered_at=None).update(answered_at=at, answer=answer)


def holds(row: Reminder, visit: AppointmentView, *, at: datetime) -> bool:
    """Whether the appointment is still the one that was told, and to come."""
    same = visit.revision == row.revision and visit.starts_at == row.starts_at
    return same and visit.state in STANDING and at < visit.starts_at


def behind(link: str) -> tuple[Reminder, AppointmentView, Who]:
    """The reminder of a link, with its appointment as it is now. Raises ReminderUnknown."""
    key, _dash, signature = link.partition("-")
    if not hmac.compare_digest(signature.encode(), _signature(key).encode()):
        raise ReminderUnknown("not ours")
    row = Reminder.objects.select_related("house").filter(key=key).first()
    if row is None:
        raise ReminderUnknown(key[:40])
    by = house_system(house=row.house.slug)
    return row, agenda.appointment(by=by, appointment=row.appointment), by


def _signature(key: str) -> str:
    return salted_hmac("permanence.dispatch.reminder", key, algorithm="sha256").hexdigest()[:SIGNATURE]


def _end(row: Reminder, state: ReminderState, *, at: datetime, channel: str = "", why: str = "") -> None:
    fields = {"state": state, "channel": channel, "why": why, "leased_until": None}
    Reminder.objects.filter(pk=row.pk).update(**fields, sent_at=at if state is ReminderState.SENT else None)
