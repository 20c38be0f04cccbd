# SPDX-License-Identifier: AGPL-3.0-or-later
"""Slices of the routing table: what is in them, when their version grows, how they reach the exchange."""

from datetime import timedelta

import pytest

from permanence.clients import operations as clients
from permanence.clients.models import Quarantine
from permanence.clients.queries import ClientUnknown
from permanence.clients.rules import ClientState
from permanence.foundation import operations as foundation
from permanence.foundation.exchange import Exchange, ExchangeAbsent, ExchangeRefused
from permanence.kernel.events import to_plain
from permanence.reception.hours import is_open_at
from permanence.reception.table import RoutingTable, read_slice, write_slice
from permanence.staff import operations as staff
from permanence.switchboard import operations, queries
from permanence.switchboard.models import SeatRevocation, SliceVersion
from tests.rooms.conftest import NOW
from tests.rooms.control_socket import serving


def table_of(cast):
    entries = [queries.house_slice(house="demo", version=1)]
    entries += [
        queries.client_slice(house="demo", client=client, version=1, at=NOW)
        for client in (cast.weber, cast.dupont, cast.atlas)
    ]
    table = RoutingTable()
    for entry in entries:
        assert read_slice(write_slice(entry)) == entry
        table = table.put(entry)
    return table


def test_slices_go_through_the_wire_and_answer_the_telephones_questions(cast):
    table = table_of(cast)
    weber = table.client_of("+35220000101")
    assert (weber.name, weber.initials, weber.colour, weber.sector) == ("Dr Weber", "WE", 7, "health")
    assert table.client_of("+353209100101").client == cast.atlas
    assert [reason.code for reason in weber.reasons][:2] == ["renewal", "results"]
    assert [recipient.name for recipient in table.client_of("+33199001234").recipients] == [
        "Dr Anne Dupont",
        "Dr Marc Lemaire",
        "Le cabinet",
    ]
    assert weber.voice_message_consent.duty_contact.startswith("Dr Klein")
    house = table.houses["demo"]
    assert {entry.name: entry.languages for entry in house.secretaries} == {
        "Aoife": ("en", "fr"),
        "Claire": ("fr", "de"),
    }
    assert house.trunks[0].addresses == ("127.0.0.1", "::1")
    assert house.demonstration


def test_the_most_important_instruction_comes_first(cast):
    weber = queries.client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    assert [entry.priority for entry in weber.instructions] == [2, 1, 0]
    assert "112" in weber.instructions[0].text
    assert {entry.author for entry in weber.instructions} == {"Dr Weber"}


def is_open(table, line, at):
    entry = table.client_of(line)
    return is_open_at(entry.hours, zone=entry.time_zone, country=entry.country, region=entry.region, at=at)


@pytest.mark.parametrize(
    ("line", "at", "expected"),
    [
        ("+35220000101", NOW, True),
        ("+35220000101", NOW - timedelta(hours=1), False),  # 13:15 in Luxembourg, her lunch
        ("+35220000101", NOW + timedelta(days=4), False),  # Saturday
        ("+33199001234", NOW + timedelta(days=4, hours=-4), True),  # Saturday 10:15 in Strasbourg
        ("+33199001234", NOW.replace(month=12, day=26, hour=9), False),  # Saint Stephen's day in Alsace
        ("+353209100101", NOW.replace(month=12, day=25, hour=3), True),  # Atlas is always open
    ],
)
def test_hours_are_the_clients_own(cast, line, at, expected):
    assert is_open(table_of(cast), line, at) is expected


def test_a_version_grows_when_and_only_when_the_content_does(cast):
    def version(client):
        return operations.current_slice(house="demo", client=client, at=NOW).version

    assert [version(cast.weber), version(cast.weber), version(operations.HOUSE)] == [1, 1, 1]
    clients.set_greeting(client=cast.weber, language="fr", text="Cabinet Weber.", by=cast.marc, at=NOW)
    assert [version(cast.weber), version(cast.weber), version(cast.dupont), version(operations.HOUSE)] == [2, 2, 1, 1]
    operations.add_trunk(name="carrier", addresses=("192.0.2.10",), country="LU", by=cast.marc, at=NOW)
    assert [version(cast.weber), version(operations.HOUSE)] == [2, 2]


def test_each_house_has_its_own_slice(cast):
    assert operations.current_slice(house="nadia", client=operations.HOUSE, at=NOW).secretaries[0].name == "Nadia"
    with pytest.raises(ClientUnknown):
        operations.current_slice(house="nadia", client=cast.weber, at=NOW)


def test_a_trunks_name_is_free_once_a_house(cast):
    with pytest.raises(operations.TrunkNameTaken):
        operations.add_trunk(name="loopback", addresses=("127.0.0.1",), country="LU", by=cast.marc, at=NOW)
    operations.add_trunk(name="loopback", addresses=("127.0.0.1",), country="FR", by=cast.nadia, at=NOW)


