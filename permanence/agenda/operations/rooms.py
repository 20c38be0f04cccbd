# SPDX-License-Identifier: AGPL-3.0-or-later
"""A room or a piece of equipment is called otherwise, or goes out of use."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from permanence.agenda.models import Agenda, Occupancy, OpeningPattern, Resource, VisitReason
from permanence.agenda.operations.acts import locked
from permanence.agenda.operations.setting import client_of, every_agenda, named
from permanence.agenda.refusals import NameTaken, ResourceInUse, ResourceUnknown
from permanence.clients.directory_queries import site_names
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who


def rename_resource(*, client: str, resource: str, name: str, by: Who, at: datetime) -> None:
    """It is called so. Raises AgendaUnknown, ResourceUnknown, NameTaken, WordsTooLong, SettingImpossible."""
    key, said = int(client_of(client, by=by).id), named(name)
    try:
        with transaction.atomic():
            row = _in_use(key, resource)
            Resource.objects.filter(pk=row.pk).update(name=said)
            _note(row, "agenda.resource_renamed", by=by, at=at)
    except IntegrityError as error:
        raise NameTaken(said) from error


def retire_resource(*, client: str, resource: str, by: Who, at: datetime) -> None:
    """It is out of use. Raises AgendaUnknown, ResourceUnknown, ResourceInUse while something to come needs it, or a
    reason needs any of its kind and it is the last of them there.
    """
    key = int(client_of(client, by=by).id)
    with transaction.atomic():
        locked(Agenda.objects.filter(client=key).values_list("pk", flat=True))
        row = _in_use(key, resource)
        name = str(row.pk)
        openings = sum(name in each.resources for each in OpeningPattern.objects.filter(client=key))
        others = _sites_of_others(row)
        everywhere = site_names(house=by.house, client=key)
        reasons = sum(
            any(
                name in need["ids"]
                or (_means(need, row, each) and not _stands_in(row, others, each.sites or everywhere))
                for need in each.needs
            )
            for each in VisitReason.objects.filter(client=key, retired_at=None)
        )
        visits = Occupancy.objects.filter(resource=row, ends_at__gt=at).count()
        if openings or reasons or visits:
            raise ResourceInUse(f"{openings} openings, {reasons} reasons, {visits} visits to come")
        Resource.objects.filter(pk=row.pk).update(active=False)
        _note(row, "agenda.resource_retired", by=by, at=at)


def _sites_of_others(row: Resource) -> set[str]:
    """Where others of its kind stand, "" for one that serves every site."""
    others = Resource.objects.filter(client=row.client_id, kind=row.kind, active=True).exclude(pk=row.pk)
    return {"" if site is None else str(site) for site in others.values_list("site", flat=True)}


def _stands_in(row: Resource, others: Collection[str], sites: Iterable[str]) -> bool:
    """Whether one of those others can be had instead of it at each of these sites that it serves."""
    served = sites if row.site_id is None else [str(row.site_id)]
    return "" in others or (bool(others) and all(each in others for each in served))


def _means(need: dict[str, Any], row: Resource, reason: VisitReason) -> bool:
    """Whether visits for the reason need any of its kind, where it stands."""
    there = row.site_id is None or not reason.sites or str(row.site_id) in reason.sites
    return there and not need["ids"] and need["kind"] == row.kind


def _in_use(client: int, resource: str) -> Resource:
    row = Resource.objects.filter(client=client, pk=row_key(resource), active=True).first()
    if row is None:
        raise ResourceUnknown(resource[:40])
    return row


def _note(row: Resource, action: str, *, by: Who, at: datetime) -> None:
    audit.note(by=by, at=at, action=action, subject=f"agenda.resource:{row.pk}", client=row.client_id)
    every_agenda(row.client_id, "agenda.changed", by=by, at=at, resource=row.pk)
