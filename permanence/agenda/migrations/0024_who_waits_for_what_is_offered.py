# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whoever waits for a reason that was retired waits for the one that took its place."""

from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor


def wait_for_what_is_offered(apps: Apps, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    """Who waits for that one already waits for it as before: his place for the retired one is closed.

    A reason that went without a replacement leaves its places as they are: a secretary sees them on her list.
    """
    places = apps.get_model("agenda", "WaitingPlace").objects
    waiting = places.filter(state="waiting")
    for place in waiting.exclude(reason__retired_at=None).select_related("reason", "house").order_by("pk"):
        other = _offered(place.reason)
        if other is None:
            continue
        if waiting.filter(patient=place.patient_id, reason=other).exists():
            said = {"state": "withdrawn", "state_at": place.reason.retired_at, "state_by_name": place.house.name[:120]}
            places.filter(pk=place.pk).update(**said, sealed_answers="")
        else:
            places.filter(pk=place.pk).update(reason=other)


def _offered(reason: Any) -> Any:
    """What is offered in its place by now; None for nothing."""
    seen = set()
    while reason is not None and reason.retired_at is not None and reason.pk not in seen:
        seen.add(reason.pk)
        reason = reason.replacement
    return None if reason is None or reason.retired_at is not None else reason


class Migration(migrations.Migration):
    dependencies = [("agenda", "0023_left_out_by_events")]

    operations = [migrations.RunPython(wait_for_what_is_offered, migrations.RunPython.noop)]
