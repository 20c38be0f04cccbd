# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in and goes out as files: which kinds there are, how each is read, checked, brought in and written."""

from dataclasses import replace
from datetime import datetime

from permanence.backstage import account_sheets as tables
from permanence.backstage.agenda_sheets import AGENDA_COLUMNS, agenda_rows, read_agendas
from permanence.backstage.sheets import Sheet, read_sheet, write_sheet
from permanence.backstage.vcards import read_cards
from permanence.clients import bulk_operations as bulk
from permanence.clients.bulk_agendas import bring_in_agendas
from permanence.clients.bulk_rules import BroughtIn, EntryLine, Fault
from permanence.clients.models import Client
from permanence.foundation.models import House
from permanence.foundation.who import Who

CLIENTS, SITES, CONTACTS, AGENDAS, CARDS = "clients", "sites", "contacts", "agendas", "cards"
TABLES = (CLIENTS, SITES, CONTACTS, AGENDAS)


def bring_in(*, kind: str, text: str, client: Client | None = None, dry: bool, by: Who, at: datetime) -> BroughtIn:
    """Read a file and bring it in, or with `dry` say what would become of it. With one fault nothing is saved.

    Raises sheets' FileUnreadable.
    """
    if kind == CLIENTS:
        sheet = read_sheet(text, known=tables.CLIENT_COLUMNS, needed=("name",))
        country = House.objects.values_list("country", flat=True).get(pk=by.house_key)
        read = tables.read_clients(sheet, country=country)
        done = bulk.bring_in_clients(lines=read.lines, dry=dry or bool(read.faults), by=by, at=at)
        return _with(done, read.faults)
    if kind == SITES:
        sites = tables.read_sites(_entries(text, tables.SITE_COLUMNS))
        done = bulk.bring_in_sites(lines=sites.lines, dry=dry or bool(sites.faults), by=by, at=at)
        return _with(done, sites.faults)
    if kind == AGENDAS:
        agendas = read_agendas(read_sheet(text, known=AGENDA_COLUMNS, needed=("client", "product", "link")))
        found = bring_in_agendas(lines=agendas.lines, dry=dry or bool(agendas.faults), by=by, at=at)
        return _with(found, agendas.faults)
    lines, faults = _contacts(kind, text, client, by)
    return _with(bulk.bring_in_contacts(lines=lines, dry=dry or bool(faults), by=by, at=at), faults)


def _contacts(kind: str, text: str, client: Client | None, by: Who) -> tuple[tuple[EntryLine, ...], tuple[Fault, ...]]:
    if kind == CARDS and client is not None:
        return read_cards(text, client=client.name, country=client.country)
    countries = dict(Client.objects.for_house(by.house_key).values_list("name", "country"))
    contacts = tables.read_contacts(_entries(text, tables.CONTACT_COLUMNS), countries)
    return contacts.lines, contacts.faults


def _entries(text: str, columns: tuple[str, ...]) -> Sheet:
    return read_sheet(text, known=columns, needed=("client", "name"))


def _with(done: BroughtIn, faults: tuple[Fault, ...]) -> BroughtIn:
    """With the faults of spelling; a cell that could not be read is not said to be missing as well."""
    told = {(each.line, each.column) for each in faults}
    more = [each for each in done.faults if (each.line, each.column) not in told]
    return replace(done, faults=tuple(sorted((*faults, *more), key=lambda each: each.line)))


def written(*, kind: str, by: Who, client: int | None = None) -> str:
    """A table of the house as CSV (of one client: his contacts)."""
    if kind == CLIENTS:
        return write_sheet(tables.CLIENT_COLUMNS, tables.client_rows(by.house_key), language=by.language)
    if kind == SITES:
        return write_sheet(tables.SITE_COLUMNS, tables.site_rows(by.house_key), language=by.language)
    if kind == AGENDAS:
        return write_sheet(AGENDA_COLUMNS, agenda_rows(by.house_key), language=by.language)
    return write_sheet(tables.CONTACT_COLUMNS, tables.contact_rows(by.house_key, client), language=by.language)
