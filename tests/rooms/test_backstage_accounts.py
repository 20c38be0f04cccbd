# SPDX-License-Identifier: AGPL-3.0-or-later
"""The clients' pages beside Django's admin: search, order, health at a glance; who reads, who writes; the walls."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.backstage.client_list import COLUMNS, ORDERS, PAGE, Asked, client_page
from permanence.backstage.start import steps
from permanence.calls.models import Call
from permanence.clients.models import Client, Contact, ExternalAgenda, Greeting, Line, Recipient, WeeklyOpening
from permanence.clients.rules import ClientState
from permanence.foundation import operations
from permanence.foundation.models import OutboxEvent, Person
from permanence.foundation.rules import Role
from permanence.foundation.who import who_is
from tests.rooms.conftest import NOW, OTHER_PASSWORD
from tests.rooms.test_backstage import errors, fill

LIST = "/backstage/accounts/"


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


@pytest.fixture
def supervisor(cast, browser_of):
    """Somebody who supervises and owns nothing."""
    system = operations.house_system(house="demo")
    given = {"email": "sam@permanence.example", "name": "Sam", "language": "fr", "password": OTHER_PASSWORD}
    pk = operations.add_person(roles=frozenset({Role.SUPERVISOR}), by=system, at=NOW, **given)
    return browser_of(who_is(Person.objects.select_related("house").get(pk=pk)))


def names(browser, **asked):
    page = browser.get(f"{LIST}?{urlencode(asked)}")
    assert page.status_code == 200
    return re.findall(r'class="link" href="/backstage/accounts/\d+/">([^<]+)</a>', page.content.decode())


def many(cast, count, **more):
    house = Client.objects.get(pk=int(cast.weber)).house_id
    fields = {"house_id": house, "initials": "KL", "colour": 1, "kind": "company", "sector": "other", "country": "LU"}
    fields |= {"time_zone": "Europe/Luxembourg", "languages": ["fr"], **more}
    return Client.objects.bulk_create(Client(name=f"Client {n:04d}", **fields) for n in range(count))


def test_the_list_finds_by_name_number_and_contact(cast, marc):
    assert names(marc) == ["Atlas", "Cabinet Dupont", "Dr Weber"]
    assert names(marc, q="dupont") == ["Cabinet Dupont"]
    assert names(marc, q="+352 20 00 01-01") == ["Dr Weber"]
    assert names(marc, q="01 99 00 00 42") == ["Cabinet Dupont"]
    assert names(marc, q="Klein") == ["Dr Weber"]
    assert names(marc, q="Lemaire") == names(marc, q="LÉMAIRÉ") == ["Cabinet Dupont"]
    Client.objects.filter(pk=int(cast.weber)).update(name="Dr Élodie WÉBER")
    assert names(marc, q="elodie w") == names(marc, q="ÉLODIE") == ["Dr Élodie WÉBER"]
    Client.objects.filter(pk=int(cast.weber)).update(name="Dr Weber")
    assert names(marc, q="nobody of this name") == []
    assert names(marc, q="%") == names(marc, q="_") == []


WAYS = re.compile(r'<nav class="accounts__ways".*?</nav>', re.S)


def ways(browser, cast):
    page = browser.get(f"{LIST}{cast.weber}/").content.decode()
    return re.findall(r'href="([^"]+)"', unescape(WAYS.search(page)[0]))


def test_an_account_leads_to_everything_of_its_client(cast, marc):
    found = ways(marc, cast)
    assert len(found) == 14
    for address in found:
        assert cast.weber in address
        page, _hash, anchor = address.partition("#")
        answer = marc.get(page)
        assert answer.status_code == 200, address
        assert not anchor or f'id="{anchor}"' in answer.content.decode(), address
    listed = marc.get(next(each for each in found if "instruction" in each)).content.decode()
    assert "Dr Weber" in listed


def test_a_supervisor_is_led_only_to_what_she_may_open(cast, supervisor):
    found = ways(supervisor, cast)
    assert found
    assert [address for address in found if supervisor.get(address).status_code != 200] == []


def test_a_state_is_chosen_and_the_ended_are_shown_on_request_alone(cast, marc):
    Client.objects.filter(pk=int(cast.atlas)).update(state="ended")
    Client.objects.filter(pk=int(cast.dupont)).update(state="prospect")
    assert names(marc) == ["Cabinet Dupont", "Dr Weber"]
    assert names(marc, state="ended") == ["Atlas"]
    assert names(marc, state="prospect") == ["Cabinet Dupont"]
    assert len(names(marc, state="all")) == 3
    assert names(marc, state="no such state") == ["Cabinet Dupont", "Dr Weber"]


def test_the_list_is_ordered_and_paged(cast, marc):
    many(cast, 2 * PAGE)
    house = Client.objects.get(pk=int(cast.weber)).house_id
    for client, minutes in ((cast.weber, 1), (cast.dupont, 2)):
        at = NOW + timedelta(minutes=minutes)
        Call.objects.create(house_id=house, client_id=int(client), call=f"c{client}", arrived_at=at)
    assert names(marc, order="-name")[0] == "Dr Weber"
    last = client_page(cast.marc, Asked(order="-call", state="all"))
    place = [column.code for column in COLUMNS].index("call")
    called = [row.client.name for row in last.rows if row.cells[place].lines]
    assert called == ["Cabinet Dupont", "Dr Weber"]
    assert [len(names(marc, page=page)) for page in (1, 2, 3)] == [PAGE, PAGE, 3]
    assert names(marc, page=99) == names(marc, page=3)
    seen = [name for page in (1, 2, 3) for name in names(marc, page=page)]
    assert seen == sorted(seen)
    for order in ORDERS:
        assert len(names(marc, order=order)) == PAGE


@pytest.mark.parametrize("count", [0, 400])
def test_the_list_asks_ten_questions_at_most_whatever_the_number_of_clients(cast, marc, count):
    many(cast, count)
    for address in (LIST, f"{LIST}?q=12345&order=-call", f"{LIST}?q=Klein&order=state&state=all&page=2"):
        with CaptureQueriesContext(connection) as asked:
            assert marc.get(address).status_code == 200
        assert len(asked) <= 10, "\n".join(each["sql"][:200] for each in asked)
    with CaptureQueriesContext(connection) as asked:
        assert marc.get(f"{LIST}{cast.weber}/").status_code == 200
    assert len(asked) <= 10, "\n".join(each["sql"][:200] for each in asked)


def test_what_is_missing_is_said_in_the_words_of_the_start_page(cast, marc):
    place = [column.code for column in COLUMNS].index("missing")
    page = client_page(cast.marc, Asked())
    assert [row.cells[place].lines for row in page.rows] == [(), (), ()]
    for table in (Line, WeeklyOpening, Greeting):
        table.objects.filter(client=int(cast.weber)).delete()
    Recipient.objects.filter(client=int(cast.weber)).update(email="")
    with translation.override("de"):
        weber = next(row for row in client_page(cast.marc, Asked()).rows if row.client.name == "Dr Weber")
        titles = {step.code: step.title for step in steps(cast.marc)}
    wanted = tuple(titles[code] for code in ("line", "hours", "greeting", "recipient"))
    assert (weber.cells[place].lines, weber.cells[place].mark) == (wanted, "danger")
    card = marc.get(f"{LIST}{cast.weber}/").content.decode()
    with translation.override("fr"):
        assert all(step.title in card for step in steps(cast.marc) if step.code in {"line", "hours", "greeting"})


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    asked=st.builds(
        Asked,
        text=st.text(max_size=12),
        state=st.sampled_from(["present", "all", *ClientState]),
        order=st.sampled_from([*ORDERS, *(f"-{order}" for order in ORDERS)]),
    )
)
def test_whatever_is_asked_only_the_houses_own_clients_answer(cast, asked):
    own = {int(cast.weber), int(cast.dupont), int(cast.atlas)}
    clean = Asked(text=asked.text.replace("\x00", ""), state=asked.state, order=asked.order)
    assert {row.client.pk for row in client_page(cast.marc, clean).rows} <= own
    assert {row.client.pk for row in client_page(cast.nadia, clean).rows} <= {int(cast.other_client)}


def test_a_supervisor_reads_and_writes_nothing(cast, supervisor):
    assert "Dr Weber" in names(supervisor)
    page = supervisor.get(f"{LIST}{cast.weber}/").content.decode()
    assert "621 000 158" in page
    for act in ("end", "take-away", "copy"):
        assert f"/{cast.weber}/{act}" not in page
    before = Client.objects.get(pk=int(cast.weber)).max_wait_s
    change = f"/backstage/clients/client/{cast.weber}/change/"
    assert supervisor.get(change).status_code == 200
    assert supervisor.post(change, {"max_wait_s": "1"}, follow=True).status_code == 403
    assert Client.objects.get(pk=int(cast.weber)).max_wait_s == before


@pytest.mark.parametrize("name", ["claire", "dr_weber"])
def test_others_do_not_read_the_clients(cast, browser_of, name):
    somebody = browser_of(getattr(cast, name))
    assert somebody.get(LIST).status_code == 403
    assert somebody.get(f"{LIST}{cast.weber}/").status_code == 403


def test_the_other_house_finds_none_of_ours(cast, browser_of):
    nadia = browser_of(cast.nadia)
    assert names(nadia, state="all") == ["Dr Weber"]
    assert names(nadia, q="Klein") == names(nadia, q="+35220000101") == []
    for key in (cast.weber, "0", "-1", "x", "9" * 30):
        assert nadia.get(f"{LIST}{key}/").status_code == 404


def test_sites_and_directory_are_written_on_the_clients_page(cast, marc):
    Contact.objects.filter(client=int(cast.weber)).delete()
    url = f"/backstage/clients/client/{cast.weber}/change/?part=directory"
    lines = {"contact-TOTAL_FORMS": "1", "contact-0-name": "Dr Klein", "contact-0-number_for": "nobody"}
    refused = fill(marc, url, **lines, **{"contact-0-numbers": "621 000 158, twelve"})
    assert (refused.status_code, bool(errors(refused)), Contact.objects.filter(client=int(cast.weber)).count()) == (
        200,
        True,
        0,
    )
    answer = fill(marc, url, **lines, **{"contact-0-numbers": "621 000 158, +33 1 99 00 00 11"})
    assert (answer.status_code, errors(answer)) == (302, [])
    own = fill(marc, url.partition("?")[0], contract_from="01/02/2026")
    assert (own.status_code, errors(own)) == (302, [])
    assert Client.objects.get(pk=int(cast.weber)).contract_from is not None
    row = Contact.objects.get(client=int(cast.weber))
    assert (row.numbers, row.house_id) == (["+352621000158", "+33199000011"], cast.marc.house_key)
    unchanged = fill(marc, url)
    assert (unchanged.status_code, Contact.objects.get(client=int(cast.weber)).numbers) == (302, row.numbers)


def agenda_lines(link, **more):
    lines = {"externalagenda-TOTAL_FORMS": "1", "externalagenda-0-product": "Doctolib", "externalagenda-0-link": link}
    return {**lines, **more}


def test_an_external_agenda_is_written_on_the_clients_page_and_shown_with_its_site(cast, marc):
    url = f"/backstage/clients/client/{cast.dupont}/change/?part=agendas"
    whose = {"externalagenda-0-recipient": cast.recipients["Dr Anne Dupont"]}
    for link in (
        "http://www.doctolib.fr/d",
        "https://a:b@www.doctolib.fr/",
        "javascript:alert(1)",
        "https://10.0.0.1/",
    ):
        refused = fill(marc, url, **agenda_lines(link, **whose))
        assert (refused.status_code, bool(errors(refused))) == (200, True)
    assert not ExternalAgenda.objects.exists()
    announced = OutboxEvent.objects.filter(name="ClientChanged").count()
    answer = fill(marc, url, **agenda_lines("https://www.doctolib.fr/d", **whose))
    assert (answer.status_code, errors(answer)) == (302, [])
    row = ExternalAgenda.objects.get()
    assert (row.house_id, str(row.client_id), row.product) == (cast.marc.house_key, cast.dupont, "Doctolib")
    assert OutboxEvent.objects.filter(name="ClientChanged").count() == announced + 1
    shown = marc.get(f"{LIST}{cast.dupont}/").content.decode()
    assert "www.doctolib.fr" in shown
    assert "Dr Anne Dupont" in shown


def test_an_agenda_of_another_clients_recipient_or_twice_for_the_same_is_refused(cast, marc):
    url = f"/backstage/clients/client/{cast.dupont}/change/?part=agendas"
    foreign = {"externalagenda-0-recipient": cast.recipients["Dr Weber"]}
    assert errors(fill(marc, url, **agenda_lines("https://www.doctolib.fr/d", **foreign)))
    second = {"externalagenda-1-product": "Maiia", "externalagenda-1-link": "https://app.maiia.com/"}
    both = {**agenda_lines("https://www.doctolib.fr/d", **second), "externalagenda-TOTAL_FORMS": "2"}
    assert errors(fill(marc, url, **both))
    assert not ExternalAgenda.objects.exists()


def test_a_client_like_another_one_has_never_the_others_agenda(cast, marc):
    fill(
        marc,
        f"/backstage/clients/client/{cast.dupont}/change/?part=agendas",
        **agenda_lines("https://www.doctolib.fr/d"),
    )
    before = set(Client.objects.values_list("pk", flat=True))
    fill(marc, f"{LIST}{cast.dupont}/copy", name="Cabinet Neuf")
    made = set(Client.objects.values_list("pk", flat=True)) - before
    assert len(made) == 1
    assert not ExternalAgenda.objects.filter(client__in=made).exists()
