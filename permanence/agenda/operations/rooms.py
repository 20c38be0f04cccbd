# SPDX-License-Identifier: AGPL-3.0-or-later
"""A room or a piece of equipment is called otherwise, or goes out of use."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from permanence.agenda.models import Agenda, Occupancy, OpeningPattern, Resource, VisitReason
from permanence.agenda.operations.acts import locked
from permanence.agenda.operations.setting import client_of, every_agenda, named
from permanence.agenda.refusals import NameTaken, ResourceInUse, ResourceUnknown
from permanence.foundation import audit
from permanence.foundation.keys import row_key
from permanence.foundation.tenancy import ClientQuerySet
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
        is_last = not _others_like(row).exists()
        reasons = sum(
            any(name in need["ids"] or (is_last and _means(need, row, each)) for need in each.needs)
            for each in VisitReason.objects.filter(client=key, retired_at=None)
        )
        visits = Occupancy.objects.filter(resource=row, ends_at__gt=at).count()
        if openings or reasons or visits:
            raise ResourceInUse(f"{openings} openings, {reasons} reasons, {visits} visits to come")
        Resource.objects.filter(pk=row.pk).update(active=False)
        _note(row, "agenda.resource_retired", by=by, at=at)


def _others_like(row: Resource) -> ClientQuerySet[Resource]:
    """What can be had instead of it where it stands: of its kind, at its site or at none."""
    others = Resource.objects.filter(client=row.client_id, kind=row.kind, active=True).exclude(pk=row.pk)
    return others if row.site_id is None else others.filter(Q(site=row.site_id) | Q(site=None))


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
