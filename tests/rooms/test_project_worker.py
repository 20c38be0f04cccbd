# SPDX-License-Identifier: AGPL-3.0-or-later
"""The worker: engine events reach the rooms once and in order, due rows are served, nothing stops it."""

import threading
from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import OperationalError

from permanence.calls.models import Call
from permanence.dispatch import sms_tasks
from permanence.dispatch import tasks as dispatch_tasks
from permanence.foundation import live
from permanence.foundation.exchange import EngineMessage, Exchange
from permanence.foundation.models import EngineEventAside, EnginePosition, LiveTouch, OutboxEvent
from permanence.kernel.system import SystemClock
from permanence.project.changes import Changes
from permanence.project.consumer import Consumer
from permanence.project.wiring import ENGINE_HEARERS, WIRING
from permanence.project.worker import Loop, Post, posts
from permanence.reception.events import ENGINE_EVENTS, PresenceChanged
from permanence.staff.models import PresenceSpan
from permanence.telephony.events import CallArrived
from tests.rooms.conftest import NOW
from tests.rooms.control_socket import serving


class MovableClock:
    def __init__(self, at=NOW):
        self.at = at

    def now(self):
        return self.at

    def monotonic(self):
        return self.at.timestamp()


def presence(cast, state, minutes=0):
    event = PresenceChanged(
        house="demo", at=NOW + timedelta(minutes=minutes), secretary=cast.claire_secretary, seat="s", state=state
    )
    return ENGINE_EVENTS.write(event)


def arrival(cast, call="call-1"):
    event = CallArrived(
        house="demo",
        at=NOW,
        call=call,
        client=cast.weber,
        trunk="loopback",
        called_line="+35220000101",
        caller="+352621000147",
    )
    return ENGINE_EVENTS.write(event)


class Following:
    """The consumer's thread against the product's control server; stops when so many events were acknowledged."""

    def __init__(self, path, hearers=ENGINE_HEARERS):
        self.stop = threading.Event()
        self.consumer = Consumer(
            exchange=Exchange(path),
            engine="e1",
            hearers=hearers,
            clock=MovableClock(),
            stop=self.stop,
        )

    def apply(self, *events, first=1):
        """Apply events in this thread, as the bus gives them."""
        for sequence, event in enumerate(events, start=first):
            assert self.consumer.apply(EngineMessage(engine="e1", sequence=sequence, event=event))


@pytest.fixture
def following(tmp_path):
    return Following(tmp_path / "x.sock")


def states():
    return list(PresenceSpan.objects.order_by("pk").values_list("state", flat=True))


def positions():
    return dict(EnginePosition.objects.values_list("hearer", "sequence"))


def test_every_room_hears_every_event_once(cast, following):
    following.apply(presence(cast, "ready"), arrival(cast), presence(cast, "on_call", 1))
    following.apply(presence(cast, "ready"), arrival(cast), presence(cast, "on_call", 1))
    assert states() == ["ready", "on_call"]
    assert Call.objects.for_house("demo").count() == 1
    assert positions() == {"staff": 3, "calls": 3, "switchboard": 3}


def test_an_event_from_a_newer_engine_is_kept_and_passed(cast, following):
    following.apply({"type": "CallTeleported", "v": 9, "house": "demo"}, presence(cast, "ready"))
    assert states() == ["ready"]
    assert sorted(EngineEventAside.objects.values_list("hearer", "sequence")) == [
        ("calls", 1),
        ("staff", 1),
        ("switchboard", 1),
    ]


def test_a_room_that_cannot_apply_an_event_does_not_stop_the_others(cast, tmp_path):
    tries = []

    def broken(engine, sequence, event):
        tries.append(sequence)
        raise ValueError("this room is broken")

    following = Following(tmp_path / "x.sock", (("broken", broken), *ENGINE_HEARERS))
    following.consumer._stop.wait = lambda _seconds: False
    following.apply(presence(cast, "ready"), presence(cast, "break", 1))
    assert states() == ["ready", "break"]
    assert tries == [1, 1, 1, 1, 2, 2, 2, 2]
    assert list(EngineEventAside.objects.values_list("hearer", "error")) == [
        ("broken", "ValueError: this room is broken"),
        ("broken", "ValueError: this room is broken"),
    ]


def test_a_database_that_is_away_is_no_fault_of_the_event(cast, tmp_path):
    def away(engine, sequence, event):
        raise OperationalError("the disk is full")

    following = Following(tmp_path / "x.sock", (("away", away),))
    with pytest.raises(OperationalError):
        following.apply(presence(cast, "ready"))
    assert not EngineEventAside.objects.exists()
    assert positions() == {}


