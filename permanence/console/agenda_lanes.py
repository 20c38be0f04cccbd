# SPDX-License-Identifier: AGPL-3.0-or-later
"""The lanes of days of agendas of several clients, for the screen and for paper, and what their codes mean."""

from collections.abc import Sequence
from datetime import UTC, datetime, time

from permanence.agenda.queries import agendas
from permanence.agenda.queries.follow_ups import minutes_late
from permanence.agenda.queries.newcomers import newcomers_in
from permanence.agenda.queries.rooms import rooms_of_visits
from permanence.agenda.queries.shown import ANYWHERE, ShownDays
from permanence.agenda.rules.marks import Mark, marks_of
from permanence.clients.directory_queries import told_sites
from permanence.console import agenda_grid as drawn
from permanence.console.agenda_item import Items
from permanence.foundation.who import Who


def lanes_of(
    by: Who, found: Sequence[ShownDays], *, at: datetime, by_day: bool
) -> tuple[list[drawn.Lane], dict[str, dict[str, Mark]]]:
    """The lanes in the order of `found`, and of each client the marks of his reasons by their ids.

    `by_day`: a lane is called by its day.
    """
    shown = {each.agenda.client for each in found}
    reasons, sites = agendas.reasons_of(by=by, clients=shown), told_sites(house=by.house, clients=shown)
    marks = {client: marks_of(of_client) for client, of_client in reasons.items()}
    alike = newcomers_in(by=by, clients=shown, at=at)
    rooms = _rooms(by, found, shown)
    made = {
        client: Items.of(marks.get(client, {}), sites=sites, person=by.person, at=at, newcomers=alike, rooms=rooms)
        for client in shown
    }
    late = minutes_late(agendas=[each.agenda.id for each in found], at=at)
    lanes = [
        lane
        for each in found
        for lane in drawn.lanes_of(each, made[each.agenda.client], by_day=by_day, late=late.get(each.agenda.id, 0))
    ]
    return lanes, marks


def _rooms(by: Who, found: Sequence[ShownDays], clients: set[str]) -> dict[str, tuple[str, ...]]:
    if not found:
        return {}
    first, until = min(each.first for each in found), max(each.until for each in found)
    starts, ends = (datetime.combine(day, time(), tzinfo=UTC) for day in (first, until))
    return rooms_of_visits(by=by, clients=clients, starts=starts - ANYWHERE, ends=ends + ANYWHERE)


def legend_of(by: Who, found: Sequence[ShownDays], marks: dict[str, dict[str, Mark]]) -> list[tuple[Mark, str]]:
    """What the codes mean, where one client's are shown; of several clients every block says its reason itself."""
    shown = {each.agenda.client for each in found}
    if len(shown) != 1:
        return []
    (client,) = shown
    names = {each.id: each.name for each in agendas.reasons(by=by, client=client)}
    return [(mark, names[key]) for key, mark in marks.get(client, {}).items() if key in names]
