# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one looks for is found however it is written, the same in Python and in the database."""

import pytest
from django.db.models import Value
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from permanence.foundation.folded import Folded, folded
from permanence.foundation.models import House

LETTERS = "abcxyz AÀÂÄÁÃÅÆÇÉÈÊËÍÌÎÏÑÓÒÔÖÕŒÚÙÛÜÝŸßàâäáãåæçéèêëíìîïñóòôöõœúùûüýÿ'’-%_"


@pytest.mark.parametrize(
    ("written", "small"),
    [
        ("ÉLODIE", "elodie"),
        ("Médecin généraliste", "medecin generaliste"),
        ("E\u0301lodie", "elodie"),
        ("Müller-Groß", "muller-gross"),
        ("Cœur d’Ÿ", "coeur d'y"),
        ("100 %", "100 %"),
    ],
)
def test_accents_and_capitals_say_nothing(written, small):
    assert folded(written) == small


class InTheDatabase(TestCase):
    @example(LETTERS)
    @settings(max_examples=60, deadline=None)
    @given(st.text(LETTERS, max_size=30))
    def test_the_database_folds_as_python_does(self, text):
        House.objects.get_or_create(slug="h", defaults={"name": "Maison", "country": "LU"})
        shown = House.objects.annotate(small=Folded(Value(text))).values_list("small", flat=True)
        assert shown[0] == folded(text)
