# SPDX-License-Identifier: AGPL-3.0-or-later
"""Busy time that a device wrote by a rule whose times run into one another is kept in parts of a month at most."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.apps.registry import Apps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import F

LONGEST, CLOCKS = timedelta(days=31), timedelta(days=1)
SAME = ("house_id", "client_id", "agenda_id")


def cut_what_is_longer(apps: Apps, schema_editor: BaseDatabaseSchemaEditor | None) -> None:
    """The first part keeps its id; the others are of the same event. What is taken stays taken, and nobody is told."""
    blocks = apps.get_model("agenda", "Block").objects
    longer = blocks.filter(ends_at__gt=F("starts_at") + (LONGEST + CLOCKS), removed_at=None)
    for block in longer.order_by("pk"):
        parts = list(_parts(block.starts_at, block.ends_at))
        block.ends_at = parts[0][1]
        block.save(update_fields=["ends_at"])
        of = {each: getattr(block, each) for each in (*SAME, "words", "door", "made_by_name", "made_at")}
        made = [
            blocks.create(key=_key(block.key, number), starts_at=starts, ends_at=ends, **of)
            for number, (starts, ends) in enumerate(parts[1:], start=1)
        ]
        _cut_what_it_takes(apps, block, [block, *made])
        for event in apps.get_model("agenda", "CalendarObject").objects.filter(agenda=block.agenda_id):
            if block.key in event.blocks:
                event.blocks = [*event.blocks, *(each.key for each in made)]
                event.save(update_fields=["blocks"])


def _cut_what_it_takes(apps: Apps, block: Any, parts: list[Any]) -> None:
    table = apps.get_model("agenda", "Occupancy")
    taken = list(table.objects.filter(block=block).order_by("starts_at"))
    table.objects.filter(block=block).delete()
    table.objects.bulk_create(
        table(
            starts_at=max(each.starts_at, part.starts_at),
            ends_at=min(each.ends_at, part.ends_at),
            block=part,
            **{name: getattr(each, name) for name in SAME},
        )
        for each in taken
        for part in parts
        if each.starts_at < part.ends_at and part.starts_at < each.ends_at
    )


def _parts(starts: datetime, ends: datetime) -> Iterator[tuple[datetime, datetime]]:
    while starts < ends:
        yield starts, min(ends, starts + LONGEST)
        starts += LONGEST


def _key(key: str, number: int) -> str:
    return hashlib.sha256(f"{key}:{number}".encode()).hexdigest()[:26]


class Migration(migrations.Migration):
    dependencies = [("agenda", "0030_freed_times_near_a_hold")]

    operations = [migrations.RunPython(cut_what_is_longer, migrations.RunPython.noop)]