def test_reconcile_sends_everything_once_then_what_differs(cast, tmp_path):
    path = tmp_path / "x.sock"
    with serving(path) as (table, _):
        exchange = Exchange(path)
        assert operations.reconcile(at=NOW, exchange=exchange) == 6  # two houses, four clients
        assert table.slices.table.client_of("+35220000101").name == "Dr Weber"
        assert operations.reconcile(at=NOW, exchange=exchange) == 0
        clients.set_greeting(client=cast.weber, language="fr", text="Cabinet Weber.", by=cast.marc, at=NOW)
        assert operations.reconcile(at=NOW, exchange=exchange) == 1
        assert table.published[-1] == ("demo", cast.weber, 2)
        clients.set_state(client=cast.atlas, state=ClientState.ENDED, by=cast.marc, at=NOW)
        assert operations.reconcile(at=NOW, exchange=exchange) == 1
        resting = table.slices.table.client_of("+353209100101")
        assert (resting.client, resting.state, resting.instructions, resting.contacts) == (cast.atlas, "ended", (), ())
        Quarantine.objects.all().delete()
        assert operations.reconcile(at=NOW, exchange=exchange) == 1
        assert table.withdrawn == [("demo", cast.atlas)]
        assert table.slices.table.client_of("+353209100101") is None


def test_a_change_is_sent_after_the_outbox_alone(cast, tmp_path, deliver_all):
    path = tmp_path / "x.sock"
    deliver_all(NOW)
    with serving(path) as (table, _):
        exchange = Exchange(path)
        operations.reconcile(at=NOW, exchange=exchange)
        clients.set_greeting(client=cast.weber, language="fr", text="Cabinet Weber.", by=cast.marc, at=NOW)
        assert operations.send_changed(at=NOW, exchange=exchange) == 0  # not before the outbox was read
        deliver_all(NOW)
        assert operations.send_changed(at=NOW, exchange=exchange) == 1
        held = table.slices.table.clients[("demo", cast.weber)]
        assert held.greetings[0].text == "Cabinet Weber."


def test_after_a_restored_backup_our_versions_pass_the_exchanges(cast, tmp_path):
    path = tmp_path / "x.sock"
    with serving(path) as (table, _):
        exchange = Exchange(path)
        operations.reconcile(at=NOW, exchange=exchange)
        clients.set_greeting(client=cast.weber, language="fr", text="Nouveau.", by=cast.marc, at=NOW)
        for _ in range(3):
            SliceVersion.objects.filter(client=cast.weber).update(digest="")
            operations.reconcile(at=NOW, exchange=exchange)
        SliceVersion.objects.all().delete()
        clients.set_greeting(client=cast.weber, language="fr", text="Restauré.", by=cast.marc, at=NOW)
        operations.reconcile(at=NOW, exchange=exchange)
        assert table.slices.table.clients[("demo", cast.weber)].greetings[0].text == "Restauré."
        assert operations.reconcile(at=NOW, exchange=exchange) == 0


def test_a_slice_the_exchange_refuses_does_not_keep_the_others_from_it(cast, tmp_path):
    path = tmp_path / "x.sock"
    with serving(path) as (table, _):
        stolen = queries.client_slice(house="demo", client=cast.weber, version=1, at=NOW)
        table.slices.publish({**write_slice(stolen), "house": "elsewhere"})
        assert operations.reconcile(at=NOW, exchange=Exchange(path)) == 5
        assert table.slices.table.client_of("+353209100101").client == cast.atlas


def test_who_leaves_loses_her_seat(cast, tmp_path, deliver_all):
    path = tmp_path / "x.sock"
    deliver_all(NOW)
    assert not SeatRevocation.objects.exists()
    staff.change_secretary(secretary=cast.claire_secretary, languages=("fr",), active=False, by=cast.marc, at=NOW)
    staff.change_secretary(secretary=cast.aoife_secretary, languages=("en",), active=True, by=cast.marc, at=NOW)
    deliver_all(NOW)
    with serving(path) as (table, _):
        exchange = Exchange(path)
        assert operations.revoke_due(at=NOW, exchange=exchange) == 1
        assert operations.revoke_due(at=NOW, exchange=exchange) == 0
        assert table.revoked == [("demo", cast.claire_secretary)]


def test_an_exchange_that_is_away_or_says_no_is_a_named_refusal(tmp_path):
    path = tmp_path / "x.sock"
    with pytest.raises(ExchangeAbsent):
        Exchange(path).versions()
    with serving(path) as (table, _):
        assert Exchange(path).status() == {"calls": 0}
        table.refuse = True
        with pytest.raises(ExchangeRefused) as refusal:
            Exchange(path).versions()
        assert refusal.value.code == "not_today"
    with pytest.raises(ExchangeAbsent):
        Exchange(path).versions()


def test_the_houses_new_name_reaches_its_slice(cast, deliver_all):
    foundation.change_house(
        name="Permanence du Grund", language="de", country="LU", time_zone="Europe/Luxembourg", by=cast.marc, at=NOW
    )
    entry = operations.current_slice(house="demo", client=operations.HOUSE, at=NOW)
    assert to_plain(entry)["name"] == "Permanence du Grund"
    assert entry.language == "de"
    assert queries.house_slice(house="nadia", version=1).name == "Maison Nadia"


def test_queries_of_a_slice_do_not_grow(cast, django_assert_num_queries):
    with django_assert_num_queries(14):
        queries.client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    with django_assert_num_queries(5):
        queries.house_slice(house="demo", version=1)
