# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the demonstration's practices give to their patients: a page to book at."""

from datetime import datetime

from permanence.agenda.operations.public_pages import set_page
from permanence.agenda.queries import agendas
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.rules.kinds import Asker
from permanence.foundation.who import Who


def open_practice(client: str, *, slug: str, by: Who, at: datetime) -> None:
    """The page `slug` of all agendas of a client that are open to patients."""
    set_page(client=client, agenda="", slug=slug, active=True, by=by, at=at)


def open_to_patients(agenda: AgendaView, *, slug: str, by: Who, at: datetime) -> None:
    """The page `slug` of an agenda, with all that may be booked online."""
    online = [each.id for each in agendas.reasons(by=by, client=agenda.client) if Asker.ONLINE in each.bookable_by]
    set_page(client=agenda.client, agenda=agenda.id, slug=slug, active=True, reasons=online, by=by, at=at)
