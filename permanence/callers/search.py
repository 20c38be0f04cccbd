# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding a person by one field: the birth date first, then some letters; a name, by letters or by sound; a number.

Every question to the database begins with the client: what another client of the same house has is not even read.
Results are few and ranked, and each says why it was found. `docs/adr/0009-patient-search.md` says why it is made so.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from permanence.callers import word_sql
from permanence.callers.models import Patient
from permanence.callers.queries import PatientView, today_of, traits_of, views
from permanence.callers.rules.asked import Asked, read_asked
from permanence.callers.rules.birth import Age, BirthDate, age_at
from permanence.callers.rules.letters import search_words
from permanence.callers.rules.likeness import Likeness, Traits, likeness
from permanence.clients import queries as clients
from permanence.foundation.keys import row_key
from permanence.kernel.phone import PhoneNumber

SHOWN = 12
"""Persons shown at once: who does not see his caller asks for the birth date."""
READ = 3 * SHOWN
"""Rows read of each way of finding: one person has several words."""


class Why(enum.StrEnum):
    """Why a person was found."""

    BIRTH_DATE = "birth_date"
    PART_OF_BIRTH_DATE = "part_of_birth_date"
    NAME = "name"
    SOUND = "sound"
    NUMBER = "number"
    CALLERS_NUMBER = "callers_number"


_WEIGHTS = {
    Why.BIRTH_DATE: 32,
    Why.NUMBER: 16,
    Why.NAME: 8,
    Why.CALLERS_NUMBER: 5,
    Why.PART_OF_BIRTH_DATE: 4,
    Why.SOUND: 2,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A person, his age today where the client is (None: not known), and why he was found."""

    patient: PatientView
    age: Age | None
    why: tuple[Why, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """The best first. `more`: others fit too. `births`: how what was typed was understood as a date."""

    found: tuple[Found, ...]
    more: bool
    births: tuple[BirthDate, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Somebody who may be the same person, and what speaks for it."""

    patient: PatientView
    likeness: Likeness


class _Hits:
    """Who was found, with every reason."""

    def __init__(self) -> None:
        self.why: dict[int, set[Why]] = {}

    def add(self, keys: Iterable[int], why: Why) -> None:
        """Keep these as found for that reason."""
        for key in keys:
            self.why.setdefault(key, set()).add(why)

    def ranked(self) -> list[int]:
        """The best first; equals in the order in which they were found."""
        return sorted(self.why, key=lambda key: -sum(_WEIGHTS[each] for each in self.why[key]))


def find(*, house: str, client: str, words: str, at: datetime, number: str = "") -> Finding:
    """The persons of one client whom `words` may mean; `number` is that of the caller in hand (E.164), or "".

    Without words those who have the caller's number. Raises clients.ClientUnknown.
    """
    account = clients.client(house=house, client=client)
    today = today_of(account, at)
    asked = read_asked(words, country=account.country, on=today)
    key, hits = int(account.id), _Hits()
    if asked.births:
        _by_birth(key, asked, hits)
    if asked.number:
        hits.add(word_sql.with_number(key, asked.number, limit=READ), Why.NUMBER)
    if asked.names and not hits.why:
        _by_name(key, asked, hits)
    own = word_sql.with_number(key, number, limit=READ) if _is_number(number) else []
    shared = own if asked.is_empty and not words.strip() else [each for each in own if each in hits.why]
    hits.add(shared, Why.CALLERS_NUMBER)
    ranked = hits.ranked()
    return Finding(found=_found(ranked[:SHOWN], hits, key, today), more=len(ranked) > SHOWN, births=tuple(asked.births))


def duplicates(*, house: str, client: str, traits: Traits, but: str = "") -> list[Duplicate]:
    """Who of the client may be the person of these traits, the likeliest first; `but` is the id of himself."""
    key = row_key(client)
    keys: set[int] = set()
    if traits.birth is not None:
        for part in (False, True):
            keys |= set(word_sql.born(key, [traits.birth], (), part=part, limit=READ))
    for number in sorted(traits.numbers):
        keys |= set(word_sql.with_number(key, number, limit=READ))
    for name in filter(None, (traits.birth_name, traits.used_name)):
        way = tuple(search_words(name)[:1] + search_words(traits.first_name)[:1])
        keys |= set(word_sql.with_words(key, way, heard=True, limit=READ))
    rows = Patient.objects.for_house(house).for_client(key).filter(pk__in=keys - {row_key(but)})
    judged = [
        Duplicate(patient=each, likeness=likeness(traits, traits_of(each))) for each in views(list(rows.order_by("pk")))
    ]
    likely = [each for each in judged if each.likeness.is_likely]
    return sorted(likely, key=lambda each: -each.likeness.score)[:SHOWN]


def _by_birth(client: int, asked: Asked, hits: _Hits) -> None:
    """By the date, and of those by the letters; where no letters fit, all of that day: a name may be misheard."""
    named: list[int] = []
    for way in asked.names:
        named = named or word_sql.born(client, asked.births, way, part=False, limit=READ)
    hits.add(named, Why.NAME)
    hits.add(named or word_sql.born(client, asked.births, (), part=False, limit=READ), Why.BIRTH_DATE)
    if asked.names and not named:
        less = word_sql.born(client, asked.births, asked.names[0], part=True, limit=READ)
        hits.add(less, Why.PART_OF_BIRTH_DATE)
        hits.add(less, Why.NAME)


def _by_name(client: int, asked: Asked, hits: _Hits) -> None:
    for heard in (False, True):
        for way in asked.names:
            if len(hits.why) <= SHOWN:
                found = word_sql.with_words(client, way, heard=heard, limit=READ)
                hits.add(found, Why.SOUND if heard else Why.NAME)


def _is_number(text: str) -> bool:
    try:
        return bool(PhoneNumber(text))
    except ValueError:
        return False


def _found(keys: list[int], hits: _Hits, client: int, today: date) -> tuple[Found, ...]:
    persons = word_sql.persons(client, keys)
    return tuple(
        Found(
            patient=view,
            age=None if view.birth is None else age_at(view.birth, today),
            why=tuple(each for each in Why if each in hits.why[int(view.id)]),
        )
        for view in (persons[key] for key in keys)
    )
