# SPDX-License-Identifier: AGPL-3.0-or-later
"""The proof of what is said against an oracle that asks the desk's own functions at every minute."""

import time
from bisect import bisect_right
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.clients.rules.coverage import Coverage, Segment, cover, said_at
from permanence.clients.rules.findings import CONFLICTS, GAPS, Finding, HoursRule, Proof, lost_scope, prove
from permanence.reception.absence import ANNOUNCE, ANSWER, TREATMENTS, VOICE_MESSAGE, closing_absence
from permanence.reception.card import CallerShown, build_card
from permanence.reception.closing import closing_words
from permanence.reception.greeting import (
    CHOSEN,
    DAY_TYPES,
    HOLIDAY,
    SATURDAY,
    WEEKDAY,
    holds_at,
    narrowness,
    wall_moment,
)
from permanence.reception.hours import Openings
from permanence.reception.table import (
    AbsenceEntry,
    ClientSlice,
    DateHours,
    GreetingEntry,
    InstructionEntry,
    Interval,
    OpeningHours,
    RecipientEntry,
    SecretaryEntry,
    VoiceMessageConsent,
    WeekdayHours,
)
from permanence.reception.treatment import why_shut
from tests.rules.reception.house import client, house_slice

HOUSE = house_slice({})
ANYBODY = SecretaryEntry(id="1", name="{name}", languages=())
"""Her name is the place for it: the phrase comes back as it was written."""
START = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)
YEAR = 365 * DAY
CONSENT = VoiceMessageConsent(agreed_date="2026-01-01", duty_contact="Dr Roy")
LINES = ("+35210", "+35211")


def rule(text: str = "x", *, language: str = "fr", **more: Any) -> GreetingEntry:
    return GreetingEntry(language=language, text=text, **more)


def week(*intervals: tuple[str, str], days: range = range(5)) -> OpeningHours:
    times = tuple(Interval(opens=opens, until=until) for opens, until in intervals)
    return OpeningHours(week=tuple(WeekdayHours(weekday=day, intervals=times) for day in days))


def absence(number: str, starts: datetime, *, hours: float = 2, **more: Any) -> AbsenceEntry:
    return AbsenceEntry(
        id=number, starts=starts, ends=starts + hours * HOUR, words="w", by="b", announced_at=START, **more
    )


OFFICE = week(("08:00", "12:00"), ("14:00", "18:00"))
WEBER = client(
    "10",
    ("fr", "de"),
    country="LU",
    sector="health",
    time_zone="Europe/Luxembourg",
    hours=OFFICE,
    lines=LINES,
    greetings=(rule("Bonjour"), rule("Guten Tag", language="de")),
    recipients=(RecipientEntry(id="1", name="Dr Weber"), RecipientEntry(id="2", name="Dr Klein")),
)


def changed(**more: Any) -> ClientSlice:
    fields = {name: getattr(WEBER, name) for name in WEBER.__dataclass_fields__}
    return ClientSlice(**{**fields, **more})


# the oracle ---------------------------------------------------------------------------------------------------------


def as_the_desk(entry: ClientSlice, at: datetime) -> tuple[Any, ...]:
    """What the desk does with a call that arrives at `at`, and what is on the card of one it offers then."""
    shut = why_shut(entry, Openings(), at=at)
    if shut is None:
        kind = ANSWER
    else:
        away = closing_absence(entry, at=at)
        words = closing_words(entry, reason=shut[0], language="fr", on=at.date(), absence=away)
        kind = VOICE_MESSAGE if words.voice_message else ANNOUNCE
    cards = [
        build_card(entry, HOUSE, ANYBODY, caller=CallerShown(), called_line=line, at=at)
        for line in entry.lines or ("",)
    ]
    phrases = [{each.language: each.text for each in card.greetings} for card in cards]
    instructions = [each.id for each in cards[0].instructions]
    milliseconds = at.timestamp() * 1000
    absences = sorted(each.id for each in cards[0].absences if each.starts_ms <= milliseconds < each.ends_ms)
    return kind, shut and shut[1], phrases, instructions, absences


