# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is changed at 10:02:00 is on the card of a call at 10:02:01, by the worker's loop and a real control socket; and
after any outage the exchange ends with the right versions."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest

from permanence.clients import absences, directory_operations, forwarding, operations, script_operations, training
from permanence.clients.rules import Scope
from permanence.clients.rules.spoken import GreetingWhen
from permanence.countries.forwarding import Access, ForwardingMode
from permanence.foundation.exchange import Exchange
from permanence.kernel.events import to_plain
from permanence.project.worker import TURN_S, Loop
from permanence.reception.card import CallerShown, build_card
from permanence.reception.table import ContactEntry, SiteEntry
from permanence.staff import membership
from permanence.switchboard.models import SliceVersion
from tests.rooms.control_socket import serving
from tests.rooms.test_project_worker import MovableClock

pytestmark = pytest.mark.django_db
CHANGED = datetime(2026, 11, 24, 9, 2, tzinfo=UTC)
"""A Tuesday, 10:02 in Luxembourg."""
CALLED = CHANGED + timedelta(seconds=1)
LINE = "+35220000101"
MORNING = GreetingWhen(day_type="weekday", opens="10:00", until="10:30")


def greeting(cast, made):
    operations.set_greeting(language="fr", text="Bonjour du matin.", when=MORNING, **made)


def absence(cast, made):
    absences.announce_absence(
        recipient=cast.recipients["Dr Weber"],
        starts=CHANGED,
        ends=CHANGED + timedelta(hours=2),
        words="En visite.",
        announced_by=cast.dr_weber.person,
        **made,
    )


def scope(cast, made):
    about = Scope(line=LINE, recipient=cast.recipients["Dr Weber"])
    operations.write_instruction(text="De cette ligne.", author=cast.marc.person, scope=about, **made)


def script(cast, made):
    version = script_operations.begin_from_template(code="doctor", language="fr", **made)
    script_operations.publish(version=version, **made)


def directory(cast, made):
    directory_operations.put_contact(contact=ContactEntry(name="Pharmacie du coin"), **made)


def site(cast, made):
    directory_operations.put_site(site=SiteEntry(name="Annexe", parking="Derrière"), **made)


def pool(cast, made):
    operations.set_pool(pool=membership.add_pool(name="Nuit", by=cast.marc, at=CHANGED), **made)


def trained(cast, made):
    training.train(secretary=cast.aoife_secretary, trained_date=date(2026, 11, 2), **made)


def forwarded(cast, made):
    """What the telephone does not need of a line stays in the database; a number that is his is in the table."""
    operations.give_line(number="+35220000155", **made)
    forwarding.set_forwarding(
        number="+35220000155",
        mode=ForwardingMode.ALL,
        public_number="+35226000055",
        access=Access.FIXED,
        operator="",
        seconds=None,
        **made,
    )


CHANGES = (
    (greeting, lambda card, entry: "Bonjour du matin." in card),
    (absence, lambda card, entry: "En visite." in card),
    (scope, lambda card, entry: "De cette ligne." in card),
    (script, lambda card, entry: '"script":{' in card),
    (directory, lambda card, entry: "Pharmacie du coin" in card),
    (site, lambda card, entry: "Derrière" in card),
    (pool, lambda card, entry: entry.pool != ""),
    (trained, lambda card, entry: len(entry.trained) == 1),
    (forwarded, lambda card, entry: "+35220000155" in entry.lines),
)


def seen(cast, table):
    """The card of a call one second after the change, as JSON, and the slice behind it."""
    entry, house = table.slices.table.client_of(LINE), table.slices.table.houses[cast.house]
    claire = next(each for each in house.secretaries if each.id == cast.claire_secretary)
    card = build_card(entry, house, claire, caller=CallerShown(), called_line=LINE, at=CALLED)
    return orjson.dumps(to_plain(card)).decode(), entry


def running(tmp_path):
    """The worker's loop, which has looked at everything one second before the change."""
    return Loop(exchange=Exchange(tmp_path / "x.sock"), clock=MovableClock(CHANGED - timedelta(seconds=1)))


@pytest.mark.parametrize(("change", "is_there"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_a_change_is_on_the_card_of_a_call_a_second_later(cast, tmp_path, change, is_there):
    loop = running(tmp_path)
    with serving(tmp_path / "x.sock") as (table, _):
        loop.turn()
        assert not is_there(*seen(cast, table))
        before = list(table.published)
        change(cast, {"client": cast.weber, "by": cast.marc, "at": CHANGED})
        loop.clock.at = CHANGED + timedelta(seconds=TURN_S)
        assert loop.clock.at < CALLED
        assert loop.reconcile_at > CALLED  # it is not the comparison of everything that brings it
        loop.turn()
        assert is_there(*seen(cast, table))
        assert {client for _house, client, _version in table.published[len(before) :]} <= {cast.weber, ""}


@pytest.mark.parametrize("absent", ["exchange", "worker", "both"])
def test_after_an_outage_the_exchange_ends_with_the_right_versions(cast, tmp_path, absent):
    loop = running(tmp_path)
    with serving(tmp_path / "x.sock"):
        loop.turn()
    for number, (change, _) in enumerate(CHANGES):
        change(cast, {"client": cast.weber, "by": cast.marc, "at": CHANGED})
        if absent == "exchange":
            loop.clock.at += timedelta(seconds=number)
            loop.turn()
    if absent != "exchange":
        loop = Loop(exchange=loop.exchange, clock=loop.clock)
    if absent == "both":
        loop.turn()
    loop.clock.at += timedelta(seconds=1)  # no need to wait for the comparison of everything
    with serving(tmp_path / "x.sock") as (table, _):  # with what it held before
        loop.turn()
        assert all(is_there(*seen(cast, table)) for change, is_there in CHANGES if change is not absence)
        noted = {str(client): version for client, version in SliceVersion.objects.filter(
            house__slug=cast.house).exclude(client=None).values_list("client_id", "version")}  # fmt: skip
        held = {client: each for client, each in table.slices.table.versions()[cast.house].items() if client}
        assert held == noted
