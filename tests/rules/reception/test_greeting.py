# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which phrase is said: the most specific rule wins, and a tie is found before anybody hears it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.countries.holidays import holiday_on
from permanence.kernel.events import from_plain, to_plain
from permanence.reception.greeting import (
    CHOSEN,
    DAY_TYPES,
    HOLIDAY,
    SATURDAY,
    SUNDAY,
    WEEKDAY,
    greeting_rule,
    greetings_for,
    holds_at,
    narrowness,
    ties,
    wall_moment,
)
from permanence.reception.hours import minutes_of
from permanence.reception.table import GreetingEntry, SecretaryEntry
from tests.rules.reception.house import client

LINE, OTHER = "+35210", "+35211"
CLAIRE = SecretaryEntry(id="1", name="Claire Martin", languages=("fr",))
WEBER = client("10", ("fr", "de"), country="LU", time_zone="Europe/Luxembourg")


def rule(text: str = "x", *, language: str = "fr", **more) -> GreetingEntry:
    return GreetingEntry(language=language, text=text, **more)


def said(*rules: GreetingEntry, at: str, line: str = LINE, language: str = "fr", entry=WEBER) -> str:
    moment = datetime.fromisoformat(at).replace(tzinfo=ZoneInfo(entry.time_zone))
    found = greeting_rule(rules, line=line, language=language, moment=wall_moment(entry, moment.astimezone(UTC)))
    return "" if found is None else found.text


ALL = (
    rule("always"),
    rule("weekday", day_type=WEEKDAY),
    rule("lunch", day_type=WEEKDAY, opens="12:00", until="14:00"),
    rule("saturday", day_type=SATURDAY),
    rule("two days", day_type=CHOSEN, weekdays=(2, 4)),
    rule("holiday", day_type=HOLIDAY),
    rule("night", opens="22:00", until="06:00"),
    rule("emergency line", line=OTHER),
)


@pytest.mark.parametrize(
    ("at", "line", "text"),
    [
        ("2026-11-22 10:00", LINE, "always"),  # Sunday
        ("2026-11-24 10:00", LINE, "weekday"),
        ("2026-11-24 12:00", LINE, "lunch"),
        ("2026-11-24 14:00", LINE, "weekday"),
        ("2026-11-25 12:30", LINE, "two days"),  # Wednesday: the days are compared before the hours
        ("2026-11-28 23:00", LINE, "saturday"),
        ("2026-11-22 23:00", LINE, "night"),
        ("2026-11-29 05:59", LINE, "night"),
        ("2026-12-25 12:30", LINE, "holiday"),  # a Friday
        ("2026-12-26 12:30", LINE, "holiday"),  # a Saturday, and a public holiday in Luxembourg
        ("2026-12-25 12:30", OTHER, "emergency line"),
    ],
)
def test_the_most_specific_rule_wins(at: str, line: str, text: str):
    assert said(*ALL, at=at, line=line) == text
    assert said(*reversed(ALL), at=at, line=line) == text


def test_a_night_belongs_to_the_day_on_which_it_began():
    rules = (rule("saturday night", day_type=SATURDAY, opens="22:00", until="06:00"), rule("else"))
    assert said(*rules, at="2026-11-28 21:59") == "else"
    assert said(*rules, at="2026-11-28 22:00") == "saturday night"
    assert said(*rules, at="2026-11-29 05:59") == "saturday night"
    assert said(*rules, at="2026-11-29 06:00") == "else"
    assert said(*rules, at="2026-11-28 05:59") == "else"
    holiday = (rule("after the holiday", day_type=HOLIDAY, opens="20:00", until="08:00"), rule("else"))
    assert said(*holiday, at="2026-12-27 07:59") == "after the holiday"
    assert said(*holiday, at="2026-12-25 07:59") == "else"


def test_the_repeated_hour_is_said_twice_and_the_missing_one_never():
    rules = (rule("two", opens="02:00", until="03:00"), rule("else"))
    autumn = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 02:00 in Luxembourg, twice
    texts = [
        greeting_rule(rules, line="", language="fr", moment=wall_moment(WEBER, autumn + timedelta(minutes=30 * step)))
        for step in range(-1, 5)
    ]
    assert [each.text for each in texts if each] == ["else", "two", "two", "two", "two", "else"]
    spring = datetime(2026, 3, 29, 0, 0, tzinfo=UTC)
    texts = [
        greeting_rule(rules, line="", language="fr", moment=wall_moment(WEBER, spring + timedelta(minutes=step)))
        for step in range(120)
    ]
    assert {each.text for each in texts if each} == {"else"}


def test_no_rule_of_a_language_leaves_it_unsaid():
    rules = (rule("de", language="de"), rule("fr", day_type=SUNDAY))
    assert said(*rules, at="2026-11-24 10:00") == ""
    entry = replace(WEBER, greetings=rules)
    tuesday = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
    assert [each.language for each in greetings_for(entry, CLAIRE, line=LINE, at=tuesday)] == ["de"]


def test_each_language_has_its_own_winner_with_her_name_in_it():
    rules = (
        rule("Hallo, {name}", language="de", line=LINE),
        rule("Bonjour"),
        rule("Bonsoir, {name}", opens="18:00", until="24:00"),
    )
    entry = replace(WEBER, greetings=rules)
    evening = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
    assert [each.text for each in greetings_for(entry, CLAIRE, line=LINE, at=evening)] == [
        "Bonsoir, Claire",
        "Hallo, Claire",
    ]
    assert [each.text for each in greetings_for(entry, CLAIRE, line=OTHER, at=evening)] == ["Bonsoir, Claire"]