def as_proved(found: Coverage, segment: Segment) -> tuple[Any, ...]:
    phrases = [
        {language: each.text for language, each in zip(found.languages, line, strict=True) if each is not None}
        for line in segment.phrases
    ]
    shut = segment.treatment.why[0] if segment.treatment.reason else None
    return (
        segment.treatment.kind,
        shut,
        phrases,
        [each.id for each in segment.instructions],
        sorted(each.id for each in segment.absences),
    )


def segment_at(found: Coverage, at: datetime) -> Segment:
    return found.segments[bisect_right(found.segments, at, key=lambda each: each.starts) - 1]


def minutes(starts: datetime, until: datetime) -> Iterator[datetime]:
    while starts < until:
        yield starts
        starts += MINUTE


# random clients around the nights that matter -----------------------------------------------------------------------

NIGHTS = {
    "Europe/Paris": ("FR", "Alsace-Moselle"),
    "Europe/Luxembourg": ("LU", ""),
    "Europe/Dublin": ("IE", ""),
}
BEGINNINGS = [
    datetime(2026, 10, 24, 20, 0, tzinfo=UTC),  # clocks go back on the 25th
    datetime(2027, 3, 27, 20, 0, tzinfo=UTC),  # forward on the 28th, Easter
    datetime(2026, 12, 24, 21, 30, tzinfo=UTC),  # two public holidays in a row in Luxembourg and in Alsace
]
LONG = 31 * HOUR

clocks = st.sampled_from(["00:00", "01:00", "01:30", "02:00", "02:30", "03:00", "08:00", "12:00", "22:00", "24:00"])
intervals = st.builds(Interval, opens=clocks, until=clocks).filter(lambda each: each.opens not in {each.until, "24:00"})
times = st.lists(intervals, max_size=2).map(tuple)


