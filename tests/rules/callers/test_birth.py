# SPDX-License-Identifier: AGPL-3.0-or-later
"""Birth dates as they are typed; nobody is born in 2090."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.callers.rules import birth
from permanence.callers.rules.asked import newcomer, read_asked
from permanence.callers.rules.birth import Age, BirthDate, BirthDateUnfit, age_at, possible_births, read_birth

ON = date(2026, 11, 27)
BORN = st.dates(min_value=date(1902, 1, 1), max_value=ON)


@pytest.mark.parametrize(
    ("typed", "iso"),
    [
        ("140361", "1961-03-14"),
        ("14.03.1961", "1961-03-14"),
        ("14/03/61", "1961-03-14"),
        ("14-3-61", "1961-03-14"),
        (" 14 03 1961 ", "1961-03-14"),
        ("14031961", "1961-03-14"),
        ("1961-03-14", "1961-03-14"),
        ("14 mars 1961", "1961-03-14"),
        ("14. März 1961", "1961-03-14"),
        ("1er avril 2001", "2001-04-01"),
        ("3 August 1999", "1999-08-03"),
        ("03/1961", "1961-03"),
        ("1961-03", "1961-03"),
        ("1961", "1961"),
        ("00.00.1961", "1961"),
        ("00/03/1961", "1961-03"),
        ("010126", "2026-01-01"),
        ("281126", "1926-11-28"),
        ("290200", "2000-02-29"),
    ],
)
def test_a_date_is_read_as_people_type_it(typed, iso):
    assert read_birth(typed, country="FR", on=ON).iso == iso
    assert BirthDate.from_iso(iso) in possible_births(typed, country="FR", on=ON)


def test_a_luxembourgish_health_number_begins_with_the_year():
    assert read_birth("19610314", country="LU", on=ON).iso == "1961-03-14"
    assert read_birth("14031961", country="LU", on=ON).iso == "1961-03-14"
    with pytest.raises(birth.BirthDateImpossible):
        read_birth("19610314", country="FR", on=ON)


@pytest.mark.parametrize(
    ("typed", "refusal"),
    [
        ("01.01.2090", birth.BirthDateInFuture),
        ("28.11.2026", birth.BirthDateInFuture),
        ("2090", birth.BirthDateInFuture),
        ("310261", birth.BirthDateImpossible),
        ("29.02.1900", birth.BirthDateImpossible),
        ("32.01.1961", birth.BirthDateImpossible),
        ("01.13.1961", birth.BirthDateImpossible),
        ("01.01.1799", birth.BirthDateImpossible),
        ("14.00.1961", birth.BirthDateImpossible),
        ("0", birth.BirthDateUnreadable),
        ("", birth.BirthDateUnreadable),
        ("abc", birth.BirthDateUnreadable),
        ("1.2.3.4", birth.BirthDateUnreadable),
        ("9" * 10_000, birth.BirthDateUnreadable),
        ("14\u202e0361", birth.BirthDateUnreadable),
        ("١٤.٠٣.١٩٦١", birth.BirthDateUnreadable),
    ],
)
def test_what_is_no_birth_date_is_refused_by_name(typed, refusal):
    with pytest.raises(refusal):
        read_birth(typed, country="FR", on=ON)
    assert all(each.first <= ON for each in possible_births(typed, country="FR", on=ON))


@given(born=BORN, form=st.sampled_from(["%d%m%Y", "%d.%m.%Y", "%d/%m/%Y", "%Y-%m-%d", "%d %m %Y"]))
def test_every_day_survives_being_typed(born, form):
    found = read_birth(born.strftime(form), country="FR", on=ON)
    assert (found.first, found.last) == (born, born)
    assert BirthDate.from_iso(found.iso) == found


@given(born=BORN, form=st.sampled_from(["%d%m%y", "%d/%m/%y"]))
def test_two_figures_of_a_year_are_the_last_one_and_a_search_tries_both(born, form):
    typed = born.strftime(form)
    assert read_birth(typed, country="FR", on=ON).first >= born
    assert born in {each.first for each in possible_births(typed, country="FR", on=ON)}


@given(born=BORN, days=st.integers(0, 20_000))
def test_the_age_is_that_of_the_calendar(born, days):
    on = born + timedelta(days=days)
    years = sum(_birthday(born, year) <= on for year in range(born.year + 1, on.year + 1))
    assert age_at(BirthDate(born.year, born.month, born.day), on) == Age(
        years=years, months=age_at(BirthDate(born.year, born.month, born.day), on).months, certain=True
    )


def _birthday(born, year):
    return date(year, 3, 1) if (born.month, born.day) == (2, 29) and year % 4 else born.replace(year=year)


def test_the_age_of_whom_only_the_year_is_known_is_not_certain():
    assert age_at(BirthDate(1961), ON) == Age(years=64, months=64 * 12 + 10, certain=False)
    assert age_at(BirthDate(2026, 9, 1), ON) == Age(years=0, months=2, certain=True)
    assert age_at(BirthDate(2026), date(2026, 1, 1)) == Age(years=0, months=0, certain=True)


@given(text=st.text(max_size=200))
def test_nothing_typed_into_the_field_breaks_it(text):
    asked = read_asked(text, country="LU", on=ON)
    assert all(each.first <= ON for each in asked.births)
    assert all(word.letters for way in asked.names for word in way)


def test_the_field_is_read_as_date_letters_and_number():
    asked = read_asked("14/03/61 dup", country="FR", on=ON)
    assert [each.iso for each in asked.births] == ["1961-03-14"]
    assert [[word.letters for word in way] for way in asked.names] == [["dup"]]
    assert read_asked("dup 14 mars 1961", country="FR", on=ON) == asked
    assert read_asked("06 12 34 56 78", country="FR", on=ON).number == "+33612345678"
    assert read_asked("%_'", country="FR", on=ON).is_empty
    assert read_asked("a phone in letters", country="FR", on=ON).number == ""


def test_nobody_new_comes_without_the_birth_date_that_was_given():
    assert newcomer("140361 kobalt mina", country="FR", on=ON).birth == BirthDate(1961, 3, 14)
    assert newcomer("kobalt mina", country="FR", on=ON).birth is None
    assert newcomer("140361", country="FR", on=ON) is None
    for typed, code in (("03.02.2090 kobalt", "birth_date_in_future"), ("31.02.1961 kobalt", "birth_date_impossible")):
        with pytest.raises(BirthDateUnfit) as refused:
            newcomer(typed, country="FR", on=ON)
        assert refused.value.code == code
