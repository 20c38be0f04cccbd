# SPDX-License-Identifier: AGPL-3.0-or-later
"""Day and hour as people type them: every usual spelling of three languages comes to the same moment."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.clients.rules.typed_moments import BACK, read_typed, read_typed_day

wall = datetime.fromisoformat  # a moment on a wall, without a zone

NOW = wall("2026-11-27T10:30")
MONTHS = {
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "en": "January February March April May June July August September October November December",
}
SHAPES = (
    "{at:%Y-%m-%d %H:%M}",
    "{at:%Y-%m-%dT%H:%M}",
    "{at:%Y-%m-%d %H:%M:%S}",
    "{at:%d/%m/%Y %H:%M}",
    "{at.day}/{at.month}/{at:%Y %Hh%M}",
    "{at:%d.%m.%Y, %H:%M} Uhr",
    "{at.day}. {de} {at.year}, {at.hour}:{at:%M} Uhr",
    "{at.day} {fr} {at.year} à {at.hour} h {at:%M}",
    "{at.day} {en} {at.year}, {at:%H.%M}",
    "{at.day} {en} {at.year} at {at:%H:%M}",
    "  {at:%d-%m-%Y}   {at:%H%M} ",
)
SHORT = ("{at:%d/%m %Hh%M}", "{at:%d.%m. %H:%M} Uhr")
NEAR = {
    "demain 9h": "2026-11-28T09:00",
    "aujourd’hui 14h": "2026-11-27T14:00",
    "heute 14 Uhr": "2026-11-27T14:00",
    "Morgen um 9": "2026-11-28T09:00",
    "tomorrow at 9:00": "2026-11-28T09:00",
}
NONE = """|x|24/12|24 décembre|2026-12-24|31/02 10h|29/02/2027 8h|24/12 25h|24/12 14:60|24/12 143|14h|1/1/0001 0h
|9999-12-31 23:59|lundi 8h|24/12/2026 14h et demie|24 décembre 2026|24/12 2026|24.12. 2026|24. Dezember 2026|1/2 1970
|24/12 2099""".replace("\n", "").split("|")


def moments(low, high):
    return st.datetimes(low, high).map(lambda at: at.replace(second=0, microsecond=0))


@given(moments(wall("1970-01-01"), wall("8999-12-31")), st.sampled_from(SHAPES))
def test_every_spelling_comes_to_its_moment(at, shape):
    text = shape.format(at=at, **{language: names.split()[at.month - 1] for language, names in MONTHS.items()})
    assert read_typed(text, now=NOW) == at


@given(
    moments(NOW - BACK + timedelta(days=1), NOW + timedelta(days=330)),
    st.sampled_from(["{at:%d/%m %Hh%M}", "{at:%d.%m. %H:%M} Uhr"]),
)
def test_a_day_without_its_year_is_the_one_ahead(at, shape):
    assert read_typed(shape.format(at=at), now=NOW) == at


YEAR_OR_HOUR = {
    "24 décembre 2026 8 h": "2026-12-24T08:00",
    "24.12. 2027 8:00": "2027-12-24T08:00",
    "24/12 20:15": "2026-12-24T20:15",
    "24/12/2026 2015": "2026-12-24T20:15",
    "24/12 à 2015": "2026-12-24T20:15",
    "24/12 1430": "2026-12-24T14:30",
}


@pytest.mark.parametrize("text", YEAR_OR_HOUR)
def test_four_figures_after_a_day_without_its_year_are_the_year(text):
    assert read_typed(text, now=NOW) == wall(YEAR_OR_HOUR[text])


@pytest.mark.parametrize("text", NEAR)
def test_words_for_near_days(text):
    assert read_typed(text, now=NOW) == wall(NEAR[text])


@pytest.mark.parametrize("text", [*NONE, "24/12 14h" + " " * 60])
def test_what_is_no_moment_is_none(text):
    assert read_typed(text, now=NOW) is None


DAYS = {
    "1/12": "2026-12-01",
    "1.12.": "2026-12-01",
    "1er décembre": "2026-12-01",
    "1. Dezember": "2026-12-01",
    "1 December 2027": "2027-12-01",
    "24.12. 2026": "2026-12-24",
    "24/12/26": "2026-12-24",
    "2026-12-24": "2026-12-24",
    "3/1": "2027-01-03",
    "27/11": "2026-11-27",
    "demain": "2026-11-28",
    "heute": "2026-11-27",
}
NO_DAYS = """|x|31/02|29/02/2027|24/12 25h|24/12 14h|24/12 143|24/12 26|14h|1/1/0001|9999-12-31|lundi|24/12 ou 25/12
|2026-12""".replace("\n", "").split("|")


@pytest.mark.parametrize("text", DAYS)
def test_a_day_alone_is_that_day(text):
    assert read_typed_day(text, now=NOW) == date.fromisoformat(DAYS[text])


@pytest.mark.parametrize("text", [*NO_DAYS, "24/12" + " " * 60])
def test_what_is_no_day_alone_is_none(text):
    assert read_typed_day(text, now=NOW) is None


@given(st.text(max_size=80))
def test_nothing_that_is_typed_makes_an_error(text):
    found = read_typed(text, now=NOW)
    assert found is None or found.tzinfo is None
    assert found is None or read_typed_day(text, now=NOW) is None
