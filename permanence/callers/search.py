# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding a person by one field: the birth date first, then some letters; a name, by letters or by sound; a number.

Every question to the database begins with the client: what another client of the same house has is not even read.
Results are few and ranked, and each says why it was found. `docs/adr/0009-patient-search.md` says why it is made so.
"""

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q

from permanence.callers.models import NameWord, Patient, PatientNumber
from permanence.callers.queries import PatientView, key_of, today_of, traits_of, views
from permanence.callers.rules.asked import Asked, read_asked
from permanence.callers.rules.birth import Age, BirthDate, age_at
from permanence.callers.rules.identity import NAME_LIMIT
from permanence.callers.rules.letters import Word, search_words
from permanence.callers.rules.likeness import Likeness, Traits, likeness
from permanence.clients import queries as clients
from permanence.foundation.tenancy import ClientQuerySet
from permanence.kernel.phone import PhoneNumber

SHOWN = 12
"""Persons shown at once: who does not see his caller asks for the birth date."""
READ = 3 * SHOWN
"""Rows read of each way of finding: one person has several words."""
HEARD_FROM = 3
"""Letters from which a name is also looked for by its sound."""


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
        hits.add(_with_number(key, asked.number), Why.NUMBER)
    if asked.names and not hits.why:
        _by_name(key, asked, hits)
    own = _with_number(key, number) if _is_number(number) else []
    shared = own if asked.is_empty and not words.strip() else [each for each in own if each in hits.why]
    hits.add(shared, Why.CALLERS_NUMBER)
    ranked = hits.ranked()
    return Finding(found=_found(ranked[:SHOWN], hits, key, today), more=len(ranked) > SHOWN, births=tuple(asked.births))


def duplicates(*, house: str, client: str, traits: Traits, but: str = "") -> list[Duplicate]:
    """Who of the client may be the person of these traits, the likeliest first; `but` is the id of himself."""
    key = key_of(client)
    keys: set[int] = set()
    if traits.birth is not None:
        rows = _standing(key).filter(birth_date__in=_spellings(traits.birth))
        keys |= set(rows.order_by("pk").values_list("pk", flat=True)[:READ])
    for number in sorted(traits.numbers):
        keys |= set(_with_number(key, number))
    for name in filter(None, (traits.birth_name, traits.used_name)):
        way = tuple(search_words(name)[:1] + search_words(traits.first_name)[:1])
        keys |= set(_worded(key, way, heard=True))
    rows = Patient.objects.for_house(house).for_client(key).filter(pk__in=keys - {key_of(but)})
    judged = [
        Duplicate(patient=each, likeness=likeness(traits, traits_of(each))) for each in views(list(rows.order_by("pk")))
    ]
    likely = [each for each in judged if each.likeness.is_likely]
    return sorted(likely, key=lambda each: -each.likeness.score)[:SHOWN]


def _standing(client: int) -> ClientQuerySet[Patient]:
    return Patient.objects.for_client(client).filter(merged_into__isnull=True)


def _by_birth(client: int, asked: Asked, hits: _Hits) -> None:
    """By the date, and of those by the letters; where no letters fit, all of that day: a name may be misheard."""
    whole = [each.iso for each in asked.births]
    parts = [iso for each in asked.births for iso in _spellings(each) if iso not in whole]
    rows = _standing(client).filter(birth_date__in=whole)
    if not all(each.is_whole for each in asked.births):
        open_ends = Q()
        for each in asked.births:
            end = f"{each.year}-{each.month + 1:02d}" if each.month else f"{each.year + 1}"
            open_ends |= Q(birth_date=each.iso) if each.is_whole else Q(birth_date__gte=each.iso, birth_date__lt=end)
        rows = _standing(client).filter(open_ends)
    named: list[int] = []
    for way in asked.names:
        named += _keys(_named(rows, way))
        if named:
            break
    hits.add(named, Why.NAME)
    hits.add(named or _keys(rows), Why.BIRTH_DATE)
    if parts and asked.names and not named:
        less = _standing(client).filter(birth_date__in=parts)
        some = _keys(_named(less, asked.names[0]))
        hits.add(some, Why.PART_OF_BIRTH_DATE)
        hits.add(some, Why.NAME)


def _by_name(client: int, asked: Asked, hits: _Hits) -> None:
    for heard in (False, True):
        for way in asked.names:
            if len(hits.why) <= SHOWN:
                hits.add(_worded(client, way, heard=heard), Why.SOUND if heard else Why.NAME)


def _worded(client: int, way: tuple[Word, ...], *, heard: bool) -> list[int]:
    """Who has all these words. The longest one leads, for it is the rarest; the others are looked up for each."""
    if not way:
        return []
    lead = max(way, key=lambda word: len(word.letters))
    rows = NameWord.objects.for_client(client)
    if heard:
        if len(lead.letters) < HEARD_FROM or not lead.sound:
            return []
        rows = rows.filter(sound=lead.sound).order_by("patient_id")
    else:
        rows = rows.filter(_begins(lead.letters)).order_by("letters", "patient_id")
    for word in way:
        if word is not lead:
            rows = rows.filter(Exists(_word_of(OuterRef("patient_id"), word)))
    return list(dict.fromkeys(rows.values_list("patient_id", flat=True)[:READ]))


def _named(rows: ClientQuerySet[Patient], way: tuple[Word, ...]) -> ClientQuerySet[Patient]:
    for word in way:
        rows = rows.filter(Exists(_word_of(OuterRef("pk"), word)))
    return rows


def _word_of(patient: OuterRef, word: Word) -> ClientQuerySet[NameWord]:
    fits = _begins(word.letters)
    if len(word.letters) >= HEARD_FROM and word.sound:
        fits |= Q(sound=word.sound)
    return NameWord.objects.filter(fits, patient=patient)


def _begins(letters: str) -> Q:
    """Words that begin so, as a range of the index. Beyond the Latin letters the order is the database's own affair."""
    if letters.isascii():
        end = _after(letters)
        last = Q(letters__lt=end) if end else Q(letters__lte="z" * NAME_LIMIT)
        return Q(letters__gte=letters) & last
    return Q(letters__startswith=letters)


def _after(letters: str) -> str:
    """The least word that comes after all that begin so, of figures and small letters; "" where none does.

    Figures before letters, letters in their order: every collation agrees so far, on signs they do not.
    """
    kept = letters.rstrip("z")
    return kept and kept[:-1] + ("a" if kept[-1] == "9" else chr(ord(kept[-1]) + 1))


def _keys(rows: ClientQuerySet[Patient]) -> list[int]:
    return list(rows.order_by("birth_date", "pk").values_list("pk", flat=True)[:READ])


def _with_number(client: int, number: str) -> list[int]:
    rows = PatientNumber.objects.for_client(client).filter(number=number, patient__merged_into__isnull=True)
    return list(rows.order_by("patient_id").values_list("patient_id", flat=True)[:READ])


def _spellings(birth: BirthDate) -> list[str]:
    """The day, and what less may be known of it."""
    return [birth.iso[:length] for length in (10, 7, 4) if length <= len(birth.iso)]


def _is_number(text: str) -> bool:
    try:
        return bool(PhoneNumber(text))
    except ValueError:
        return False


def _found(keys: list[int], hits: _Hits, client: int, today: date) -> tuple[Found, ...]:
    rows = {row.pk: row for row in Patient.objects.for_client(client).filter(pk__in=keys)}
    return tuple(
        Found(
            patient=view,
            age=None if view.birth is None else age_at(view.birth, today),
            why=tuple(each for each in Why if each in hits.why[int(view.id)]),
        )
        for view in views([rows[key] for key in keys])
    )
