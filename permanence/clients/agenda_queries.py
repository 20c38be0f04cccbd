# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the external agendas, scoped to the house (its slug or key) and the client (his key)."""

from typing import Any

from django.db.models import Q

from permanence.clients.directory_queries import Held
from permanence.clients.directory_rules import mark_of
from permanence.clients.file_parts import AGENDA_FIELDS, agenda_entry, agendas_from
from permanence.clients.models import ExternalAgenda
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
from permanence.reception.table import AgendaEntry


def agendas_of(house: int | str, client: int) -> tuple[AgendaEntry, ...]:
    """The client's agendas, that of all of them first; none for a client of another house. One query.

    A row whose link is not one that may be opened (written by another hand than ours) is left out.
    """
    return agendas_from(_rows(house, client).values_list(*AGENDA_FIELDS))


def held_agendas(*, house: str, client: str) -> tuple[Held[AgendaEntry], ...]:
    """The client's agendas with their ids, that of all of them first; empty for a client of another house. One query.

    One whose link may not be opened has no `host`: no secretary sees it.
    """
    found = [
        Held(id=str(row.pk), entry=agenda_entry(**facts), mark=mark_of(facts))
        for row in _rows(house, row_key(client))
        for facts in (facts_of(row),)
    ]
    return tuple(sorted(found, key=lambda held: held.entry.recipient != ""))


def facts_of(row: ExternalAgenda) -> dict[str, Any]:
    """What stands in the row: whose it is (an id, "" for all), product, link, remark."""
    whose = "" if row.recipient_id is None else str(row.recipient_id)
    return {"recipient": whose, "product": row.product, "link": row.link, "remark": row.remark}


def agenda_for(*, house: str, client: str, recipient: str) -> AgendaEntry | None:
    """The agenda of that recipient: his own, else the one of all; None without one. One query."""
    entries = agendas_of(house, int(client))
    own = next((entry for entry in entries if entry.recipient == recipient), None)
    return own or next((entry for entry in entries if not entry.recipient), None)


def _rows(house: int | str, client: int) -> ClientQuerySet[ExternalAgenda]:
    """Those of recipients who receive messages, and that of all of them."""
    rows = ExternalAgenda.objects.for_house(house).for_client(client)
    return rows.filter(Q(recipient=None) | Q(recipient__active=True)).order_by("pk")
