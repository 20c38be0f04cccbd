# SPDX-License-Identifier: AGPL-3.0-or-later
"""A calendar of twenty years: what is over is not read, and what is busy from now on is what it always was."""

import re
from datetime import UTC, date, datetime, timedelta
from time import thread_time

from hypothesis import given, settings
from hypothesis import strategies as st

from permanence.agenda.interop.backends import Window, understood
from permanence.agenda.interop.foreign import read_calendar
from permanence.agenda.interop.trimming import FOLD, trimmed

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
UNTIL = datetime(2028, 1, 1, tzinfo=UTC)
WINDOW = Window(zone="Europe/Paris", after=NOW, until=UNTIL)
ALARM = "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT15M\r\nDURATION:PT5M\r\nREPEAT:1\r\nEND:VALARM"


def calendar(*events):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN", *events, "END:VCALENDAR", ""])


def event(*lines, uid="one"):
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])


def busy(found):
    return [(each.uid, each.starts_at, each.ends_at, each.words) for each in found.times]


def test_of_twenty_years_only_what_is_near_is_read():
    begins = datetime(2006, 1, 2, 9, tzinfo=UTC)
    days = [begins + timedelta(days=each) for each in range(7900)]
    events = [
        event(f"DTSTART:{at:%Y%m%dT%H%M%SZ}", f"DTEND:{at + timedelta(hours=1):%Y%m%dT%H%M%SZ}", ALARM, uid=f"of-{at}")
        for at in days
    ]
    found = understood(calendar(*events), window=WINDOW)
    assert len(found.times) == sum(each + timedelta(hours=1) > NOW and each < UNTIL for each in days) > 200
    assert found.events <= len(found.times) + 6
    assert found.unread == []


PLACES = st.sampled_from([";TZID=Pacific/Kiritimati", ";TZID=America/Los_Angeles", "", "Z", "day"])


@st.composite
def events(draw, number):
    first = draw(
        st.one_of(
            st.dates(date(2005, 1, 1), date(2029, 12, 31)),
            st.sampled_from([NOW.date(), UNTIL.date()]).map(lambda day: day),
        )
    )
    first += timedelta(days=draw(st.integers(-3, 3)))
    place, hour, days = draw(PLACES), draw(st.integers(0, 23)), draw(st.integers(0, 40))
    last = first + timedelta(days=days)
    if place == "day":
        lines = [f"DTSTART;VALUE=DATE:{first:%Y%m%d}", f"DTEND;VALUE=DATE:{last + timedelta(days=1):%Y%m%d}"]
    else:
        ends = "Z" if place == "Z" else ""
        named = "" if place == "Z" else place
        lines = [
            f"DTSTART{named}:{first:%Y%m%d}T{hour:02}0000{ends}",
            f"DTEND{named}:{last:%Y%m%d}T{hour:02}3000{ends}",
        ]
    if draw(st.booleans()):
        lines[1] = "DURATION:P2D"
    lines += draw(
        st.sampled_from(
            [[], [], [], ["RRULE:FREQ=WEEKLY"], ["RR\r\n ULE:FREQ=WEEKLY"], [ALARM], [ALARM, "RRULE:FREQ=MONTHLY"]]
        )
    )
    return event(f"SUMMARY:of {number}", *lines, uid=f"uid-{number}")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_what_is_busy_is_the_same_as_of_the_whole_calendar(data):
    text = calendar(*(data.draw(events(each)) for each in range(data.draw(st.integers(1, 6)))))
    whole = read_calendar(text, zone="Europe/Paris", after=NOW, until=UNTIL, seconds=True)
    assert busy(understood(text, window=WINDOW)) == busy(whole)


def test_what_says_its_days_in_no_plain_words_is_read():
    past = "DTSTART:20100101T080000Z"
    for lines in (
        [past, "DTEND:20100101T090000Z", "RDATE:20270101T080000Z"],
        [past, "DURATION:P9999D"],
        ["DTSTART:nonsense"],
        [past, "DTEND:20090101T090000Z"],
        ["RECURRENCE-ID:20261201T080000Z", past, "DTEND:20100101T090000Z"],
        ["SUMMARY:without any"],
        [past, "DTEND:20100101T090000Z", "BEGIN:VEVENT"],
    ):
        text = calendar(event(*lines))
        assert trimmed(text, after=NOW, until=UNTIL) == text
    gone = trimmed(calendar(event(past, "DTEND:20100101T090000Z")), after=NOW, until=UNTIL)
    assert "VEVENT" not in gone
    assert gone.endswith("END:VCALENDAR\r\n")


def test_an_event_full_of_empty_lines_costs_no_more_than_one_of_as_many_words():
    def costs(*lines):
        text = calendar(event("DTSTART:20100101T090000Z", *lines, "DTEND:20100101T100000Z"))
        found = []
        for _run in range(3):
            begun = thread_time()
            assert trimmed(text, after=NOW, until=UNTIL) == calendar()
            found.append(thread_time() - begun)
        return min(found)

    for empty in ("\r\n" * 9_900, "\n" * 19_800):
        assert costs(empty) < 10 * costs("X-WORDS:" + "a\r\n " * 4_950) + 0.01


@given(st.text("\r\n \tA:", max_size=20))
def test_a_line_is_unfolded_whatever_empty_lines_stand_in_it(text):
    assert FOLD.sub("", text) == re.sub(r"(?:\r?\n)+[ \t]", "", text)
