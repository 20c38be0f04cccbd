# SPDX-License-Identifier: AGPL-3.0-or-later
"""An iCalendar file of another product as the lines of an import: each time of each event is one.

Named by its identifier and by which of its times it is, so that the same file brings it in once. Nothing is decided.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.interop.entries import window
from permanence.agenda.interop.foreign import Occurrence, Unread, read_calendar
from permanence.agenda.reason_names import ReasonNames
from permanence.agenda.refusals import EventRefused
from permanence.agenda.rules.imports import MOST_LINES, ImportLine, readings_of
from permanence.agenda.rules.kinds import CELL, LONGEST_VISIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """What a file holds: `line` of each is the number of its event. `free`: times marked as free or cancelled;
    `outside`: events that lie outside of the months that are brought in."""

    lines: tuple[ImportLine, ...]
    unread: tuple[Unread, ...]
    free: int
    outside: int


def is_calendar(text: str) -> bool:
    """Whether a file is an iCalendar file, readable or not."""
    return text.lstrip("\ufeff \r\n\t")[:15].upper() == "BEGIN:VCALENDAR"


def lines_of(text: str, *, zone: str, at: datetime, reason: str = "", reasons: Iterable[str] = ()) -> Brought:
    """The lines of a file, from the month before to the thirteenth to come. Raises EventRefused for the whole file.

    Without a `reason` (its name) all is busy time; with one an event is the appointment of the patient whom its title
    names, for the one of `reasons` that a category of it is called, else for this one. Whole days are always busy time.
    """
    after, until = window(zone=zone, today=at.astimezone(ZoneInfo(zone)).date())
    found = read_calendar(text, zone=zone, after=after, until=until)
    if not found.events:
        raise EventRefused("no_event")
    if len(found.times) > MOST_LINES:
        raise EventRefused("too_many")
    known = ReasonNames(reasons)
    lines, unread = list[ImportLine](), list(found.unread)
    for each in found.times:
        if reason and not each.whole_day and each.words and not _fits(each):
            unread.append(Unread(number=each.number, code="length", words=each.words, starts=each.starts_at))
        else:
            lines.append(_line(each, reason, known))
    return Brought(lines=tuple(lines), unread=tuple(unread), free=found.free, outside=found.outside)


def _line(each: Occurrence, reason: str, known: ReasonNames) -> ImportLine:
    visit = bool(reason) and not each.whole_day and bool(each.words)
    (name, first), *others = readings_of(each.words if visit else "")
    fitting = ((word, known.called(word)) for word in each.categories)
    # several: the category stands as it is, and the line says that it means more than one
    called = next((names[0] if len(names) == 1 else word for word, names in fitting if names), reason)
    return ImportLine(
        line=each.number,
        starts=each.starts_at,
        ends=each.ends_at,
        name=name,
        first_name=first,
        reason=called if visit else "",
        note=each.words,
        identity=f"{each.uid}\n{each.recurrence}",
        others=tuple(others),
        written=each.words if others else "",
    )


def _fits(each: Occurrence) -> bool:
    minutes, rest = divmod(each.ends_at - each.starts_at, timedelta(minutes=1))
    return not rest and minutes <= LONGEST_VISIT and not minutes % CELL and not each.starts_at.minute % CELL
