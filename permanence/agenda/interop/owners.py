# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose agendas are whose: a practitioner's own; all of the client's for one who sees all of the client."""

from collections.abc import Iterable

from permanence.agenda.models import Agenda
from permanence.agenda.queries import agendas
from permanence.agenda.queries.views import AgendaView
from permanence.clients import queries as clients
from permanence.foundation.models import Person
from permanence.foundation.who import Who, who_is


def own_agendas(*, client: str, by: Who, known: Iterable[clients.PortalAccess] | None = None) -> tuple[AgendaView, ...]:
    """The agendas of a client that are this portal user's own, by name; () for anybody else. Two queries, one where his
    access is `known`.
    """
    granted = clients.portal_access(house=by.house, person=by.person) if known is None else known
    access = [each for each in granted if each.client.id == client]
    if not access:
        return ()
    mine = {each.recipient.id for each in access if each.recipient is not None}
    everything = any(each.recipient is None for each in access)
    found = agendas.of_client(by=by, client=client)
    return tuple(each for each in found if everything or each.recipient in mine)


def is_own(row: Agenda, *, person: Person | None) -> bool:
    """Whether an agenda in use is still this person's own (his house loaded); where nobody is known nobody has left."""
    if person is None:
        return True
    mine = own_agendas(client=str(row.client_id), by=who_is(person)) if person.is_active else ()
    return any(each.id == str(row.pk) for each in mine)


def address_of(by: Who) -> str:
    """His e-mail address, by which others invite him; "" for the system."""
    if by.person_key is None:
        return ""
    return Person.objects.values_list("email", flat=True).filter(pk=by.person_key).first() or ""
