# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practice behind a token, loaded once a request."""

from permanence.agenda.queries import agendas
from permanence.agenda.queries.interface import Access
from permanence.api.fhir.resources import Practice
from permanence.clients import queries as clients
from permanence.clients.directory_queries import held_sites


def practice_of(access: Access) -> Practice:
    """Everything its resources name. Six queries."""
    by, client = access.by, access.client
    every = agendas.reasons(by=by, client=client.id, retired=True)
    offered = agendas.reasons(by=by, client=client.id)
    recipients = clients.recipients(house=by.house, client=client.id, active_only=False)
    return Practice(
        client=client,
        recipients={each.id: each for each in recipients},
        reasons={each.id: each for each in every},
        offered=frozenset(each.id for each in offered),
        sites={each.id: each for each in held_sites(house=by.house, client=client.id)},
        agendas={each.id: each for each in agendas.agendas(by=by, client=client.id, active_only=False)},
    )
