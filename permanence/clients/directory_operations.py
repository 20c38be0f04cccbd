# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on sites, directories and contracts. Each is one transaction, noted and announced as `ClientChanged`."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from permanence.clients.acts import account, changed
from permanence.clients.directory_queries import facts_of
from permanence.clients.directory_rules import (
    MOST_CONTACTS,
    MOST_NUMBERS,
    MOST_SITES,
    Lift,
    NumberFor,
    is_urgent_number,
    mark_of,
)
from permanence.clients.models import Client, Contact, EntryChange, Site
from permanence.clients.operations import NumberMalformed
from permanence.clients.urgent_paths import demand_second
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


class EntryChanged(Refusal):
    """Somebody else has changed the entry after the form began; nothing is written over."""

    code = "entry_changed"


class EntryTaken(Refusal):
    """Another entry of the client has that name."""

    code = "entry_taken"


@transaction.atomic
def put_site(
    *,
    client: str,
    site: SiteEntry,
    by: Who,
    at: datetime,
    instead_of: str | None = None,
    began_from: str | None = None,
    position: int | None = None,
) -> None:
    """The site of that name is now so; a new one comes last, or where `position` says.

    `instead_of`: the name it had, "" for one that must be new; None: whichever has the name. `began_from`: the mark of
    what the change began from (`directory_rules.mark_of`). Raises ClientUnknown, EntryUnfit, EntryUnknown, EntryTaken,
    EntryChanged, DirectoryFull.
    """
    row = account(client, by=by)
    fields = {name: value.strip() for name, value in asdict(site).items()}
    _fits(Site(house_id=row.house_id, client=row, **fields))
    if fields["lift"] not in set(Lift):
        raise EntryUnfit("lift")
    held = _held(Site, row, fields, instead_of, began_from)
    _write(Site, row, held, fields, most=MOST_SITES, position=position, by=by, at=at)
    changed(client=client, action="client.site_put", by=by, at=at, detail={"name": fields["name"]})


@transaction.atomic
def put_contact(
    *,
    client: str,
    contact: ContactEntry,
    by: Who,
    at: datetime,
    instead_of: str | None = None,
    began_from: str | None = None,
    position: int | None = None,
) -> None:
    """The contact of that name is now so; the other arguments are those of `put_site`.

    Raises what `put_site` does, NumberMalformed, ApprovalNeeded.
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
    held = _held(Contact, row, fields, instead_of, began_from)
    _write(Contact, row, held, fields, most=MOST_CONTACTS, position=position, by=by, at=at)
    changed(client=client, action="client.contact_put", by=by, at=at, detail={"name": fields["name"]})


@transaction.atomic
def remove_site(*, client: str, name: str, by: Who, at: datetime, began_from: str | None = None) -> None:
    """The client has that site no longer. Raises ClientUnknown, EntryUnknown, EntryChanged."""
    _remove(Site, client, name, began_from, by=by, at=at)
    changed(client=client, action="client.site_removed", by=by, at=at, detail={"name": name})


@transaction.atomic
def remove_contact(*, client: str, name: str, by: Who, at: datetime, began_from: str | None = None) -> None:
    """The directory has that contact no longer. Raises ClientUnknown, EntryUnknown, EntryChanged, ApprovalNeeded."""
    _remove(Contact, client, name, began_from, by=by, at=at)
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


def _held(
    table: type[Site] | type[Contact],
    client: Client,
    fields: Mapping[str, Any],
    instead_of: str | None,
    began_from: str | None,
) -> Site | Contact | None:
    """The row that is to be so. Raises EntryUnknown, EntryTaken, EntryChanged."""
    rows = table.objects.for_client(client)
    held = rows.filter(name=fields["name"] if instead_of is None else instead_of).first()
    if instead_of and held is None:
        raise EntryUnknown(instead_of)
    if (held is None or held.name != fields["name"]) and rows.filter(name=fields["name"]).exists():
        raise EntryTaken(fields["name"])
    _same(held, began_from)
    return held


def _same(held: Site | Contact | None, began_from: str | None) -> None:
    if began_from is not None and began_from != mark_of(facts_of(held) if held else None):
        raise EntryChanged(held.name if held else "")


def _write(
    table: type[Site] | type[Contact],
    client: Client,
    held: Site | Contact | None,
    fields: dict[str, Any],
    *,
    most: int,
    position: int | None,
    by: Who,
    at: datetime,
) -> None:
    before = facts_of(held) if held else None
    if before == fields:
        return
    if held is None:
        places = list(table.objects.for_client(client).order_by("position").values_list("position", flat=True))
        if len(places) >= most:
            raise DirectoryFull(str(fields["name"]))
        held = table(house_id=client.house_id, client=client)
        held.position = position if position is not None else places[-1] + 1 if places else 1
    for name, value in fields.items():
        setattr(held, name, value)
    held.save()
    _keep(held, client, before, fields, by=by, at=at)


def _remove(
    table: type[Site] | type[Contact], client: str, name: str, began_from: str | None, *, by: Who, at: datetime
) -> None:
    row = account(client, by=by)
    held = table.objects.for_client(row).filter(name=name).first()
    if held is None:
        raise EntryUnknown(name)
    _same(held, began_from)
    _keep(held, row, facts_of(held), None, by=by, at=at)
    held.delete()


def _keep(
    row: Site | Contact,
    client: Client,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
    *,
    by: Who,
    at: datetime,
) -> None:
    """What was there can be put back. Raises ApprovalNeeded where a number that may be given would change."""
    is_contact = isinstance(row, Contact)
    given = (each for each in (before, after) if each is not None and is_contact)
    if any(is_urgent_number(each["numbers"], each["number_for"]) for each in given):
        demand_second(client, by=by)
    change_of(row, before=before, after=after, by=by, at=at).save()


def change_of(
    row: Site | Contact, *, before: dict[str, Any] | None, after: dict[str, Any] | None, by: Who, at: datetime
) -> EntryChange:
    """What was there and what is there now, to be saved by whoever writes the row, so that it can be put back.

    `before` and `after` are its `facts_of`, None for nothing.
    """
    return EntryChange(
        house_id=row.house_id,
        client_id=row.client_id,
        entry="contact" if isinstance(row, Contact) else "site",
        before=before,
        after=after,
        position=row.position,
        person_id=by.person_key,
        person_name=by.name,
        at=at,
    )
