# SPDX-License-Identifier: AGPL-3.0-or-later
"""What patients were told by SMS and mail: to whom, when, what became of it, what it cost. Never a word of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.calls import queries as calls_of
from permanence.clients import queries as clients
from permanence.dispatch import sent_queries
from permanence.foundation.rules import Role
from permanence.foundation.who import house_only, who
from permanence.kernel.system import SystemClock
from permanence.supervision.filters import month_days, read_asked, read_day
from permanence.supervision.periods import day_choices, month_choices
from permanence.supervision.sent_words import drawn, drawn_sums

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What of the list is asked for, as it stands in the address: `day` wins over `month`."""

    client: str = ""
    day: str = ""
    month: str = ""
    undelivered: bool = False
    before: datetime | None = None

    @property
    def address(self) -> str:
        """The same without where the page begins, "" when nothing is asked."""
        when, undelivered = self.day or self.month, "1" if self.undelivered else ""
        given = {"client": self.client, "when": when, "undelivered": undelivered}
        return urlencode({name: value for name, value in given.items() if value})


@never_cache
@require_safe
@house_only
def page(request: HttpRequest) -> HttpResponse:
    """The list of a month or a day, the newest first, and what the SMS of that time came to by client."""
    by, typed, at = who(request), _read(request.GET), _CLOCK.now()
    zone = calls_of.zone_of(house=by.house)
    today = at.astimezone(zone).date()
    since, until = _span(typed, today, zone)
    asked = sent_queries.Asked(since=since, before=until, client=typed.client, undelivered=typed.undelivered)
    sums = drawn_sums(sent_queries.spent(by=by, asked=asked))
    begins = min(until, typed.before) if typed.before else until
    shown = sent_queries.sent(
        by=by,
        at=at,
        asked=sent_queries.Asked(since=since, before=begins, client=typed.client, undelivered=typed.undelivered),
    )
    context = {
        "typed": typed,
        "rows": [drawn(each, at=at) for each in shown.rows],
        "earlier": "" if shown.earlier is None else _place(typed, shown.earlier),
        "sums": sums,
        "clients": [each for each in clients.clients(house=by.house) if by.may_see(each.id)],
        "days": day_choices(today, read_day(typed.day)),
        "months": month_choices(today, read_day(f"{typed.month}-01")),
        "month": "" if typed.day else typed.month or f"{today:%Y-%m}",
        "is_secretary": Role.SECRETARY in by.roles,
        "is_owner": Role.OWNER in by.roles,
        "is_supervisor": bool(by.roles & {Role.SUPERVISOR, Role.OWNER}),
    }
    return render(request, "supervision/sent.html", context)


def _read(given: Mapping[str, str]) -> Typed:
    """The query part of an address; nothing typed there makes an error."""
    asked = read_asked(given)
    return Typed(
        client=asked.client,
        day=asked.day,
        month=asked.month,
        undelivered=given.get("undelivered", "") == "1",
        before=_moment(given.get("before", "")),
    )


def _moment(text: str) -> datetime | None:
    """A moment as `_place` writes it; None for anything else."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo is not None and 1970 < found.year < 9000 else None


def _place(typed: Typed, before: datetime) -> str:
    """The query part of the address of the page that begins before a moment."""
    begins = urlencode({"before": before.astimezone(UTC).isoformat()})
    return "&".join(filter(None, (typed.address, begins)))


def _span(typed: Typed, today: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """From when until when: the day, else the month, else the present month, on the house's clock."""
    first, last = (typed.day, typed.day) if typed.day else month_days(typed.month or f"{today:%Y-%m}") or ("", "")
    begins, ends = read_day(first) or today, read_day(last) or today
    after = ends + timedelta(days=1)
    return datetime(begins.year, begins.month, begins.day, tzinfo=zone), datetime(
        after.year, after.month, after.day, tzinfo=zone
    )
