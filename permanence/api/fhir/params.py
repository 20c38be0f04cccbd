# SPDX-License-Identifier: AGPL-3.0-or-later
"""What stands behind the question mark of a search: read strictly. What is not understood is refused, never ignored."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.translation import gettext as _

from permanence.api.fhir.outcome import Failure
from permanence.countries.numbers import NotANumber, parse_number

COUNT, MOST = 50, 200
"""Entries of a page: usually, at most."""
LARGEST_OFFSET = 1_000_000
VALUE_LIMIT = 400
FORMATS = frozenset({"json", "application/json", "application/fhir+json"})
EARLIEST_YEAR, LATEST_YEAR = 1900, 2199
_DATE = re.compile(r"(eq|ge|gt|le|lt)?([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?\Z")
_MOMENT = re.compile(r"(eq|ge|gt|le|lt)?([0-9]{4}-[0-9]{2}-[0-9]{2}T.{5,24})\Z")
_NUMBER = re.compile(r"[0-9]{1,9}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """How many entries, after how many."""

    first: int
    most: int


@dataclass(frozen=True, slots=True)
class Params:
    """The parameters of a request, each with its values, all of them known. `base`: the address of this door."""

    values: Mapping[str, Sequence[str]]
    base: str

    def one(self, name: str) -> str:
        """The only value, "" where there is none. Raises Failure."""
        found = self.values.get(name, ())
        if len(found) > 1:
            raise unfit(name)
        return found[0] if found else ""

    def _either(self, name: str, *, repeats: bool) -> str:
        """All that is said by commas; said several times too where that means either. Raises Failure."""
        return ",".join(self.values.get(name, ())) if repeats else self.one(name)

    def tokens(self, name: str, *, system: str = "", repeats: bool = False) -> tuple[str, ...] | None:
        """The codes, any of which will do; None where nothing is asked. `system`: the only one they may name."""
        text = self._either(name, repeats=repeats)
        if not text:
            return None
        codes = []
        for each in text.split(","):
            named, bar, code = each.rpartition("|")
            if not code or (bar and named != system):
                raise unfit(name)
            codes.append(code)
        return tuple(codes)

    def references(self, name: str, *kinds: str, repeats: bool = False) -> tuple[str, ...] | None:
        """The ids behind references to resources of these types, any of which will do; None where nothing is asked."""
        text = self._either(name, repeats=repeats)
        return tuple(referred(each, *kinds, base=self.base, at=name) for each in text.split(",")) if text else None

    def span(self, name: str, zone: str) -> tuple[datetime | None, datetime | None]:
        """The moments [since, before) that all values of a date together leave; days are those of `zone`."""
        since: datetime | None = None
        before: datetime | None = None
        for text in self.values.get(name, ()):
            prefix, low, high = moments(text, zone=zone, at=name)
            begins = low if prefix in {"eq", "ge"} else high if prefix == "gt" else None
            ends = high if prefix in {"eq", "le"} else low if prefix == "lt" else None
            since = max(filter(None, (since, begins)), default=None)
            before = min(filter(None, (before, ends)), default=None)
        return since, before

    def page(self, *, count: int = COUNT) -> Page:
        """How many, from where. Raises Failure."""
        return Page(first=self._number("_offset", 0, LARGEST_OFFSET), most=min(self._number("_count", count), MOST))

    def _number(self, name: str, usual: int, largest: int = 10**9) -> int:
        text = self.one(name)
        if not text:
            return usual
        if not _NUMBER.match(text) or int(text) > largest:
            raise unfit(name)
        return int(text)


def read(query: QueryDict, *, known: Iterable[str], base: str) -> Params:
    """The parameters of an address. Raises Failure for one that is not `known`, too long, or unprintable."""
    values = {name: query.getlist(name) for name in query if name != "_format"}
    for name, each in values.items():
        if name not in known:
            shown = "".join(letter for letter in name[:40] if letter.isprintable())
            raise Failure(400, "not-supported", "parameter_unknown", _("This parameter is not known here."), at=shown)
        if any(not text or len(text) > VALUE_LIMIT or not text.isprintable() for text in each):
            raise unfit(name)
    return Params(values, base)


def unfit(name: str) -> Failure:
    """A value that cannot be read."""
    return Failure(400, "value", "value_unfit", _("This value cannot be read."), at=name)


def referred(text: str, *kinds: str, base: str, at: str) -> str:
    """The id behind a reference. Raises Failure for one to another type or another server."""
    kind, slash, key = text.removeprefix(f"{base}/").rpartition("/")
    if not key or (slash and kind not in kinds):
        raise unfit(at)
    return key


def moments(text: str, *, zone: str, at: str) -> tuple[str, datetime, datetime]:
    """Prefix, and the span [from, until) that a date or a moment means. Raises Failure."""
    try:
        found = _DATE.match(text)
        if found is not None:
            prefix, low, high = found[1] or "eq", *_days(int(found[2]), found[3], found[4], zone)
        else:
            spelt = _MOMENT.match(text)
            if spelt is None:
                raise unfit(at)
            prefix, low = spelt[1] or "eq", moment(spelt[2], at=at)
            high = low + timedelta(seconds=1)
    except ValueError as error:
        raise unfit(at) from error
    return prefix, low, high


def moment(text: str, *, at: str) -> datetime:
    """A moment with its zone ("+" may have become a blank on its way), in UTC. Raises Failure."""
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
        if found.tzinfo is None or not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
            raise unfit(at)
        return found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise unfit(at) from error


def _days(year: int, month: str | None, day: str | None, zone: str) -> tuple[datetime, datetime]:
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        raise ValueError(year)
    first = date(year, int(month or 1), int(day or 1))
    if day:
        last = first + timedelta(days=1)
    elif month:
        last = (first + timedelta(days=31)).replace(day=1)
    else:
        last = date(year + 1, 1, 1)
    return _midnight(first, zone), _midnight(last, zone)


def _midnight(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def phone(text: str, *, country: str, at: str) -> str:
    """A number in E.164; a blank in front was a "+" before it came through an address. Raises Failure."""
    try:
        return parse_number("+" + text[1:] if text.startswith(" ") else text, country=country).e164
    except NotANumber as error:
        raise unfit(at) from error