@st.composite
def rules(draw: st.DrawFn) -> GreetingEntry:
    day_type = draw(st.sampled_from(DAY_TYPES))
    weekdays = draw(st.sets(st.integers(0, 6), min_size=1, max_size=3)) if day_type == CHOSEN else set()
    hours = draw(st.none() | intervals)
    return rule(
        str(draw(st.integers(0, 99))),
        language=draw(st.sampled_from(["fr", "de"])),
        line=draw(st.sampled_from(["", LINES[0]])),
        day_type=day_type,
        weekdays=tuple(sorted(weekdays)),
        opens="" if hours is None else hours.opens,
        until="" if hours is None else hours.until,
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[ClientSlice, datetime]:
    zone = draw(st.sampled_from(list(NIGHTS)))
    country, region = NIGHTS[zone]
    starts = draw(st.sampled_from(BEGINNINGS))
    dates = [(starts + number * DAY).date().isoformat() for number in range(3)]
    moments = st.integers(-120, 2000).map(lambda minute: starts + minute * MINUTE)

    def absences(number: int) -> AbsenceEntry:
        recipient = draw(st.sampled_from(["", "1", "2"]))
        return absence(
            str(number),
            draw(moments),
            hours=draw(st.sampled_from([0.25, 2, 9])),
            recipient=recipient,
            urgent_to=draw(st.sampled_from(["", *({"1", "2"} - {recipient})])),
            treatment=ANSWER if recipient else draw(st.sampled_from(TREATMENTS)),
        )

    def instructions(number: int) -> InstructionEntry:
        first, last = sorted((draw(moments), draw(moments)))
        return InstructionEntry(
            id=str(number),
            version=1,
            text="t",
            author="a",
            written_at=START,
            starts=draw(st.sampled_from([None, first])),
            ends=draw(st.sampled_from([None, last])),
            priority=number % 2,
        )

    hours = OpeningHours(
        always=draw(st.integers(0, 5)) == 0,
        week=tuple(WeekdayHours(weekday=day, intervals=draw(times)) for day in range(7)),
        exceptions=tuple(
            DateHours(date=draw(st.sampled_from(dates)), intervals=draw(times), label="e")
            for _ in range(draw(st.integers(0, 2)))
        ),
        closed_on_holidays=draw(st.booleans()),
    )
    entry = changed(
        time_zone=zone,
        country=country,
        region=region,
        hours=hours,
        lines=draw(st.sampled_from([(), LINES])),
        languages=draw(st.sampled_from([(), ("fr",), ("fr", "de")])),
        greetings=tuple(draw(st.lists(rules(), max_size=5))),
        instructions=tuple(instructions(number) for number in range(draw(st.integers(0, 3)))),
        absences=tuple(absences(number) for number in range(draw(st.integers(0, 3)))),
        state=draw(st.sampled_from(["active", "active", "active", "suspended"])),
        voice_message=draw(st.booleans()),
        voice_message_consent=draw(st.sampled_from([None, CONSENT])),
        max_wait_s=draw(st.sampled_from([0, 180, 600])),
    )
    return entry, starts


FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@given(situations())
@FEW
def test_every_minute_is_as_the_desk_has_it(situation: tuple[ClientSlice, datetime]) -> None:
    entry, starts = situation
    found = cover(entry, starts=starts, until=starts + LONG)
    assert (found.segments[0].starts, found.segments[-1].ends) == (starts, starts + LONG)
    assert all(one.ends == other.starts > one.starts for one, other in pairwise(found.segments))
    for at in minutes(starts, starts + LONG):
        assert as_proved(found, segment_at(found, at)) == as_the_desk(entry, at), at


@pytest.mark.parametrize("zone", list(NIGHTS))
@pytest.mark.parametrize("night", BEGINNINGS[:2])
def test_the_nights_on_which_clocks_change(zone: str, night: datetime) -> None:
    country, region = NIGHTS[zone]
    greetings = (
        rule("else"),
        rule("one", opens="01:00", until="02:00"),
        rule("two", opens="02:00", until="03:00"),
        rule("half", opens="01:30", until="02:30", day_type="sunday"),
    )
    hours = week(("00:30", "01:30"), ("01:30", "02:15"), ("02:45", "03:10"), days=range(7))
    entry = changed(time_zone=zone, country=country, region=region, greetings=greetings, hours=hours)
    found = cover(entry, starts=night, until=night + 10 * HOUR)
    for at in minutes(night, night + 10 * HOUR):
        assert as_proved(found, segment_at(found, at)) == as_the_desk(entry, at), at


@given(situations())
@FEW
def test_every_minute_without_a_phrase_is_found_and_no_other(situation: tuple[ClientSlice, datetime]) -> None:
    entry, starts = situation
    proof = prove(entry, starts=starts, until=starts + LONG)
    found = {(each.line, each.language): each for each in proof.gaps if each.code.startswith("no_greeting")}
    wanted = [*entry.languages] or sorted({each.language for each in entry.greetings}) or [""]
    states = [as_the_desk(entry, at) for at in minutes(starts, starts + LONG)] if entry.state == "active" else []
    open_until = -1
    silent: dict[tuple[str, str], list[int]] = {}
    for number, (kind, _, phrases, *_) in enumerate(states):
        open_until = number if kind == ANSWER else open_until
        if open_until < 0 or number - open_until > entry.max_wait_s / 60:
            continue
        for line, said in zip(entry.lines or ("",), phrases, strict=True):
            for language in wanted:
                if language not in said:
                    silent.setdefault((line, language), []).append(number)
    said_so = {
        (line, language)
        for line in entry.lines or ("",)
        for language in wanted
        if (line, language) in found or ("", language) in found
    }
    assert said_so == set(silent)
    for (line, language), numbers in silent.items():
        gap = found.get((line, language)) or found["", language]
        while_answered = [number for number in numbers if states[number][0] == ANSWER]
        assert gap.code == ("no_greeting" if while_answered else "no_greeting_after_closing")
        assert gap.starts == starts + (while_answered or numbers)[0] * MINUTE


@given(situations())
@FEW
def test_no_minute_has_two_rules_of_which_neither_is_the_more_specific_unless_that_is_found(situation) -> None:
    entry, starts = situation
    proof = prove(entry, starts=starts, until=starts + LONG)
    found = {tuple(map(id, each.causes)) for each in proof.conflicts if each.code == "greeting_tie"}
    for at in minutes(starts, starts + LONG):
        moment = wall_moment(entry, at)
        holding = [each for each in entry.greetings if holds_at(each, moment)]
        for place, one in enumerate(holding):
            for other in holding[place + 1 :]:
                same = (one.language, one.line) == (other.language, other.line)
                if same and narrowness(one) == narrowness(other):
                    assert (id(one), id(other)) in found


# what is found, and the rule that causes it --------------------------------------------------------------------------


def proof_of(entry: ClientSlice, *, length: timedelta = YEAR) -> Proof:
    return prove(entry, starts=START, until=START + length)


def local(text: str, entry: ClientSlice = WEBER) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(entry.time_zone)).astimezone(UTC)


