# SPDX-License-Identifier: AGPL-3.0-or-later
"""Sites, directory and contract of a client: what is refused, what reaches the telephone, and the walls."""

from dataclasses import replace
from datetime import date

import pytest
from django.db import IntegrityError, transaction

from permanence.backstage.start import steps
from permanence.clients import directory_operations as operations
from permanence.clients import operations as accounts
from permanence.clients import queries
from permanence.clients.directory_rules import MOST_CONTACTS, MOST_NUMBERS
from permanence.clients.models import Client, Contact, Line, Site
from permanence.clients.operations import NumberMalformed
from permanence.clients.queries import ClientUnknown
from permanence.clients.rules import ClientState
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.reception.table import ContactEntry, SiteEntry
from permanence.switchboard.queries import client_slice
from tests.rooms.conftest import NOW

SITE = SiteEntry(
    name="Limpertsberg", address="12 avenue Pasteur", access="cour", parking="Glacis", lift="no", floor="1"
)
KLEIN = ContactEntry(
    name="Dr Klein", function="remplaçante", numbers=("+352 621 000 158",), may_say="urgences seulement"
)


def file_of(cast, client, house="demo"):
    return queries.client_file(house=house, client=client, at=NOW)


def put(cast, *entries, client=None, by=None):
    for entry in entries:
        given = {"client": client or cast.weber, "by": by or cast.marc, "at": NOW}
        if isinstance(entry, SiteEntry):
            operations.put_site(site=entry, **given)
        else:
            operations.put_contact(contact=entry, **given)


@pytest.fixture
def bare(cast):
    """The cast, with nothing in anybody's directory."""
    Site.objects.all().delete()
    Contact.objects.all().delete()
    return cast


def test_what_is_put_is_in_the_slice_in_its_order_and_nowhere_else(bare):
    before = client_slice(house="demo", client=bare.dupont, version=1, at=NOW)
    second = replace(SITE, name="Kirchberg", lift="")
    put(bare, SITE, second, KLEIN, replace(KLEIN, name="Pharmacie", numbers=(), number_for="callers"))
    entry = client_slice(house="demo", client=bare.weber, version=1, at=NOW)
    assert entry.sites == (SITE, second)
    assert [(each.name, each.numbers, each.shown) for each in entry.contacts] == [
        ("Dr Klein", ("+352621000158",), ("621 000 158",)),
        ("Pharmacie", (), ()),
    ]
    assert client_slice(house="demo", client=bare.dupont, version=1, at=NOW) == before


def test_the_same_name_again_changes_the_entry_and_keeps_its_place(bare):
    put(bare, SITE, replace(SITE, name="Kirchberg"), replace(SITE, floor="3"))
    assert [(each.name, each.floor) for each in file_of(bare, bare.weber).sites] == [
        ("Limpertsberg", "3"),
        ("Kirchberg", "1"),
    ]


def test_every_act_is_noted_and_announced(bare):
    events, entries = OutboxEvent.objects.count(), AuditEntry.objects.count()
    put(bare, SITE, KLEIN)
    operations.remove_site(client=bare.weber, name=SITE.name, by=bare.marc, at=NOW)
    operations.remove_contact(client=bare.weber, name=KLEIN.name, by=bare.marc, at=NOW)
    operations.set_contract(client=bare.weber, begins=date(2026, 1, 1), ends=None, by=bare.marc, at=NOW)
    assert (OutboxEvent.objects.count(), AuditEntry.objects.count()) == (events + 5, entries + 5)
    file = file_of(bare, bare.weber)
    assert (file.sites, file.contacts) == ((), ())


@pytest.mark.parametrize(
    ("entry", "refusal"),
    [
        (replace(SITE, name=" "), operations.EntryUnfit),
        (replace(SITE, lift="perhaps"), operations.EntryUnfit),
        (replace(SITE, address="x" * 301), operations.EntryUnfit),
        (replace(KLEIN, numbers=("15",)), NumberMalformed),
        (replace(KLEIN, numbers=("0621000158",)), NumberMalformed),
        (replace(KLEIN, numbers=tuple(f"+35262100015{n}" for n in range(MOST_NUMBERS + 1))), operations.DirectoryFull),
        (replace(KLEIN, number_for="everybody"), operations.EntryUnfit),
        (replace(KLEIN, may_say="x" * 301), operations.EntryUnfit),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_saved(bare, entry, refusal):
    events = OutboxEvent.objects.count()
    with pytest.raises(refusal):
        put(bare, entry)
    assert (Site.objects.count(), Contact.objects.count(), OutboxEvent.objects.count()) == (0, 0, events)


def test_a_card_carries_only_so_many_contacts(bare):
    house = Client.objects.get(pk=int(bare.weber)).house_id
    Contact.objects.bulk_create(
        Contact(house_id=house, client_id=int(bare.weber), name=f"n{n}", position=n) for n in range(MOST_CONTACTS)
    )
    put(bare, ContactEntry(name="n3", function="known"))
    with pytest.raises(operations.DirectoryFull):
        put(bare, KLEIN)


def test_a_contract_does_not_end_before_it_begins(cast):
    with pytest.raises(operations.ContractBackwards):
        operations.set_contract(client=cast.weber, begins=date(2026, 5, 1), ends=date(2026, 5, 1), by=cast.marc, at=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Client.objects.filter(pk=int(cast.weber)).update(
            contract_from=date(2026, 5, 1), contract_until=date(2026, 4, 1)
        )


def test_the_other_house_puts_nothing_here_and_what_is_not_there_is_not_removed(bare):
    put(bare, SITE, KLEIN)
    for act in (
        lambda: put(bare, SITE, by=bare.nadia),
        lambda: put(bare, KLEIN, by=bare.nadia),
        lambda: operations.remove_site(client=bare.weber, name=SITE.name, by=bare.nadia, at=NOW),
        lambda: operations.remove_contact(client=bare.weber, name=KLEIN.name, by=bare.nadia, at=NOW),
        lambda: operations.set_contract(client=bare.weber, begins=None, ends=None, by=bare.nadia, at=NOW),
        lambda: put(bare, SITE, client="no key"),
    ):
        with pytest.raises(ClientUnknown):
            act()
    with pytest.raises(operations.EntryUnknown):
        operations.remove_site(client=bare.dupont, name=SITE.name, by=bare.marc, at=NOW)
    assert (len(file_of(bare, bare.weber).sites), len(file_of(bare, bare.weber).contacts)) == (1, 1)


@pytest.mark.parametrize(
    ("state", "answered"), [("prospect", False), ("trial", True), ("active", True), ("suspended", False)]
)
def test_a_trial_counts_among_those_whose_calls_are_answered(cast, state, answered):
    accounts.set_state(client=cast.weber, state=ClientState(state), by=cast.marc, at=NOW)
    found = {each.id for each in queries.clients(house="demo", active_only=True)}
    assert (cast.weber in found) is answered
    Line.objects.filter(client=int(cast.weber)).delete()
    left = {step.code: step.done for step in steps(cast.marc)}
    assert left["line"] is not answered
