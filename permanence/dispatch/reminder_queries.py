# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of how a client's patients are written to."""

from dataclasses import dataclass
from datetime import datetime

from permanence.agenda.queries import appointments as agenda
from permanence.agenda.queries.received import is_received
from permanence.callers import queries as callers
from permanence.clients import queries as clients
from permanence.dispatch.models import ContactRule, Reminder
from permanence.dispatch.rules import ReminderState
from permanence.foundation.operations import house_system


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRuleView:
    """`names_practice`: his name stands in SMS and mails. `remind_hours` before the visit, 0: no reminder.

    `sends_calendar`: patients get their appointments by mail for their calendars.
    """

    names_practice: bool = False
    remind_hours: int = 0
    sends_calendar: bool = False


def contact_rule(*, house: str, client: str) -> ContactRuleView:
    """The rule of a client, the defaults where he has none. Raises clients' ClientUnknown."""
    account = clients.client(house=house, client=client)
    row = ContactRule.objects.for_house(house).for_client(account.id).first()
    if row is None:
        return ContactRuleView()
    return ContactRuleView(
        names_practice=row.names_practice, remind_hours=row.remind_hours, sends_calendar=row.sends_calendar
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReminderToCome:
    """A reminder that waits: of which client, to which number (E.164), of which visit, when it goes out; his zone."""

    key: str
    client: str
    number: str
    starts_at: datetime
    due_at: datetime
    time_zone: str


def to_come_in_demonstration(*, most: int) -> tuple[ReminderToCome, ...]:
    """The reminders by SMS that a demonstration's house will send, the last made first; of a real house none, nor those
    that are held back.
    """
    rows = Reminder.objects.filter(house__demonstration=True, state=ReminderState.PENDING, leased_until=None)
    found: list[ReminderToCome] = []
    for row in rows.select_related("house", "client").order_by("-pk")[: 4 * most]:
        by = house_system(house=row.house.slug)
        visit = agenda.appointment(by=by, appointment=row.appointment)
        person = callers.standing(house=row.house.slug, client=str(row.client_id), patient=visit.patient)
        if person.may_sms and person.numbers and len(found) < most and is_received(by=by, visit=visit):
            found.append(
                ReminderToCome(
                    key=row.key,
                    client=row.client.name,
                    number=person.numbers[0],
                    starts_at=row.starts_at,
                    due_at=row.next_attempt_at,
                    time_zone=row.client.time_zone,
                )
            )
    return tuple(found)
