# SPDX-License-Identifier: AGPL-3.0-or-later
"""A line that is taken off or gets another number: what was its number rests as after a contract."""

from datetime import timedelta

import pytest

from permanence.clients import operations, queries
from permanence.clients.models import Line, Quarantine
from permanence.clients.quarantine import USUAL_DAYS
from permanence.clients.resting_operations import ReasonMissing, RestUnknown, lift_rest
from permanence.clients.rules import ClientState
from permanence.foundation.models import AuditEntry
from permanence.kernel.system import SystemClock
from tests.rooms.test_backstage import errors, fill

NUMBER, OTHER = "+35220000101", "+35220000777"
DAY = timedelta(days=1)


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def page_of(client):
    return f"/backstage/clients/client/{client}/change/?part=lines"


def saved(browser, client, **changes):
    """Saves the page of the lines, a second time where what is new was told first."""
    answer = fill(browser, page_of(client), **changes)
    if answer.status_code == 200 and (seen := answer.context.get("unsaved")) is not None:
        answer = fill(browser, page_of(client), **changes, seen=seen.seen)
    assert answer.status_code == 302, errors(answer)
    return browser.get(page_of(client)).content.decode()


@pytest.fixture(params=["taken off", "replaced"])
def gone(request, cast, marc):
    """The number is not Dr Weber's any more; gives the page as it is shown next."""
    change = {"line-0-DELETE": "on"} if request.param == "taken off" else {"line-0-number": OTHER}
    page = saved(marc, cast.weber, **change)
    assert not Line.objects.filter(number=NUMBER).exists()
    return page


def test_its_number_rests_and_the_page_says_so(cast, gone):
    rest = Quarantine.objects.get(number=NUMBER)
    today = SystemClock().now().date()
    assert (rest.client_id, rest.until, rest.removed) == (int(cast.weber), today + USUAL_DAYS * DAY, True)
    assert "+352 20 00 01 01 repose jusqu’au" in gone
    assert NUMBER not in queries.client_file(house="demo", client=cast.weber, at=SystemClock().now()).lines


def test_no_other_client_is_given_it(cast, marc, gone):
    with pytest.raises(operations.NumberRests):
        operations.give_line(client=cast.atlas, number=NUMBER, by=cast.marc, at=SystemClock().now())
    refused = fill(marc, page_of(cast.dupont), **{"line-TOTAL_FORMS": "2", "line-1-number": NUMBER})
    assert (refused.status_code, len(errors(refused))) == (200, 1)
    assert not Line.objects.filter(number=NUMBER).exists()


def test_the_client_himself_has_it_again_at_once(cast, marc, gone):
    rows = Line.objects.for_client(int(cast.weber)).count()
    saved(marc, cast.weber, **{"line-TOTAL_FORMS": str(rows + 1), f"line-{rows}-number": NUMBER})
    assert Line.objects.get(number=NUMBER).client_id == int(cast.weber)
    assert not Quarantine.objects.exists()


def test_it_does_not_come_back_with_a_contract_that_is_taken_up_again(cast, gone):
    left = set(Line.objects.for_client(int(cast.weber)).values_list("number", flat=True))
    for state in (ClientState.ENDED, ClientState.ACTIVE):
        operations.set_state(client=cast.weber, state=state, by=cast.marc, at=SystemClock().now())
    assert set(Line.objects.for_client(int(cast.weber)).values_list("number", flat=True)) == left
    assert Quarantine.objects.get().number == NUMBER


def test_what_is_only_checked_takes_nothing_off(cast, marc):
    fill(marc, page_of(cast.weber), **{"line-0-DELETE": "on", "_check": "1"})
    assert Line.objects.filter(number=NUMBER).exists()
    assert not Quarantine.objects.exists()


def test_another_label_is_no_other_number(cast, marc):
    saved(marc, cast.weber, **{"line-0-label": "Esch"})
    assert not Quarantine.objects.exists()


def test_an_owner_gives_it_free_for_a_reason(cast, marc, gone):
    address = "/backstage/accounts/quarantine"
    assert "ligne retirée" in marc.get(address).content.decode()
    assert marc.post(f"{address}/lift", {"number": NUMBER, "reason": "  "}).status_code == 422
    assert Quarantine.objects.get().until > SystemClock().now().date()
    answer = marc.post(f"{address}/lift", {"number": NUMBER, "reason": "faute de frappe"}, follow=True)
    assert "faute de frappe" in answer.content.decode()
    assert AuditEntry.objects.filter(action="client.rest_lifted", client_key=cast.weber).count() == 1
    assert marc.post(f"{address}/lift", {"number": NUMBER, "reason": "encore"}).status_code == 422
    operations.give_line(client=cast.atlas, number=NUMBER, by=cast.marc, at=SystemClock().now())
    assert Line.objects.get(number=NUMBER).client_id == int(cast.atlas)


def test_it_is_not_lifted_from_another_house_nor_without_a_reason(cast, gone):
    at = SystemClock().now()
    for by, reason, refusal in ((cast.nadia, "x", RestUnknown), (cast.marc, " ", ReasonMissing)):
        with pytest.raises(refusal):
            lift_rest(number=NUMBER, reason=reason, by=by, at=at)
    assert Quarantine.objects.get().until > at.date()
