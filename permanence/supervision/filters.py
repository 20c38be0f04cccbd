# SPDX-License-Identifier: AGPL-3.0-or-later
"""What of the call list is asked for, as it stands in the address."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from permanence.calls.queries import CallFilters
from permanence.supervision.words import OUTCOMES


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The filters as typed: `day` "2026-11-24" wins over `month` "2026-11"; what is not a date counts as not typed."""

    client: str = ""
    day: str = ""
    month: str = ""
    secretary: str = ""
    abandoned: bool = False
    unread: bool = False
    outcome: str = ""
    page: int = 1

    @property
    def filters(self) -> CallFilters:
        """The same for the query."""
        first, last = (self.day, self.day) if self.day else month_days(self.month) or ("", "")
        return CallFilters(
            client=self.client,
            secretary=self.secretary,
            first=read_day(first),
            last=read_day(last),
            abandoned_only=self.abandoned,
            unread_only=self.unread,
            outcome=self.outcome,
        )

    @property
    def address(self) -> str:
        """The filters without the page, as the query part of an address ("" when nothing is asked)."""
        given = {"client": self.client, "day": self.day, "month": self.month, "secretary": self.secretary}
        given["outcome"] = self.outcome
        given |= {name: "1" for name, on in (("abandoned", self.abandoned), ("unread", self.unread)) if on}
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def place(self) -> str:
        """The filters with the page, as the query part of an address: the way back to what was looked at."""
        return "&".join(filter(None, (self.address, f"page={self.page}" if self.page > 1 else "")))


def read_asked(given: Mapping[str, str]) -> Asked:
    """The filters behind the query part of an address. Nothing typed there makes an error. `when`: a day or a month."""
    page, when = given.get("page", ""), given.get("when", "")
    day, month = given.get("day", "") or when, given.get("month", "") or when
    return Asked(
        client=_key(given.get("client", "")),
        day=day if read_day(day) else "",
        month=month if month_days(month) else "",
        secretary=_key(given.get("secretary", "")),
        abandoned=given.get("abandoned", "") == "1",
        unread=given.get("unread", "") == "1",
        outcome=outcome if (outcome := given.get("outcome", "")) in OUTCOMES else "",
        page=int(page) if page.isascii() and page.isdecimal() and len(page) < 9 else 1,
    )


def read_day(text: str) -> date | None:
    """The day "YYYY-MM-DD", None when it is not one of this or the coming centuries' years."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if text == day.isoformat() and 1970 <= day.year <= 9000 else None


def month_days(text: str) -> tuple[str, str] | None:
    """The first and the last day of the month "YYYY-MM", None when it is not one."""
    first = read_day(f"{text}-01")
    if first is None:
        return None
    return first.isoformat(), first.replace(day=monthrange(first.year, first.month)[1]).isoformat()


def _key(text: str) -> str:
    return text if text.isascii() and text.isdecimal() and len(text) < 19 else ""
