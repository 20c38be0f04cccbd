# SPDX-License-Identifier: AGPL-3.0-or-later
"""Live topics: after a change is committed, the screens that hear its topic fetch again. Topics carry no content.

`touch` writes a row in the caller's transaction: it exists for others exactly when the change does. The web process
watches for new rows (`foundation.watch`) and tells the browsers (`foundation.livesocket`).
"""

from datetime import datetime, timedelta

from django.db import connection

from permanence.foundation.models import LiveTouch
from permanence.foundation.who import Who

KEPT = timedelta(hours=1)
CHANNEL = "permanence_live"


def touch(*topics: str, house_key: int, at: datetime) -> None:
    """Tell the screens, once the transaction is committed, that what `topics` name has changed.

    Which topics there are: docs/contracts.md, "Live screens".
    """
    LiveTouch.objects.bulk_create([LiveTouch(house_id=house_key, topic=topic, at=at) for topic in topics])
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, topic) FROM unnest(%s::text[]) AS topic", [CHANNEL, list(topics)])


def touch_tasks(*, by: Who, at: datetime) -> None:
    """More or less stands on the secretaries' work list, or who is booked in an absence: their consoles count again."""
    touch(f"house/{by.house}/tasks", house_key=by.house_key, at=at)


def sweep(*, at: datetime) -> int:
    """Delete the touches older than `KEPT`; gives how many."""
    return LiveTouch.objects.filter(at__lt=at - KEPT).delete()[0]
