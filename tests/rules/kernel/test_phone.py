# SPDX-License-Identifier: AGPL-3.0-or-later
"""Numbers in E.164."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.kernel.phone import PhoneNumber


@given(st.from_regex(r"\+[1-9][0-9]{4,14}", fullmatch=True))
def test_a_number_is_itself(text):
    assert str(PhoneNumber(text)) == text
    assert PhoneNumber.parse_global(text) == PhoneNumber(text)


@pytest.mark.parametrize(
    "text", ["+352 621-000.147", "+352 (621) 000147", "+352/621000147", "+352\u00a0621\u202f000 147"]
)
def test_spaces_and_signs_do_not_count(text: str):
    assert PhoneNumber.parse_global(text) == PhoneNumber("+352621000147")


@pytest.mark.parametrize(
    "text", ["", "15", "0621", "+0621000147", "+1234567890123456", "+352 62x", "++352621000147", "+35262\n"]
)
def test_what_is_not_a_global_number(text: str):
    with pytest.raises(ValueError, match=r"not an E\.164"):
        PhoneNumber.parse_global(text)


def test_order_is_by_spelling():
    assert sorted([PhoneNumber("+35211111"), PhoneNumber("+33111111")])[0] == PhoneNumber("+33111111")
