# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where visits are, for a calendar in which patients' names stand: at a site, by video with its link, at a home.

Who is told no names is told nothing of this. Where somebody lives is chosen apart from names (`homes`): without it of
a visit at home the way alone is told, and no line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import capfirst

from permanence.agenda.place_words import Place, place_among
from permanence.agenda.queries.appointments import home_addresses, readable_answers_of
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.kinds import Way
from permanence.clients.directory_queries import held_sites
from permanence.foundation.models import House
from permanence.foundation.who import Who, system_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """In the language that was active: `line` where one goes; `way` in a word, "" at the practice; `link` by video."""

    line: str
    way: str
    link: str


NOWHERE = Where(line="", way="", link="")
"""Nothing is told."""


def whereabouts(visits: Sequence[AppointmentView], *, house: House, homes: bool) -> dict[str, Where]:
    """Where these visits of one client are, by appointment. One query, and with `homes` five more where visits are at
    home.
    """
    if not visits:
        return {}
    sites = held_sites(house=house.slug, client=visits[0].client)
    found = homes_of(visits, by=system_of(house)) if homes else {}
    told = {}
    for each in visits:
        place = place_among(each.way, each.site, each.video_link, sites=sites)
        if each.way is Way.HOME and not homes:
            told[each.appointment] = Where(line="", way=place.way, link="")
        else:
            told[each.appointment] = _where(place, found.get(each.appointment, ""))
    return told


def homes_of(visits: Sequence[AppointmentView], *, by: Who) -> dict[str, str]:
    """The addresses of those visits that are at home, by appointment; "" where nobody knows. Five queries, or none."""
    visits = [each for each in visits if each.way is Way.HOME]
    asked = {each.appointment for each in visits if each.answered}
    said = readable_answers_of(by=by, appointments=asked) if asked else {}
    unread = asked - said.keys()  # the patient's file may name another place than what he said, so none is told
    return home_addresses(visits=[each for each in visits if each.appointment not in unread], said=said)


def _where(place: Place, home: str) -> Where:
    if place.site is not None:
        return Where(line=place.line, way="", link="")
    return Where(line=home or capfirst(place.way), way=place.way, link=place.link)
