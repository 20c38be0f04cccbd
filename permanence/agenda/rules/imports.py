# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lines of another product's export: appointments, and busy time where no patient is named. Read, nothing decided."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.rules.kinds import CELL, LONGEST_VISIT

ALIASES: Mapping[str, tuple[str, ...]] = {
    "date": ("date", "day", "jour", "datum", "tag"),
    "time": ("time", "hour", "heure", "uhrzeit", "zeit", "début", "debut", "beginn", "start"),
    "length": ("length", "duration", "minutes", "durée", "duree", "dauer", "minuten"),
    "patient": ("patient", "name", "nom", "patient name"),
    "first_name": ("first_name", "first name", "prénom", "prenom", "vorname"),
    "birth_date": ("birth_date", "birth date", "date de naissance", "né le", "geburtsdatum"),
    "number": ("number", "phone", "telephone", "téléphone", "tel", "telefon", "nummer"),
    "reason": ("reason", "motif", "grund", "besuchsgrund"),
    "note": ("note", "remark", "remarque", "bemerkung", "libellé", "libelle"),
}
"""The column, and how it may be headed in a file."""
NEEDED = ("date", "time", "length")
MOST_LINES = 1000
type Name = tuple[str, str]
"""Family name and first name."""
_PARTICLES = frozenset({"de", "du", "des", "la", "le", "les", "da", "di", "del", "della"}) | frozenset(
    {"van", "von", "der", "den", "ter", "zu", "el", "al", "ben", "ould", "abou", "saint"}
)
"""Words that begin a family name and are none by themselves."""
_MOST_WORDS = 6
_FIELD = {heading: column for column, headings in ALIASES.items() for heading in headings}
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})\Z")
_LOCAL = re.compile(r"(\d{1,2})[./](\d{1,2})[./](\d{4})\Z")
_CLOCK = re.compile(r"(\d{1,2})(?:[:h.](\d{2}))?(?::\d{2})?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Spelling:
    """What is wrong with one cell: the column, a code, and what stood there. `said`: name, day and hour of its line as
    they are written, as far as it has them, without that cell.
    """

    column: str
    code: str
    value: str = ""
    said: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportLine:
    """One line. `name` is "" for busy time; `reason` as the file calls it. Moments are UTC.

    `others`: how else its name may be read, where the file does not say what of it is the family name; `written`: as it
    stands in the file then.
    `former`: how its name was read when lines were first brought in, where that is not `name` and `first_name`.
    `identity`: what the other product calls it for good, by which it is known again wherever it stands; "" for a line
    that is known by all it says.
    """

    line: int
    starts: datetime
    ends: datetime
    name: str = ""
    first_name: str = ""
    birth_date: str = ""
    number: str = ""
    reason: str = ""
    note: str = ""
    identity: str = ""
    others: tuple[Name, ...] = ()
    written: str = ""
    former: Name | None = None


def headings() -> tuple[str, ...]:
    """All headings a file may have."""
    return tuple(_FIELD)


def read_line(number: int, cells: Mapping[str, str], *, zone: str) -> ImportLine | Spelling:
    """A line of a file under its own headings."""
    found = {_FIELD[heading]: text.strip() for heading, text in cells.items() if heading in _FIELD}
    read = _read(number, found, zone=zone)
    return replace(read, said=_said(found, but=read.column)) if isinstance(read, Spelling) else read


def _said(found: Mapping[str, str], *, but: str) -> str:
    told = {column: text[:80] for column, text in found.items() if column != but}
    name = f"{told.get('patient', '')} {told.get('first_name', '')}".strip() or told.get("note", "")
    when = f"{told.get('date', '')} {told.get('time', '')}".strip()
    return ", ".join(filter(None, (name, when)))


def _read(number: int, found: Mapping[str, str], *, zone: str) -> ImportLine | Spelling:
    day, clock = _day(found.get("date", "")), _clock(found.get("time", ""))
    if day is None:
        return Spelling(column="date", code="date_unreadable", value=found.get("date", "")[:80])
    if clock is None:
        return Spelling(column="time", code="time_unreadable", value=found.get("time", "")[:80])
    length = found.get("length", "").removesuffix("min").strip()
    minutes = int(length) if re.fullmatch(r"[0-9]{1,4}", length) else 0
    if not 0 < minutes <= LONGEST_VISIT or minutes % CELL or clock % CELL:
        return Spelling(column="length", code="length_impossible", value=found.get("length", "")[:80])
    local = ZoneInfo(zone)
    starts = datetime(day.year, day.month, day.day, clock // 60, clock % 60, tzinfo=local)
    begins = starts.astimezone(ZoneInfo("UTC"))
    if begins.astimezone(local).replace(tzinfo=None) != starts.replace(tzinfo=None):
        return Spelling(column="time", code="time_skipped", value=found.get("time", "")[:80])
    text, first_name = found.get("patient", ""), found.get("first_name", "")
    (name, first), *others = readings_of(text, first_name)
    former = _first_read(text, first_name)
    return ImportLine(
        line=number,
        starts=begins,
        ends=begins + timedelta(minutes=minutes),
        name=name,
        first_name=first,
        birth_date=found.get("birth_date", ""),
        number=found.get("number", ""),
        reason=found.get("reason", ""),
        note=found.get("note", ""),
        others=tuple(others),
        written=text if others else "",
        former=None if former == (name, first) else former,
    )


def _day(text: str) -> date | None:
    iso, local = _ISO.match(text), _LOCAL.match(text)
    try:
        if iso:
            return _near(date(int(iso[1]), int(iso[2]), int(iso[3])))
        return _near(date(int(local[3]), int(local[2]), int(local[1]))) if local else None
    except ValueError:
        return None


def _near(day: date) -> date | None:
    """A day of an agenda that people keep."""
    return day if 2000 <= day.year < 2100 else None


def _clock(text: str) -> int | None:
    found = _CLOCK.match(text)
    if found is None:
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    return hour * 60 + minute if hour <= 23 and minute <= 59 else None


def readings_of(text: str, first: str = "") -> tuple[Name, ...]:
    """Family and first name: in two columns, "Name, First", "NAME First", "First NAME", "NAME FIRST" or "First Name".

    After the likely one every other way in which the same words may be both, where nothing says which is meant.
    """
    if first:
        return ((text, first),)
    family, comma, rest = text.partition(",")
    if comma:
        return ((family.strip(), rest.strip()),)
    words = text.split()
    capital = next((place for place, word in enumerate(words) if not word.isupper()), len(words))
    if 0 < capital < len(words):
        return (_cut(words, capital),)
    if len(words) < 2:
        return ((" ".join(words), ""),)
    after = next(place for place in range(len(words), -1, -1) if not place or not words[place - 1].isupper())
    if 0 < after < len(words) and len(words[-1]) > 1:
        return (_turned(words, after),)
    particles = next((place for place, word in enumerate(words) if word.casefold() not in _PARTICLES), len(words))
    likely = _cut(words, min(particles + 1, len(words) - 1)) if capital else _turned(words, len(words) - 1)
    if len(words) > _MOST_WORDS:
        return (likely,)
    cuts = range(1, len(words))
    return tuple(dict.fromkeys((likely, *(turn(words, cut) for turn in (_turned, _cut) for cut in cuts))))


def is_turned(one: Name, other: Name) -> bool:
    """Whether two readings of the same words differ in which of family and first name stands first, and not only in
    where the one ends.
    """
    return one[0].split() + one[1].split() != other[0].split() + other[1].split() and (
        one[1].split() + one[0].split() != other[1].split() + other[0].split()
    )


def _first_read(text: str, first: str) -> Name:
    """How the first version read a name. It makes the ids of lines and never changes, or who was brought in before
    would come in twice.
    """
    family, comma, rest = text.partition(",")
    if first or not text:
        return text, first
    if comma:
        return family.strip(), rest.strip()
    words = text.split()
    capital = next((place for place, word in enumerate(words) if not word.isupper()), len(words))
    if 0 < capital < len(words):
        return _cut(words, capital)
    return _turned(words, len(words) - 1) if len(words) > 1 else (text, "")


def _cut(words: Sequence[str], place: int) -> Name:
    return " ".join(words[:place]), " ".join(words[place:])


def _turned(words: Sequence[str], place: int) -> Name:
    return " ".join(words[place:]), " ".join(words[:place])
