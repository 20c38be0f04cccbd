# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is changed at 10:02:00 is on the card of a call at 10:02:01, by the worker's own way and a real control socket,
whatever else waits; and after any outage the exchange ends with the right versions."""

from datetime import UTC, date, datetime, timedelta

import orjson
import pytest
from django.db import transaction

from permanence.callers.events import PatientAdded
from permanence.clients import absences, directory_operations, forwarding, operations, script_operations, training
from permanence.clients.events import ClientChanged
from permanence.clients.rules import Scope
from permanence.clients.rules.spoken import GreetingWhen
from permanence.countries.forwarding import Access, ForwardingMode
from permanence.foundation import outbox
from permanence.foundation.exchange import Exchange
from permanence.kernel.events import to_plain
from permanence.project.changes import PORTION, Changes
from permanence.project.wiring import WIRING
from permanence.project.worker import OUTBOX_S
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
    """The way of changes, which looks at everything one second before the change."""
    return Changes(exchange=Exchange(tmp_path / "x.sock"), clock=MovableClock(CHANGED - timedelta(seconds=1)))


def turn(changes):
    """What the worker's two threads do, one after the other."""
    changes.compare(changes.clock.now())
    changes.deliver(changes.clock.now())


@pytest.mark.parametrize(("change", "is_there"), CHANGES, ids=[change.__name__ for change, _ in CHANGES])
def test_a_change_is_on_the_card_of_a_call_a_second_later(cast, tmp_path, change, is_there):
    changes = running(tmp_path)
    with serving(tmp_path / "x.sock") as (table, _):
        turn(changes)
        assert not is_there(*seen(cast, table))
        before = list(table.published)
        change(cast, {"client": cast.weber, "by": cast.marc, "at": CHANGED})
        changes.clock.at = CHANGED + timedelta(seconds=OUTBOX_S)
        assert changes.clock.at < CALLED
        assert changes.compare_at > CALLED  # it is not the comparison of everything that brings it
        turn(changes)
        assert is_there(*seen(cast, table))
        assert {client for _house, client, _version in table.published[len(before) :]} <= {cast.weber, ""}


def test_a_change_overtakes_all_that_waits_in_the_outbox(cast, tmp_path, monkeypatch):
    """Patients were read in and many clients changed: who changes something meanwhile waits for a portion at most."""
    changes, (early, late) = running(tmp_path), (3, 60)
    delivered: list[str] = []
    arrived: dict[int, int] = {}
    deliver = outbox._deliver
    with serving(tmp_path / "x.sock") as (table, _):
        turn(changes)
        changes.clock.at = CHANGED
        with transaction.atomic():
            for number in range(60):
                outbox.announce(PatientAdded(house=cast.house, at=CHANGED, client=cast.weber, patient=str(number)))
            for _ in range(40):
                outbox.announce(ClientChanged(house=cast.house, at=CHANGED, client=cast.dupont))

        def heard(row, **how):
            shown = seen(cast, table)[0]
            for number in (early, late):
                if f"After {number}." in shown:
                    arrived.setdefault(number, len(delivered))
            delivered.append(row.name)
            if len(delivered) in {early, late}:
                made = {"client": cast.weber, "by": cast.marc, "at": CHANGED}
                directory_operations.put_contact(contact=ContactEntry(name=f"After {len(delivered)}."), **made)
            return deliver(row, **how)

        monkeypatch.setattr(outbox, "_deliver", heard)
        changes.deliver(CHANGED)
    assert (delivered.count("ClientChanged"), delivered.count("PatientAdded")) == (42, 60)
    assert arrived[early] == 2 * PORTION
    assert arrived[late] == late + 1


def test_a_change_that_is_heard_late_makes_nothing_older_again(cast, tmp_path):
    """The hearer reads what is at the moment of the delivery, not at the moment the event tells of."""
    changes = running(tmp_path)
    with serving(tmp_path / "x.sock") as (table, _):
        turn(changes)
        made = {"client": cast.weber, "by": cast.marc}
        old = operations.write_instruction(text="Avant.", author=cast.marc.person, **made, at=CHANGED)
        later = CHANGED + timedelta(minutes=5)
        operations.revise_instruction(instruction=old, text="Après.", author=cast.marc.person, **made, at=later)
        changes.clock.at = later
        changes.deliver(later)
        _, entry = seen(cast, table)
        assert [each.text for each in entry.instructions if each.text in {"Avant.", "Après."}] == ["Après."]


@pytest.mark.parametrize("absent", ["exchange", "worker", "both"])
def test_after_an_outage_the_exchange_ends_with_the_right_versions(cast, tmp_path, absent):
    changes = running(tmp_path)
    with serving(tmp_path / "x.sock"):
        turn(changes)
    for number, (change, _) in enumerate(CHANGES):
        change(cast, {"client": cast.weber, "by": cast.marc, "at": CHANGED})
        if absent == "exchange":
            changes.clock.at += timedelta(seconds=number)
            turn(changes)
    if absent != "exchange":
        changes = Changes(exchange=changes.exchange, clock=changes.clock)
    if absent == "both":
        turn(changes)
    changes.clock.at += timedelta(seconds=1)  # no need to wait for the comparison of everything
    with serving(tmp_path / "x.sock") as (table, _):  # with what it held before
        turn(changes)
        assert all(is_there(*seen(cast, table)) for change, is_there in CHANGES if change is not absence)
        noted = {str(client): version for client, version in SliceVersion.objects.filter(
            house__slug=cast.house).exclude(client=None).values_list("client_id", "version")}  # fmt: skip
        held = {client: each for client, each in table.slices.table.versions()[cast.house].items() if client}
        assert held == noted


def test_what_the_telephone_follows_overtakes_the_rest_and_nothing_else_does():
    heard = {
        name for name, hearers in WIRING.hearers.items() if any(who.startswith("switchboard.") for who, _ in hearers)
    }
    assert heard == WIRING.first
