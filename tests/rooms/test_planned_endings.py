# SPDX-License-Identifier: AGPL-3.0-or-later
"""A contract that ends on a day to come: answered until midnight before, taken back until then, ended by the clock."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.clients import operations
from permanence.clients.ending_operations import (
    ContractEnded,
    NoEndPlanned,
    QuarantineOver,
    end_contract,
    end_due_contracts,
    withdraw_end,
)
from permanence.clients.models import Client, Line, PlannedEnd, Quarantine
from permanence.clients.queries import ClientUnknown
from permanence.clients.rules import ClientState
from permanence.foundation.models import AuditEntry, OutboxEvent
from permanence.foundation.who import SYSTEM_NAME
from permanence.kernel.system import SystemClock
from permanence.reception.hours import Openings
from permanence.reception.table import ANSWERED
from permanence.reception.treatment import why_shut
from permanence.switchboard.queries import client_slice
from tests.rooms.conftest import NOW
from tests.rooms.test_project_worker import loop_of

NUMBER = "+35220000101"
DAY = timedelta(days=1)
LAST = (NOW + 60 * DAY).date()


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def planned(cast, **more):
    given = {"client": cast.weber, "last": LAST, "until": LAST + 180 * DAY, "reason": "retires"}
    return end_contract(**{**given, "by": cast.marc, "at": NOW, **more})


def state(cast):
    return Client.objects.get(pk=int(cast.weber)).state


def midnight(cast, day=LAST):
    zone = ZoneInfo(Client.objects.get(pk=int(cast.weber)).time_zone)
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def test_until_the_last_minute_of_the_last_day_nothing_is_otherwise(cast):
    before = client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    assert planned(cast) == ()
    assert client_slice(house="demo", client=cast.weber, version=1, at=NOW) == before
    at = midnight(cast) - timedelta(seconds=1)
    assert end_due_contracts(at=at) == 0
    assert (state(cast), Line.objects.get(number=NUMBER).client_id) == ("active", int(cast.weber))
    assert not Quarantine.objects.exists()


def test_on_the_day_the_clock_ends_it_once_and_says_so(cast):
    planned(cast)
    events = OutboxEvent.objects.filter(name="ClientChanged").count()
    assert [end_due_contracts(at=midnight(cast)), end_due_contracts(at=midnight(cast))] == [1, 0]
    row = Client.objects.get(pk=int(cast.weber))
    assert (row.state, row.contract_until) == ("ended", LAST)
    rest = Quarantine.objects.get(number=NUMBER)
    assert (rest.until, rest.reason) == (LAST + 180 * DAY, "retires")
    assert OutboxEvent.objects.filter(name="ClientChanged").count() == events + 1
    entry = client_slice(house="demo", client=cast.weber, version=1, at=midnight(cast))
    shut = why_shut(entry, Openings(), at=midnight(cast))
    assert shut is not None
    assert shut[1].detail == "ended"
    assert not PlannedEnd.objects.exists()
    entries = AuditEntry.objects.filter(action__in=["client.end_planned", "client.ended"]).order_by("pk")
    assert list(entries.values_list("action", "by_name")) == [
        ("client.end_planned", cast.marc.name),
        ("client.ended", SYSTEM_NAME),
    ]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.sampled_from(["Europe/Paris", "Europe/Dublin", "Pacific/Kiritimati", "Pacific/Honolulu", "Asia/Kolkata"]),
    day=st.dates(date(2027, 3, 20), date(2027, 11, 5)),
    minutes=st.integers(-2000, 2000),
)
def test_it_is_ended_from_the_midnight_of_the_clients_clock_on_and_never_before(cast, zone, day, minutes):
    Client.objects.filter(pk=int(cast.weber)).update(time_zone=zone)
    PlannedEnd.objects.all().delete()
    planned(cast, last=day, until=day + DAY)
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes)
    ended = end_due_contracts(at=moment)
    assert bool(ended) == (moment.astimezone(ZoneInfo(zone)).date() >= day)
    assert (state(cast) in ANSWERED) == (not ended)
    if ended:
        operations.set_state(client=cast.weber, state=ClientState.ACTIVE, by=cast.marc, at=moment)
    assert Line.objects.get(number=NUMBER).client_id == int(cast.weber)


def test_a_worker_that_was_away_that_night_ends_it_when_it_is_back(cast):
    planned(cast, until=LAST + DAY)
    assert end_due_contracts(at=midnight(cast) + 40 * DAY) == 1
    assert Quarantine.objects.get(number=NUMBER).until == LAST + DAY


def test_the_loop_of_the_worker_does_it(cast, tmp_path):
    planned(cast)

    loop = loop_of(tmp_path)
    assert loop.endings in loop.steps
    loop.endings(midnight(cast) - timedelta(seconds=2))
    assert state(cast) == "active"
    loop.endings(midnight(cast))
    assert state(cast) == "ended"


def test_it_is_taken_back_until_then_and_not_twice(cast):
    planned(cast)
    with pytest.raises(ClientUnknown):
        withdraw_end(client=cast.weber, by=cast.nadia, at=NOW)
    withdraw_end(client=cast.weber, by=cast.marc, at=NOW)
    with pytest.raises(NoEndPlanned):
        withdraw_end(client=cast.weber, by=cast.marc, at=NOW)
    assert end_due_contracts(at=midnight(cast) + DAY) == 0
    assert state(cast) == "active"


def test_another_day_takes_the_place_of_the_first_and_today_ends_it(cast):
    planned(cast)
    planned(cast, last=LAST + DAY, until=LAST + 9 * DAY)
    assert PlannedEnd.objects.get().ends_on == LAST + DAY
    assert planned(cast, last=NOW.date()) == (NUMBER,)
    assert (state(cast), PlannedEnd.objects.exists()) == ("ended", False)
    with pytest.raises(ContractEnded):
        planned(cast)


def test_numbers_rest_beyond_the_end_or_nothing_is_planned(cast):
    with pytest.raises(QuarantineOver):
        planned(cast, until=LAST)
    assert not PlannedEnd.objects.exists()


def test_a_contract_ended_by_another_door_leaves_no_plan(cast):
    planned(cast)
    operations.set_state(client=cast.weber, state=ClientState.ENDED, by=cast.marc, at=NOW)
    operations.set_state(client=cast.weber, state=ClientState.ACTIVE, by=cast.marc, at=NOW)
    assert end_due_contracts(at=midnight(cast) + DAY) == 0
    assert state(cast) == "active"


def test_the_pages_plan_show_and_take_it_back(cast, marc):
    today = SystemClock().now().date()
    address, card = f"/backstage/accounts/{cast.weber}/end", f"/backstage/accounts/{cast.weber}/"
    day = today + 60 * DAY
    typed = {"last": day.isoformat(), "until": (day + 90 * DAY).isoformat(), "reason": "retraite", "meant": "Dr Weber"}
    assert marc.post(address, {**typed, "until": day.isoformat()}).status_code == 422
    page = marc.post(address, typed, follow=True).content.decode()
    assert state(cast) == "active"
    assert page.count(f"{day:%d/%m/%Y}") == 2
    assert "Planifié par Marc" in marc.get(card).content.decode()
    assert f"prend fin le {day:%d/%m/%Y}" in marc.get("/backstage/accounts/").content.decode()
    assert f'value="{day:%d/%m/%Y}"' in marc.get(address).content.decode()
    taken_back = marc.post(f"{address}/withdraw", follow=True).content.decode()
    assert "Le contrat continue" in taken_back
    assert "Planifié par" not in taken_back
    assert "Plus aucune fin" in marc.post(f"{address}/withdraw", follow=True).content.decode()
    assert not PlannedEnd.objects.exists()
