# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on sites, directories and contracts. Each is one transaction, noted and announced as `ClientChanged`."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime

from django.db import transaction

from permanence.clients.acts import account, changed
from permanence.clients.directory_rules import MOST_CONTACTS, MOST_NUMBERS, MOST_SITES, Lift, NumberFor
from permanence.clients.models import Client, Contact, Site
from permanence.clients.operations import NumberMalformed
from permanence.foundation.who import Who
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal
from permanence.reception.table import ContactEntry, SiteEntry


class DirectoryFull(Refusal):
    """The card of a client carries no more sites, contacts, or numbers of a contact."""

    code = "directory_full"


class EntryUnfit(Refusal):
    """A name is missing, a text is too long, or a choice is none of those there are; `why` is the name of the field."""

    code = "entry_unfit"


class EntryUnknown(Refusal):
    """No such site or contact at this client."""

    code = "entry_unknown"


class ContractBackwards(Refusal):
    """The contract would end before it begins."""

    code = "contract_backwards"


@transaction.atomic
def put_site(*, client: str, site: SiteEntry, by: Who, at: datetime) -> None:
    """The site of that name is now so; a new one comes last. Raises ClientUnknown, EntryUnfit, DirectoryFull."""
    row = account(client, by=by)
    fields = {name: value.strip() for name, value in asdict(site).items()}
    _fits(Site(house_id=row.house_id, client=row, **fields))
    if fields["lift"] not in set(Lift):
        raise EntryUnfit("lift")
    _put(Site, row, fields, most=MOST_SITES)
    changed(client=client, action="client.site_put", by=by, at=at, detail={"name": fields["name"]})


@transaction.atomic
def put_contact(*, client: str, contact: ContactEntry, by: Who, at: datetime) -> None:
    """The contact of that name is now so; a new one comes last.

    Raises ClientUnknown, EntryUnfit, DirectoryFull, NumberMalformed.
    """
    row = account(client, by=by)
    if len(contact.numbers) > MOST_NUMBERS:
        raise DirectoryFull(contact.name)
    if contact.number_for not in set(NumberFor):
        raise EntryUnfit("number_for")
    entry = replace(contact, numbers=tuple(_e164(number) for number in contact.numbers))
    fields = {
        "name": entry.name.strip(),
        "function": entry.function.strip(),
        "numbers": list(dict.fromkeys(entry.numbers)),
        "number_for": str(entry.number_for),
        "may_say": entry.may_say.strip(),
    }
    _fits(Contact(house_id=row.house_id, client=row, **fields))
    _put(Contact, row, fields, most=MOST_CONTACTS)
    changed(client=client, action="client.contact_put", by=by, at=at, detail={"name": fields["name"]})


@transaction.atomic
def remove_site(*, client: str, name: str, by: Who, at: datetime) -> None:
    """The client has that site no longer. Raises ClientUnknown, EntryUnknown."""
    _remove(Site, client, name, by=by)
    changed(client=client, action="client.site_removed", by=by, at=at, detail={"name": name})


@transaction.atomic
def remove_contact(*, client: str, name: str, by: Who, at: datetime) -> None:
    """The directory has that contact no longer. Raises ClientUnknown, EntryUnknown."""
    _remove(Contact, client, name, by=by)
    changed(client=client, action="client.contact_removed", by=by, at=at, detail={"name": name})


@transaction.atomic
def set_contract(
    *, client: str, begins: date | None, ends: date | None, notes: str = "", by: Who, at: datetime
) -> None:
    """From which day to which (not in it) the contract runs, and what is noted about it; None: open.

    It moves nothing by itself: whether calls are answered is the client's state. Raises ClientUnknown,
    ContractBackwards, EntryUnfit.
    """
    row = account(client, by=by)
    if begins is not None and ends is not None and begins >= ends:
        raise ContractBackwards(client)
    row.contract_from, row.contract_until, row.contract_notes = begins, ends, notes.strip()
    _fits(row)
    row.save(update_fields=["contract_from", "contract_until", "contract_notes"])
    changed(client=client, action="client.contract_set", by=by, at=at)


def _e164(number: str) -> str:
    try:
        return str(PhoneNumber.parse_global(number))
    except ValueError as error:
        raise NumberMalformed(number) from error


def _fits(row: Client | Site | Contact) -> None:
    """Texts within their length, names there. Raises EntryUnfit."""
    if not row.name:
        raise EntryUnfit("name")
    for field in row._meta.concrete_fields:
        value = getattr(row, field.attname)
        if isinstance(value, str) and field.max_length and len(value) > field.max_length:
            raise EntryUnfit(field.name)


def _put(table: type[Site] | type[Contact], client: Client, fields: Mapping[str, object], *, most: int) -> None:
    rows = table.objects.for_client(client)
    if rows.filter(name=fields["name"]).update(**fields):
        return
    places = list(rows.order_by("position").values_list("position", flat=True))
    if len(places) >= most:
        raise DirectoryFull(str(fields["name"]))
    place = places[-1] + 1 if places else 1
    table.objects.create(house_id=client.house_id, client=client, position=place, **fields)


def _remove(table: type[Site] | type[Contact], client: str, name: str, *, by: Who) -> None:
    found, _by_table = table.objects.for_client(account(client, by=by)).filter(name=name).delete()
    if not found:
        raise EntryUnknown(name)
