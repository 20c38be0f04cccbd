# SPDX-License-Identifier: AGPL-3.0-or-later
"""The outbox: at least once, in order, idempotent by event id; the bus: idempotent by (engine, sequence)."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from permanence.clients.events import CLIENTS_EVENTS, ClientChanged
from permanence.foundation import bus, outbox
from permanence.foundation.models import AuditEntry, EngineEventAside, House, OutboxEvent
from permanence.foundation.outbox import Wiring
from permanence.kernel.events import Event
from tests.rooms.conftest import Cast

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def house() -> House:
    return House.objects.create(slug="demo", name="House", country="LU")


class Ear:
    """A hearer that keeps what it heard and can be told to fail."""

    def __init__(self, failures: int = 0) -> None:
        self.heard: list[tuple[str, Event]] = []
        self.failures = failures

    def __call__(self, event_id: str, event: Event) -> None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("not now")
        self.heard.append((event_id, event))


def changed(at: datetime, client: str = "1") -> ClientChanged:
    return ClientChanged(house="demo", at=at, client=client)


def wiring(*ears: Ear) -> Wiring:
    named = tuple((f"ear{number}", ear) for number, ear in enumerate(ears))
    return Wiring(catalogue=CLIENTS_EVENTS, hearers={"ClientChanged": named})


def announce(event: Event) -> str:
    with transaction.atomic():
        return outbox.announce(event)


def test_event_of_an_undone_change_is_never_heard(house: House, now: datetime) -> None:
    with transaction.atomic():
        outbox.announce(changed(now))
        transaction.set_rollback(True)
    ear = Ear()
    assert outbox.deliver_due(at=now, wiring=wiring(ear)) == 0
    assert ear.heard == []


def test_an_event_is_refused_outside_a_transaction(house: House, now: datetime) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.announce(changed(now))


def test_heard_once_in_order_and_equal_to_what_was_announced(house: House, now: datetime) -> None:
    events = [changed(now, str(number)) for number in range(5)]
    ids = [announce(event) for event in events]
    ear = Ear()
    assert outbox.deliver_due(at=now, wiring=wiring(ear)) == 5
    assert ear.heard == list(zip(ids, events, strict=True))
    assert outbox.deliver_due(at=now, wiring=wiring(ear)) == 0
    assert len(ear.heard) == 5


def test_a_hearer_that_fails_is_asked_again_later_and_the_one_before_it_is_not(house: House, now: datetime) -> None:
    event_id = announce(changed(now))
    first, second = Ear(), Ear(failures=2)
    ears = wiring(first, second)
    assert outbox.deliver_due(at=now, wiring=ears) == 0
    assert outbox.deliver_due(at=now, wiring=ears) == 0  # not due yet
    assert second.failures == 1
    assert outbox.deliver_due(at=now + timedelta(seconds=1), wiring=ears) == 0
    assert outbox.deliver_due(at=now + timedelta(seconds=3), wiring=ears) == 1
    assert [key for key, _ in first.heard] == [event_id]
    assert [key for key, _ in second.heard] == [event_id]
    row = OutboxEvent.objects.get(pk=int(event_id))
    assert (row.attempts, row.delivered_at) == (2, now + timedelta(seconds=3))


def test_a_failing_event_does_not_hold_up_the_next(house: House, now: datetime) -> None:
    announce(changed(now, "1"))
    announce(changed(now, "2"))
    ear = Ear(failures=1)
    assert outbox.deliver_due(at=now, wiring=wiring(ear)) == 1
    assert [event for _, event in ear.heard] == [changed(now, "2")]


def test_what_a_hearer_wrote_before_failing_is_undone_with_its_receipt(house: House, now: datetime) -> None:
    announce(changed(now))
    tries: list[int] = []

    def writes_then_fails_once(_event_id: str, event: Event) -> None:
        AuditEntry.objects.create(house=house, at=event.at, by_name="ear", action="heard", subject="x")
        tries.append(1)
        if len(tries) == 1:
            raise RuntimeError("after the write")

    hearers = Wiring(catalogue=CLIENTS_EVENTS, hearers={"ClientChanged": (("ear", writes_then_fails_once),)})
    outbox.deliver_due(at=now, wiring=hearers)
    assert AuditEntry.objects.count() == 0
    outbox.deliver_due(at=now + timedelta(seconds=1), wiring=hearers)
    assert (len(tries), AuditEntry.objects.count()) == (2, 1)


def test_an_event_nobody_hears_is_done(house: House, now: datetime) -> None:
    announce(changed(now))
    assert outbox.deliver_due(at=now, wiring=Wiring(catalogue=CLIENTS_EVENTS, hearers={})) == 1


def test_sweep_deletes_only_what_was_delivered(house: House, now: datetime) -> None:
    announce(changed(now, "1"))
    outbox.deliver_due(at=now, wiring=wiring(Ear()))
    waiting = announce(changed(now, "2"))
    assert outbox.sweep(before=now + timedelta(days=1)) == 1
    assert [str(row.pk) for row in OutboxEvent.objects.all()] == [waiting]


def test_bus_position_moves_with_the_effect() -> None:
    def applied(sequence: int) -> bool:
        with transaction.atomic():
            return bus.first_time(hearer="calls", engine="e1", sequence=sequence)

    assert [applied(1), applied(2), applied(2), applied(1), applied(5)] == [True, True, False, False, True]
    with transaction.atomic():
        assert bus.first_time(hearer="calls", engine="e1", sequence=6)
        transaction.set_rollback(True)
    assert applied(6)
    assert bus.position(hearers=("calls",), engine="e1") == 6
    assert bus.position(hearers=("calls", "staff"), engine="e1") == 0
    assert bus.position(hearers=("calls",), engine="e2") == 0


def test_an_event_set_aside_is_kept_and_passed(now: datetime) -> None:
    bus.set_aside(hearer="calls", engine="e1", sequence=3, body={"type": "X"}, error=ValueError("odd"), at=now)
    kept = EngineEventAside.objects.get()
    assert (kept.sequence, kept.body, kept.error) == (3, {"type": "X"}, "ValueError: odd")
    assert bus.position(hearers=("calls",), engine="e1") == 3


def test_every_event_of_the_loaded_house_is_heard_by_the_real_wiring(
    cast: Cast, now: datetime, deliver_all: Callable[[datetime], int]
) -> None:
    waiting = OutboxEvent.objects.filter(delivered_at=None).count()
    assert waiting > 10
    assert deliver_all(now) == waiting
