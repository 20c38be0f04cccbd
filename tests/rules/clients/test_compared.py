# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a change brings, ends and leaves: by its rules, not by its words or moments."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from permanence.clients.bulk_proving import shape_of
from permanence.clients.rules.compared import compare
from permanence.clients.rules.findings import prove
from permanence.reception.table import ClientSlice, GreetingEntry, Interval, OpeningHours, WeekdayHours
from tests.stories import cast

NOW = datetime(2026, 11, 24, 13, 15, tzinfo=UTC)
SPAN = timedelta(days=40)
MORNING, DAY = Interval(opens="08:00", until="12:00"), Interval(opens="09:00", until="17:00")


def client(*, week=((0, (MORNING,)),), greetings=(), languages=("fr",), **more) -> ClientSlice:
    hours = OpeningHours(week=tuple(WeekdayHours(weekday=day, intervals=each) for day, each in week))
    return replace(cast.weber(), hours=hours, greetings=tuple(greetings), languages=languages, instructions=(), **more)


def said(text="Bonjour.", **when) -> GreetingEntry:
    return GreetingEntry(language="fr", text=text, **when)


def found(before, after):
    proof = None if before is None else prove(before, starts=NOW, until=NOW + SPAN)
    return compare(proof, prove(after, starts=NOW, until=NOW + SPAN))


def codes(findings):
    return [each.code for each in findings]


TIED = (said(day_type="weekday", opens="08:00", until="12:00"), said(day_type="weekday", opens="09:00", until="13:00"))
OVERLAPPING = ((0, (MORNING, DAY)),)


def test_of_a_new_client_everything_is_new():
    compared = found(None, client(week=OVERLAPPING, greetings=(said(),)))
    assert codes(compared.conflicts) == ["openings_overlap"]
    assert (compared.standing, compared.gone, compared.before) == ((), (), None)


def test_a_conflict_that_stood_is_told_and_is_no_news():
    before = client(week=OVERLAPPING, greetings=(said(),))
    compared = found(before, replace(before, max_wait_s=20))
    assert (compared.new, codes(compared.standing), compared.mark) == ((), ["openings_overlap"], "")


def test_the_same_tie_in_other_words_is_the_same_and_another_one_is_not():
    before = client(greetings=(said(), *TIED))
    assert codes(prove(before, starts=NOW, until=NOW + SPAN).conflicts) == ["greeting_tie"]
    other_words = replace(before, greetings=(said(), TIED[0], replace(TIED[1], text="Bonsoir.")))
    assert found(before, other_words).conflicts == ()
    other_hours = replace(before, greetings=(said(), TIED[0], replace(TIED[1], opens="10:00", until="14:00")))
    compared = found(before, other_hours)
    assert (codes(compared.conflicts), codes(compared.gone)) == (["greeting_tie"], ["greeting_tie"])


def test_what_is_mended_is_gone():
    compared = found(client(week=OVERLAPPING, greetings=(said(),)), client(greetings=(said(),)))
    assert (compared.new, compared.standing, codes(compared.gone)) == ((), (), ["openings_overlap"])


def test_a_gap_between_phrases_that_grows_is_new_and_one_of_a_language_without_any_is_not():
    daily = said(opens="08:00", until="12:00")
    small = client(week=((0, (DAY,)),), greetings=(daily,))
    large = client(week=((0, (DAY,)), (1, (DAY,))), greetings=(daily,))
    assert codes(found(small, large).gaps) == ["no_greeting"]
    assert found(large, small).new == ()
    small, large = (replace(each, languages=("fr", "de"), greetings=(said(),)) for each in (small, large))
    assert found(small, large).new == ()
    assert codes(found(small, large).standing) == ["no_greeting"]


intervals = st.sampled_from([(MORNING,), (DAY,), (MORNING, DAY), (Interval(opens="20:00", until="09:30"),)])
phrases = st.builds(
    said,
    line=st.sampled_from(["", "+352200001"]),
    day_type=st.sampled_from(["", "weekday", "saturday"]),
    opens=st.sampled_from(["", "08:00"]),
).map(lambda each: replace(each, until="11:00" if each.opens else ""))
clients = st.builds(
    client,
    week=st.dictionaries(st.integers(0, 6), intervals, max_size=3).map(lambda week: tuple(sorted(week.items()))),
    greetings=st.lists(phrases, max_size=3, unique=True),
    languages=st.sampled_from([("fr",), ("fr", "de")]),
    lines=st.sampled_from([(), ("+352200001",), ("+352200001", "+352200002")]),
)


@settings(max_examples=40, deadline=None)
@given(clients, clients)
def test_every_finding_is_new_or_standing_and_every_one_before_standing_or_gone(before, after):
    compared = found(before, after)
    first, last = (prove(each, starts=NOW, until=NOW + SPAN).findings for each in (before, after))
    assert sorted(codes((*compared.new, *compared.standing))) == sorted(codes(last))
    assert set(compared.new) | set(compared.standing) == set(last)
    assert set(compared.gone) <= set(first)
    back = found(after, after)
    assert (back.new, back.gone, set(back.standing)) == ((), (), set(last))


@settings(max_examples=40, deadline=None)
@given(clients, st.text(max_size=5), st.integers(1, 8))
def test_who_is_said_alike_is_found_alike(one, name, colour):
    """What proves many at once may prove one for all of the same shape."""
    other = replace(one, client="77", name=name, colour=colour)
    assert shape_of(one) == shape_of(other)
    shape = prove(shape_of(one), starts=NOW, until=NOW + SPAN).findings
    his = prove(one, starts=NOW, until=NOW + SPAN).findings
    assert [(each.code, each.starts, each.times, each.language) for each in shape] == [
        (each.code, each.starts, each.times, each.language) for each in his
    ]