def only(entry: ClientSlice, code: str) -> Finding:
    found = [each for each in proof_of(entry).findings if each.code == code]
    assert len(found) == 1
    return found[0]


def test_a_client_in_order_has_nothing_to_say_about() -> None:
    assert proof_of(WEBER).findings == ()


@pytest.mark.parametrize("state", ["prospect", "suspended"])
def test_who_is_not_answered_yet_is_not_in_order_without_a_phrase(state: str) -> None:
    bare = changed(state=state, greetings=())
    assert [each.code for each in proof_of(bare).gaps] == ["no_phrase"]
    assert proof_of(changed(state=state)).findings == ()
    assert proof_of(changed(state="ended", greetings=())).findings == ()


@given(st.frozensets(st.sampled_from(["fr", "de", "en", "lb", "pt"])), st.sampled_from(["active", "prospect", "ended"]))
def test_somebody_speaks_one_of_his_languages(spoken: frozenset[str], state: str) -> None:
    entry = changed(state=state)
    found = prove(entry, starts=START, until=START + HOUR, spoken=spoken).findings
    told = any(each.code == "nobody_speaks" for each in found)
    assert told == (state != "ended" and not any(each in spoken for each in entry.languages))
    unasked = prove(entry, starts=START, until=START + HOUR).findings
    assert not any(each.code == "nobody_speaks" for each in unasked)


def test_codes_are_conflicts_or_gaps() -> None:
    assert not set(CONFLICTS) & set(GAPS)
    assert Finding(code="greeting_tie").is_conflict
    assert not Finding(code="no_greeting").is_conflict


def test_a_language_without_a_phrase_on_some_days() -> None:
    german = rule("Guten Tag", language="de", day_type=CHOSEN, weekdays=(0, 1, 2, 3))
    found = only(changed(greetings=(rule(), german)), "no_greeting")
    assert (found.language, found.line, found.causes) == ("de", "", (german,))
    assert (found.starts, found.ends) == (START + HOUR, START + 5 * HOUR)  # this Friday, 14:00 to 18:00
    assert found.times == 101  # two openings on 53 Fridays, but for two holidays and this morning


def test_a_line_without_a_phrase_is_named() -> None:
    entry = changed(greetings=(rule(line=LINES[0]), rule(language="de")))
    found = only(entry, "no_greeting")
    assert (found.line, found.language) == (LINES[1], "fr")


def test_who_waits_at_closing_time_is_greeted_too() -> None:
    hours = (rule(opens="08:00", until="12:00"), rule(opens="14:00", until="18:00"))
    found = only(changed(greetings=(*hours, rule(language="de")), max_wait_s=180), "no_greeting_after_closing")
    assert (found.starts, found.ends) == (local("2026-11-27 18:00"), local("2026-11-27 18:03"))
    assert found.causes == hours
    assert proof_of(changed(greetings=(*hours, rule(language="de")), max_wait_s=0)).findings == ()


def test_a_client_without_any_phrase() -> None:
    assert only(changed(greetings=(), languages=()), "no_greeting").language == ""
    assert {each.language for each in proof_of(changed(greetings=())).gaps} == {"fr", "de"}


@pytest.mark.parametrize(
    "never",
    [
        rule(day_type=WEEKDAY, opens="12:30", until="13:30"),
        rule(line="+35299"),
        rule(day_type=HOLIDAY),
        rule(day_type=SATURDAY),
    ],
)
def test_a_phrase_that_is_never_said(never: GreetingEntry) -> None:
    assert only(changed(greetings=(*WEBER.greetings, never)), "greeting_never_said").causes == (never,)


