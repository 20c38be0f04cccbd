# SPDX-License-Identifier: AGPL-3.0-or-later
"""Clocks of places as files of others define them: each file for itself, by rules that come once a year."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from permanence.agenda.interop.foreign import gathered, read_calendar, read_events
from permanence.agenda.interop.parsing import parsed
from permanence.agenda.interop.written import busy, read
from permanence.agenda.refusals import EventRefused

PARIS = "Europe/Paris"
AFTER, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)
WINTER, SUMMER = "20261224T090000", "20270624T090000"


def part(kind, start, before, after, *more):
    lines = (f"DTSTART:{start}", f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{after}", *more)
    return "\r\n".join((f"BEGIN:{kind}", *lines, f"END:{kind}"))


def zone(name, *parts):
    return "\r\n".join(("BEGIN:VTIMEZONE", f"TZID:{name}", *parts, "END:VTIMEZONE"))


def fixed(name, offset):
    return zone(name, part("STANDARD", "19700101T000000", offset, offset))


def ruled(rule, *more, start="20261223T000000", name="Bureau"):
    return zone(
        name,
        part("STANDARD", start, "+0200", "+0100", *(() if rule is None else (f"RRULE:{rule}",)), *more),
        part("DAYLIGHT", start, "+0100", "+0200"),
    )


def event(name="Bureau", start=WINTER, *more):
    quoted = f'"{name}"' if set(name) & set(":;,") else name
    lines = ("UID:one", "DTSTAMP:20261101T080000Z", f"DTSTART;TZID={quoted}:{start}", "DURATION:PT30M", *more)
    return "\r\n".join(("BEGIN:VEVENT", *lines, "END:VEVENT"))


def calendar(*parts):
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Other//Product//EN", *parts, "END:VCALENDAR", ""))


def on_device(text):
    return [each.starts_at.astimezone(UTC) for each in busy(read(text), zone=PARIS, after=AFTER, until=UNTIL)]


def in_calendar(text):
    return [each.starts_at for each in read_calendar(text, zone=PARIS, after=AFTER, until=UNTIL).times]


def in_many(text):
    found = read_events(gathered([text]), zone=PARIS, after=AFTER, until=UNTIL)
    assert not found.unread
    return [each.starts_at for each in found.times]


READERS = (on_device, in_calendar, in_many)


@pytest.mark.parametrize(
    "defined",
    [
        ruled("FREQ=SECONDLY"),
        ruled("FREQ=SECONDLY", name=PARIS),
        ruled("FREQ=MINUTELY"),
        ruled("FREQ=HOURLY"),
        ruled("FREQ=DAILY"),
        ruled("FREQ=YEARLY;BYHOUR=1,2,3"),
        ruled("FREQ=YEARLY;BYMONTH=1,2,3,4,5,6,7,8,9,10,11,12;BYDAY=MO"),
        ruled("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR"),
        ruled("FREQ=YEARLY;BYYEARDAY=1,2,3"),
        ruled("FREQ=YEARLY;INTERVAL=7;BYMONTH=2;BYMONTHDAY=29"),
        ruled("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "RRULE:FREQ=SECONDLY"),
        ruled("FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "EXRULE:FREQ=SECONDLY"),
        ruled(None, "RDATE:" + ",".join(f"20{n // 24:02}0101T{n % 24:02}0000" for n in range(1200))),
        zone("Bureau", *(part("STANDARD", "20261223T000000", "+0200", "+0100") for _ in range(300))),
    ],
)
def test_a_place_whose_clock_changes_without_bound_is_refused(defined):
    text = calendar(defined, event())
    for reader in (read, in_calendar):
        with pytest.raises(EventRefused, match="rule"):
            reader(text)
    found = read_events(gathered([text]), zone=PARIS, after=AFTER, until=UNTIL)
    assert (found.times, len(found.unread)) == ([], 1)


def test_years_of_many_places_are_counted_together():
    never = "FREQ=YEARLY;COUNT=9000;BYMONTH=2;BYMONTHDAY=30"
    places = [ruled(never, name=f"P{n}", start="00010101T000000") for n in range(20)]
    for reader in (read, in_calendar):
        with pytest.raises(EventRefused, match="rule"):
            reader(calendar(*places, event("P1")))


@pytest.mark.parametrize("end", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_no_rule_hides_in_a_name_of_a_clock(end):
    text = calendar(ruled(None, f"TZNAME:x{end}RRULE:FREQ=SECONDLY"), event())
    zones = {each.decoded("DTSTART").tzinfo for each in parsed(text).walk("VEVENT")}
    (clock,) = zones
    rules = [rule for component in clock._comps for rule in component.rrule._rrule]
    assert rules == []


@pytest.mark.parametrize(
    "line",
    [
        "SUMMARY:x\rRRULE:FREQ=SECONDLY;COUNT=3",
        "SUMMARY:x\r\n\r\n RRULE:FREQ=SECONDLY;COUNT=3",
        "SUMMARY:x\r\r\n RRULE:FREQ=SECONDLY;COUNT=3",
        "a.RRULE:FREQ=SECONDLY;COUNT=3",
    ],
)
def test_what_radicale_would_read_otherwise_than_we_do_is_refused(line):
    with pytest.raises(EventRefused, match="malformed"):
        read(calendar(event(PARIS, WINTER, line)))


UNTIL_OCTOBER = "RRULE:FREQ=YEARLY;UNTIL=20261025T010000Z;BYMONTH=10;BYDAY=-1SU"
UNTIL_MARCH = "RRULE:FREQ=YEARLY;UNTIL=20270328T010000Z;BYMONTH=3;BYDAY=-1SU"
ENDED = "RRULE:FREQ=YEARLY;UNTIL=19760328T000000Z;BYMONTH=3;BYDAY=-1SU"
FROM_25 = "BYMONTHDAY=25,26,27,28,29,30,31;BYDAY=SU"
AUTUMN, SPRING = "FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU", "FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU"
OUTLOOK = zone(
    "(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna",
    part("STANDARD", "16011028T030000", "+0200", "+0100", f"RRULE:{AUTUMN}"),
    part("DAYLIGHT", "16010325T020000", "+0100", "+0200", f"RRULE:{SPRING}"),
)
EXCHANGE = zone(
    "Customized Time Zone",
    part("STANDARD", "16010101T030000", "+0200", "+0100", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10"),
    part("DAYLIGHT", "16010101T020000", "+0100", "+0200", "RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3"),
)
NOTES = zone(
    "Western/Central Europe",
    part("STANDARD", "19501029T020000", "+0200", "+0100", f"RRULE:{AUTUMN};BYMINUTE=0;BYHOUR=2"),
    part("DAYLIGHT", "19500326T020000", "+0100", "+0200", f"RRULE:{SPRING};BYMINUTE=0;BYHOUR=2"),
)
DOTNET = zone(
    "Bureau de Luxembourg",
    part("STANDARD", "00010101T030000", "+0200", "+0100", f"RRULE:{AUTUMN}"),
    part("DAYLIGHT", "00010101T020000", "+0100", "+0200", f"RRULE:{SPRING}"),
)
APPLE = zone(
    "iCal/Paris",
    part("DAYLIGHT", "19760328T010000", "+0100", "+0200", ENDED),
    part("STANDARD", "19760926T010000", "+0200", "+0100", "RDATE:19770925T030000,19781001T030000"),
    part("DAYLIGHT", "19810329T020000", "+0100", "+0200", f"RRULE:{SPRING}", "TZNAME:CEST"),
    part("STANDARD", "19961027T030000", "+0200", "+0100", f"RRULE:{AUTUMN}", "TZNAME:CET"),
)
VZIC = zone(
    "/citadel.org/20070227_1/Bureau",
    part("STANDARD", "19701025T030000", "+0200", "+0100", f"RRULE:FREQ=YEARLY;BYMONTH=10;{FROM_25}"),
    part("DAYLIGHT", "19700329T020000", "+0100", "+0200", f"RRULE:FREQ=YEARLY;BYMONTH=3;{FROM_25}"),
)
EACH_BY_ITSELF = zone(
    "by dates",
    part("DAYLIGHT", "20260329T020000", "+0100", "+0200"),
    part("STANDARD", "20261025T030000", "+0200", "+0100"),
    part("DAYLIGHT", "20270328T020000", "+0100", "+0200"),
    part("STANDARD", "20271031T030000", "+0200", "+0100"),
)


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("defined", [OUTLOOK, EXCHANGE, NOTES, DOTNET, APPLE, VZIC, EACH_BY_ITSELF])
def test_definitions_of_real_products_are_read(reader, defined):
    name = defined.split("\r\n")[1].removeprefix("TZID:")
    for start, hour in ((WINTER, 8), (SUMMER, 7), ("20270328T033000", 1), ("20271031T043000", 3)):
        (found,) = reader(calendar(defined, event(name, start)))
        assert found.hour == hour, (start, found)


def test_a_rule_ends_with_the_hour_that_its_end_names():
    """The last change of a clock is at 03:00 on the wall, 01:00 UTC: UNTIL says it in UTC."""
    defined = zone(
        "Istanbul of old",
        part("DAYLIGHT", "20200329T030000", "+0200", "+0300", UNTIL_MARCH),
        part("STANDARD", "20201025T040000", "+0300", "+0200", UNTIL_OCTOBER),
    )
    for reader in READERS:
        assert [each.hour for each in reader(calendar(defined, event("Istanbul of old", WINTER)))] == [7]
        assert [each.hour for each in reader(calendar(defined, event("Istanbul of old", SUMMER)))] == [6]


@pytest.mark.parametrize("reader", READERS)
def test_one_name_in_two_files_is_two_clocks(reader):
    hours = [reader(calendar(fixed("Bureau", offset), event()))[0].hour for offset in ("+0500", "-0300", "+0500")]
    assert hours == [4, 12, 4]


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("name", [PARIS, "W. Europe Standard Time", "/Europe/Paris"])
def test_what_a_place_is_called_everywhere_no_file_defines_anew(reader, name):
    assert [each.hour for each in reader(calendar(fixed(name, "+0000"), event(name)))] == [8]
    assert [each.hour for each in reader(calendar(event(name)))] == [8]


def test_files_that_are_read_at_once_keep_their_clocks():
    texts = {hour: calendar(fixed("Bureau", f"+0{hour}00"), event()) for hour in range(8)}
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: (9 - n % 8, in_calendar(texts[n % 8])[0].hour), range(160)))
    assert all(wanted == read for wanted, read in found)


@pytest.mark.parametrize("name", ["Europe", "x" * 300, "Europe/", "../Paris", "a/" * 200])
def test_a_zone_that_is_a_folder_or_too_long_is_one_that_nobody_knows(name):
    text = calendar(event(name))
    assert on_device(text) == on_device(calendar(event("Nowhere/X")))
    (unread,) = read_calendar(text, zone=PARIS, after=AFTER, until=UNTIL).unread
    assert unread.code == "zone"


def test_a_calendar_on_the_clock_of_a_folder_is_refused():
    with pytest.raises(EventRefused, match="malformed"):
        on_device(calendar("X-WR-TIMEZONE:Europe", event(PARIS)))