def test_the_bus_gives_what_was_not_applied_and_hears_what_was(cast, tmp_path):
    path = tmp_path / "x.sock"
    events = [presence(cast, "ready"), presence(cast, "break", 1), presence(cast, "off", 2)]
    with serving(path, *events) as (_, journal):
        heard = []
        for message in Exchange(path).subscribe(after=1):
            if message is None:
                break
            heard.append((message.engine, message.sequence, message.event["state"]))
            if len(heard) == 2:
                assert journal.acknowledged <= 2  # the last is acknowledged only when the next is asked for
        assert heard == [("e1", 2, "break"), ("e1", 3, "off")]
        assert journal.acknowledged == 3


@pytest.mark.django_db(transaction=True)
def test_the_thread_follows_the_bus_to_the_database_and_stops_when_told(cast, tmp_path):
    path = tmp_path / "x.sock"
    following = Following(path)

    def last(engine, sequence, event):
        if sequence == 3:
            following.stop.set()

    following.consumer._hearers = (*ENGINE_HEARERS, ("last", last))
    with serving(path, presence(cast, "ready"), arrival(cast), presence(cast, "off", 2)):
        following.consumer.run()
    assert states() == ["ready", "off"]
    assert positions()["calls"] == 3


def changes_of(tmp_path, **more):
    return Changes(exchange=Exchange(tmp_path / "x.sock"), clock=MovableClock(), **more)


def loop_of(tmp_path, **more):
    changes = changes_of(tmp_path)
    return Loop(changes=changes, clock=changes.clock, **more)


def test_the_outbox_is_served_and_the_exchange_brought_up_to_date(cast, tmp_path, mailoutbox):
    changes = changes_of(tmp_path)
    loop = Loop(changes=changes, clock=changes.clock)
    loop.turn()
    changes.deliver(NOW)
    assert changes.absent
    assert not OutboxEvent.objects.filter(delivered_at=None).exists()
    with serving(tmp_path / "x.sock") as (table, _):
        loop.clock.at += timedelta(seconds=2)
        loop.turn()
        assert not changes.absent
        assert table.slices.table.client_of("+35220000101").name == "Dr Weber"
        sent = len(table.published)
        loop.clock.at += timedelta(minutes=1)
        loop.turn()
        changes.deliver(loop.clock.at)
        assert len(table.published) == sent


def test_what_was_only_needed_for_a_while_is_swept(cast, tmp_path):
    live.touch("house/demo/calls", house_key=cast.marc.house_key, at=NOW - timedelta(hours=2))
    for key, days in (("old", -1), ("running", 1)):
        Session.objects.create(session_key=key, session_data="", expire_date=SystemClock().now() + timedelta(days=days))
    loop_of(tmp_path).sweep(NOW)
    assert not LiveTouch.objects.exists()
    assert list(Session.objects.values_list("session_key", flat=True)) == ["running"]


def test_a_step_that_fails_stops_no_other(cast, tmp_path):
    loop = loop_of(tmp_path)
    done = []

    def fails(at):
        raise RuntimeError("a step that fails")

    loop.steps = [fails, done.append]
    loop.turn()
    assert done == [NOW]


def test_a_relay_that_keeps_silent_delays_neither_outbox_nor_slices(cast, tmp_path):
    """The thread of the deliveries waits for its relay; the loop beside it takes its turns meanwhile."""
    waiting, answered, stop, turns = threading.Event(), threading.Event(), threading.Event(), []

    def silent(_at):
        waiting.set()
        answered.wait(20)
        stop.set()

    post = Post("post", [silent], clock=MovableClock(), stop=stop)
    changes = changes_of(tmp_path, announced=post.announced)
    loop = Loop(changes=changes, clock=changes.clock)
    post.start()
    assert waiting.wait(20)
    loop.steps.append(turns.append)
    for _ in range(3):
        loop.turn()
        changes.deliver(NOW)
    assert not answered.is_set()
    assert len(turns) == 3
    assert not OutboxEvent.objects.filter(delivered_at=None).exists()
    answered.set()
    post.join(20)
    assert stop.is_set()


def test_who_hangs_with_patients_keeps_no_message_to_a_doctor_waiting(cast, monkeypatch):
    """A provider of SMS that keeps silent has a thread of its own: the others send meanwhile."""
    waiting, sent, stop = threading.Event(), threading.Event(), threading.Event()

    def silent(**_asked):
        waiting.set()
        stop.wait(20)

    monkeypatch.setattr(sms_tasks, "run_sms", silent)
    monkeypatch.setattr(dispatch_tasks, "run_due", lambda **_asked: sent.set())
    sending = posts(clock=MovableClock(), stop=stop)
    del sending[0].steps[1:]  # the rest needs a database of its own
    sending[-1].start()
    assert waiting.wait(20)
    sending[0].start()
    assert sent.wait(20)
    stop.set()
    for post in (sending[0], sending[-1]):
        post.join(20)


def test_every_hearer_of_the_wiring_hears_an_event_the_catalogue_knows():
    assert set(WIRING.hearers) <= set(WIRING.catalogue._kinds)
    names = [name for hearers in WIRING.hearers.values() for name, _ in hearers]
    assert all(name.count(".") == 1 for name in names)
