# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client's page in parts: what each asks of the database, where a save leads, and what it leaves alone."""

import re
from html import unescape

import pytest
from django.contrib.admin.sites import AdminSite
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.backstage.accounts import ClientAdmin
from permanence.backstage.parts import PARTS
from permanence.clients import operations
from permanence.clients.models import Absence, Client, Contact, ExternalAgenda, Greeting, HoursException, PortalUser
from permanence.clients.rules import RecipientKind
from permanence.foundation.models import Person
from permanence.kernel.system import SystemClock
from tests.rooms.test_backstage import Form, errors, fill

pytestmark = pytest.mark.django_db
MOST_QUERIES = 10


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def change(client, part=""):
    return f"/backstage/clients/client/{client}/change/?part={part}"


def fill_up(cast, rows):
    """Many rows of each kind, each naming somebody."""
    of = {"house_id": cast.marc.house_key, "client_id": int(cast.weber)}
    at = SystemClock().now()
    for number in range(rows):
        whom = operations.add_recipient(
            client=cast.weber, kind=RecipientKind.DESK, name=f"Bureau {number}", email="", by=cast.marc, at=at
        )
        Absence.objects.create(
            **of, recipient_id=int(whom), starts_at=at.replace(year=at.year + 1), ends_at=at.replace(year=at.year + 2),
            words="Absent.", urgent_to_id=int(cast.recipients["Dr Weber"]), announced_by_id=int(cast.marc.person),
            announced_at=at,
        )  # fmt: skip
        Contact.objects.create(**of, name=f"Contact {number}", numbers=[], position=number)
        ExternalAgenda.objects.create(**of, recipient_id=int(whom), product="Doctolib", link="https://www.doctolib.fr/")
        HoursException.objects.create(**of, date=f"2036-01-{number + 1:02d}")
        hours = {"opens": f"{number:02d}:00", "until": f"{number + 1:02d}:00"}
        Greeting.objects.create(**of, language="fr", text=f"Bonjour {number}.", day_type="holiday", **hours)
    person = Person.objects.get(pk=int(cast.dr_weber.person))
    PortalUser.objects.get_or_create(**of, person=person)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("rows", [0, 7])
def test_no_part_asks_more_than_ten_questions_however_many_rows_it_has(cast, marc, part, rows):
    fill_up(cast, rows)
    assert marc.get(change(cast.weber, part)).status_code == 200
    with CaptureQueriesContext(connection) as asked:
        answer = marc.get(change(cast.weber, part))
    assert answer.status_code == 200
    assert len(asked) <= MOST_QUERIES, "\n".join(each["sql"] for each in asked)


def test_every_table_of_the_page_stands_on_one_part():
    tables = [model for _name, models in PARTS.values() for model in models]
    assert sorted(map(str, tables)) == sorted(str(inline.model) for inline in ClientAdmin(Client, AdminSite()).inlines)


@pytest.mark.parametrize("part", PARTS)
def test_each_part_says_where_one_is_and_is_saved_unchanged(cast, marc, part):
    fill_up(cast, 0)
    page = unescape(marc.get(change(cast.weber, part)).content.decode())
    here = re.findall(r'<a class="tab" href="([^"]*)" aria-current="page">', page[page.index('class="tabs parts"') :])
    assert here == [f"?part={part}" if part else "?"]
    before = Client.objects.filter(pk=int(cast.weber)).values().get()
    answer = fill(marc, change(cast.weber, part))
    assert (answer.status_code, errors(answer), answer["Location"]) == (302, [], change(cast.weber, part))
    assert Client.objects.filter(pk=int(cast.weber)).values().get() == before


def test_a_part_writes_nothing_of_another(cast, marc):
    before = Client.objects.filter(pk=int(cast.weber)).values().get()
    answer = fill(marc, change(cast.weber, "lines"), name="X", max_wait_s="1", day_0="")
    assert (answer.status_code, errors(answer)) == (302, [])
    assert Client.objects.filter(pk=int(cast.weber)).values().get() == before
    assert "name" not in Form(marc.get(change(cast.weber, "lines")).content.decode()).data


def test_a_word_that_is_no_part_is_the_first(cast, marc):
    page = marc.get(change(cast.weber, "<script>")).content.decode()
    assert 'id="id_name"' in page
    assert "<script>" not in page[page.index('class="tabs parts"') :]


def test_the_first_steps_lead_to_the_part_where_each_is_done(cast, marc):
    page = marc.get("/backstage/").content.decode()
    for step, part, field in (("line", "lines", "line-group"), ("recipient", "messages", "recipient-group")):
        link = re.search(r'<a class="btn[^>]*href="([^"]*)"', page[page.index(f'id="step-{step}"') :])[1]
        address, anchor = link.split("#")
        assert (address.partition("?")[2], anchor) == (f"part={part}", field)
        assert f'id="{field}"' in marc.get(address).content.decode()
