# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of sites and directories, scoped to the house (its slug or key) and the client (his key)."""

from functools import lru_cache

from permanence.clients.models import Contact, Site
from permanence.countries.numbers import spell_number
from permanence.kernel.phone import PhoneNumber
from permanence.reception.table import ContactEntry, SiteEntry

SITE_FIELDS = ("name", "address", "access", "parking", "lift", "floor", "hours")


def sites_of(house: int | str, client: int) -> tuple[SiteEntry, ...]:
    """The client's sites, in order; empty for a client of another house. One query."""
    rows = Site.objects.for_house(house).for_client(client).order_by("position", "pk").values(*SITE_FIELDS)
    return tuple(SiteEntry(**row) for row in rows)


def site_names(*, house: int | str, client: int) -> dict[str, str]:
    """The client's sites by id, in order: their names. One query."""
    rows = Site.objects.for_house(house).for_client(client).order_by("position", "pk")
    return {str(key): name for key, name in rows.values_list("pk", "name")}


def contacts_of(house: int | str, client: int) -> tuple[ContactEntry, ...]:
    """The client's directory, in order; empty for a client of another house. One query."""
    rows = Contact.objects.for_house(house).for_client(client).select_related("client").order_by("position", "pk")
    return tuple(contact_entry(row) for row in rows)


def contact_entry(row: Contact) -> ContactEntry:
    """The row as the telephone has it."""
    return ContactEntry(
        name=row.name,
        function=row.function,
        numbers=tuple(row.numbers),
        shown=tuple(_spelled(number, row.client.country) for number in row.numbers),
        number_for=row.number_for,
        may_say=row.may_say,
    )


@lru_cache(maxsize=4096)
def _spelled(number: str, country: str) -> str:
    """A directory is assembled again at every change of its client, and its numbers stay the same."""
    return spell_number(PhoneNumber(number), country=country)
