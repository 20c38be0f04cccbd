# SPDX-License-Identifier: AGPL-3.0-or-later
"""The questions of the search in SQL, the same on both databases: building them anew took most of a search's time.

Every one begins with the client. All values are parameters; nothing typed becomes a part of a question.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db import connection

from permanence.callers.queries import PatientView
from permanence.callers.rules.birth import BirthDate
from permanence.callers.rules.identity import NAME_LIMIT, IdentityStatus
from permanence.callers.rules.letters import Word

HEARD_FROM = 4
"""Letters from which a word is also looked for by its sound: fewer are a beginning, which has none of its own."""
MANY = 1_000
"""Words that are counted at most, to find the rarest."""
_STANDING = "SELECT p.id FROM callers_patient p WHERE p.client_id = %s AND p.merged_into_id IS NULL"
_WITH_NUMBER = (
    "SELECT n.patient_id FROM callers_patientnumber n JOIN callers_patient p ON p.id = n.patient_id"
    " WHERE n.client_id = %s AND n.number = %s AND p.merged_into_id IS NULL ORDER BY n.patient_id LIMIT %s"
)
_WORDED = "SELECT w.patient_id FROM callers_nameword w WHERE w.client_id = %s"
_COUNTED = "(SELECT count(*) FROM (SELECT 1 FROM callers_nameword w WHERE w.client_id = %s AND {fits} LIMIT %s) AS c)"
_PERSONS = (
    "SELECT p.id, p.birth_name, p.used_name, p.first_name, p.birth_date, p.sex, p.mail, p.language, p.address,"
    " p.identity_status, p.known, p.sms_agreed_at IS NOT NULL, p.mail_agreed_at IS NOT NULL, p.no_shows,"
    " p.is_deceased FROM callers_patient p WHERE +p.client_id = %s AND p.id IN ({places})"
)
"""The sign before the client keeps his index out of it: a dozen keys lead, not all that he has."""
_NUMBERS = (
    "SELECT n.patient_id, n.number FROM callers_patientnumber n WHERE n.patient_id IN ({places})"
    " ORDER BY n.position, n.id"
)
_NAMED_SO = " AND (SELECT {fits} FROM callers_nameword v WHERE v.patient_id = p.id LIMIT 1)"
"""Any word tells of all that a person has. One value and no EXISTS: of that PostgreSQL makes a list beforehand."""
_IN = {"postgresql": "strpos"}
"""How the database is asked where one text stands in another, 0 for nowhere; `instr` elsewhere."""

type Part = tuple[str, list[str | int]]
"""A piece of a question, and the values of its places."""


def with_number(client: int, number: str, *, limit: int) -> list[int]:
    """Who has this number (E.164)."""
    return _asked(_WITH_NUMBER, [client, number, limit])


def with_words(client: int, way: Sequence[Word], *, heard: bool, limit: int) -> list[int]:
    """Who has all these words; the rarest one leads, its rows tell of the others. `heard`: it leads by its sound.

    By letters in their order, so that whoever has just these letters comes first.
    """
    fit = [word for word in way if _is_heard(word) or not heard]
    if not fit:
        return []
    lead = fit[0] if len(fit) == 1 else _rarest(client, fit, heard=heard)
    first, values = _leads(lead, heard=heard)
    others, more = _has_words("w", [word for word in way if word is not lead])
    order = "w.patient_id" if heard else "w.letters, w.patient_id"
    question = f"{_WORDED} AND {first} AND {others} ORDER BY {order} LIMIT %s"
    return _asked(question, [client, *values, *more, limit])


def born(client: int, births: Sequence[BirthDate], way: Sequence[Word], *, part: bool, limit: int) -> list[int]:
    """Who was born so and has all these words. `part`: those of whom less is known than was asked for."""
    pieces: list[str] = []
    values: list[str | int] = []
    for birth in births:
        if part:
            less = [birth.iso[:length] for length in (4, 7) if length < len(birth.iso)]
            pieces += ["p.birth_date = %s"] * len(less)
            values += less
        elif birth.is_whole:
            pieces.append("p.birth_date = %s")
            values.append(birth.iso)
        else:
            pieces.append("(p.birth_date >= %s AND p.birth_date < %s)")
            values += [birth.iso, f"{birth.year}-{birth.month + 1:02d}" if birth.month else f"{birth.year + 1}"]
    if not pieces:
        return []
    fits, more = _has_words("v", way)
    named = _NAMED_SO.format(fits=fits) if way else ""
    question = f"{_STANDING} AND ({' OR '.join(pieces)}){named} ORDER BY p.birth_date, p.id LIMIT %s"
    return _asked(question, [client, *values, *more, limit])


def persons(client: int, keys: Sequence[int]) -> dict[int, PatientView]:
    """Those of the client, by their keys, none of them merged into somebody. Two questions, none for nobody."""
    if not keys:
        return {}
    rows = _rows(_PERSONS.format(places=_places(keys)), [client, *keys])
    if not rows:
        return {}
    numbers: dict[int, list[str]] = defaultdict(list)
    for key, number in _rows(_NUMBERS.format(places=_places(rows)), [row[0] for row in rows]):
        numbers[key].append(number)
    return {row[0]: _person(client, row, tuple(numbers[row[0]])) for row in rows}


def _person(client: int, row: tuple[Any, ...], numbers: tuple[str, ...]) -> PatientView:
    key, birth_name, used_name, first_name, birth_date, sex, mail, language, address, status, *marks = row
    known, sms, by_mail, no_shows, is_deceased = marks
    return PatientView(
        id=str(key),
        client=str(client),
        birth_name=birth_name,
        used_name=used_name,
        first_name=first_name,
        birth_date=birth_date,
        sex=sex,
        numbers=numbers,
        mail=mail,
        language=language,
        address=address,
        status=IdentityStatus(status),
        known=bool(known),
        may_sms=bool(sms) and not is_deceased,
        may_mail=bool(by_mail) and not is_deceased,
        no_shows=no_shows,
        is_deceased=bool(is_deceased),
        merged_into="",
    )


def _leads(word: Word, *, heard: bool) -> Part:
    return ("w.sound = %s", [word.sound]) if heard else _begins("w", word.letters)


def _rarest(client: int, words: Sequence[Word], *, heard: bool) -> Word:
    """The word that fewest names have, each counted up to `MANY`: one question, one index, no row."""
    counts: list[str] = []
    values: list[str | int] = []
    for word in words:
        first, some = _leads(word, heard=heard)
        counts.append(_COUNTED.format(fits=first))
        values += [client, *some, MANY]
    ((*found,),) = _rows(f"SELECT {', '.join(counts)}", values)
    return min(zip(found, words, strict=True), key=lambda pair: pair[0])[1]


def _has_words(table: str, words: Sequence[Word]) -> Part:
    """Whether the person of a row has all these words, each as a beginning or by its sound."""
    inside = _IN.get(connection.vendor, "instr")
    pieces = ["TRUE"]
    values: list[str | int] = []
    for word in words:
        ways, given = [f"{inside}({table}.all_letters, %s) > 0"], [f" {word.letters}"]
        if _is_heard(word):
            ways, given = [*ways, f"{inside}({table}.all_sounds, %s) > 0"], [*given, f" {word.sound} "]
        pieces.append(f"({' OR '.join(ways)})")
        values += given
    return " AND ".join(pieces), values


def _is_heard(word: Word) -> bool:
    return bool(word.sound) and len(word.letters) >= HEARD_FROM


def _begins(table: str, letters: str) -> Part:
    """Words that begin so, as a range of the index. Beyond the Latin letters the order is the database's own affair."""
    if not letters.isascii():
        return f"substr({table}.letters, 1, %s) = %s", [len(letters), letters]
    after = _after(letters)
    if after:
        return f"({table}.letters >= %s AND {table}.letters < %s)", [letters, after]
    return f"({table}.letters >= %s AND {table}.letters <= %s)", [letters, "z" * NAME_LIMIT]


def _after(letters: str) -> str:
    """The least word that comes after all that begin so, of figures and small letters; "" where none does.

    Figures before letters, letters in their order: every collation agrees so far, on signs they do not.
    """
    kept = letters.rstrip("z")
    return kept and kept[:-1] + ("a" if kept[-1] == "9" else chr(ord(kept[-1]) + 1))


def _asked(question: str, values: Sequence[str | int]) -> list[int]:
    return list(dict.fromkeys(key for (key,) in _rows(question, values)))


def _places(values: Sequence[object]) -> str:
    return ", ".join(["%s"] * len(values))


def _rows(question: str, values: Sequence[str | int]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(question, values)
        return list(cursor.fetchall())
