# SPDX-License-Identifier: AGPL-3.0-or-later
"""The product's own control server (`engine.exchange.bus`) on a real Unix socket, over a small table and journal."""

import asyncio
import contextlib
import threading

from permanence.engine.exchange.bus import ControlServer
from permanence.engine.exchange.slices import SliceStore
from permanence.kernel.fast_json import encode
from permanence.kernel.refusals import Refusal
from permanence.telephony import commands


class Refused(Refusal):
    code = "not_today"


class Journal:
    """What the control server asks of a journal: events with their sequences, what was acknowledged."""

    def __init__(self, *events):
        self.events = list(enumerate(events, start=1))
        self.acknowledged = 0

    @property
    def durable_sequence(self):
        return len(self.events)

    def skip_to(self, sequence):
        pass

    def events_after(self, sequence, limit):
        return self.events[sequence : sequence + limit]

    def written_after(self, sequence, limit):
        return [(number, encode(event)) for number, event in self.events_after(sequence, limit)]

    def acknowledge(self, sequence):
        self.acknowledged = max(self.acknowledged, sequence)


class Table:
    """Carries out the commands of the house on a routing table."""

    def __init__(self, folder):
        self.slices = SliceStore(folder)
        self.published = []
        self.withdrawn = []
        self.revoked = []
        self.refuse = False
        self.status = {"calls": 0}

    def command(self, command):
        if self.refuse:
            raise Refused("the exchange refuses today")
        match command:
            case commands.Publish():
                entry = self.slices.publish(command.slice)
                self.published.append((entry.house, getattr(entry, "client", ""), entry.version))
            case commands.Withdraw():
                self.slices.withdraw(command.house, command.client)
                self.withdrawn.append((command.house, command.client))
            case commands.RevokeSeat():
                self.revoked.append((command.house, command.secretary))
            case commands.Versions():
                return self.slices.table.versions()
            case commands.Status():
                return self.status
        return None


class ControlSocket:
    """Serves in a thread of its own until closed."""

    def __init__(self, path, *, commands, journal):
        self.path = path
        self._server = ControlServer(path, "e1", journal, commands)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self):
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._server.start(), self._loop).result(5)
        return self

    def __exit__(self, *_):
        asyncio.run_coroutine_threadsafe(self._server.stop(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@contextlib.contextmanager
def serving(path, *events):
    """The socket, its table and its journal."""
    table, journal = Table(path.parent / "table"), Journal(*events)
    with ControlSocket(path, commands=table, journal=journal):
        yield table, journal
