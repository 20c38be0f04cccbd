# SPDX-License-Identifier: AGPL-3.0-or-later
"""Assembles the slices of the routing table from the rooms above."""

from datetime import datetime
from typing import Any

from permanence.clients import queries as clients
from permanence.foundation.models import House
from permanence.reception.table import ClientSlice, HouseSlice, PoolEntry, SecretaryEntry, TrunkEntry
from permanence.staff import queries as staff
from permanence.switchboard.models import Trunk


def client_slice(*, house: str, client: str, version: int, at: datetime) -> ClientSlice:
    """The client as the telephone sees him at `at`. Raises clients' ClientUnknown. Nine queries."""
    file = clients.client_file(house=house, client=client, at=at)
    view = file.view
    return ClientSlice(
        house=house,
        client=client,
        version=version,
        name=view.name,
        initials=view.initials,
        colour=view.colour,
        kind=view.kind,
        sector=view.sector,
        place=view.place,
        country=view.country,
        region=view.region,
        time_zone=view.time_zone,
        languages=view.languages,
        state=view.state,
        lines=file.lines,
        hours=file.hours,
        greetings=file.greetings,
        instructions=file.instructions,
        recipients=file.recipients,
        reasons=file.reasons,
        ring_before_music_s=file.ring_before_music_s,
        max_wait_s=file.max_wait_s,
        voice_message=file.voice_message,
        voice_message_consent=file.voice_message_consent,
        pool=view.pool,
        trained=file.trained,
        trained_only_s=file.trained_only_s,
    )


def house_slice(*, house: str, version: int) -> HouseSlice:
    """The house as the telephone sees it. Raises House.DoesNotExist. Five queries."""
    row = House.objects.get(slug=house)
    pools = staff.pools(house=house)
    return HouseSlice(
        house=house,
        version=version,
        name=row.name,
        language=row.language,
        secretaries=tuple(
            SecretaryEntry(
                id=each.id,
                name=each.name,
                languages=each.languages,
                clients=each.clients,
                pools=tuple(pool.id for pool in pools if each.id in pool.secretaries),
            )
            for each in staff.secretaries(house=house)
        ),
        trunks=tuple(trunk_entry(trunk) for trunk in Trunk.objects.for_house(row).order_by("pk")),
        demonstration=row.demonstration,
        pools=tuple(
            PoolEntry(id=each.id, name=each.name, overflow=each.overflow, overflow_after_s=each.overflow_after_s)
            for each in pools
        ),
    )


def trunk_entry(row: Trunk) -> TrunkEntry:
    """The trunk as the exchange reads it."""
    fields: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "name",
            "country",
            "number_from",
            "strip_prefix",
            "transport",
            "registrar",
            "user",
            "secret",
            "target",
            "ca_file",
            "client_certificate",
            "keep_alive_s",
        )
    }
    return TrunkEntry(addresses=tuple(row.addresses), **fields)
