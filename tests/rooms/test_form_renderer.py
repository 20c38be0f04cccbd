# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the house draws in Python is, letter for letter, what Django's templates draw."""

from django import forms
from django.forms.renderers import DjangoTemplates
from django.forms.utils import ErrorList
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given
from hypothesis import strategies as st

from permanence.foundation.form_renderer import QuickRenderer

OURS, THEIRS = QuickRenderer(), DjangoTemplates()
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=12) | st.sampled_from(
    ["<b>", '"', "'", "&amp;", " x ", "\n"]
)
SAFE = TEXTS.map(lambda text: mark_safe(f"<i>{text}</i>"))  # noqa: S308 - what is drawn is compared, never shown
WORDS = TEXTS | SAFE | st.just(gettext_lazy("yes"))
VALUES = st.none() | st.booleans() | st.integers(-9999, 99999) | st.floats(allow_nan=False) | WORDS
ATTRS = st.dictionaries(st.sampled_from(["id", "class", "aria-label", "data-x", "required", "size"]), VALUES)
INPUTS = (
    forms.TextInput, forms.NumberInput, forms.EmailInput, forms.HiddenInput, forms.CheckboxInput, forms.DateInput,
    forms.TimeInput, forms.PasswordInput, forms.URLInput, forms.Textarea,
)  # fmt: skip
OPTIONS = st.lists(st.tuples(VALUES, WORDS | st.integers(0, 99999)), max_size=4)
CHOICES = st.lists(
    st.tuples(VALUES, WORDS) | st.tuples(TEXTS, OPTIONS.map(tuple)), max_size=4
)  # a pair whose second is a list is a group


def drawn(widget, value, attrs):
    mine, theirs = (widget.render("name<>", value, attrs=dict(attrs), renderer=each) for each in (OURS, THEIRS))
    assert isinstance(mine, SafeString)
    return mine, theirs


@given(widget=st.sampled_from(INPUTS), value=VALUES, attrs=ATTRS)
def test_an_input_is_as_the_template_has_it(widget, value, attrs):
    mine, theirs = drawn(widget(), value, attrs)
    assert mine == theirs


@given(widget=st.sampled_from((forms.Select, forms.SelectMultiple, forms.RadioSelect)), choices=CHOICES,
       value=VALUES, attrs=ATTRS)  # fmt: skip
def test_a_choice_is_as_the_template_has_it(widget, choices, value, attrs):
    mine, theirs = drawn(widget(choices=choices), [value] if widget is forms.SelectMultiple else value, attrs)
    assert mine == theirs


@given(errors=st.lists(TEXTS, max_size=3))
def test_errors_are_as_the_template_has_them(errors):
    assert str(ErrorList(errors, renderer=OURS)) == str(ErrorList(errors, renderer=THEIRS))


@given(label=WORDS, attrs=st.none() | ATTRS, tag=st.none() | st.sampled_from(["legend", "p"]),
       named=st.booleans(), suffix=st.none() | WORDS)  # fmt: skip
def test_a_label_is_as_the_template_has_it(label, attrs, tag, named, suffix):
    def drawn_by(renderer):
        form = forms.Form(auto_id="id_%s" if named else False, renderer=renderer)
        form.fields["one"] = forms.CharField(label=label)
        return form["one"].label_tag(attrs=None if attrs is None else dict(attrs), label_suffix=suffix, tag=tag)

    mine, theirs = drawn_by(OURS), drawn_by(THEIRS)
    assert isinstance(mine, SafeString)
    assert mine == theirs
