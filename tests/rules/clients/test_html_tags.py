# SPDX-License-Identifier: AGPL-3.0-or-later
"""HTML in an instruction: found wherever a browser would take it for HTML, and nowhere else."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients.rules.html_tags import ELEMENTS, SHOWN, html_in

SIGNS = st.text(alphabet="<>/=! -ab1é\"'b:pi\n", max_size=30)


class Reader(HTMLParser):
    """Whether the library's own reader takes anything for more than words."""

    def __init__(self, text):
        super().__init__()
        self.found = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.found = True

    handle_endtag = handle_startendtag = handle_comment = handle_decl = handle_pi = lambda self, *_given: setattr(
        self, "found", True
    )


@pytest.mark.parametrize(
    "text",
    [
        "<b>gras</b>",
        "<B>",
        "<br/>",
        "<br />",
        "</p>",
        "</o:p>",
        "<o:p>",
        "<img src=x onerror=alert(1)>",
        "<IMG/src='x'>",
        "<script>alert(1)</script>",
        '<a href="https://example.org">ici</a>',
        "<x-one onclick=alert(1)>",
        "<!-- note -->",
        "<!DOCTYPE html>",
        "<?php echo 1 ?>",
        "Si < 3 ans\n- <strong>112</strong>",
        "<nom> <b>",
    ],
)
def test_html_is_found(text):
    assert html_in(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "CRP < 5 ou > 100",
        "si age<3 et fièvre>39",
        "a<b et c>d",
        "a < b > c",
        "<nom du patient>",
        "<Patientenname>",
        "<code d'entrée> à demander",
        "-> 15, <- retour, <3",
        "**gras**, - point",
        "<<urgent>>",
        "1<2>3 </ >",
        "tension <= 12, x >= y",
    ],
)
def test_what_is_no_tag_stays_possible(text):
    assert html_in(text) == ""


@given(SIGNS)
def test_what_is_found_a_reader_of_html_takes_for_html_too(text):
    found = html_in(text)
    assert found in text
    assert len(found) <= SHOWN
    if found:
        assert Reader(text).found


@given(st.sampled_from(sorted(ELEMENTS)), st.text(max_size=20), st.sampled_from(["", " ", "/", " class='x'", "\n"]))
def test_every_element_is_found_in_any_words(name, words, more):
    text = f"{words.replace('<', '').replace('>', '')} <{name}{more}> fin"
    assert html_in(text).startswith(f"<{name}"[:SHOWN])


@given(st.text(alphabet=st.characters(exclude_characters="<")))
def test_words_without_a_bracket_are_never_html(text):
    assert html_in(text) == ""
