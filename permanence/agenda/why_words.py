# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a time is not free, in words and by the names of one client's agenda, for secretaries and doctors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from permanence.agenda.queries import agendas, offers
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.rules.why_not import AlsoRefuses, Held, WhyNot
from permanence.agenda.words import Names, sentence
from permanence.clients.directory_queries import site_names
from permanence.foundation.who import Who


def sentences(
    by: Who,
    agenda: AgendaView,
    causes: Iterable[WhyNot],
    *,
    at: datetime,
    reason: str = "",
    pages: Mapping[str, str | Promise] | None = None,
) -> list[str]:
    """What is against a time, in words, the main cause first and each once. `reason`: the id of the one asked for.

    `pages`, for secretaries alone: what the page is called that frees what is offered to somebody who waits, by the way
    in which he was told, "" for any other; then it is said to whom.
    """
    causes = list(causes)
    names, zone = names_of(by, agenda.client, reason=reason), ZoneInfo(agenda.time_zone)
    if pages:
        names = replace(names, offered=_offered(by, causes, pages))
    return list(dict.fromkeys(sentence(each, names=names, zone=zone, at=at) for each in causes))


def _offered(by: Who, causes: Sequence[WhyNot], pages: Mapping[str, str | Promise]) -> dict[str, tuple[str, str]]:
    each_cause = (each.why if isinstance(each, AlsoRefuses) else each for each in causes)
    holds = [each.hold for each in each_cause if isinstance(each, Held) and not each.by]
    found = offers.offered_now(by=by, holds=holds) if holds else {}
    return {hold: (name, str(pages.get(way, pages[""]))) for hold, (name, way) in found.items()}


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
