# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words by which persons are found, made from their names. Called in the transaction that changed a name."""

from collections.abc import Iterable, Sequence

from permanence.callers.models import NameWord, Patient
from permanence.callers.rules.identity import NAME_LIMIT
from permanence.callers.rules.letters import Word, search_words

BATCH = 500
"""Rows written at a time."""


def words_of(row: Patient) -> tuple[tuple[Word, bool], ...]:
    """The words of one row's names, each with whether it is of a family name; each once."""
    family = {word: True for name in (row.birth_name, row.used_name) for word in search_words(name)}
    first = dict.fromkeys(search_words(row.first_name), False)
    return tuple({**first, **family}.items())


def write_words(rows: Iterable[Patient]) -> None:
    """The words of new rows, many at a time."""
    NameWord.objects.bulk_create((each for row in rows for each in _rows(row, words_of(row))), BATCH)


def rewrite_words(row: Patient) -> None:
    """The words of one person anew: his own, and those of whoever was merged into him; none where he was merged."""
    NameWord.objects.filter(patient=row).delete()
    if row.merged_into_id is not None:
        return
    found: dict[Word, bool] = {}
    for each in [*reversed(merged_into(row)), row]:
        found |= dict(words_of(each))
    NameWord.objects.bulk_create(_rows(row, tuple(found.items())), BATCH)


def merged_into(row: Patient) -> list[Patient]:
    """Everybody who was merged into this one, or into one who was."""
    found: list[Patient] = []
    level = list(Patient.objects.filter(merged_into=row).order_by("pk"))
    while level:
        found += level
        level = list(Patient.objects.filter(merged_into__in=[each.pk for each in level]).order_by("pk"))
    return found


def _rows(patient: Patient, words: Sequence[tuple[Word, bool]]) -> list[NameWord]:
    """The rows of all words of one person."""
    kept = [(word.letters[:NAME_LIMIT], word.sound[:NAME_LIMIT], family) for word, family in words]
    all_letters = f" {' '.join(letters for letters, _sound, _family in kept)} "
    all_sounds = f" {' '.join(sound for _letters, sound, _family in kept)} "
    return [
        NameWord(
            house_id=patient.house_id,
            client_id=patient.client_id,
            patient=patient,
            letters=letters,
            sound=sound,
            all_letters=all_letters,
            all_sounds=all_sounds,
            is_family=family,
        )
        for letters, sound, family in kept
    ]
