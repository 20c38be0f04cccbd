# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the red flags that alert somebody."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Subquery

from permanence.calls.models import Call, RedFlagNote
from permanence.calls.rules import FlagAct


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAlert:
    """A red flag that alerts `recipient`, heard in a call that ended at `ended_at`, and no false alarm.

    `by`, `by_name`: who heard it; `said`: whether its words were said to the caller.
    """

    house: str
    client: str
    client_name: str
    call: str
    label: str
    said: bool
    recipient: str
    by: str
    by_name: str
    ended_at: datetime


def heard_alerts(*, since: datetime) -> tuple[HeardAlert, ...]:
    """Those heard since a moment in calls that are over, of every house of the machine, as they were heard. One query.

    One whose call turned out to be another client's is left out.
    """
    heard = RedFlagNote.objects.filter(what=FlagAct.HEARD, alerts__isnull=False, at__gte=since)
    mine = {"house": OuterRef("house"), "call": OuterRef("call")}
    ended = Call.objects.filter(**mine, client=OuterRef("client")).values("ended_at")[:1]
    acts = RedFlagNote.objects.filter(**mine, flag=OuterRef("flag"))
    real = heard.exclude(Exists(acts.filter(what=FlagAct.DISMISSED)))
    rows = real.annotate(ended=Subquery(ended), said=Exists(acts.filter(what=FlagAct.SAID))).filter(ended__isnull=False)
    return tuple(
        HeardAlert(
            house=row.house.slug,
            client=str(row.client_id),
            client_name=row.client.name,
            call=row.call,
            label=row.label,
            said=row.said,
            recipient=str(row.alerts_id),
            by=str(row.by_id),
            by_name=row.by.name,
            ended_at=row.ended,
        )
        for row in rows.select_related("house", "client", "by").order_by("at", "pk")
    )
