# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the agendas needed for a while: the ids of acts, so that none is done twice, and holds that are over.

Both are needed as long as a page may send an act once more: a tab that was left open, a queue that waits for the site.
What was done stays in the audit trail, and in the rows that came of it, for as long as these are kept.
"""

from datetime import datetime, timedelta

from permanence.agenda.models import AgendaAct, Occupancy, SlotHold, SlotOffer

KEPT = timedelta(days=30)
AT_ONCE = 2000
"""Rows of each kind in one sweep: what books at that moment waits for no more than these."""


def sweep(*, at: datetime, limit: int = AT_ONCE) -> dict[str, int]:
    """Delete what is older than `KEPT`, the oldest first, `limit` of each kind at most; gives how many by kind.

    The hold of an offer stays as long as the offer does: it says who was offered what.
    """
    acts = AgendaAct.objects.filter(at__lt=at - KEPT).order_by("at", "pk")
    over = SlotHold.objects.filter(ended_at__lt=at - KEPT).exclude(pk__in=SlotOffer.objects.values("hold"))
    over = over.exclude(pk__in=Occupancy.objects.filter(hold__isnull=False).values("hold")).order_by("ended_at", "pk")
    old_acts, old_holds = (list(rows.values_list("pk", flat=True)[:limit]) for rows in (acts, over))
    return {
        "acts": AgendaAct.objects.filter(pk__in=old_acts).delete()[0],
        "holds": SlotHold.objects.filter(pk__in=old_holds).delete()[0],
    }
