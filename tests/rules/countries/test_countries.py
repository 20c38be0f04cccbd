# SPDX-License-Identifier: AGPL-3.0-or-later
"""Emergency numbers, holidays and the spelling of numbers, by country."""

from datetime import date, timedelta

import phonenumbers
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from permanence.countries.emergency import (
    EMERGENCY_RULES,
    LANGUAGES,
    emergency_prompt,
    emergency_prompts,
    emergency_rule,
    emergency_sentence,
)
from permanence.countries.holidays import holiday_on
from permanence.countries.numbers import NotANumber, country_of, parse_number, spell_international, spell_number
from permanence.kernel.phone import PhoneNumber

ON = date(2026, 11, 24)


@pytest.mark.parametrize(
    ("country", "numbers"),
    [("FR", ("15", "112")), ("LU", ("112",)), ("IE", ("112", "999")), ("fr", ("15", "112")), ("", ("112",))],
)
def test_emergency_numbers(country: str, numbers: tuple[str, ...]):
    assert emergency_rule(country, on=ON).numbers == numbers


def test_the_sentence_names_every_number_in_its_language():
    assert emergency_sentence("FR", "fr", on=ON) == "En cas d'urgence vitale, raccrochez et composez le 15 ou le 112."
    assert emergency_sentence("IE", "en", on=ON) == "If this is an emergency, hang up and dial 112 or 999."
    assert emergency_sentence("LU", "de", on=ON).endswith("wählen Sie 112.")
    assert emergency_sentence("LU", "lb", on=ON) == emergency_sentence("LU", "en", on=ON)


def test_every_sentence_has_a_prompt_that_says_it():
    known = emergency_prompts()
    for rule in EMERGENCY_RULES:
        for language in LANGUAGES:
            name = emergency_prompt(rule.country, language, on=ON)
            assert known[name] == emergency_sentence(rule.country, language, on=ON)
    assert emergency_prompt("FR", "fr", on=ON) == "fr/emergency-15-112"


@pytest.mark.parametrize(
    ("day", "country", "region", "closed"),
    [
        (date(2026, 5, 14), "FR", "", True),
        (date(2026, 12, 26), "FR", "", False),
        (date(2026, 12, 26), "FR", "Alsace-Moselle", True),
        (date(2026, 4, 3), "FR", "alsace-moselle", True),
        (date(2026, 5, 9), "LU", "", True),
        (date(2018, 5, 9), "LU", "", False),  # Europe day: loi du 25 avril 2019
        (date(2026, 6, 23), "LU", "", True),
        (date(2026, 2, 2), "IE", "", True),
        (date(2022, 2, 7), "IE", "", False),  # Saint Brigid: since 2023
        (date(2026, 12, 26), "IE", "", True),
        (date(2026, 11, 24), "IE", "", False),
        (date(2026, 5, 14), "XX", "", False),
    ],
)
def test_public_holidays(day: date, country: str, region: str, closed: bool):
    assert (holiday_on(day, country=country, region=region) is not None) is closed


def test_the_year_of_alsace_has_two_more_days():
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(365)]
    france = {day for day in days if holiday_on(day, country="FR")}
    alsace = {day for day in days if holiday_on(day, country="FR", region="Alsace-Moselle")}
    assert len(france) == 11
    assert alsace - france == {date(2026, 4, 3), date(2026, 12, 26)}
    assert france <= alsace


@pytest.mark.parametrize(
    ("text", "country", "e164"),
    [
        ("01 99 00 12 34", "FR", "+33199001234"),
        ("0033 1 99 00 12 34", "LU", "+33199001234"),
        ("+352 621 000 147", "FR", "+352621000147"),
        ("621 000 147", "LU", "+352621000147"),
        ("01 850 1234", "IE", "+35318501234"),
        ("(01) 850-1234", "IE", "+35318501234"),
    ],
)
def test_numbers_as_they_are_written(text: str, country: str, e164: str):
    assert parse_number(text, country=country) == PhoneNumber(e164)