def told(**fields: Any) -> InstructionEntry:
    return InstructionEntry(id="7", version=2, text="t", author="a", written_at=START, **fields)


@pytest.mark.parametrize(
    ("entry", "lost"),
    [
        (told(line="+35299"), "line"),
        (told(recipient="99", recipient_name="Dr Gone"), "recipient"),
        (told(reason="gone"), "reason"),
        (told(starts=local("2026-11-28 13:00"), ends=local("2026-11-30 08:00")), ""),  # from Saturday to Monday
    ],
)
def test_an_instruction_that_is_never_shown(entry: InstructionEntry, lost: str) -> None:
    client = changed(instructions=(entry,))
    assert only(client, "instruction_never_shown").causes == (entry,)
    assert lost_scope(client, entry) == lost


@pytest.mark.parametrize(
    "entry",
    [
        told(),
        told(line=LINES[0]),
        told(caller="+352621000147"),
        told(recipient="1", recipient_name="Dr Weber"),
        told(ends=local("2026-11-27 18:00")),
        told(starts=local("2026-11-28 13:00"), ends=local("2026-11-30 08:01")),
        told(starts=START + timedelta(days=400)),
    ],
)
def test_an_instruction_that_is_shown_some_time_is_no_gap(entry: InstructionEntry) -> None:
    assert "instruction_never_shown" not in [each.code for each in proof_of(changed(instructions=(entry,))).findings]


@given(situations())
@FEW
def test_never_shown_is_what_no_offered_minute_shows(situation: tuple[ClientSlice, datetime]) -> None:
    """Against the desk, minute by minute: an instruction is found exactly when no call that is offered shows it."""
    client, starts = situation
    until = starts + LONG
    found = prove(client, starts=starts, until=until).findings
    never = {each.causes[0].id for each in found if each.code == "instruction_never_shown"}
    shown: set[str] = set()
    waits, answered = -1, False
    for at in minutes(starts, until):
        kind, _shut, _phrases, instructions, _absences = as_the_desk(client, at)
        answered |= kind == ANSWER
        waits = client.max_wait_s // 60 if kind == ANSWER else waits - 1
        shown |= set(instructions) if kind == ANSWER or waits >= 0 else set()
    begun = {each.id for each in client.instructions if each.starts is None or each.starts < until}
    assert never == (begun - shown if answered else set())  # who is never answered is told that alone


def test_a_client_who_is_never_answered_or_has_no_number() -> None:
    assert [each.code for each in proof_of(changed(hours=OpeningHours())).findings] == ["never_answered"]
    assert [each.code for each in proof_of(changed(lines=())).findings] == ["no_line"]


def test_a_tie_says_when_it_first_happens() -> None:
    one, other = rule("a", day_type=SATURDAY), rule("b", day_type=CHOSEN, weekdays=(5,))
    found = only(changed(greetings=(*WEBER.greetings, one, other), hours=OpeningHours(always=True)), "greeting_tie")
    assert (found.causes, found.starts, found.is_conflict) == ((one, other), local("2026-11-28 00:00"), True)


@pytest.mark.parametrize(
    ("hours", "first", "second", "when"),
    [
        (week(("08:00", "12:00"), ("11:00", "18:00"), days=range(1)), ("08:00", 0), ("11:00", 0), "2026-11-30 11:00"),
        (
            OpeningHours(
                week=(
                    WeekdayHours(weekday=5, intervals=(Interval(opens="22:00", until="06:00"),)),
                    WeekdayHours(weekday=6, intervals=(Interval(opens="05:00", until="12:00"),)),
                )
            ),
            ("22:00", 5),
            ("05:00", 6),
            "2026-11-29 05:00",
        ),
    ],
)
def test_openings_with_minutes_in_common(hours: OpeningHours, first: Any, second: Any, when: str) -> None:
    found = only(changed(hours=hours), "openings_overlap")
    causes = [(each.interval.opens, each.weekday) for each in found.causes if isinstance(each, HoursRule)]
    assert (causes, found.starts) == ([first, second], local(when))


