# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything the house holds on a person known to a client: his file, his appointments, the messages that name him.

Whoever was merged into him counts as himself. Nothing of another client is read.
"""

from dataclasses import dataclass
from datetime import datetime

from permanence.agenda.queries import agendas, appointments
from permanence.agenda.queries.views import AppointmentView
from permanence.callers import queries as callers
from permanence.callers import search
from permanence.callers.entries import counted_acts, entries_of
from permanence.callers.queries import PatientFile, traits_of
from permanence.callers.request_operations import RequestView, requests_of
from permanence.callers.rules.no_show import Rule
from permanence.callers.search import Duplicate
from permanence.clients import queries as clients
from permanence.clients.queries import ClientView
from permanence.foundation.who import Who
from permanence.messaging import queries as messages
from permanence.messaging.queries import MessageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """`visits` and `messages`: the latest first. `counted`: the appointments that count as not kept, by their ids.

    `agendas`: what the agendas of the client are called, by id. `twins`: who may be the same person.
    `requests`: what he asked for by law.
    """

    account: ClientView
    file: PatientFile
    visits: tuple[AppointmentView, ...]
    messages: tuple[MessageRow, ...]
    counted: frozenset[str]
    agendas: dict[str, str]
    rule: Rule
    twins: tuple[Duplicate, ...]
    requests: tuple[RequestView, ...]


def holdings(*, client: str, patient: str, by: Who, at: datetime) -> Holdings:
    """All of a person who stands for himself. Raises clients.ClientUnknown, callers.PatientUnknown."""
    account = clients.client(house=by.house, client=client)
    file = callers.file_of(house=by.house, client=account.id, patient=patient)
    entries = entries_of(house=by.house, client=account.id, patient=file.view.id)
    visits = [each for entry in entries for each in appointments.of_patient(by=by, client=account.id, patient=entry)]
    named = agendas.agendas(by=by, client=account.id, active_only=False)
    return Holdings(
        account=account,
        file=file,
        visits=tuple(sorted(visits, key=lambda each: each.starts_at, reverse=True)),
        messages=tuple(messages.messages_about(by.house, account.id, entries, at)),
        counted=counted_acts(house=by.house, client=account.id, patients=entries),
        agendas={each.id: each.name for each in named},
        rule=callers.no_show_rule(house=by.house, client=account.id),
        requests=requests_of(house=by.house, client=account.id, patients=entries),
        twins=tuple(
            search.duplicates(house=by.house, client=account.id, traits=traits_of(file.view), but=file.view.id)
        ),
    )
