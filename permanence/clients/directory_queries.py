# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of sites and directories, scoped to the house (its slug or key) and the client (his key)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from permanence.clients.directory_rules import UNDO_FOR, mark_of
from permanence.clients.file_parts import CONTACT_FIELDS, SITE_FIELDS, contacts_from, sites_from
from permanence.clients.models import Contact, EntryChange, Site
from permanence.reception.table import AgendaEntry, ContactEntry, SiteEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Held[E: SiteEntry | ContactEntry | AgendaEntry]:
    """An entry of the card with the id of its row and the mark of what stands in it (`mark_of`)."""

    id: str
    entry: E
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A site or contact ("site", "contact") was added (`before` ""), changed or removed (`after` ""), by name."""

    id: str
    entry: str
    before: str
    after: str
    by: str
    at: datetime


def sites_of(house: int | str, client: int) -> tuple[SiteEntry, ...]:
    """The client's sites, in order; empty for a client of another house. One query."""
    rows = Site.objects.for_house(house).for_client(client).order_by("position", "pk")
    return sites_from(rows.values_list(*SITE_FIELDS))


def site_names(*, house: int | str, client: int) -> dict[str, str]:
    """The client's sites by id, in order: their names. One query."""
    rows = Site.objects.for_house(house).for_client(client).order_by("position", "pk")
    return {str(key): name for key, name in rows.values_list("pk", "name")}


def told_sites(*, house: int | str, clients: Iterable[str]) -> dict[str, str]:
    """The names, by id, of the sites of those clients that have several: a single one needs no name. One query."""
    rows = Site.objects.for_house(house).filter(client__in=[int(each) for each in clients])
    found = list(rows.order_by("position", "pk").values_list("client", "pk", "name"))
    many = Counter(client for client, _key, _name in found)
    return {str(key): name for client, key, name in found if many[client] > 1}


def contacts_of(house: int | str, client: int) -> tuple[ContactEntry, ...]:
    """The client's directory, in order; empty for a client of another house. One query."""
    rows = Contact.objects.for_house(house).for_client(client).order_by("position", "pk")
    return tuple(
        entry
        for *row, country in rows.values_list(*CONTACT_FIELDS, "client__country")
        for entry in contacts_from([row], country=country)
    )


def held_sites(*, house: str, client: str) -> tuple[Held[SiteEntry], ...]:
    """The client's sites with their ids, in order; empty for a client of another house. One query."""
    rows = Site.objects.for_house(house).for_client(client).order_by("position", "pk")
    return tuple(
        Held(id=str(row.pk), entry=SiteEntry(**facts), mark=mark_of(facts))
        for row in rows
        for facts in (facts_of(row),)
    )


def held_contacts(*, house: str, client: str) -> tuple[Held[ContactEntry], ...]:
    """The client's directory with the ids, in order; empty for a client of another house. One query."""
    rows = Contact.objects.for_house(house).for_client(client).select_related("client").order_by("position", "pk")
    return tuple(Held(id=str(row.pk), entry=contact_entry(row), mark=mark_of(facts_of(row))) for row in rows)


def last_changes(*, house: str, client: str, at: datetime, most: int = 5) -> tuple[ChangeView, ...]:
    """What was changed in the directory and can still be taken back, the newest first. One query."""
    rows = EntryChange.objects.for_house(house).for_client(client).filter(undone=False, at__gt=at - UNDO_FOR)
    return tuple(
        ChangeView(
            id=str(row.pk),
            entry=row.entry,
            before=row.before["name"] if row.before else "",
            after=row.after["name"] if row.after else "",
            by=row.person_name,
            at=row.at,
        )
        for row in rows.order_by("-at", "-pk")[:most]
    )


def facts_of(row: Site | Contact) -> dict[str, Any]:
    """What stands in the row, as an operation is given it."""
    _position, _key, *names = SITE_FIELDS if isinstance(row, Site) else CONTACT_FIELDS
    return {name: getattr(row, name) for name in names}


def contact_entry(row: Contact) -> ContactEntry:
    """The row as the telephone has it."""
    fields = [getattr(row, name) for name in CONTACT_FIELDS]
    return contacts_from([fields], country=row.client.country)[0]
