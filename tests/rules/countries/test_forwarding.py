# SPDX-License-Identifier: AGPL-3.0-or-later
"""The keys that forward a line: the examples of the standards, and what holds for every number and operator."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.countries.forwarding import (
    CANCEL_ALL,
    OPERATORS,
    RECIPES,
    SECONDS,
    Access,
    ForwardingKind,
    ForwardingMode,
    RecipeMalformed,
    SecondsImpossible,
    as_dialled,
    check_recipe,
    keys_to_dial,
)
from permanence.countries.numbers import parse_number
from permanence.kernel.phone import PhoneNumber

ON = date(2026, 11, 27)
OURS = PhoneNumber("+35227000010")
COUNTRIES = tuple(OPERATORS)
COUNTRY_AND_OPERATOR = st.sampled_from(
    [(country, code) for country, operators in OPERATORS.items() for code, _name in (("", ""), *operators)]
)
NUMBERS = st.one_of(
    st.integers(10_000_000, 99_999_999).map(lambda n: f"+352{n}".replace("+3520", "+3522")),
    st.integers(100_000_000, 599_999_999).map(lambda n: f"+33{n}"),
    st.integers(10_000_000, 99_999_999).map(lambda n: f"+3531{n % 10_000_000:07d}"),
).map(PhoneNumber)


def keys(mode, *, access=Access.FIXED, country="LU", operator="", number=OURS, seconds=None, own=(), on=ON):
    return keys_to_dial(
        country=country,
        operator=operator,
        access=access,
        mode=mode,
        number=number,
        seconds=seconds,
        own=own,
        on=on,
    )


def read_dialled(code, *, country):
    """The number behind keys that forward; None where there is none."""
    parts = [part for part in re.split(r"[*#]+", code) if len(part) > 3]
    return parse_number(parts[0], country=country) if parts else None


@pytest.mark.parametrize(
    ("mode", "activate", "deactivate", "query"),
    [
        (ForwardingMode.ALL, "*21*27000010#", "#21#", "*#21#"),
        (ForwardingMode.HOURS, "*21*27000010#", "#21#", "*#21#"),
        (ForwardingMode.NO_ANSWER, "*61*27000010#", "#61#", "*#61#"),
        (ForwardingMode.BUSY, "*67*27000010#", "#67#", "*#67#"),
    ],
)
def test_a_fixed_line_of_luxembourg(mode, activate, deactivate, query):
    [found] = keys(mode)
    assert (found.activate, found.deactivate, found.query) == (activate, deactivate, query)


@pytest.mark.parametrize(
    ("mode", "seconds", "activates", "deactivates"),
    [
        (ForwardingMode.ALL, None, ["**21*+35227000010#"], ["##21#"]),
        (ForwardingMode.BUSY, None, ["**67*+35227000010#"], ["##67#"]),
        (
            ForwardingMode.NO_ANSWER,
            15,
            ["**61*+35227000010**15#", "**62*+35227000010#"],
            ["##61#", "##62#"],
        ),
        (
            ForwardingMode.OVERFLOW,
            None,
            ["**67*+35227000010#", "**61*+35227000010**20#", "**62*+35227000010#"],
            ["##67#", "##61#", "##62#"],
        ),
    ],
)
def test_a_mobile_as_3gpp_says(mode, seconds, activates, deactivates):
    found = keys(mode, access=Access.MOBILE, seconds=seconds)
    assert [each.activate for each in found] == activates
    assert [each.deactivate for each in found] == deactivates
    assert CANCEL_ALL[Access.MOBILE] == "##002#"


@pytest.mark.parametrize(
    ("country", "number", "dialled"),
    [
        ("FR", "+33388000000", "0388000000"),
        ("IE", "+35312345678", "012345678"),
        ("LU", "+35227000010", "27000010"),
        ("FR", "+35227000010", "0035227000010"),
        ("LU", "+33388000000", "0033388000000"),
    ],
)
def test_a_fixed_telephone_has_no_plus_sign(country, number, dialled):
    assert as_dialled(PhoneNumber(number), country=country, access=Access.FIXED) == dialled
    assert as_dialled(PhoneNumber(number), country=country, access=Access.MOBILE) == number


def test_orange_in_france_has_its_own_code_for_busy_and_says_that_nobody_checked_it():
    [found] = keys(ForwardingMode.BUSY, country="FR", operator="orange", number=PhoneNumber("+33388000000"))
    assert (found.activate, found.deactivate, found.checked) == ("*69*0388000000#", "#69#", False)
    [elsewhere] = keys(ForwardingMode.BUSY, country="LU", operator="orange")
    assert elsewhere.activate == "*67*27000010#"


def test_a_direct_line_is_forwarded_by_nobody():
    assert keys(ForwardingMode.DIRECT) == ()


@given(
    COUNTRY_AND_OPERATOR,
    st.sampled_from(Access),
    st.sampled_from(ForwardingMode),
    NUMBERS,
    st.none() | st.sampled_from(SECONDS),
)
def test_every_code_can_be_dialled_and_leads_to_that_number_and_no_other(place, access, mode, number, seconds):
    country, operator = place
    for each in keys(mode, access=access, country=country, operator=operator, number=number, seconds=seconds):
        assert re.fullmatch(r"[*#][0-9*#+]+#", each.activate)
        assert each.activate.count("+") <= (access is Access.MOBILE)
        assert read_dialled(each.activate, country=country) == number
        assert re.fullmatch(r"#[0-9*#]+#", each.deactivate)
        assert read_dialled(each.deactivate, country=country) is None
        assert each.source


@given(st.integers(-5, 100).filter(lambda seconds: seconds not in SECONDS))
def test_seconds_that_no_network_knows_are_refused(seconds):
    with pytest.raises(SecondsImpossible):
        keys(ForwardingMode.NO_ANSWER, access=Access.MOBILE, seconds=seconds)


def test_the_house_s_own_recipe_goes_before_ours_and_the_operator_s_before_the_country_s():
    [ours] = [
        each
        for each in RECIPES
        if each.access is Access.FIXED and each.kind is ForwardingKind.ALL and each.operator == ""
    ]
    country = replace(ours, country="LU", activate="*70*{number}#", deactivate="#70#")
    operator = replace(country, operator="post", activate="*71*{number}#")
    assert keys(ForwardingMode.ALL, operator="post", own=(country, operator))[0].activate == "*71*27000010#"
    assert keys(ForwardingMode.ALL, operator="lol", own=(country, operator))[0].activate == "*70*27000010#"
    assert keys(ForwardingMode.ALL, country="IE", own=(country,))[0].activate == "*21*0035227000010#"


def test_a_recipe_holds_from_its_first_day_to_the_day_before_its_last():
    old = replace(RECIPES[0], country="LU", activate="*20*{number}#", valid_until=date(2026, 6, 1))
    new = replace(RECIPES[0], country="LU", activate="*22*{number}#", valid_from=date(2026, 6, 1))
    dialled = [
        keys(ForwardingMode.ALL, own=(old, new), on=day)[0].activate for day in (date(2026, 5, 31), date(2026, 6, 1))
    ]
    assert dialled == ["*20*27000010#", "*22*27000010#"]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda each: f"{each.operator}-{each.access}-{each.kind}")
def test_our_own_recipes_are_such_as_a_house_may_keep(recipe):
    check_recipe(activate=recipe.activate, deactivate=recipe.deactivate, query=recipe.query)


@pytest.mark.parametrize(
    "activate",
    [
        "",
        "112",
        "{number}",
        "*21*#",
        "*21*{number}*{number}#",
        "*21*{number.e164}#",
        "*21*{x}#",
        "*21*{number}\n#",
        "*21*{number}#\n",
        "tel:*21*{number}#",
        "*21*{seconds}{number}#",
        "*" * 55 + "{number}#",
    ],
)
def test_keys_that_are_no_code_are_refused(activate):
    with pytest.raises(RecipeMalformed):
        check_recipe(activate=activate, deactivate="#21#")


def test_some_operators_want_no_hash_at_the_end():
    check_recipe(activate="*70*{number}", deactivate="")


@pytest.mark.parametrize("deactivate", ["15", "112", "#{number}#", "#21#;", "#21#\n", "#"])
def test_keys_that_end_it_never_call_anybody(deactivate):
    with pytest.raises(RecipeMalformed):
        check_recipe(activate="*21*{number}#", deactivate=deactivate)
