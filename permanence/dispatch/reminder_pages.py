# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page of a reminder's link shows: who writes, the appointment, where it is, and what may become of it."""

from dataclasses import dataclass
from datetime import datetime

from permanence.agenda.place_words import told_line
from permanence.agenda.queries.public import own_slug
from permanence.agenda.rules.states import STANDING, AppointmentState
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.clients.forwarding import number_to_call
from permanence.dispatch.other_moments import choices_of
from permanence.dispatch.reminder_operations import MOVED, ReminderOver, behind, holds
from permanence.dispatch.reminder_queries import contact_rule
from permanence.dispatch.sms_operations import language_for


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderFrame:
    """Around the appointment, also once it is over. `who` writes, in the `language` of the patient.

    `phone`: E.164, "" for none: as `clients.forwarding.number_to_call` gives it.
    """

    link: str
    who: str
    language: str
    time_zone: str
    country: str
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderPage:
    """The appointment: nothing of the reason or the patient, and of the practitioner at most the name of his page.
    `choices`: where it could be moved.

    `standing`: it is still the one that was told; `moved`: he moved it with this link, and `starts_at` is where it is
    now, `moved_from` where he was told that it is: None where it is there again. `place`: at which site or by what
    way, in the active language; "" where it is neither. `again`: the name of its practitioner's public page once it is
    cancelled, "" where the practice may not be named or nothing is booked there.
    """

    starts_at: datetime
    state: AppointmentState
    standing: bool
    moved: bool
    moved_from: datetime | None
    place: str
    choices: tuple[datetime, ...] = ()
    again: str = ""


def frame(*, link: str) -> ReminderFrame:
    """The frame of a link's page. Raises ReminderUnknown."""
    row, visit, by = behind(link)
    account = clients.client(house=by.house, client=str(row.client_id))
    person = callers.standing(house=by.house, client=account.id, patient=visit.patient)
    named = contact_rule(house=by.house, client=account.id).names_practice
    return ReminderFrame(
        link=link,
        who=account.name if named else row.house.name,
        language=language_for(person, account),
        time_zone=account.time_zone,
        country=account.country,
        phone=number_to_call(house=by.house, client=account.id, named=named),
    )


def look(*, link: str, at: datetime, moving: bool = False) -> ReminderPage:
    """What the page of a link shows; `moving`: with other moments. Raises ReminderUnknown, ReminderOver."""
    row, visit, by = behind(link)
    moved = row.answer == MOVED and visit.state in STANDING
    starts_at = visit.starts_at if moved else row.starts_at
    if at >= starts_at:
        raise ReminderOver("begun")
    account = clients.client(house=by.house, client=str(row.client_id))
    standing = holds(row, visit, at=at)
    named = contact_rule(house=by.house, client=account.id).names_practice
    return ReminderPage(
        starts_at=starts_at,
        state=visit.state,
        standing=standing,
        moved=moved,
        moved_from=row.starts_at if moved and starts_at != row.starts_at else None,
        place=told_line(visit, house=by.house, named=named) if standing or moved else "",
        choices=choices_of(visit, account, by=by, at=at) if moving and standing else (),
        again=own_slug(by=by, agenda=visit.agenda) if named and visit.state is AppointmentState.CANCELLED else "",
    )
