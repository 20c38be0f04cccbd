# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of sites and directories, scoped to the house (its slug or key) and the client (his key)."""

from permanence.clients.file_parts import CONTACT_FIELDS, SITE_FIELDS, contacts_from, sites_from
from permanence.clients.models import Contact, Site
from permanence.reception.table import ContactEntry, SiteEntry


def sites_of(house: int | str, client: int) -> tuple[SiteEntry, ...]:
    """The client's sites, in order; empty for a client of another house. One query."""
    rows = Site.objects.for_house(house).for_client(client).order_by("position", "pk")
    return sites_from(rows.values_list(*SITE_FIELDS))


def site_names(*, house: int | str, client: int) -> dict[str, str]:
    """The client's sites by id, in order: their names. One query."""
    rows = Site.objects.for_house(house).for_client(client).order_by("position", "pk")
    return {str(key): name for key, name in rows.values_list("pk", "name")}


def contacts_of(house: int | str, client: int) -> tuple[ContactEntry, ...]:
    """The client's directory, in order; empty for a client of another house. One query."""
    rows = Contact.objects.for_house(house).for_client(client).order_by("position", "pk")
    return tuple(
        entry
        for *row, country in rows.values_list(*CONTACT_FIELDS, "client__country")
        for entry in contacts_from([row], country=country)
    )
