# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who commits an event wakes who delivers it; nobody waits for a worker, and the worker never counts on being woken."""

import socket
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction

from permanence.clients.events import ClientChanged
from permanence.foundation import outbox, wake
from permanence.foundation.exchange import Exchange
from permanence.foundation.models import House
from permanence.kernel.system import SystemClock
from permanence.project import worker
from permanence.project.changes import Changes

FOREVER = 20.0
"""Seconds that no test waits: it is woken, or it fails."""


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings, "PERMANENCE", settings.PERMANENCE.changed(run=tmp_path))
    return tmp_path / wake.SOCKET


@pytest.fixture
def house() -> House:
    return House.objects.create(slug="demo", name="House", country="LU")


def changed(at: datetime) -> ClientChanged:
    return ClientChanged(house="demo", at=at, client="1")


def test_who_is_woken_often_looks_once(path: Path) -> None:
    with wake.Waiter(path) as waiter:
        assert not waiter.wait(0.001)
        for _ in range(5_000):  # more than a socket holds
            wake.wake(path)
        assert waiter.wait(FOREVER)
        assert not waiter.wait(0.001)
        wake.wake(path)
        assert waiter.wait(FOREVER)


def test_the_socket_is_the_owner_s_alone_and_one_that_is_left_over_is_replaced(path: Path) -> None:
    with wake.Waiter(path):
        assert path.stat().st_mode & 0o777 == 0o600
    assert path.exists()
    wake.wake(path)  # nobody is there
    with wake.Waiter(path) as waiter:
        wake.wake(path)
        assert waiter.wait(FOREVER)


def test_whatever_a_stranger_to_the_contract_sends_only_wakes(path: Path) -> None:
    with wake.Waiter(path) as waiter, socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.sendto(b"\0" * 60_000, str(path))
        assert waiter.wait(FOREVER)
        assert not waiter.wait(0.001)


@pytest.mark.parametrize("name", ["absent/worker.sock", "x" * 200, "a-file/worker.sock"])
def test_where_no_socket_can_be_nobody_fails(tmp_path: Path, name: str) -> None:
    (tmp_path / "a-file").write_bytes(b"")
    wake.wake(tmp_path / name)
    with wake.Waiter(tmp_path / name) as waiter:
        assert not waiter.wait(0.001)


@pytest.mark.django_db(transaction=True)
def test_an_event_wakes_once_it_is_committed_and_not_before(house: House, path: Path, now: datetime) -> None:
    with wake.Waiter(path) as waiter:
        with transaction.atomic():
            outbox.announce(changed(now))
            assert not waiter.wait(0.001)
        assert waiter.wait(FOREVER)
        with transaction.atomic():
            outbox.announce_many([changed(now), changed(now)])
        assert waiter.wait(FOREVER)
        assert not waiter.wait(0.001)
        with transaction.atomic():
            outbox.announce(changed(now))
            transaction.set_rollback(True)
        assert not waiter.wait(0.001)


def test_the_thread_of_the_outbox_looks_when_it_is_woken(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would look by itself after an hour."""
    monkeypatch.setattr(worker, "OUTBOX_S", 3_600.0)
    looked, stop, clock = threading.Semaphore(0), threading.Event(), SystemClock()

    class Looking(Changes):
        """The database of the tests is this thread's own."""

        def deliver(self, at: datetime, *, go_on: Callable[[], bool] = lambda: True) -> int:
            assert go_on()
            looked.release()
            return 0

    changes = Looking(exchange=Exchange(path.parent / "x.sock"), clock=clock)
    told = worker.Outbox(changes, clock=clock, stop=stop, socket=path)
    told.start()
    for _ in range(3):
        assert looked.acquire(timeout=FOREVER)
        assert not looked.acquire(blocking=False)
        wake.wake(path)
    assert looked.acquire(timeout=FOREVER)
    stop.set()
    told.join(FOREVER)
    assert not looked.acquire(blocking=False)
