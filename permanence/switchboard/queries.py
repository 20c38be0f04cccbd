# SPDX-License-Identifier: AGPL-3.0-or-later
"""Assembles the slices of the routing table from the rooms above."""

from datetime import datetime
from typing import Any

from permanence.clients import queries as clients
from permanence.clients.said import slice_of
from permanence.foundation.models import House
from permanence.reception.table import ClientSlice, HouseSlice, SecretaryEntry, TrunkEntry
from permanence.staff import queries as staff
from permanence.switchboard.models import Trunk


def client_slice(*, house: str, client: str, version: int, at: datetime) -> ClientSlice:
    """The client as the telephone sees him at `at`. Raises clients' ClientUnknown. Nine queries."""
    return slice_of(clients.client_file(house=house, client=client, at=at), house=house, version=version)


def house_slice(*, house: str, version: int) -> HouseSlice:
    """The house as the telephone sees it. Raises House.DoesNotExist. Three queries."""
    row = House.objects.get(slug=house)
    return HouseSlice(
        house=house,
        version=version,
        name=row.name,
        language=row.language,
        secretaries=tuple(
            SecretaryEntry(id=each.id, name=each.name, languages=each.languages)
            for each in staff.secretaries(house=house)
        ),
        trunks=tuple(trunk_entry(trunk) for trunk in Trunk.objects.for_house(row).order_by("pk")),
        demonstration=row.demonstration,
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