def test_openings_that_touch_are_in_order_on_the_nights_of_the_clocks_too() -> None:
    touching = week(("02:00", "02:30"), ("02:30", "03:00"), ("03:00", "02:00"), days=range(7))
    assert proof_of(changed(hours=touching)).conflicts == ()


def test_a_day_written_twice_that_contradicts_itself() -> None:
    ten = Interval(opens="10:00", until="12:00")
    twice = (DateHours(date="2026-12-24", intervals=(ten,)), DateHours(date="2026-12-24", intervals=()))
    hours = OpeningHours(week=OFFICE.week, exceptions=twice)
    found = only(changed(hours=hours), "exception_twice")
    assert found.causes == (
        HoursRule(weekday=3, interval=ten, date="2026-12-24"),
        HoursRule(weekday=3, interval=None, date="2026-12-24"),
    )
    past = tuple(DateHours(date="2025-12-24", intervals=each.intervals) for each in twice)
    assert proof_of(changed(hours=OpeningHours(week=OFFICE.week, exceptions=past))).conflicts == ()


def test_voice_messages_of_a_health_client_without_the_doctors_consent() -> None:
    assert only(changed(voice_message=True), "voice_message_without_consent").causes == ()
    assert proof_of(changed(voice_message=True, voice_message_consent=CONSENT)).findings == ()
    away = absence("1", START, treatment=VOICE_MESSAGE)
    assert only(changed(absences=(away,)), "voice_message_without_consent").causes == (away,)
    assert proof_of(changed(absences=(away,), sector="legal")).findings == ()


def test_an_absence_whose_replacement_is_away_too() -> None:
    one = absence("1", START, hours=5, recipient="1", urgent_to="2")
    other = absence("2", START + HOUR, hours=2, recipient="2")
    found = only(changed(absences=(other, one)), "replacement_away")
    assert (found.causes, found.starts, found.ends) == ((one, other), START + HOUR, START + 3 * HOUR)


def test_two_absences_of_one_recipient() -> None:
    one, other = absence("1", START, recipient="1"), absence("2", START + HOUR, recipient="1")
    assert only(changed(absences=(one, other)), "absences_overlap").causes == (one, other)
    assert proof_of(changed(absences=(one, absence("3", START + 2 * HOUR, recipient="1")))).findings == ()


def test_what_is_said_at_one_moment_is_what_the_proof_says_of_it() -> None:
    entry = changed(greetings=(*WEBER.greetings, rule("Bon dimanche", day_type="sunday")), voice_message=True)
    sunday = local("2026-11-29 03:00")
    found = said_at(entry, line=LINES[0], at=sunday)
    assert [(language, each and each.text) for language, each in found.greetings] == [
        ("fr", "Bon dimanche"),
        ("de", "Guten Tag"),
    ]
    assert [each.code for each in found.treatment.why] == ["closed_by_week", "voice_message_without_consent"]
    segment = segment_at(cover(entry, starts=START, until=START + 7 * DAY), sunday)
    assert (segment.treatment, segment.phrases[0]) == (found.treatment, tuple(each for _, each in found.greetings))


def test_a_year_is_proved_in_a_tenth_of_a_second_of_work() -> None:
    """100 ms of processor time is the promise; ten times that is a fault."""
    nights = week(("08:00", "12:00"), ("13:30", "18:00"), ("20:00", "06:00"), days=range(7))
    entry = changed(
        hours=nights,
        greetings=(
            *WEBER.greetings,
            *(
                rule(str(hour), day_type=WEEKDAY, opens=f"{hour:02}:15", until=f"{hour + 1:02}:00")
                for hour in range(6, 20)
            ),
            rule("samedi", day_type=SATURDAY),
            rule("férié", day_type=HOLIDAY),
        ),
        absences=tuple(absence(str(day), START + day * DAY, hours=30, recipient="1") for day in range(0, 360, 9)),
    )
    before = time.thread_time()
    proof = proof_of(entry)
    assert time.thread_time() - before < 1.0
    assert len(proof.coverage.segments) > 2000
