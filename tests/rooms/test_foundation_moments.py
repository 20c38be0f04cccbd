# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moments in words, in each language, on one clock."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation

from permanence.foundation import dates, moments

LUXEMBOURG = ZoneInfo("Europe/Luxembourg")
NOW = datetime(2026, 11, 24, 13, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "minutes", "full"),
    [("fr", "11\u00a0h\u00a057", "8\u00a0h"), ("en", "11:57", "08:00"), ("de", "11:57\u00a0Uhr", "08:00\u00a0Uhr")],
)
def test_an_hour_in_a_sentence_is_written_as_its_language_does(language, minutes, full):
    with translation.override(language):
        assert moments.hour(datetime(2026, 11, 24, 10, 57, tzinfo=UTC), LUXEMBOURG) == minutes
        assert moments.hour(datetime(2026, 11, 24, 7, 0, tzinfo=UTC), LUXEMBOURG) == full


@pytest.mark.parametrize("language", ["fr", "en", "de"])
def test_in_a_column_it_is_figures_in_every_language(language):
    with translation.override(language):
        assert moments.clock_until(datetime(2026, 7, 24, 6, 5, tzinfo=UTC), LUXEMBOURG) == "08:05"
        assert moments.clock_until(datetime(2026, 7, 24, 22, 0, tzinfo=UTC), LUXEMBOURG) == "24:00"
        assert moments.clock(datetime(2026, 7, 24, 6, 5, tzinfo=UTC), LUXEMBOURG) == "08:05"


@pytest.mark.parametrize(
    ("language", "at", "words"),
    [
        ("fr", datetime(2026, 11, 24, 10, 57, tzinfo=UTC), "aujourd’hui 11\u00a0h\u00a057"),
        ("fr", datetime(2026, 11, 23, 22, 59, tzinfo=UTC), "23 novembre, 23\u00a0h\u00a059"),
        ("fr", datetime(2026, 11, 23, 23, 1, tzinfo=UTC), "aujourd’hui 0\u00a0h\u00a001"),
        ("en", datetime(2026, 11, 24, 10, 57, tzinfo=UTC), "today 11:57"),
        ("en", datetime(2026, 11, 2, 10, 57, tzinfo=UTC), "2 November, 11:57"),
        ("de", datetime(2026, 11, 2, 10, 57, tzinfo=UTC), "2. November, 11:57\u00a0Uhr"),
        ("fr", datetime(2025, 12, 31, 23, 30, tzinfo=UTC), "1er janvier, 0\u00a0h\u00a030"),
        ("fr", datetime(2025, 11, 24, 10, 57, tzinfo=UTC), "24 novembre 2025, 11\u00a0h\u00a057"),
        ("en", datetime(2025, 11, 24, 10, 57, tzinfo=UTC), "24 November 2025, 11:57"),
    ],
)
def test_day_and_hour_name_today_and_another_year(language, at, words):
    with translation.override(language):
        assert moments.day_and_hour(at, LUXEMBOURG, now=NOW) == words


@pytest.mark.parametrize(("seconds", "shown"), [(0.1, "0:01"), (32, "0:32"), (92.4, "1:32"), (3600, "60:00")])
def test_what_was_spoken_has_a_length(seconds, shown):
    assert moments.length(seconds) == shown


@pytest.mark.parametrize(
    ("language", "ends", "words"),
    [
        ("fr", datetime(2026, 12, 4, 23, 0, tzinfo=UTC), "4 décembre inclus"),
        ("de", datetime(2027, 1, 1, 23, 0, tzinfo=UTC), "einschließlich 1. Januar 2027"),
        ("en", datetime(2026, 12, 4, 17, 0, tzinfo=UTC), "4 December, 18:00"),
        ("en", datetime(2026, 12, 4, 23, 0, 30, tzinfo=UTC), "5 December, 00:00"),
    ],
)
def test_an_end_at_midnight_is_told_by_the_day_that_it_ends(language, ends, words):
    with translation.override(language):
        assert moments.day_and_hour_until(ends, LUXEMBOURG, now=NOW) == words


@pytest.mark.parametrize(
    ("language", "ends", "words"),
    [
        ("fr", datetime(2026, 11, 24, 23, 0, tzinfo=UTC), "mardi 24 novembre inclus"),
        ("en", datetime(2026, 11, 24, 17, 0, tzinfo=UTC), "Tuesday 24 November, 18:00"),
    ],
)
def test_an_end_is_told_by_its_named_day_where_that_is_asked_for_be_it_today(language, ends, words):
    with translation.override(language):
        assert moments.day_and_hour_until_in(dates.Form.NAMED, ends, LUXEMBOURG) == words
