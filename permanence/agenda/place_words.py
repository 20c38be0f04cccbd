# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a visit takes place, in words: at a site of the practice, at home, by video. Nothing of the reason is in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.text import capfirst
from django.utils.translation import pgettext_lazy

from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.kinds import Way
from permanence.clients.directory_queries import Held, held_sites
from permanence.reception.table import SiteEntry

WAYS = {Way.HOME: pgettext_lazy("visit", "at home"), Way.TELE: pgettext_lazy("visit", "by video")}
"""Of the ways that are not at the practice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a patient goes. `way`: in words, "" at the practice, whose `site` is None where it is not known which.

    `link`: for a visit by video, "" where the practice sends it itself.
    """

    way: str
    site: SiteEntry | None
    link: str

    @property
    def line(self) -> str:
        """All of it in one line, for a calendar: "Meinau, 12 rue ..." or "By video, https://..."; "" for unknown."""
        if self.site is not None:
            return ", ".join(filter(None, (self.site.name, self.site.address)))
        return ", ".join(filter(None, (capfirst(self.way), self.link)))

    def told(self, *, named: bool) -> str:
        """The line for what leaves the house; where the practice is not to be `named`, only the way."""
        return self.line if named else capfirst(self.way)


def where(way: Way, site: str, *, sites: Mapping[str, str]) -> str:
    """In a word or two, for who knows the practice; "" where nothing is to be told.

    `sites`: id -> name of those that are told apart (`told_sites`).
    """
    return str(WAYS[way]) if way in WAYS else sites.get(site, "")


def place_of(way: Way, site: str, link: str, *, house: str, client: str) -> Place:
    """For a patient, in the active language. `site`: an id, "" for the only one that there is. One query."""
    return place_among(way, site, link, sites=() if way in WAYS else held_sites(house=house, client=client))


def place_among(way: Way, site: str, link: str, *, sites: Sequence[Held[SiteEntry]]) -> Place:
    """The same where the client's `sites` are read already."""
    if way in WAYS:
        return Place(way=str(WAYS[way]), site=None, link=link)
    found = next((each.entry for each in sites if each.id == site), None)
    return Place(way="", site=sites[0].entry if found is None and len(sites) == 1 else found, link="")


def place_of_visit(visit: AppointmentView, *, house: str) -> Place:
    """Where one who is booked goes, in the active language. At most one query."""
    return place_of(visit.way, visit.site, visit.video_link, house=house, client=visit.client)


def told_line(visit: AppointmentView, *, house: str, named: bool) -> str:
    """What leaves the house of where a visit is: `Place.told`."""
    return place_of_visit(visit, house=house).told(named=named)
