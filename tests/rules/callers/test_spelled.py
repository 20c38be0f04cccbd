# SPDX-License-Identifier: AGPL-3.0-or-later
"""How first names that a file has in capitals are written."""

import pytest

from permanence.callers.rules.letters import joined
from permanence.callers.rules.spelled import in_small_letters

WRITTEN = {
    "JEANNE": "Jeanne",
    "MARIE-JOSÉ": "Marie-José",
    "JEAN CLAUDE": "Jean Claude",
    "ÉLÉONORE": "Éléonore",
    "JE\u0301RO\u0302ME": "Jérôme",
    "JEANNE D'ARC": "Jeanne d'Arc",
    "JEANNE D’ARC": "Jeanne d’Arc",
    "D'ARTAGNAN": "D'Artagnan",
    "MARIE DE L'INCARNATION": "Marie de l'Incarnation",
    "MARIA DE LA CRUZ": "Maria de la Cruz",
    "MARIA DO CARMO": "Maria do Carmo",
    "MARIE-DE-LOURDES": "Marie-de-Lourdes",
    "ANNE-DO": "Anne-Do",
    "DO THI": "Do Thi",
    "THI LE ANH": "Thi Le Anh",
    "JEAN-P.": "Jean-P.",
    "JP": "JP",
    "J.-P.": "J.-P.",
    "J": "J",
    "İBRAHİM": "İbrahim",
    "ИВАН": "Иван",
    "ΜΑΡΙΑ": "Μαρια",
    "ANNA (LOU)": "Anna (Lou)",
}


@pytest.mark.parametrize(("capitals", "written"), WRITTEN.items())
def test_a_first_name_in_capitals_is_written_as_by_hand_and_compared_as_before(capitals, written):
    assert in_small_letters(capitals) == written
    assert joined(written) == joined(capitals)


@pytest.mark.parametrize("name", ["Marie-JOSÉ", "McKenna", "jeanne", "JPaul", "", "美咲", "Marie-José"])
def test_a_first_name_that_has_a_small_letter_is_left_as_it_is(name):
    assert in_small_letters(name) == name
