# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts of the switchboard: trunks, the version of each slice, publication to the exchange.

A slice's version grows when, and only when, its content changes (a digest decides), so publishing again is free. No
transaction is open while the exchange is spoken to.
"""

import hashlib
import json
import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from django.db import transaction

from permanence.calls import part_operations
from permanence.clients import queries as clients
from permanence.foundation import audit, outbox
from permanence.foundation.exchange import Exchange, ExchangeRefused
from permanence.foundation.models import House
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.table import ClientSlice, HouseSlice, write_slice
from permanence.switchboard.delivery import deliver
from permanence.switchboard.events import TrunkChanged
from permanence.switchboard.models import SeatRevocation, SliceVersion, Trunk
from permanence.switchboard.queries import client_slice, client_slices, house_slice

log = logging.getLogger(__name__)

HOUSE = ""
"""The key of the house's own slice where a client's id would stand."""


_SENDING = threading.Lock()
"""One sends at a time: what is withdrawn must not overtake what another thread publishes."""


class TrunkNameTaken(Refusal):
    """The house has a trunk of that name."""

    code = "trunk_name_taken"


@transaction.atomic
def add_trunk(*, name: str, addresses: Sequence[str], country: str, by: Who, at: datetime) -> str:
    """A trunk authenticated by address; gives its id. Raises TrunkNameTaken."""
    if Trunk.objects.for_house(by.house_key).filter(name=name).exists():
        raise TrunkNameTaken(name)
    row = Trunk.objects.create(house_id=by.house_key, name=name, addresses=list(addresses), country=country)
    trunk_changed(trunk=name, action="trunk.added", by=by, at=at)
    return str(row.pk)


def trunk_changed(*, trunk: str, action: str, by: Who, at: datetime) -> None:
    """Note and announce that a trunk's row was changed. Called in the transaction of the change."""
    audit.note(by=by, at=at, action=action, subject=f"switchboard.trunk:{trunk}")
    outbox.announce(TrunkChanged(house=by.house, at=at, trunk=trunk))


@transaction.atomic
def current_slice(*, house: str, client: str, at: datetime, held: int = 0) -> HouseSlice | ClientSlice:
    """The slice of a client, or of the house for client "", under its version, which grows when the content changed.

    `held` is the version the exchange has: ours is never below it (a restored backup would be ignored for ever).
    Raises clients' ClientUnknown, House.DoesNotExist.
    """
    key = None if client == HOUSE else int(client)
    rows = SliceVersion.objects.for_house(house).select_for_update()
    row = (rows.filter(client__isnull=True) if key is None else rows.filter(client_id=key)).first()
    if row is None:
        owner = House.objects.get(slug=house)
        row = SliceVersion.objects.create(house=owner, client_id=key, version=0, digest="")

    found: HouseSlice | ClientSlice
    if key is None:
        found = house_slice(house=house, version=row.version)
    else:
        found = client_slice(house=house, client=client, version=row.version, at=at)
    digest = _digest(found)
    if digest == row.digest and row.version >= held:
        return found
    row.version, row.digest = max(row.version, held) + 1, digest
    row.save(update_fields=["version", "digest"])
    if isinstance(found, ClientSlice):
        part_operations.keep_parts(house_key=row.house_id, entry=found, at=at)
    return replace(found, version=row.version)


def publish(*, house: str, client: str, at: datetime, exchange: Exchange) -> int:
    """Publish one slice, its audio first; gives its version.

    Raises ExchangeAbsent or ExchangeRefused, clients' ClientUnknown.
    """
    entry = current_slice(house=house, client=client, at=at)
    deliver(entry)
    exchange.publish(entry)
    return entry.version


def reconcile(*, at: datetime, exchange: Exchange) -> int:
    """Bring the exchange to what the database says; gives how many slices were sent or withdrawn.

    Raises ExchangeAbsent or ExchangeRefused.
    """
    held = exchange.versions()
    for house in House.objects.values_list("slug", flat=True).order_by("pk"):
        _note_all(house, mine=held.get(house, {}), at=at)
    return send_changed(at=at, exchange=exchange)


def _note_all(house: str, *, mine: dict[str, int], at: datetime) -> None:
    """Note the versions of all slices of a house; who is as he was noted costs no query of his own."""
    current_slice(house=house, client=HOUSE, at=at, held=mine.get(HOUSE, 0))
    rows = SliceVersion.objects.for_house(house).exclude(client=None)
    noted = dict(rows.values_list("client_id", "digest"))
    changed = []
    for entry in client_slices(house=house, at=at):
        deliver(entry)  # what media lost comes back
        if entry.version < mine.get(entry.client, 0) or noted.get(int(entry.client)) != _digest(entry):
            changed.append(entry.client)
    for client in changed:
        current_slice(house=house, client=client, at=at, held=mine.get(client, 0))


def send_changed(*, at: datetime, exchange: Exchange) -> int:
    """Send the slices whose version is not the one the exchange holds; gives how many were sent or withdrawn.

    Assembles only what it sends: what changed was noted by the room's handler. Any number of threads: one sends at a
    time, and asks first what the exchange holds. Raises ExchangeAbsent or ExchangeRefused.
    """
    with _SENDING:
        return _send(exchange.versions(), at=at, exchange=exchange)


def _send(held: dict[str, dict[str, int]], *, at: datetime, exchange: Exchange) -> int:
    sent = 0
    for house in House.objects.values_list("slug", flat=True).order_by("pk"):
        mine = held.get(house, {})
        wanted = {HOUSE, *clients.routed(house=house)}
        rows = SliceVersion.objects.for_house(house).order_by("pk").values_list("client_id", "version")
        for key, version in rows:
            client = HOUSE if key is None else str(key)
            if client in wanted and version != mine.get(client):
                entry = current_slice(house=house, client=client, at=at, held=mine.get(client, 0))
                deliver(entry)
                sent += _sent(partial(exchange.publish, entry), house, client)
        for client in sorted(mine.keys() - wanted):
            sent += _sent(partial(exchange.withdraw, house=house, client=client), house, client)
    return sent


def _sent(act: Callable[[], None], house: str, client: str) -> bool:
    """Whether the exchange took it. One slice it refuses must not keep the others from it."""
    try:
        act()
    except ExchangeRefused as refusal:
        log.error("the exchange refused the slice of %s/%s: %s (%s)", house, client, refusal.why, refusal.code)
        return False
    return True


def ask_to_revoke(*, house: str, secretary: str, at: datetime) -> None:
    """The seat of a secretary is to end; asked once, done by `revoke_due`."""
    owner = House.objects.get(slug=house)
    SeatRevocation.objects.get_or_create(house=owner, secretary_id=int(secretary), done_at=None, defaults={"at": at})


def revoke_due(*, at: datetime, exchange: Exchange) -> int:
    """End the seats that are to end; gives how many. Raises ExchangeAbsent or ExchangeRefused."""
    with _SENDING:
        rows = SeatRevocation.objects.filter(done_at__isnull=True).select_related("house").order_by("pk")
        for row in rows:
            exchange.revoke_seat(house=row.house.slug, secretary=str(row.secretary_id))
            SeatRevocation.objects.filter(pk=row.pk).update(done_at=at)
        return len(rows)


def _digest(entry: HouseSlice | ClientSlice) -> str:
    content = {**write_slice(entry), "version": 0}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
