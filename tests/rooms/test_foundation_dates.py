# SPDX-License-Identifier: AGPL-3.0-or-later
"""Days in words, in each language: the first of a month in French, full stops in German; one place writes them."""

import re
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from permanence.callers.rules.birth import BirthDate, read_birth
from permanence.foundation import dates
from permanence.foundation.dates import Form

PACKAGE = Path(__file__).resolve().parents[2] / "permanence"
HERE = {"foundation/dates.py", "foundation/moments.py"}
OWN_WORDS = re.compile(
    r"date_format\([^)]*[\"'](?:[^\"']*(?<!\\)j[^\"']*|DATE_FORMAT|MONTH_DAY_FORMAT)[\"']"
    r"|\|date:[\"'](?:[^\"']*(?<!\\)j[^\"']*|DATE_FORMAT|MONTH_DAY_FORMAT)[\"']"
    r"|dateformat\.format\([^)]*[\"'][^\"']*(?<!\\)j"
    r"|month: \"(?:long|short)\"[^;]*\.format\(|dateStyle"
)
"""A day written by a page's own means."""
TUESDAY = date(2026, 12, 1)
SAID = {
    "fr": {
        Form.OF_MONTH: "1er décembre",
        Form.WHOLE: "1er décembre 2026",
        Form.NAMED: "mardi 1er décembre",
        Form.NAMED_WHOLE: "mardi 1er décembre 2026",
        Form.SHORT: "1er déc. 2026",
        Form.SHORT_NAMED: "mar. 1er déc.",
        Form.SHORT_NAMED_WHOLE: "mar. 1er déc. 2026",
        Form.COLUMN: "mar. 1er",
        Form.FIGURES: "01/12/2026",
        Form.NAMED_FIGURES: "mar. 01/12/2026",
    },
    "de": {
        Form.OF_MONTH: "1. Dezember",
        Form.WHOLE: "1. Dezember 2026",
        Form.NAMED: "Dienstag, 1. Dezember",
        Form.NAMED_WHOLE: "Dienstag, 1. Dezember 2026",
        Form.SHORT: "1. Dez. 2026",
        Form.SHORT_NAMED: "Di., 1. Dez.",
        Form.SHORT_NAMED_WHOLE: "Di., 1. Dez. 2026",
        Form.COLUMN: "Di., 1.",
        Form.FIGURES: "01.12.2026",
        Form.NAMED_FIGURES: "Di., 01.12.2026",
    },
    "en": {
        Form.OF_MONTH: "1 December",
        Form.WHOLE: "1 December 2026",
        Form.NAMED: "Tuesday 1 December",
        Form.NAMED_WHOLE: "Tuesday 1 December 2026",
        Form.SHORT: "1 Dec. 2026",
        Form.SHORT_NAMED: "Tue 1 Dec.",
        Form.SHORT_NAMED_WHOLE: "Tue 1 Dec. 2026",
        Form.COLUMN: "Tue 1",
        Form.FIGURES: "01/12/2026",
        Form.NAMED_FIGURES: "Tue 01/12/2026",
    },
}


@pytest.mark.parametrize("language", SAID)
def test_each_form_is_written_as_its_language_does(language):
    with translation.override(language):
        assert {form: dates.say(TUESDAY, form) for form in Form} == SAID[language]


@given(day=st.dates(), form=st.sampled_from(Form))
def test_french_says_er_of_the_first_only_and_german_has_its_full_stop(day, form):
    with translation.override("fr"):
        said = dates.say(day, form)
        assert ("1er" in said) == (day.day == 1 and form not in {Form.FIGURES, Form.NAMED_FIGURES})
    with translation.override("de"):
        assert re.search(rf"(?<!\d)0?{day.day}\.", dates.say(day, form))


@given(day=st.dates(min_value=date(1902, 1, 1), max_value=date(2026, 11, 27)), known=st.integers(1, 3))
def test_a_birth_date_in_figures_is_read_back_as_the_same(day, known):
    birth = BirthDate(day.year, day.month if known > 1 else 0, day.day if known > 2 else 0)
    for language in SAID:
        with translation.override(language):
            written = dates.iso_figures(birth.iso)
        assert "-" not in written
        assert read_birth(written, country="FR", on=date(2026, 11, 27)) == birth


@pytest.mark.parametrize(("language", "written"), [("fr", "14/03/1961"), ("en", "14/03/1961"), ("de", "14.03.1961")])
def test_a_birth_date_in_figures(language, written):
    with translation.override(language):
        assert dates.iso_figures("1961-03-14") == written
        assert dates.iso_figures("") == ""


def test_templates_have_them_on_the_clock_of_the_page():
    drawn = Template(
        "{% load dates %}{{ at|day:'NAMED' }}; {{ day|day:'WHOLE' }}; {{ born|iso_day }}; {{ at|short_moment }}; "
        "{{ none|day:'WHOLE' }}{{ none|short_moment }}"
    )
    at = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    with translation.override("fr"), timezone.override(ZoneInfo("Europe/Luxembourg")):
        shown = drawn.render(Context({"at": at, "day": TUESDAY, "born": "1961-03", "none": None}))
    assert shown == "mardi 1er décembre; 1er décembre 2026; 03/1961; 1er déc. 2026, 00:30; "


def test_no_page_writes_a_day_by_its_own_means():
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for suffix in ("py", "html", "txt", "js")
        for path in sorted(PACKAGE.rglob(f"*.{suffix}"))
        if str(path.relative_to(PACKAGE)) not in HERE
        for line in path.read_text(encoding="utf-8").splitlines()
        if OWN_WORDS.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    "line",
    [
        'formats.date_format(day, "l j F")',
        '{{ at|date:"j F Y" }}',
        'date_format(day, "DATE_FORMAT")',
        'new Intl.DateTimeFormat(language, { day: "numeric", month: "long" }).format(ms)',
    ],
)
def test_the_net_holds(line):
    assert OWN_WORDS.search(line)
