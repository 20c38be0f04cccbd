# SPDX-License-Identifier: AGPL-3.0-or-later
"""Names by letters and by sound: what a caller says and what the file says of the same name meet."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.callers.rules.identity import FieldTooLong, FieldUnfit, clean, clean_name
from permanence.callers.rules.letters import fold, joined, readings, search_words
from permanence.callers.rules.sound import sound_of
from tests.rules.callers.spellings import APART, SAME

NAMES = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=40)


@pytest.mark.parametrize("spellings", SAME)
def test_the_spellings_of_a_name_have_one_sound(spellings):
    assert len({sound_of(each) for each in spellings.split()}) == 1


@pytest.mark.parametrize("names", APART)
def test_other_names_sound_otherwise(names):
    found = [sound_of(each) for each in names.split()]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lefèvre", "LEFEVRE"),
        ("D'Angelo", "d’angelo"),
        ("Le Roy", "LEROY"),
        ("Jean-Pierre", "jean pierre"),
        ("O'Brien", "OBrien"),
        ("Weiß", "Weiss"),
        ("Œuvrard", "Oeuvrard"),
        ("Łukasz", "Lukasz"),
        ("E\u0301mile", "Émile"),
    ],
)
def test_capitals_accents_hyphens_and_particles_make_no_other_name(one, other):
    assert joined(one) == joined(other)
    letters = {word.letters for word in search_words(other)}
    assert any({word.letters for word in way} <= letters for way in readings(one))


@given(name=NAMES)
def test_every_name_is_found_by_itself_whatever_it_is_made_of(name):
    stored = {word.letters for word in search_words(name)}
    ways = readings(name)
    assert all(word.letters and word.letters == fold(word.letters) for way in ways for word in way)
    assert not ways or any({word.letters for word in way} <= stored for way in ways)


@given(name=st.text(alphabet="abcdefghijklmnopqrstuvwxyzéèçäöüß", min_size=1, max_size=30))
def test_a_sound_is_never_empty_and_fits_its_column(name):
    key = sound_of(name)
    assert key.isalpha()
    assert key.isascii()
    assert len(key) <= 2 * len(name)


@pytest.mark.parametrize("name", ["12", "Du2pont", "\u202eDupont", "Du\x00pont", "\ud800", "...", "Dupont\u200b", "👍"])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(FieldUnfit):
        clean_name(name, field="birth_name")


def test_a_name_of_ten_thousand_letters_is_refused_before_it_is_read():
    with pytest.raises(FieldTooLong):
        clean_name("a" * 10_000, field="birth_name")
    assert clean_name("  Le   Roy ", field="birth_name") == "Le Roy"
    assert clean("a\r\n b \x85", field="notes", limit=20, lines=True) == "a\nb"
