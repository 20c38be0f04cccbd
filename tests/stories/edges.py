# SPDX-License-Identifier: AGPL-3.0-or-later
"""The edges of a story: a clock moved by hand, chance from a seed, a memory journal, pages that keep all they get."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from permanence.engine.exchange.moment import Moment
from permanence.kernel.fast_json import decode, encode


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, at: datetime) -> None:
        self._at = at
        self._now = 1000.0

    def now(self) -> datetime:
        return self._at

    def monotonic(self) -> float:
        return self._now

    def move(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)
        self._now += seconds

    @property
    def moment(self) -> Moment:
        return Moment(self._at, self._now)


class SeededEntropy:
    """The same chance in every run of a story."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0

    def token(self, size: int) -> bytes:
        self._count += 1
        return hashlib.shake_256(self._seed + self._count.to_bytes(8, "big")).digest(size)


class MemoryJournal:
    """Keeps what it is given as JSON would bring it back."""

    def __init__(self) -> None:
        self.states: dict[str, Any] = {}
        self.events: list[dict[str, Any]] = []
        self.position = 0
        self.accepting = True
        self.held_back = 0

    @property
    def synced(self) -> int:
        return self.position - self.held_back

    def write(self, events: Iterable[bytes], states: Mapping[str, Any]) -> None:
        self.position += 1
        self.events += [json.loads(event) for event in events]
        for name, value in states.items():
            if value is None:
                self.states.pop(name, None)
            else:
                self.states[name] = decode(encode(value))


class MemoryPages:
    """The open pages: what each was sent, and how it was closed."""

    def __init__(self) -> None:
        self.sent: dict[str, list[dict[str, Any]]] = {}
        self.closed: dict[str, int] = {}

    def send(self, page: str, message: dict[str, Any]) -> None:
        self.sent.setdefault(page, []).append(json.loads(json.dumps(message)))

    def send_all(self, pages: Iterable[str], message: dict[str, Any]) -> None:
        for page in pages:
            self.send(page, message)

    def close(self, page: str, code: int, why: str) -> None:
        self.send(page, {"t": "bye", "code": code, "why": why})
        self.closed[page] = code


class MemorySlices:
    """A table that is published to without a disk."""

    def __init__(self, table: Any) -> None:
        self.table = table

    def publish(self, data: dict[str, object]) -> Any:
        from permanence.reception.table import read_slice

        entry = read_slice(data)
        self.table = self.table.put(entry)
        return entry

    def withdraw(self, house: str, client: str) -> None:
        self.table = self.table.without(house, client)
