# SPDX-License-Identifier: AGPL-3.0-or-later
"""When an event of another product makes its owner busy: what runs together for months stays as it is."""

from datetime import UTC, datetime, timedelta

from permanence.agenda.interop.written import EPOCH, LONGEST, busy, read

DAY = timedelta(days=1)
MARCH = datetime(2026, 3, 1, tzinfo=UTC)


def event(starts, *, lasts, rule=""):
    return read(
        "\r\n".join(
            [
                "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//x//EN", "BEGIN:VEVENT", "UID:away",
                "DTSTAMP:20260101T000000Z",
                f"DTSTART:{starts:%Y%m%dT%H%M%SZ}", f"DURATION:{lasts}", *([rule] if rule else []),
                "END:VEVENT", "END:VCALENDAR", "",
            ]
        )
    )  # fmt: skip


def parts(written, after):
    found = busy(written, zone="Europe/Paris", after=after, until=after + 200 * DAY)
    return [(each.starts_at, each.ends_at) for each in found]


def test_busy_time_of_months_is_cut_at_the_same_moments_whichever_day_it_is_looked_at():
    """Each night two days begin, so that all of it is one time; a day later only its first and last parts differ."""
    away = event(MARCH - 30 * DAY, lasts="P2D", rule="RRULE:FREQ=DAILY;COUNT=400")
    today, tomorrow = parts(away, MARCH), parts(away, MARCH + DAY)
    assert len(today) > 5
    assert all(ends - starts <= LONGEST for starts, ends in today)
    assert [one[1] for one in today[:-1]] == [one[0] for one in today[1:]]
    assert today[1:-1] == tomorrow[1:-1]


def test_what_is_short_enough_is_not_cut():
    number = (MARCH - EPOCH) // LONGEST + 1
    fixed = EPOCH + number * LONGEST
    assert parts(event(fixed - timedelta(hours=1), lasts="PT2H"), MARCH) == [
        (fixed - timedelta(hours=1), fixed + timedelta(hours=1))
    ]
