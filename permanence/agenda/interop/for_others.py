# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who in the house makes an address or a password for a client's person who asks for it on the telephone.

It is that person's, as if he had made it in the portal: it opens what is his, ends with his rights, and he can revoke
it there. Who made it stands beside it and in the trail.
"""

from dataclasses import dataclass

from permanence.agenda.interop.owners import own_agendas
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import AgendaUnknown
from permanence.clients import queries as clients
from permanence.foundation.keys import row_key
from permanence.foundation.models import Person
from permanence.foundation.who import Who, who_is


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A client's person with the agendas that are his own. `login`: the user name of his programs."""

    id: str
    name: str
    login: str
    agendas: tuple[AgendaView, ...]


def owners(*, client: str, by: Who) -> tuple[Owner, ...]:
    """The persons of a client who have agendas of their own here, by name; () for a client whom `by` does not see."""
    if not (by.of_house and by.may_see(client)):
        return ()
    keys = {row_key(each.person) for each in clients.portal_users(house=by.house, client=client)}
    people = Person.objects.select_related("house").filter(house=by.house_key, pk__in=keys, is_active=True)
    found = (
        Owner(id=str(each.pk), name=each.name, login=each.email, agendas=own_agendas(client=client, by=who_is(each)))
        for each in people.order_by("name", "pk")
    )
    return tuple(each for each in found if each.agendas)


def acting_for(person: str, *, client: str, by: Who) -> Who:
    """As whom something is made at a client: "" is `by` for himself. Raises AgendaUnknown where it cannot be."""
    if not person:
        if not own_agendas(client=client, by=by):
            raise AgendaUnknown(client[:40])
        return by
    if person not in {each.id for each in owners(client=client, by=by)}:
        raise AgendaUnknown(client[:40])
    return who_is(Person.objects.select_related("house").get(pk=row_key(person)))