def test_an_older_slice_is_read_as_phrases_for_every_moment():
    assert from_plain(GreetingEntry, {"language": "fr", "text": "Bonjour"}) == rule("Bonjour")
    full = rule("x", line=LINE, day_type=CHOSEN, weekdays=(0, 2), opens="08:00", until="12:00")
    assert from_plain(GreetingEntry, to_plain(full)) == full


@pytest.mark.parametrize(
    ("one", "other", "tie"),
    [
        (rule(), rule(), True),
        (rule(), rule(language="de"), False),
        (rule(), rule(line=LINE), False),
        (rule(line=LINE), rule(line=OTHER), False),
        (rule(day_type=SATURDAY), rule(day_type=SUNDAY), False),
        (rule(day_type=SATURDAY), rule(day_type=CHOSEN, weekdays=(5,)), True),
        (rule(day_type=CHOSEN, weekdays=(0, 1)), rule(day_type=CHOSEN, weekdays=(1, 2)), True),
        (rule(day_type=CHOSEN, weekdays=(0, 1)), rule(day_type=CHOSEN, weekdays=(2, 3)), False),
        (rule(day_type=CHOSEN, weekdays=(0, 1, 2, 3, 4)), rule(day_type=WEEKDAY), True),
        (rule(opens="08:00", until="12:00"), rule(opens="12:00", until="16:00"), False),
        (rule(opens="08:00", until="12:00"), rule(opens="11:00", until="15:00"), True),
        (rule(opens="08:00", until="12:00"), rule(opens="09:00", until="10:00"), False),
        (rule(opens="00:00", until="24:00"), rule(), True),
        (
            rule(day_type=SUNDAY, opens="22:00", until="06:00"),
            rule(day_type=CHOSEN, weekdays=(0,), opens="05:00", until="13:00"),
            True,
        ),
        (
            rule(day_type=HOLIDAY, opens="22:00", until="06:00"),
            rule(day_type=HOLIDAY, opens="05:00", until="13:00"),
            True,
        ),
        (
            rule(day_type=HOLIDAY, opens="08:00", until="12:00"),
            rule(day_type=HOLIDAY, opens="12:00", until="16:00"),
            False,
        ),
    ],
)
def test_what_is_a_tie(one: GreetingEntry, other: GreetingEntry, tie: bool):
    assert bool(ties((one, other))) is tie
    assert bool(ties((other, one))) is tie


clocks = st.sampled_from(["00:00", "02:30", "06:00", "12:00", "18:00", "24:00"])


@st.composite
def rules(draw: st.DrawFn) -> GreetingEntry:
    day_type = draw(st.sampled_from(DAY_TYPES))
    weekdays = draw(st.sets(st.integers(0, 6), min_size=1, max_size=3)) if day_type == CHOSEN else set()
    opens, until = draw(
        st.just(("", "")) | st.tuples(clocks, clocks).filter(lambda pair: pair[0] not in {pair[1], "24:00"})
    )
    return rule(
        draw(st.text(max_size=2)),
        language=draw(st.sampled_from(["fr", "de"])),
        line=draw(st.sampled_from(["", LINE])),
        day_type=day_type,
        weekdays=tuple(sorted(weekdays)),
        opens=opens,
        until=until,
    )


def naive_holds(entry: GreetingEntry, wall: datetime) -> bool:
    """Said plainly: some day of the rule began the stretch in which the wall shows this time."""
    for days_ago in (0, 1):
        day = wall.date() - timedelta(days=days_ago)
        kinds = {
            "": True,
            WEEKDAY: day.weekday() < 5,
            SATURDAY: day.weekday() == 5,
            SUNDAY: day.weekday() == 6,
            HOLIDAY: holiday_on(day, country="LU") is not None,
            CHOSEN: day.weekday() in entry.weekdays,
        }
        midnight = datetime.combine(day, datetime.min.time())
        starts = midnight + timedelta(minutes=minutes_of(entry.opens or "00:00"))
        ends = midnight + timedelta(minutes=minutes_of(entry.until or "24:00"))
        if ends <= starts:
            ends += timedelta(days=1)
        if kinds[entry.day_type] and starts <= wall < ends:
            return True
    return False


moments = st.integers(0, 65 * 24 * 60).map(
    lambda minutes: datetime(2026, 10, 24, tzinfo=UTC) + timedelta(minutes=minutes)
)


@given(rules(), moments)
def test_a_rule_holds_when_the_wall_says_so(entry: GreetingEntry, at: datetime):
    wall = at.astimezone(ZoneInfo(WEBER.time_zone)).replace(tzinfo=None)
    assert holds_at(entry, wall_moment(WEBER, at)) is naive_holds(entry, wall)


@given(st.lists(rules(), max_size=6), moments, st.sampled_from([LINE, OTHER]))
def test_one_rule_wins_and_nobody_ties_with_it_unless_that_was_refused(entries, at, line):
    moment = wall_moment(WEBER, at)
    winner = greeting_rule(entries, line=line, language="fr", moment=moment)
    rivals = [each for each in entries if each.language == "fr" and each.line in {"", line} and holds_at(each, moment)]
    assert (winner is None) is (rivals == [])
    if winner is not None:
        assert all(narrowness(winner) <= narrowness(each) for each in rivals)
        equals = [each for each in rivals if narrowness(each) == narrowness(winner)]
        assert len(equals) == 1 or ties(entries)
