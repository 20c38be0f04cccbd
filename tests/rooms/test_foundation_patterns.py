# SPDX-License-Identifier: AGPL-3.0-or-later
"""Markup that is filled again and again: nothing of others becomes markup by it, and no sign of theirs is a pattern."""

import pytest
from django.utils.functional import lazystr
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeData
from hypothesis import given
from hypothesis import strategies as st

from permanence.foundation.patterns import Pattern, joined, literal

words = st.text(alphabet=st.sampled_from("<>&\"'%()snameé {}0"), max_size=20)


@given(words, words, words)
def test_a_pattern_writes_what_format_html_writes(first, own, last):
    pattern = Pattern(format_html('<b title="{}">%(name)s</b>{}', literal(first), literal(last)))
    filled = pattern.fill(name=own)
    assert filled == format_html('<b title="{}">{}</b>{}', first, own, last)
    assert isinstance(filled, SafeData)


def test_what_is_markup_stands_and_what_only_looks_like_it_does_not():
    pattern = Pattern(format_html("<p>%({})s</p>", "it"))
    bold = format_html("<b>{}</b>", "100 %")
    assert pattern.fill(it=bold) == "<p><b>100 %</b></p>"
    assert pattern.fill(it=7) == "<p>7</p>"
    for sly in ("<b>", lazystr("<b>"), type("Sly", (str,), {})("<b>")):
        assert pattern.fill(it=sly) == f"<p>{conditional_escape('<b>')}</p>"
    assert literal(bold) == "<b>100 %%</b>"
    assert isinstance(literal(bold), SafeData)
    assert not isinstance(literal("100 %"), SafeData)


def test_words_are_neither_a_pattern_nor_joined():
    with pytest.raises(TypeError):
        Pattern("<p>")
    with pytest.raises(TypeError):
        joined([format_html("{}", "a"), "<p>"])
    with pytest.raises(KeyError):
        Pattern(format_html("%({})s", "it")).fill(other="a")
    assert joined([format_html("{}", "<"), format_html("{}", ">")]) == "&lt;&gt;"
