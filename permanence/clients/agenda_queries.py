# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the external agendas, scoped to the house (its slug or key) and the client (his key)."""

from permanence.clients.models import ExternalAgenda
from permanence.clients.rules.agenda_links import LinkUnfit, read_link
from permanence.reception.table import AgendaEntry


def agendas_of(house: int | str, client: int) -> tuple[AgendaEntry, ...]:
    """The client's agendas, that of all of them first; none for a client of another house. One query.

    A row whose link is not one that may be opened (written by another hand than ours) is left out.
    """
    rows = ExternalAgenda.objects.for_house(house).for_client(client).select_related("recipient").order_by("pk")
    found = [(row, _host(row.link)) for row in rows if row.recipient is None or row.recipient.active]
    entries = [
        AgendaEntry(
            recipient="" if row.recipient_id is None else str(row.recipient_id),
            product=row.product,
            link=row.link,
            host=host,
            remark=row.remark,
        )
        for row, host in found
        if host
    ]
    return tuple(sorted(entries, key=lambda entry: entry.recipient != ""))


def agenda_for(*, house: str, client: str, recipient: str) -> AgendaEntry | None:
    """The agenda of that recipient: his own, else the one of all; None without one. One query."""
    entries = agendas_of(house, int(client))
    own = next((entry for entry in entries if entry.recipient == recipient), None)
    return own or next((entry for entry in entries if not entry.recipient), None)


def _host(link: str) -> str:
    try:
        return read_link(link).host
    except LinkUnfit:
        return ""
