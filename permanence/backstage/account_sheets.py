# SPDX-License-Identifier: AGPL-3.0-or-later
"""The three tables that come and go as CSV: clients, sites, contacts. What is written is read back to the same.

A column that is not there leaves what there is. Numbers and phrases are added or changed, never taken away.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from permanence.backstage.account_forms import two_letters
from permanence.backstage.sheets import Sheet
from permanence.clients.bulk_rules import AccountLine, EntryLine, Fault
from permanence.clients.directory_rules import MOST_NUMBERS, Lift, NumberFor
from permanence.clients.greetings import usual
from permanence.clients.models import Client, Contact, Greeting, Line, Site, WeeklyOpening
from permanence.clients.rules import ClientKind, ClientState, Sector
from permanence.clients.rules.week import HoursOverlap, HoursUnclear, read_day, write_day
from permanence.countries.holidays import ALSACE_MOSELLE, COUNTRIES
from permanence.countries.numbers import NotANumber, parse_number
from permanence.foundation.models import Language

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
PHRASES = tuple(f"greeting_{language}" for language in Language.values)
_TEXTS = ("initials", "specialty", "place", "contract_notes", "duty_contact")
_BETWEEN = re.compile(r"\s*[|\n]\s*")
_DAY_FORMS = ("%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y")
_YES = frozenset({"yes", "y", "oui", "o", "ja", "j", "true", "vrai", "wahr", "1", "x"})
_NO = frozenset({"no", "n", "non", "nein", "false", "faux", "falsch", "0"})
_MOST_SECONDS = 3600


class Unfit(ValueError):
    """The cell says nothing that fits; its argument is the code of why."""


def _chosen(*values: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        found = next((value for value in values if value.casefold() == text.casefold()), None)
        if found is None:
            raise Unfit("not_a_choice")
        return found

    return read


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) < 6 and least <= int(text) <= most):
            raise Unfit("not_in_range")
        return int(text)

    return read


def _yes_or_no(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise Unfit("not_yes_or_no")
    return text.lower() in _YES


def _day(text: str) -> date:
    for form in _DAY_FORMS:
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    raise Unfit("not_a_day")


def _languages(text: str) -> list[str]:
    found = [each.strip().lower() for each in re.split(r"[,|\s]+", text) if each.strip()]
    if any(each not in Language.values for each in found):
        raise Unfit("not_a_language")
    return list(dict.fromkeys(found))


def _time_zone(text: str) -> str:
    if text not in available_timezones():
        raise Unfit("not_a_time_zone")
    return text


def _numbers(text: str, country: str) -> tuple[str, ...]:
    try:
        return tuple(
            dict.fromkeys(str(parse_number(each, country=country)) for each in _BETWEEN.split(text) if each.strip())
        )
    except NotANumber as error:
        raise Unfit("not_a_number") from error


_FIELDS: dict[str, Callable[[str], Any]] = {
    "colour": _whole(1, 8),
    "kind": _chosen(*ClientKind),
    "sector": _chosen(*Sector),
    "country": _chosen(*sorted(COUNTRIES)),
    "region": _chosen(ALSACE_MOSELLE),
    "time_zone": _time_zone,
    "languages": _languages,
    "state": _chosen(*ClientState),
    "contract_from": _day,
    "contract_until": _day,
    "open_always": _yes_or_no,
    "closed_on_holidays": _yes_or_no,
    "ring_before_music_s": _whole(0, _MOST_SECONDS),
    "max_wait_s": _whole(0, _MOST_SECONDS),
    "voice_message": _yes_or_no,
    "voice_message_agreed_date": _day,
}
_EMPTIES: dict[str, Any] = {
    "region": "",
    "contract_from": None,
    "contract_until": None,
    "voice_message_agreed_date": None,
    **dict.fromkeys(set(_TEXTS) - {"initials"}, ""),
}
"""What an empty cell says; in the other columns it says nothing."""

CLIENT_COLUMNS = (
    "name",
    "initials",
    "colour",
    "kind",
    "sector",
    "specialty",
    "place",
    "country",
    "region",
    "time_zone",
    "languages",
    "state",
    "contract_from",
    "contract_until",
    "contract_notes",
    "lines",
    "open_always",
    "closed_on_holidays",
    *DAYS,
    "ring_before_music_s",
    "max_wait_s",
    "voice_message",
    "voice_message_agreed_date",
    "duty_contact",
    *PHRASES,
)
SITE_COLUMNS = ("client", "name", "address", "access", "parking", "lift", "floor", "hours")
CONTACT_COLUMNS = ("client", "name", "function", "numbers", "number_for", "may_say")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read[L]:
    """What a table says, and what is wrong with the spelling of its cells."""

    lines: tuple[L, ...]
    faults: tuple[Fault, ...]


class _Cells:
    """The cells of one line; what does not fit is kept in `faults`."""

    def __init__(self, number: int, cells: Mapping[str, str], faults: list[Fault]) -> None:
        self.number, self.cells, self.faults = number, cells, faults

    def fault(self, column: str, code: str) -> None:
        """Keep what is wrong with a cell."""
        value = self.cells.get(column, "")[:80]
        self.faults.append(Fault(line=self.number, column=column, code=code, value=value))

    def read[V](self, column: str, how: Callable[[str], V]) -> V | None:
        """The value of a cell; None when it is empty or does not fit."""
        text = self.cells.get(column, "")
        try:
            return how(text) if text else None
        except HoursOverlap:
            self.fault(column, "hours_overlap")
        except HoursUnclear:
            self.fault(column, "hours_unclear")
        except Unfit as error:
            self.fault(column, str(error))
        return None

    def text(self, table: Any, column: str, most: int | None = None) -> str:
        """The text of a cell, cut to the length of the field: the lines are tried out with their faults."""
        text = self.cells.get(column, "")
        longest = most or table._meta.get_field(column).max_length
        if longest and len(text) > longest:
            self.fault(column, "too_long")
            return text[:longest]
        return text


def read_clients(sheet: Sheet, *, country: str) -> Read[AccountLine]:
    """The clients of a table; `country` spells the numbers of those who are given none."""
    faults = list(sheet.faults)
    lines = [_client_line(_Cells(number, cells, faults), country) for number, cells in sheet.lines]
    return Read(lines=tuple(line for line in lines if line is not None), faults=tuple(faults))


def _client_line(cells: _Cells, house_country: str) -> AccountLine | None:
    given = cells.cells
    name = cells.text(Client, "name")
    if not name:
        cells.fault("name", "needed")
        return None
    fields: dict[str, Any] = {}
    for column in given.keys() & {*_FIELDS, *_TEXTS}:
        if not given[column]:
            if column in _EMPTIES:
                fields[column] = _EMPTIES[column]
        elif column in _TEXTS:
            fields[column] = cells.text(Client, column)
        elif (value := cells.read(column, _FIELDS[column])) is not None:
            fields[column] = value
    country = str(fields.get("country") or house_country)
    week = {}
    for weekday, column in enumerate(DAYS):
        if column in given:
            week[weekday] = cells.read(column, read_day) or ()
    phrases = {column.removeprefix("greeting_"): column for column in PHRASES if given.get(column)}
    return AccountLine(
        line=cells.number,
        name=name,
        fields=fields,
        numbers=cells.read("lines", lambda text: _numbers(text, country)) or (),
        week=week,
        greetings={language: cells.text(Greeting, column, 300) for language, column in phrases.items()},
        initials=two_letters(name).upper(),
    )


def read_sites(sheet: Sheet) -> Read[EntryLine]:
    """The sites of a table."""
    faults = list(sheet.faults)
    lines = [_site_line(_Cells(number, cells, faults)) for number, cells in sheet.lines]
    return Read(lines=tuple(line for line in lines if line is not None), faults=tuple(faults))


def _site_line(cells: _Cells) -> EntryLine | None:
    if not _is_named(cells):
        return None
    fields: dict[str, Any] = {
        column: cells.text(Site, column) for column in SITE_COLUMNS[1:] if column in cells.cells and column != "lift"
    }
    if "lift" in cells.cells:
        fields["lift"] = cells.read("lift", _lift) or Lift.UNKNOWN.value
    return EntryLine(line=cells.number, client=cells.cells["client"], fields=fields)


def _lift(text: str) -> str:
    return Lift.YES.value if _yes_or_no(text) else Lift.NO.value


def read_contacts(sheet: Sheet, countries: Mapping[str, str]) -> Read[EntryLine]:
    """The contacts of a table; `countries`: by the name of the client, which spells their numbers."""
    faults = list(sheet.faults)
    lines = [_contact_line(_Cells(number, cells, faults), countries) for number, cells in sheet.lines]
    return Read(lines=tuple(line for line in lines if line is not None), faults=tuple(faults))


def _contact_line(cells: _Cells, countries: Mapping[str, str]) -> EntryLine | None:
    if not _is_named(cells):
        return None
    client = cells.cells["client"]
    fields: dict[str, Any] = {
        column: cells.text(Contact, column) for column in ("name", "function", "may_say") if column in cells.cells
    }
    if "numbers" in cells.cells:
        country = countries.get(client, "")
        numbers = cells.read("numbers", lambda text: _numbers(text, country)) or ()
        if len(numbers) > MOST_NUMBERS:
            cells.fault("numbers", "too_many_numbers")
        fields["numbers"] = list(numbers)
    if "number_for" in cells.cells:
        fields["number_for"] = cells.read("number_for", _chosen(*NumberFor)) or NumberFor.NOBODY.value
    return EntryLine(line=cells.number, client=client, fields=fields)


def _is_named(cells: _Cells) -> bool:
    for column in ("client", "name"):
        if not cells.cells.get(column):
            cells.fault(column, "needed")
            return False
    return True


def client_rows(house: int) -> Iterator[dict[str, str]]:
    """Every client of a house, by name, as the table has him. Four questions."""
    numbers: dict[int, list[str]] = {}
    for client, number in Line.objects.for_house(house).order_by("number").values_list("client_id", "number"):
        numbers.setdefault(client, []).append(number)
    week: dict[tuple[int, int], list[tuple[str, str]]] = {}
    openings = WeeklyOpening.objects.for_house(house).order_by("weekday", "opens", "until")
    for client, day, opens, until in openings.values_list("client_id", "weekday", "opens", "until"):
        week.setdefault((client, day), []).append((opens, until))
    phrases = {
        (client, f"greeting_{language}"): text
        for client, language, text in usual(Greeting.objects.for_house(house)).values_list(
            "client_id", "language", "text"
        )
    }
    for row in Client.objects.for_house(house).order_by("name"):
        cells = {column: _written(getattr(row, column)) for column in ("name", *_TEXTS, *_FIELDS)}
        cells["lines"] = " | ".join(numbers.get(row.pk, ()))
        cells |= {name: write_day(week.get((row.pk, day), ())) for day, name in enumerate(DAYS)}
        yield cells | {column: phrases.get((row.pk, column), "") for column in PHRASES}


def site_rows(house: int) -> Iterator[dict[str, str]]:
    """Every site of a house, by client and place in his list. One question."""
    rows = Site.objects.for_house(house).order_by("client__name", "position", "pk")
    columns = SITE_COLUMNS[1:]
    for client, *values in rows.values_list("client__name", *columns):
        yield {"client": client, **dict(zip(columns, map(_written, values), strict=True))}


def contact_rows(house: int, client: int | None = None) -> Iterator[dict[str, str]]:
    """Every contact of a house, or of one client, by client and place in his directory. One question."""
    rows = Contact.objects.for_house(house).order_by("client__name", "position", "pk")
    columns = CONTACT_COLUMNS[1:]
    for name, *values in (rows if client is None else rows.filter(client=client)).values_list("client__name", *columns):
        cells = dict(zip(columns, values, strict=True))
        cells["numbers"] = " | ".join(cells["numbers"])
        yield {"client": name, **{column: _written(value) for column, value in cells.items()}}


def _written(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value)
    return "" if value is None else str(value)
