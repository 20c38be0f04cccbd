# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client's line as the portal draws it: open or closed and why, the coming days, the instructions in time."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from permanence.clients.instructions import Reading
from permanence.clients.queries import ClientView
from permanence.clients.rules.week import write_day
from permanence.foundation import dates, moments
from permanence.reception.hours import hours_of_day
from permanence.reception.instructions import in_order
from permanence.reception.markup import Block
from permanence.reception.table import InstructionEntry, OpeningHours

DAYS_SHOWN = 14
WHOLE_DAY = "00:00-24:00"
NAMED = dates.Form.NAMED


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """One day to come. `hours` in words, `why` when it is not as every week, `is_today`."""

    date: date
    name: str
    hours: str
    why: str
    is_open: bool
    is_today: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadBy:
    """Who has read a version that is to be read, each with when on the client's clock, and who of `total` has not."""

    read: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]

    @property
    def total(self) -> int:
        """Everybody who is asked to, and who did."""
        return len(self.read) + len(self.missing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One instruction as the client sees it. `when` says its time, "" when it holds without end. `ahead`: not yet.

    `about`: whom or what alone it is about.
    """

    id: str
    version: int
    text: str
    blocks: tuple[Block, ...]
    about: tuple[str, ...]
    acknowledge: bool
    author: str
    written: str
    when: str
    ahead: bool
    is_changed: bool = False
    reading: ReadBy | None = None


def coming(hours: OpeningHours, client: ClientView, *, at: datetime) -> tuple[Day, ...]:
    """The next days, today first, on the client's clock."""
    today = at.astimezone(ZoneInfo(client.time_zone)).date()
    return tuple(_day(hours, client, today + timedelta(days=ahead), is_today=not ahead) for ahead in range(DAYS_SHOWN))


def _day(hours: OpeningHours, client: ClientView, day: date, *, is_today: bool) -> Day:
    name = dates.say(day, dates.Form.SHORT_NAMED)
    if hours.always:
        return Day(date=day, name=name, hours=all_day(), why="", is_open=True, is_today=is_today)
    found = hours_of_day(hours, day, country=client.country, region=client.region)
    written = spoken_hours(write_day((each.opens, each.until) for each in found.intervals))
    why = found.label if found.because != "week" else ""
    if found.because == "exception" and not why:
        why = _("another day than usual")
    return Day(date=day, name=name, hours=written, why=why, is_open=bool(found.intervals), is_today=is_today)


def all_day() -> str:
    """How the whole day is written."""
    return _("day and night")


def spoken_hours(written: str) -> str:
    """The hours of a day as people read them: the whole day and a closed day in words."""
    if written == WHOLE_DAY:
        return all_day()
    return written.replace("-", "–") or pgettext("hours of a day", "closed")


def orders(
    entries: tuple[InstructionEntry, ...], zone: ZoneInfo, *, at: datetime, readings: Iterable[Reading] = ()
) -> tuple[Order, ...]:
    """The instructions in force in the order of the card, then those to come; of `readings`, who has read each."""
    read = {(each.view.instruction, each.view.version): _read_by(each, zone, at=at) for each in readings}
    found = [
        replace(_order(each, zone, at=at), reading=read.get((each.id, each.version))) for each in in_order(entries)
    ]
    return (*(each for each in found if not each.ahead), *(each for each in found if each.ahead))


def _order(entry: InstructionEntry, zone: ZoneInfo, *, at: datetime) -> Order:
    ahead = entry.starts is not None and at < entry.starts
    when = "" if entry.ends is None and not ahead else span(entry.starts if ahead else None, entry.ends, zone, at=at)
    return Order(
        id=entry.id,
        version=entry.version,
        text=entry.text,
        blocks=entry.blocks,
        about=tuple(each for each in (entry.recipient_name, entry.reason_label, entry.line, entry.caller) if each),
        acknowledge=entry.acknowledge,
        author=entry.author,
        written=moments.day_and_hour(entry.written_at, zone, now=at),
        when=when,
        ahead=ahead,
    )


def _read_by(each: Reading, zone: ZoneInfo, *, at: datetime) -> ReadBy:
    read = tuple((one.name, moments.day_and_hour(one.at, zone, now=at)) for one in each.read)
    return ReadBy(read=read, missing=each.missing)


def span(starts: datetime | None, ends: datetime | None, zone: ZoneInfo, *, at: datetime) -> str:
    """From when (None: now) to when (None: without end) something holds, as a sentence says it."""
    if starts is not None and ends is not None:
        if moments.begins_day(starts, zone) and moments.begins_day(ends, zone):
            return _whole_days(starts, ends, zone)
        words = {"starts": moments.day_and_hour_in(NAMED, starts, zone)}
        words["ends"] = moments.day_and_hour_until_in(NAMED, ends, zone)
        return _("From %(starts)s to %(ends)s") % words
    if starts is not None:
        return _("From %(starts)s") % {"starts": moments.day_and_hour_in(NAMED, starts, zone)}
    if ends is None:
        return ""
    if ends.astimezone(zone).date() == at.astimezone(zone).date():
        return _("Until %(hour)s") % {"hour": moments.hour(ends, zone)}
    return _("Until %(ends)s") % {"ends": moments.day_and_hour_until_in(NAMED, ends, zone)}


def _whole_days(starts: datetime, ends: datetime, zone: ZoneInfo) -> str:
    first, last = starts.astimezone(zone).date(), moments.last_day(ends, zone)
    if first >= last:
        return _("%(day)s, all day") % {"day": dates.say(first, NAMED)}
    words = {"starts": dates.say(first, NAMED), "ends": moments.day_and_hour_until_in(NAMED, ends, zone)}
    return _("From %(starts)s to %(ends)s") % words
