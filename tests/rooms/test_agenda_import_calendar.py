# SPDX-License-Identifier: AGPL-3.0-or-later
"""An iCalendar file of another product comes in: each time once, faults by event, never over what stands there."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.interop.brought import lines_of
from permanence.agenda.interop.foreign import busy_of, read_calendar
from permanence.agenda.models import Appointment, Block
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.operations.blocks import unblock
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.refusals import EventRefused
from permanence.agenda.rules.usual import Trade
from permanence.callers.models import Patient
from tests.rooms.conftest import NOW

PARIS = "Europe/Paris"
AFTER, UNTIL = datetime(2026, 11, 1, tzinfo=UTC), datetime(2027, 12, 1, tzinfo=UTC)


def event(uid="one", *lines, starts="DTSTART;TZID=Europe/Paris:20261224T090000", ends="DURATION:PT30M"):
    return "\r\n".join(("BEGIN:VEVENT", f"UID:{uid}", "DTSTAMP:20261101T080000Z", starts, ends, *lines, "END:VEVENT"))


def calendar(*events):
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Other//Product//EN", *events, "END:VCALENDAR", ""))


def read(*events, zone=PARIS, **more):
    return read_calendar(calendar(*events), zone=zone, after=AFTER, until=UNTIL, **more)


def begins(found):
    return [each.starts_at.astimezone(ZoneInfo(PARIS)).strftime("%m-%d %H:%M") for each in found.times]


def test_a_rule_with_exceptions_and_a_moved_time():
    found = read(
        event("weekly", "RRULE:FREQ=WEEKLY;COUNT=4", "EXDATE;TZID=Europe/Paris:20261231T090000"),
        event("weekly", "RECURRENCE-ID;TZID=Europe/Paris:20270107T090000", starts="DTSTART:20270108T130000Z"),
    )
    assert begins(found) == ["12-24 09:00", "01-08 14:00", "01-14 09:00"]
    assert [each.recurrence for each in found.times] == [
        "2026-12-24T08:00:00+00:00",
        "2027-01-07T08:00:00+00:00",
        "2027-01-14T08:00:00+00:00",
    ]


def test_hours_stay_on_the_wall_when_clocks_change():
    found = read(event("daily", "RRULE:FREQ=DAILY;COUNT=3", starts="DTSTART;TZID=Europe/Paris:20270327T090000"))
    assert begins(found) == ["03-27 09:00", "03-28 09:00", "03-29 09:00"]
    assert [each.starts_at.hour for each in found.times] == [8, 7, 7]


def test_zones_of_other_products_and_whole_days():
    own = "\r\n".join(
        (
            "BEGIN:VTIMEZONE",
            "TZID:Bureau",
            "BEGIN:STANDARD",
            "DTSTART:19700101T000000",
            "TZOFFSETFROM:+0500",
            "TZOFFSETTO:+0500",
            "END:STANDARD",
            "END:VTIMEZONE",
        )
    )
    found = read(
        own,
        event("windows", starts="DTSTART;TZID=Romance Standard Time:20261224T090000"),
        event("own", starts="DTSTART;TZID=Bureau:20261224T190000"),
        event("floating", starts="DTSTART:20261224T160000"),
        event("day", starts="DTSTART;VALUE=DATE:20261225", ends="DTEND;VALUE=DATE:20261227"),
        event("nowhere", starts="DTSTART;TZID=Mars/Olympus:20261224T090000"),
    )
    assert begins(found) == ["12-24 09:00", "12-24 15:00", "12-24 16:00", "12-25 00:00"]
    assert found.times[-1].whole_day
    assert found.times[-1].ends_at - found.times[-1].starts_at == timedelta(days=2)
    assert [(each.number, each.code) for each in found.unread] == [(5, "zone")]


def test_what_is_free_or_cancelled_or_elsewhere_in_time_is_counted():
    found = read(
        event("free", "TRANSP:TRANSPARENT"),
        event("off", "STATUS:CANCELLED"),
        event("old", starts="DTSTART:20200101T090000Z"),
        event("private", "CLASS:PRIVATE", "SUMMARY:Thérapie"),
    )
    assert (found.free, found.outside, len(found.times)) == (2, 1, 1)
    assert found.times[0].words == ""


def test_what_its_owner_declined_is_counted_as_free():
    said = "ATTENDEE;PARTSTAT=DECLINED:mailto:Anne@Private.example"
    for whose, free in (("anne@private.example", 1), ("paul@private.example", 0), ("", 0)):
        found = read(event("i", said), whose=whose)
        assert (found.free, len(found.times), found.outside) == (free, 1 - free, 0)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        (["RRULE:FREQ=SECONDLY"], "rule"),
        (["RRULE:FREQ=MINUTELY;COUNT=1000000"], "rule"),
        (["RRULE:FREQ=DAILY;COUNT=1000000"], "too_many"),
        (["RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"], "rule"),
        (["RRULE:FREQ=DAILY;INTERVAL=0"], "rule"),
        (["EXRULE:FREQ=DAILY"], "rule"),
    ],
)
def test_a_rule_that_would_never_end_is_the_fault_of_its_event(lines, code):
    found = read(event("wild", *lines), event("tame"))
    assert [(each.number, each.code) for each in found.unread] == [(1, code)]
    assert [each.uid for each in found.times] == ["tame"]


def test_what_cannot_be_read_is_told_by_its_number():
    found = read(
        event("ok"),
        event("", starts="DTSTART:20261224T090000Z"),
        event("backwards", ends="DTEND:20261224T070000Z"),
        event("far", starts="DTSTART:99991231T090000Z"),
        event("odd", starts="DTSTART:yesterday"),
        event("twice"),
        event("twice"),
        event("seconds", starts="DTSTART:20261224T090017Z"),
    )
    assert [(each.number, each.code) for each in found.unread] == [
        (2, "no_uid"),
        (3, "no_moment"),
        (4, "too_far"),
        (5, "malformed"),
        (6, "twice"),
        (7, "seconds"),
    ]
    assert [each.uid for each in found.times] == ["ok"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "malformed"),
        ("BEGIN:VCARD\r\nEND:VCARD\r\n", "malformed"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nEND:VCALENDAR\r\n", "malformed"),
        (calendar() + calendar(), "malformed"),
        (calendar(event()).removesuffix("END:VCALENDAR\r\n"), "malformed"),
        ("BEGIN:VCALENDAR\r\n" + "X" * (5 * 1024 * 1024), "too_large"),
        ("BEGIN:VCALENDAR\r\n" + "BEGIN:VEVENT\r\n" * 20_001 + "END:VCALENDAR", "too_many"),
    ],
)
def test_a_calendar_that_is_none_or_too_much_is_refused_whole(text, code):
    with pytest.raises(EventRefused, match=code):
        read_calendar(text, zone=PARIS, after=AFTER, until=UNTIL)


def test_rules_that_together_run_for_too_long_are_refused_whole():
    old = [event(f"old{n}", "RRULE:FREQ=DAILY", starts="DTSTART:20000102T090000Z") for n in range(50)]
    with pytest.raises(EventRefused, match="too_many"):
        read(*old)


@given(st.lists(st.sampled_from(event("x", "RRULE:FREQ=WEEKLY;COUNT=2", "SUMMARY:a").split("\r\n")), max_size=12))
def test_no_order_of_lines_breaks_the_reader(lines):
    text = calendar(*lines)
    try:
        found = read_calendar(text, zone=PARIS, after=AFTER, until=UNTIL)
    except EventRefused:
        return
    assert all(each.starts_at < each.ends_at for each in found.times)


@given(st.text(max_size=200), st.sampled_from(["DTSTART:", "RRULE:", "UID:", "DTEND;TZID=", "EXDATE:", "RDATE:", "X"]))
def test_no_words_break_the_reader(words, name):
    try:
        found = read_calendar(calendar(event("x", name + words)), zone=PARIS, after=AFTER, until=UNTIL)
    except EventRefused:
        return
    assert found.events == len(found.unread) + found.outside + found.free + bool(found.times) or found.times


@given(
    st.lists(
        st.tuples(st.integers(0, 3000), st.integers(1, 3000), st.integers(0, 59)).map(
            lambda each: (AFTER + timedelta(minutes=each[0], seconds=each[2]), timedelta(minutes=each[1]))
        ),
        max_size=8,
    )
)
def test_busy_time_covers_exactly_the_minutes_that_events_touch(spans):
    events = [
        event(f"e{n}", starts=f"DTSTART:{starts:%Y%m%dT%H%M%SZ}", ends=f"DTEND:{starts + lasts:%Y%m%dT%H%M%SZ}")
        for n, (starts, lasts) in enumerate(spans)
    ]
    found = busy_of(read(*events, seconds=True), after=AFTER, until=UNTIL)
    minute = timedelta(minutes=1)
    for number in range(-1, 6100):
        begin = AFTER + number * minute
        touched = any(starts < begin + minute and begin < starts + lasts for starts, lasts in spans)
        assert touched == any(each.starts_at <= begin < each.ends_at for each in found)
    assert all(one.ends_at <= two.starts_at for one, two in itertools.pairwise(found))


FILE = calendar(
    event("a", "SUMMARY:KANARI Jeanne"),
    event("b", "SUMMARY:Neu, Otto", "CATEGORIES:Privé,SUIVI", starts="DTSTART:20261224T090000Z"),
    event("c", "SUMMARY:Congrès", starts="DTSTART;VALUE=DATE:20261226", ends="DTEND;VALUE=DATE:20261227"),
    event("d", "SUMMARY:Réunion", "RRULE:FREQ=WEEKLY;COUNT=3", starts="DTSTART:20261228T120000Z"),
)


def test_titles_name_patients_and_categories_reasons():
    asked = {"zone": PARIS, "at": NOW, "reasons": ("Consultation", "Suivi")}
    busy = lines_of(FILE, **asked)
    assert [each.name for each in busy.lines] == [""] * 6
    visits = lines_of(FILE, reason="Consultation", **asked).lines
    assert [(each.name, each.first_name, each.reason) for each in visits[:3]] == [
        ("KANARI", "Jeanne", "Consultation"),
        ("Neu", "Otto", "Suivi"),
        ("", "", ""),
    ]
    asked["reasons"] = ("Consultation", "Téléconsultation")
    capitals = FILE.replace("SUIVI", "TELECONSULTATION")
    assert lines_of(capitals, reason="Consultation", **asked).lines[1].reason == "Téléconsultation"
    odd = calendar(event("a", "SUMMARY:KANARI Jeanne", ends="DURATION:PT7M"))
    assert [each.code for each in lines_of(odd, reason="Suivi", **asked).unread] == ["length"]


@pytest.fixture
def weber(cast):
    return begin_agenda(
        client=cast.weber,
        recipient=cast.recipients["Dr Weber"],
        name="Dr Weber",
        trade=Trade.DOCTOR,
        language="fr",
        by=cast.marc,
        at=NOW,
    )


@pytest.mark.django_db
def test_the_same_file_comes_in_once_and_what_moved_there_is_told(cast, weber):
    asked = {"agenda": weber.id, "by": cast.marc, "at": NOW, "write": True}
    lines = lines_of(FILE, zone=PARIS, at=NOW).lines
    first = import_lines(lines=lines, **asked)
    assert (first.blocks, first.known, first.faults) == (6, 0, [])
    again = import_lines(lines=lines, **asked)
    assert (again.blocks, again.known, again.moved) == (0, 6, 0)
    unblock(key="u" * 20, block=Block.objects.get(words="Congrès").key, by=cast.marc, at=NOW)
    later = FILE.replace("DTSTART:20261224T090000Z", "DTSTART:20261224T100000Z")
    third = import_lines(lines=lines_of(later, zone=PARIS, at=NOW).lines, **asked)
    assert (third.blocks, third.known, third.moved) == (0, 6, 2)
    assert Block.objects.count() == 6


@pytest.mark.django_db
def test_the_page_tries_a_calendar_then_brings_it_in(cast, weber, browser_of):
    marc, address = browser_of(cast.marc), reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    page = marc.get(address)
    consultation = next(key for key, name in page.context["reasons"].items() if name == "Consultation")
    sent = {"file": SimpleUploadedFile("agenda.ics", FILE.encode()), "do": "check", "visits": consultation}
    tried = marc.post(address, sent)
    assert tried.status_code == 200
    assert (Appointment.objects.count(), Block.objects.count()) == (0, 0)
    saved = marc.post(address, {"text": tried.context["text"], "do": "save", "visits": tried.context["visits"]})
    assert saved.status_code == 302
    visits = Appointment.objects.order_by("starts_at")
    assert [(each.patient.used_name, each.reason.name) for each in visits[:2]] == [
        ("KANARI", "Consultation"),
        ("Neu", "Suivi"),
    ]
    assert (Appointment.objects.count(), Block.objects.get().words, Patient.objects.count()) == (5, "Congrès", 3)


@pytest.mark.django_db
def test_one_faulty_event_and_nothing_comes_in(cast, weber, browser_of):
    marc, address = browser_of(cast.marc), reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    text = FILE.replace("RRULE:FREQ=WEEKLY;COUNT=3", "RRULE:FREQ=DAILY;COUNT=1000000")
    answer = marc.post(address, {"text": text, "do": "save"})
    assert answer.status_code == 422
    assert [(each.line, each.value) for each in answer.context["faults"]] == [(4, "Réunion")]
    assert Block.objects.count() == 0
    assert marc.post(address, {"text": text, "do": "save", "without_faulty": "1"}).status_code == 302
    assert Block.objects.count() == 3


@pytest.mark.django_db
def test_a_file_that_could_be_looked_at_and_not_brought_in_is_said_to_be_too_large(cast, weber, browser_of, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100_000
    address = reverse("accounts:agenda-import", args=[weber.client, weber.id])
    sizes = {}
    for padding in (80_000, 95_000):
        text = FILE.replace("END:VCALENDAR", "X-LONG:" + "A" * padding + "\r\nEND:VCALENDAR").encode()
        sent = {"file": SimpleUploadedFile("agenda.ics", text), "do": "check"}
        sizes[padding] = browser_of(cast.marc).post(address, sent)
    assert "trop" in sizes[95_000].content.decode()
    page = sizes[80_000].content.decode()
    assert 'enctype="multipart/form-data"' in page.partition("<textarea")[0].rpartition("<form")[2]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text", [calendar(), "BEGIN:VCALENDAR\r\nEND:VEVENT", FILE + FILE, "BEGIN:VCALENDAR" + "A" * 6_000_000]
)
def test_a_calendar_that_is_none_is_refused_whole_by_the_page(cast, weber, browser_of, text):
    address = reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    answer = browser_of(cast.marc).post(
        address, {"file": SimpleUploadedFile("x.ics", text.encode()), "do": "save", "without_faulty": "1"}
    )
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert Block.objects.count() == 0


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Europe", "x" * 300])
def test_an_event_on_the_clock_of_a_folder_is_a_fault_on_the_page(cast, weber, browser_of, name):
    address = reverse("accounts:agenda-import", args=[cast.weber, weber.id])
    text = calendar(event("one", "SUMMARY:Ailleurs", starts=f"DTSTART;TZID={name}:20261224T090000"))
    answer = browser_of(cast.marc).post(address, {"text": text, "do": "save"})
    assert answer.status_code == 422
    assert [each.value for each in answer.context["faults"]] == ["Ailleurs"]
    assert Block.objects.count() == 0
