# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of how a client's patients are written to."""

from dataclasses import dataclass

from permanence.clients import queries as clients
from permanence.dispatch.models import ContactRule


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
