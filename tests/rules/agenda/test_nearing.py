# SPDX-License-Identifier: AGPL-3.0-or-later
"""Rules that began long ago are counted out near the days that are wanted alone, and come as they always did."""

from datetime import UTC, date, datetime, timedelta

import pytest
import recurring_ical_events
from dateutil.rrule import rrule
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from permanence.agenda.interop import foreign, written
from permanence.agenda.interop.nearing import brought_near

NOW = datetime(2026, 11, 24, 11, tzinfo=UTC)
UNTIL = datetime(2028, 1, 1, tzinfo=UTC)


def calendar(*events):
    return "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN", *events, "END:VCALENDAR", ""])


def event(*lines, uid="away"):
    return "\r\n".join(["BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20260101T000000Z", *lines, "END:VEVENT"])


@pytest.fixture
def counted(monkeypatch):
    """How many times rules ran through."""
    seen, through = [], rrule._iter

    def each(rule):
        for at in through(rule):
            seen.append(at)
            yield at

    monkeypatch.setattr(rrule, "_iter", each)
    return seen


@pytest.mark.parametrize(
    ("first", "rule", "times", "most"),
    [
        ("TZID=Europe/Paris:19700105T080000", "FREQ=DAILY", 402, 420),
        ("TZID=Europe/Paris:19700105T080000", "FREQ=DAILY;UNTIL=20270101T000000Z", 37, 60),
        ("TZID=Europe/Paris:19700105T080000", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", 288, 320),
        ("TZID=Europe/Paris:19700131T080000", "FREQ=MONTHLY", 8, 40),
        ("VALUE=DATE:19440229", "FREQ=YEARLY", 0, 30),
    ],
)
def test_a_rule_without_end_is_not_counted_out_from_its_first_time(counted, first, rule, times, most):
    text = calendar(event(f"DTSTART;{first}", "DURATION:P1D" if "DATE" in first else "DURATION:PT1H", f"RRULE:{rule}"))
    found = foreign.read_calendar(text, zone="Europe/Paris", after=NOW, until=UNTIL)
    assert (len(found.times), found.unread) == (times, [])
    assert len(counted) <= most


def test_what_a_device_wrote_long_ago_neither(counted):
    text = calendar(event("DTSTART;TZID=Europe/Paris:20000103T080000", "DURATION:PT1H", "RRULE:FREQ=DAILY"))
    found = written.busy(written.read(text), zone="Europe/Paris", after=NOW, until=NOW + timedelta(days=30))
    assert len(found) == 30
    assert len(counted) < 50


def test_many_old_rules_are_no_reason_to_refuse_a_calendar():
    daily = [
        event("DTSTART:19800101T080000Z", "DURATION:PT1H", "RRULE:FREQ=DAILY;UNTIL=19990101T000000Z", uid=f"old-{each}")
        for each in range(40)
    ]
    found = foreign.read_calendar(calendar(*daily), zone="Europe/Paris", after=NOW, until=UNTIL)
    assert (found.times, found.unread, found.outside) == ([], [], 40)


DAYS = st.dates(date(2000, 1, 1), date(2024, 12, 31))
SHORT = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@st.composite
def rules(draw):
    often = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    said = [f"FREQ={often}", f"INTERVAL={draw(st.integers(1, 11))}"]
    days = draw(st.lists(st.sampled_from(SHORT), min_size=1, max_size=3, unique=True))
    if often == "WEEKLY" and draw(st.booleans()):
        said.append(f"BYDAY={','.join(days)}")
    if often in {"MONTHLY", "YEARLY"}:
        more = draw(
            st.sampled_from(
                ["", "BYMONTHDAY=31", "BYMONTHDAY=-1", "BYDAY=2TU", "BYDAY=-1FR", "BYDAY=MO,WE;BYSETPOS=-1"]
            )
        )
        said += [more] if more else []
        if often == "YEARLY" and draw(st.booleans()):
            said.append("BYMONTH=1,3,10")
    said += draw(st.sampled_from([[], [], ["WKST=SU"], ["COUNT=300"], ["UNTIL=20270301T120000Z"]]))
    return ";".join(said)


@settings(max_examples=120, deadline=None)
@given(DAYS, rules(), st.sampled_from(["", "EXDATE", "moved"]), st.integers(1, 60), st.sampled_from([True, False]))
def test_from_then_on_it_comes_as_when_it_is_counted_out_from_the_first(first, rule, more, hours, is_late):
    hour = "023000" if is_late else "090000"
    place = "TZID=Europe/Paris:"
    lines = [f"DTSTART;{place}{first:%Y%m%d}T{hour}", f"DURATION:PT{hours}H", f"RRULE:{rule}"]
    plain = parts_of(calendar(event(*lines)))
    if more and (every := times(plain)):
        start = f"{place}{every[len(every) // 2][0].astimezone(written.ZoneInfo('Europe/Paris')):%Y%m%dT%H%M%S}"
        if more == "EXDATE":
            plain = parts_of(calendar(event(*lines, f"EXDATE;{start}")))
        else:
            changed = event(f"RECURRENCE-ID;{start}", "DTSTART:20270105T050000Z", "DURATION:PT5M")
            plain = parts_of(calendar(event(*lines), changed))
    assert times(brought_near(plain, NOW)) == times(plain)


def parts_of(text):
    return list(Calendar.from_ical(text).subcomponents)


def times(parts):
    whole = Calendar()
    for each in parts:
        whole.add_component(each)
    found = recurring_ical_events.of(whole).between(NOW, UNTIL)
    return sorted((each.start.astimezone(UTC), each.end.astimezone(UTC), each["RECURRENCE-ID"].dt) for each in found)
