# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the external agendas, scoped to the house (its slug or key) and the client (his key)."""

from django.db.models import Q

from permanence.clients.file_parts import AGENDA_FIELDS, agendas_from
from permanence.clients.models import ExternalAgenda
from permanence.reception.table import AgendaEntry


def agendas_of(house: int | str, client: int) -> tuple[AgendaEntry, ...]:
    """The client's agendas, that of all of them first; none for a client of another house. One query.

    A row whose link is not one that may be opened (written by another hand than ours) is left out.
    """
    rows = (
        ExternalAgenda.objects.for_house(house).for_client(client).filter(Q(recipient=None) | Q(recipient__active=True))
    )
    return agendas_from(rows.order_by("pk").values_list(*AGENDA_FIELDS))


def agenda_for(*, house: str, client: str, recipient: str) -> AgendaEntry | None:
    """The agenda of that recipient: his own, else the one of all; None without one. One query."""
    entries = agendas_of(house, int(client))
    own = next((entry for entry in entries if entry.recipient == recipient), None)
    return own or next((entry for entry in entries if not entry.recipient), None)
