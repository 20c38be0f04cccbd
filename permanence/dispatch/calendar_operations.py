# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appointments that go to patients as entries for their calendars (iMIP, RFC 6047): asked for, taken, finished.

Only where the client sends them and the patient agreed to mails. What patients booked online has mails of its own
(`public_mails`), with the same entry in them.
"""

from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from permanence.agenda.interop.invitation import Invitation, Method
from permanence.agenda.place_words import told_line
from permanence.agenda.queries import appointments as agenda
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.states import STANDING, AppointmentState
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.dispatch.calendar_queries import address_of, has_entries, is_told, last_entry
from permanence.dispatch.models import CalendarMail
from permanence.dispatch.reminder_queries import contact_rule
from permanence.dispatch.rules import LEASE, Attempt, Outcome, ReminderState, retry_in
from permanence.dispatch.sms_operations import LANGUAGES
from permanence.foundation.operations import house_system
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarTaken:
    """A mail a worker took: it alone may send it until the lease ends. `address` is "" where nothing is to be sent."""

    row: int
    attempt: int
    key: str
    house: str
    house_name: str
    time_zone: str
    language: str
    address: str
    invitation: Invitation


def follow(
    *,
    house: str,
    appointment: str,
    client: str,
    revision: int,
    at: datetime,
    entropy: Entropy,
    back: bool = False,
) -> None:
    """An appointment was booked, moved or cancelled: its patient's calendar is to say so. Idempotent by revision.

    Which is told is `calendar_queries`' to say (what came in with a file only once it is moved: whoever gave it
    elsewhere told him there, and hundreds come in at once); a move that was taken back (`back`) only to who was told
    of it, or not yet of what stands again.
    """
    by = house_system(house=house)
    before = CalendarMail.objects.for_house(by.house_key).filter(appointment=appointment, revision__lt=revision)
    sends = contact_rule(house=house, client=client).sends_calendar
    if not sends and not before.exists():
        return
    visit = agenda.appointment(by=by, appointment=appointment)
    if not has_entries(visit, revision=revision, at=at):
        return
    is_late = visit.revision != revision
    with transaction.atomic():
        before.filter(state=ReminderState.PENDING, leased_until=None).update(state=ReminderState.OVERTAKEN)
        told = last_entry(before)
        if not is_told(visit, told, sends=sends):
            return
        if back and _is_as_before(before, told, revision=revision):
            return
        CalendarMail.objects.get_or_create(
            house_id=by.house_key,
            appointment=appointment,
            revision=revision,
            defaults={
                "client_id": int(client),
                "key": new_id(at, entropy),
                "is_cancelled": visit.state is AppointmentState.CANCELLED,
                "made_at": at,
                "next_attempt_at": at,
                # heard after the next change: what was to be told counts once that one is taken back
                "state": ReminderState.OVERTAKEN if is_late else ReminderState.PENDING,
            },
        )


def _is_as_before(before: QuerySet[CalendarMail], told: CalendarMail | None, *, revision: int) -> bool:
    """Whether after a move that was taken back nothing is to be said: what he was told, or is being told, stands again
    (its mail is about the appointment as it is, also where it has to be tried again), or he was to be told nothing.
    """
    last = None if told is None else told.revision
    if last == revision - 1:
        return False
    stood = before.filter(revision=revision - 2)
    return bool(stood.update(revision=revision)) if last == revision - 2 else not stood.exists()


def take_due(*, at: datetime) -> CalendarTaken | None:
    """Take one that is due, the longest due first; None when there is none."""
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    due = CalendarMail.objects.filter(free, state=ReminderState.PENDING, next_attempt_at__lte=at)
    for row in due.select_related("house").order_by("next_attempt_at", "pk")[:20]:
        unchanged = {"state": ReminderState.PENDING, "attempts": row.attempts, "next_attempt_at": row.next_attempt_at}
        if CalendarMail.objects.filter(free, pk=row.pk, **unchanged).update(
            leased_until=at + LEASE, attempts=row.attempts + 1
        ):
            return _taken(row, at=at)
    return None


def finish(taken: CalendarTaken, attempt: Attempt, *, at: datetime) -> None:
    """Write how the try ended. Does nothing when the lease was lost to another worker."""
    wait = retry_in(taken.attempt) if attempt.outcome is Outcome.RETRY else None
    if attempt.outcome is Outcome.SENT:
        fields: dict[str, object] = {"state": ReminderState.SENT, "sent_at": at, "why": ""}
    elif wait is not None:
        fields = {"next_attempt_at": at + wait, "why": attempt.why}
    else:
        fields = {"state": ReminderState.FAILED, "why": attempt.why}
    rows = CalendarMail.objects.filter(pk=taken.row, attempts=taken.attempt, state=ReminderState.PENDING)
    rows.update(leased_until=None, **fields)


def _taken(row: CalendarMail, *, at: datetime) -> CalendarTaken:
    by = house_system(house=row.house.slug)
    visit = agenda.appointment(by=by, appointment=row.appointment)
    account = clients.client(house=by.house, client=str(row.client_id))
    person = callers.standing(house=by.house, client=account.id, patient=visit.patient)
    address = address_of(person)
    if visit.revision != row.revision or visit.starts_at <= at or (visit.state not in STANDING) != row.is_cancelled:
        address = _end(row, ReminderState.OVERTAKEN)
    elif not address:
        _end(row, ReminderState.UNREACHABLE, why="no mail he agreed to")
    language = next((each for each in (person.language, *account.languages) if each in LANGUAGES), "fr")
    name = account.name if contact_rule(house=by.house, client=account.id).names_practice else ""
    with translation.override(language):
        invitation = invitation_of(
            visit, by=by, address=address, practice=name, sender=name or row.house.name, is_cancelled=row.is_cancelled
        )
    return CalendarTaken(
        row=row.pk,
        attempt=row.attempts + 1,
        key=row.key,
        house=by.house,
        house_name=name or row.house.name,
        time_zone=account.time_zone,
        language=language,
        address=address,
        invitation=invitation,
    )


def invitation_of(
    visit: AppointmentView, *, by: Who, address: str, practice: str, sender: str, is_cancelled: bool, link: str = ""
) -> Invitation:
    """The entry of a visit in the active language. `practice`: its name, "" where it is not to be named: then the site
    is not said either.
    """
    return Invitation(
        method=Method.CANCEL if is_cancelled else Method.REQUEST,
        appointment=visit.appointment,
        revision=visit.revision,
        changed_at=visit.state_at,
        starts_at=visit.starts_at,
        ends_at=visit.ends_at,
        summary=_("Appointment: %(practice)s") % {"practice": sender},
        place=told_line(visit, house=by.house, named=bool(practice)),
        link=link,
        organizer=parseaddr(settings.PERMANENCE.mail_from)[1],
        organizer_name=sender,
        attendee=address,
        is_cancelled=is_cancelled,
    )


def _end(row: CalendarMail, state: ReminderState, *, why: str = "") -> str:
    CalendarMail.objects.filter(pk=row.pk).update(state=state, leased_until=None, why=why)
    return ""
