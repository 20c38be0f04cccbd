# SPDX-License-Identifier: AGPL-3.0-or-later
"""A recorded announcement: which one, before the music and never cut by a place, and as closing words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.reception.closing import closing_words
from permanence.reception.decisions import AnnouncePlace, StartMusic
from permanence.reception.greeting import announcement_for
from permanence.reception.prompts import content_of, recorded_prompt
from permanence.reception.table import ClosingWords, GreetingEntry, read_slice, write_slice
from tests.rules.reception.house import DUPONT, WEBER, Desk, client, house_slice

GENERAL, EVENING, OTHER_LINE = "a" * 64, "b" * 64, "c" * 64
TEN = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
LINE = "+351990010"


def rule(**more: Any) -> GreetingEntry:
    return GreetingEntry(**{"language": "fr", "text": "Bonjour.", "announcement": GENERAL, "announcement_s": 7, **more})


def chosen(*rules: GreetingEntry, line: str = LINE, language: str = "fr", at: datetime = TEN) -> str:
    found = announcement_for(client(WEBER, greetings=rules), line=line, language=language, at=at)
    return "" if found is None else found.announcement


def test_it_is_that_of_the_rule_that_says_what_is_said() -> None:
    rules = (
        rule(),
        rule(opens="18:00", until="20:00", announcement=EVENING),
        rule(line="+352", announcement=OTHER_LINE),
        rule(language="de", announcement="d" * 64),
    )
    assert chosen(*rules) == GENERAL
    assert chosen(*rules, at=TEN + timedelta(hours=8, minutes=30)) == EVENING
    assert chosen(*rules, line="+352") == OTHER_LINE
    assert chosen(*rules, language="de") == "d" * 64
    assert chosen(*rules, language="en") == ""


def test_a_more_specific_rule_without_one_silences_the_others() -> None:
    assert chosen(rule(), rule(opens="08:00", until="12:00", announcement="")) == ""
    assert chosen(rule(announcement="")) == ""


def desk(**more: Any) -> Desk:
    made = Desk(house_slice({"1": ("fr",)}), client(DUPONT, greetings=(rule(**more),), ring_before_music_s=10))
    made.do("call_arrived", "c", client=DUPONT, called_line="+351990011", trunk="carrier")
    return made


def said(made: Desk) -> list[tuple[str, ...]]:
    return [each.prompts for each in made.decisions if isinstance(each, AnnouncePlace)]


def test_before_the_music_once_then_his_place() -> None:
    made = desk()
    made.forward(9)
    assert said(made) == []
    made.forward(2)
    assert [type(each) for each in made.decisions if isinstance(each, (StartMusic, AnnouncePlace))] == [
        StartMusic,
        AnnouncePlace,
    ]
    made.forward(60)
    assert said(made)[0] == (GENERAL, "fr/place-1")
    assert {len(each) for each in said(made)[1:]} == {1}


@given(lasts=st.integers(0, 60))
def test_his_place_never_cuts_it(lasts: int) -> None:
    made = desk(announcement_s=lasts)
    made.forward(10 + 29 + lasts)
    assert len(said(made)) == 1
    made.forward(2)
    assert len(said(made)) == 2


def test_a_secretary_who_answers_before_the_music_spares_it() -> None:
    made = Desk(house_slice({"1": ("fr",)}), client(DUPONT, greetings=(rule(),)))
    for step in (("seat_connected", "1", "seat"), ("ready", "1")):
        if step[0] == "ready":
            made.do("line_state", "1", up=True)
        made.do(*step)
    made.do("call_arrived", "c", client=DUPONT, called_line="+351990011", trunk="carrier")
    made.do("answer", "1", "c")
    made.forward(60)
    assert said(made) == []
    made.do("line_state", "1", up=False)
    made.forward(40)
    assert said(made)
    assert {len(each) for each in said(made)} == {1}


@pytest.mark.parametrize("reason", ["closed", "max_wait", "suspended"])
@pytest.mark.parametrize("sector", ["health", "other"])
def test_closing_words_name_what_is_heard_where_the_audio_is_lost(reason: str, sector: str) -> None:
    words = ClosingWords(language="fr", prompts=(GENERAL,), occasions=("closed", "max_wait"))
    entry = client("12", country="FR", sector=sector, closing=(words,))
    prompts = closing_words(entry, reason=reason, language="fr", on=date(2026, 11, 24)).prompts
    general = "fr/busy" if reason == "max_wait" else "fr/closed"
    assert prompts == (*(("fr/emergency-15-112",) if sector == "health" else ()), f"{GENERAL}/{general}")


@pytest.mark.parametrize("sector", ["health", "other"])
def test_words_are_heard_for_what_they_were_recorded(sector: str) -> None:
    shut = ClosingWords(language="fr", prompts=(GENERAL,), occasions=("closed",))
    busy = ClosingWords(language="fr", prompts=("b" * 64,), occasions=("max_wait",))
    first = ("fr/emergency-15-112",) if sector == "health" else ()

    def heard(reason: str, *closing: ClosingWords) -> tuple[str, ...]:
        entry = client("12", country="FR", sector=sector, closing=closing)
        return closing_words(entry, reason=reason, language="fr", on=date(2026, 11, 24)).prompts

    for both in ((shut, busy), (busy, shut)):
        assert heard("max_wait", *both) == (*first, f"{'b' * 64}/fr/busy")
        assert heard("closed", *both) == heard("suspended", *both) == (*first, f"{GENERAL}/fr/closed")
    assert heard("max_wait", shut) == heard("max_wait")
    assert heard("closed", busy) == heard("closed")


def test_words_of_the_release_before_are_for_closed_lines_only() -> None:
    plain: Any = write_slice(client(WEBER, closing=(ClosingWords(language="fr", prompts=(GENERAL,), occasions=()),)))
    del plain["closing"][0]["occasions"]
    read = read_slice(plain)
    assert read.closing == (ClosingWords(language="fr", prompts=(GENERAL,), occasions=("closed",)),)  # type: ignore[union-attr]


def test_names() -> None:
    assert recorded_prompt(GENERAL, instead="fr/closed") == f"{GENERAL}/fr/closed"
    assert content_of(f"{GENERAL}/fr/closed") == content_of(GENERAL) == GENERAL
    assert [content_of(each) for each in ("fr/closed", "", "a" * 63, "A" * 64, f"x{GENERAL}", GENERAL + "a")] == [
        ""
    ] * 6


def test_a_slice_of_the_release_before() -> None:
    """It knows no announcements: the phrases are read, and nothing is heard before the music but the place."""
    plain: Any = write_slice(client(WEBER, greetings=(rule(),)))
    for each in plain["greetings"]:
        del each["announcement"], each["announcement_s"]
    assert read_slice(plain) == client(WEBER, greetings=(replace(rule(), announcement="", announcement_s=0),))
    plain["greetings"][0]["of_the_next_release"] = 1
    assert read_slice(plain) == client(WEBER, greetings=(replace(rule(), announcement="", announcement_s=0),))
