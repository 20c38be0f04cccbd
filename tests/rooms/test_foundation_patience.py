# SPDX-License-Identifier: AGPL-3.0-or-later
"""Wrong passwords: counted per account and per address, said in plain words, forgiven by the right one."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client as Browser
from hypothesis import given
from hypothesis import strategies as st

from permanence.foundation import operations, patience
from permanence.foundation.models import WrongPassword
from permanence.foundation.rules import FIRST_WAIT, LONGEST_WAIT, sign_in_allowed_at

CLAIRE = "claire@permanence.example"
AT = datetime(2026, 11, 24, 13, 15, tzinfo=UTC)


@given(wrong=st.lists(st.integers(0, 900), max_size=40), free=st.integers(1, 10))
def test_the_wait_grows_and_ends(wrong, free):
    moments = [AT + timedelta(seconds=each) for each in sorted(wrong)]
    until = sign_in_allowed_at(moments, free=free)
    assert (until is None) == (len(moments) < free)
    if until is not None:
        assert FIRST_WAIT <= until - moments[-1] <= LONGEST_WAIT
        later = sign_in_allowed_at([*moments, moments[-1]], free=free)
        assert later is not None
        assert later >= until


def sign_in(password, *, username=CLAIRE, address="192.0.2.7"):
    return Browser(headers={"accept-language": "en"}, REMOTE_ADDR=address).post(
        "/login", {"username": username, "password": password}
    )


def wrong(times, *, username=CLAIRE, address="192.0.2.7", at=None):
    for _each in range(times):
        patience.begin(username=username, address=address, at=at or datetime.now(UTC))


def test_after_five_wrong_passwords_even_the_right_one_waits(cast):
    for _each in range(5):
        assert "do not go together" in sign_in("wrong").content.decode()
    answer = sign_in("demo", username=CLAIRE.upper(), address="198.51.100.9")
    assert answer.status_code == 422
    assert "Too many wrong passwords. Try again in 1" in answer.content.decode()
    assert WrongPassword.objects.count() == 5


def test_the_right_password_forgets_the_wrong_ones(cast):
    wrong(4)
    assert sign_in("demo").status_code == 302
    assert not WrongPassword.objects.exists()


def test_an_address_that_tries_many_accounts_waits(cast):
    for number in range(20):
        wrong(1, username=f"somebody{number}@permanence.example")
    assert "Too many" in sign_in("demo").content.decode()
    assert sign_in("demo", address="198.51.100.9").status_code == 302


@pytest.mark.parametrize(("minutes", "waits"), [(14, False), (0, True)])
def test_old_mistakes_are_not_counted(cast, minutes, waits):
    at = AT + timedelta(minutes=minutes)
    wrong(12, at=AT)
    assert (patience.allowed_at(username=CLAIRE, address="192.0.2.8", at=at) is not None) == waits
    patience.begin(username=CLAIRE, address="192.0.2.8", at=AT + timedelta(days=2))
    assert WrongPassword.objects.count() == 1


def test_a_new_password_ends_the_sessions_that_the_old_one_opened(cast, now):
    browser = Browser()
    browser.post("/login", {"username": CLAIRE, "password": "demo"})
    assert browser.get("/console").status_code == 200
    operations.give_password(person=cast.claire.person, password="quite another sentence", by=cast.marc, at=now)
    assert browser.get("/console").status_code == 302