@pytest.mark.parametrize("text", ["", "15", "112", "abc", "+", "+999999999999999999", "0" * 200, "\x00", "+33 1"])
def test_what_is_not_a_number_is_refused(text: str):
    with pytest.raises(NotANumber):
        parse_number(text, country="FR")


def test_numbers_are_spelt_for_the_reader():
    number = PhoneNumber("+33199001234")
    assert spell_number(number, country="FR") == "01 99 00 12 34"
    assert spell_number(number, country="LU") == spell_international(number) == "+33 1 99 00 12 34"
    assert country_of(number) == "FR"
    assert country_of(PhoneNumber("+35318501234")) == "IE"
    assert country_of(PhoneNumber("+88312345678")) is None


@given(st.text(max_size=40), st.sampled_from(["FR", "LU", "IE", "XX", ""]))
def test_no_text_breaks_the_reader(text, country):
    try:
        number = parse_number(text, country=country)
    except NotANumber:
        return
    assert parse_number(number.e164, country="FR") == number
    assert parse_number(spell_international(number), country="IE") == number


# -- a number that comes as it is kept ---------------------------------------------------------------------------------

CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)
COUNTRIES = ("FR", "LU", "IE", "IT", "US", "AR", "KZ", "001", "XX", "")


def librarys_number(text: str, country: str) -> str | None:
    """What the library alone says."""
    try:
        parsed = phonenumbers.parse(text[:80], country.upper())
    except phonenumbers.NumberParseException:
        return None
    written = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    possible = phonenumbers.is_possible_number(parsed)
    return written if possible and 6 <= len(written) <= 16 and written[1] != "0" else None


def read_number(text: str, country: str) -> str | None:
    try:
        return parse_number(text, country=country).e164
    except NotANumber:
        return None


@settings(max_examples=3_000)
@given(
    st.sampled_from(["+", "+", "+", "++", "00", "", "+0", "\uff0b"]),
    st.one_of(st.sampled_from(CODES).map(str), st.text("0123456789", max_size=3)),
    st.text("0123456789", max_size=13),
    st.sampled_from(["", "", "", "", " ", "\n", "x5", ";ext=5", "\u0661", "a"]),
    st.sampled_from(COUNTRIES),
)
@example("+", "39", "0612345678", "", "IT")
@example("+", "352", "1500621000147", "", "LU")
@example("+", "33", "0199001234", "", "FR")
@example("+", "54", "91123456789", "", "AR")
@example("+", "52", "15512345678", "", "XX")
@example("+", "7", "87012345678", "", "KZ")
def test_any_number_is_read_as_the_library_reads_it(plus: str, code: str, national: str, rest: str, country: str):
    text = f"{plus}{code}{national}{rest}"
    assert read_number(text, country) == librarys_number(text, country)


@pytest.mark.parametrize("region", sorted(phonenumbers.SUPPORTED_REGIONS))
def test_the_numbers_of_every_country_are_read_as_the_library_reads_them(region: str):
    for kind in phonenumbers.PhoneNumberType.values():
        for number in (
            phonenumbers.example_number_for_type(region, kind),
            phonenumbers.invalid_example_number(region),
        ):
            if number is not None:
                text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
                for written in (text, text[:-1], text + "7", text.replace("+", "+0"), text[1:]):
                    assert read_number(written, region) == librarys_number(written, region)
                    assert read_number(written, "FR") == librarys_number(written, "FR")


def test_a_number_that_comes_as_it_is_kept_does_not_need_the_library(monkeypatch: pytest.MonkeyPatch):
    def parse(text: str, region: str) -> None:
        raise AssertionError(text, region)

    monkeypatch.setattr(phonenumbers, "parse", parse)
    for text in ("+33199001234", "+33612345678", "+352621000147", "+35227271234", "+35318501234", "+4930123456"):
        assert parse_number(text, country="LU").e164 == text
