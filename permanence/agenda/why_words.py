# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a time is not free, in words and by the names of one client's agenda, for secretaries and doctors."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from permanence.agenda.queries import agendas
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.rules.why_not import WhyNot
from permanence.agenda.words import Names, sentence
from permanence.clients.directory_queries import site_names
from permanence.foundation.who import Who


def sentences(by: Who, agenda: AgendaView, causes: Iterable[WhyNot], *, at: datetime, reason: str = "") -> list[str]:
    """What is against a time, in words, the main cause first and each once. `reason`: the id of the one asked for."""
    names, zone = names_of(by, agenda.client, reason=reason), ZoneInfo(agenda.time_zone)
    return list(dict.fromkeys(sentence(each, names=names, zone=zone, at=at) for each in causes))


def names_of(by: Who, client: str, *, reason: str = "") -> Names:
    """What the ids of a client's agendas are called, retired reasons and closed agendas too."""
    reasons = {each.id: each.name for each in agendas.reasons(by=by, client=client, retired=True)}
    every = agendas.agendas(by=by, client=client, active_only=False)
    return Names(
        asked=reasons.get(reason, ""),
        reasons=reasons,
        resources={each.id: each.name for each in agendas.resources(by=by, client=client)},
        recipients={each.recipient: each.recipient_name for each in every},
        sites=site_names(house=by.house, client=int(client)),
    )
