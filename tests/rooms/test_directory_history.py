# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whoever writes in the directory, the client's page, a file or the client himself: what was there can be put back."""

import pytest

from permanence.backstage.transfers import bring_in
from permanence.clients.directory_queries import facts_of, last_changes
from permanence.clients.entry_undo import undo
from permanence.clients.models import Client, Contact, EntryChange, Site
from permanence.kernel.system import SystemClock, SystemEntropy
from tests.rooms.test_backstage import Form

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(cast, browser_of):
    """Saves the part of the owner's page with sites and directory, a row of a table changed; None: a new one."""
    browser = browser_of(cast.marc)
    url = f"/backstage/clients/client/{cast.weber}/change/?part=directory"

    def save(table, key, **changes):
        data = Form(browser.get(url).content.decode()).data
        if key is None:
            number = int(data[f"{table}-TOTAL_FORMS"])
            data[f"{table}-TOTAL_FORMS"] = str(number + 1)
        else:
            rows = [name for name, value in data.items() if name.startswith(f"{table}-") and name.endswith("-id")]
            number = next(int(name.split("-")[1]) for name in rows if data[name] == str(key))
        answer = browser.post(url, {**data, **{f"{table}-{number}-{name}": value for name, value in changes.items()}})
        assert answer.status_code == 302

    return save


def directory(cast):
    of = {"client": int(cast.weber)}
    return [
        [facts_of(row) for row in table.objects.filter(**of).order_by("position", "pk")] for table in (Site, Contact)
    ]


@pytest.fixture
def held(cast):
    of = {"house_id": cast.marc.house_key, "client_id": int(cast.weber)}
    Site.objects.create(**of, name="Belval", address="1 rue Haute", position=90)
    return Contact.objects.create(**of, name="Dr Neu", numbers=["+352621000158"], number_for="nobody", position=90)


def brought(cast, text):
    done = bring_in(kind="contacts", text=text, dry=False, by=cast.marc, at=SystemClock().now())
    assert done.faults == ()


ACTS = {
    "contact": lambda cast, page, row: page("contact", row.pk, function="remplaçant"),
    "contact removed": lambda cast, page, row: page("contact", row.pk, DELETE="on"),
    "contact added": lambda cast, page, row: page("contact", None, name="Pharmacie Neuve", number_for="nobody"),
    "site": lambda cast, page, row: page("site", Site.objects.get(name="Belval").pk, address="2 rue Basse"),
    "site removed": lambda cast, page, row: page("site", Site.objects.get(name="Belval").pk, DELETE="on"),
    "import": lambda cast, page, row: brought(cast, "client;name;function\nDr Weber;Dr Neu;remplaçant"),
    "import adds": lambda cast, page, row: brought(cast, "client;name\nDr Weber;Pharmacie Neuve"),
}


@pytest.mark.parametrize(
    ("act", "second"), [*((act, False) for act in ACTS), ("contact", True), ("contact removed", True)]
)
def test_what_the_house_changes_is_the_change_last_made_and_can_be_taken_back(cast, page, held, act, second):
    Client.objects.filter(pk=int(cast.weber)).update(second_approval=second)
    before, changes = directory(cast), EntryChange.objects.count()
    ACTS[act](cast, page, held)
    assert directory(cast) != before
    at = SystemClock().now()
    newest = last_changes(house=cast.house, client=cast.weber, at=at)[0]
    assert newest.by == cast.marc.name
    assert EntryChange.objects.count() == changes + 1
    undo(client=cast.weber, change=newest.id, by=cast.dr_weber, at=at, entropy=SystemEntropy())
    assert directory(cast) == before


def test_another_place_in_the_list_is_no_change_of_what_stands_there(cast, page, held):
    changes = EntryChange.objects.count()
    page("contact", held.pk, position="1")
    assert (EntryChange.objects.count(), Contact.objects.get(pk=held.pk).position) == (changes, 1)
