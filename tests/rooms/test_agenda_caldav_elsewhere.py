# SPDX-License-Identifier: AGPL-3.0-or-later
"""A calendar on a real CalDAV server of another product: read, written where that is allowed, never written over."""

import re
import socket
import threading
from collections import Counter
from contextlib import suppress
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.urls import reverse

from permanence.agenda.calendar_handlers import on_appointment
from permanence.agenda.events import AppointmentBooked
from permanence.agenda.interop import backends, caldav_calendar, others
from permanence.agenda.interop.access import change_login
from permanence.agenda.interop.backends import Access, CalendarFaulty, Mark, Window
from permanence.agenda.interop.caldav_calendar import CalDavBackend
from permanence.agenda.models import Agenda, OtherBusy, OtherCalendar, OtherEntry
from permanence.agenda.operations import appointments, setting
from permanence.agenda.queries.calendars import calendars, collisions, conflicts
from permanence.agenda.refusals import CalendarUnknown, SlotAlreadyTaken, SlotRefused
from permanence.agenda.rules.calendars import BackendKind
from permanence.agenda.rules.states import CancelCause
from permanence.foundation import outside
from permanence.foundation.models import AuditEntry
from permanence.foundation.outside import Guard
from permanence.kernel.events import Event
from permanence.kernel.system import SystemEntropy
from permanence.portal import other_calendars
from permanence.project.wiring import WIRING
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, opened, openings
from tests.rooms.http_server import at as address_of
from tests.rooms.http_server import serving
from tests.rooms.messaging_cast import NOON
from tests.rooms.radicale_server import PASSWORD, USER, radicale
from tests.rooms.test_agenda_other_calendars import GUARD, busy, calendar, event, fixed

ENTROPY = SystemEntropy()
WINDOW = Window(zone="Europe/Paris", after=NOON, until=NOON + timedelta(days=300))


@pytest.fixture
def cast(db):
    return make_agenda_cast()


@pytest.fixture
def server(tmp_path):
    with radicale(tmp_path) as found:
        yield found


def access(server, **changes):
    return Access(**{"address": server.address, "user": USER, "password": PASSWORD} | changes)


def add(cast, server, **more):
    asked = {"agenda": cast.dupont, "kind": BackendKind.CALDAV, "label": "Privé"}
    asked["access"] = more.pop("access", None) or access(server)
    asked |= {"by": cast.dr_dupont, "at": NOON, "entropy": ENTROPY, "guard": GUARD}
    return others.add_calendar(**asked | more)


def minutes(number):
    return NOON + timedelta(minutes=number)


def look(at=NOON):
    return others.look_due(clock=fixed(at), guard=GUARD)


def book(cast, start=MONDAY, **changes):
    return appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=start, booking=cast.booking(**changes), by=cast.claire, at=NOON
    )


def put(server, name, *events):
    status, said = server.ask("PUT", name, calendar(*events), **{"Content-Type": "text/calendar"})
    assert status == 201, said


def view(cast):
    return calendars(by=cast.dr_dupont, agenda=cast.dupont, at=NOON)[0]


def test_what_is_busy_there_is_busy_here_and_an_unchanged_calendar_is_not_read_again(cast, server):
    put(server, "a.ics", event("a", after(60), 45))
    put(server, "b.ics", event("b", after(7 * 24 * 60), 30, "RRULE:FREQ=WEEKLY;COUNT=2"))
    put(server, "old.ics", event("old", MONDAY - timedelta(days=60)))
    add(cast, server)
    look()
    week = 7 * 24 * 60
    assert busy() == [
        (after(60), after(105)),
        (after(week), after(week + 30)),
        (after(2 * week), after(2 * week + 30)),
    ]
    with pytest.raises(SlotAlreadyTaken):
        book(cast, after(60))
    server.seen.clear()
    look(minutes(11))
    assert [method for method, _name in server.seen] == ["PROPFIND"]
    server.ask("DELETE", "a.ics")
    look(minutes(22))
    assert busy()[0][0] == after(week)
    book(cast, after(60))


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"password": "wrong"}, "login"),
        ({"user": ""}, "login"),
        ({"address": "/anne/"}, "no_calendar"),
        ({"address": "/anne/other/"}, "gone"),
        ({"address": "/"}, "no_calendar"),
    ],
)
def test_what_is_no_calendar_of_his_is_told(server, changes, fault):
    if "address" in changes:
        changes = {"address": f"http://127.0.0.1:{server.port}{changes['address']}"}
    with pytest.raises(CalendarFaulty) as found:
        CalDavBackend(access=access(server, **changes), guard=GUARD).read(Mark(), window=WINDOW)
    assert found.value.fault.value == fault


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'a'>]><multistatus xmlns='DAV:'>&a;</multistatus>",
        b"<?xml version='1.0'?><!DOCTYPE x SYSTEM 'file:///etc/passwd'><multistatus xmlns='DAV:'/>",
        b"<multistatus xmlns='DAV:'/>",
        b"<multistatus xmlns='DAV:'><response><href>http://[::1</href></response></multistatus>",
        b"<?xml version='1.0' encoding='nonsense'?><multistatus xmlns='DAV:'/>",
        b"\xff\xfe\x00",
        b"<a>" * 100_000,
    ],
)
def test_hostile_answers_are_no_calendar(body):
    with serving(lambda handler: handler.reply(207, body)) as hostile:
        backend = CalDavBackend(access=Access(address=address_of(hostile, "/c/")), guard=GUARD)
        with pytest.raises(CalendarFaulty):
            backend.read(Mark(), window=WINDOW)


def test_bookings_are_written_moved_and_taken_away(cast, server):
    visit = book(cast, after(60))
    add(cast, server, writes=True)
    look()
    name = f"{visit.appointment}.ics"
    status, said = server.ask("GET", name)
    assert status == 200
    assert re.search(r"DTSTART[^:]*:20261130T080000Z", said)
    assert f"UID:{visit.appointment}@permanence" in said
    assert "HOFFMANN" not in said
    assert "Hoffmann" not in said
    server.seen.clear()
    look(minutes(11))
    assert [method for method, _name in server.seen] == ["PROPFIND", "REPORT"]
    assert busy() == []
    moved = {"appointment": visit.appointment, "agenda": cast.dupont, "by": cast.claire, "at": NOON}
    appointments.move(key=cast.key(), starts_at=after(120), **moved)
    look(minutes(22))
    said = server.ask("GET", name)[1]
    assert re.search(r"DTSTART[^:]*:20261130T090000Z", said)
    assert "SEQUENCE:1" in said
    appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
    )
    look(minutes(33))
    assert server.ask("GET", name)[0] == 404
    assert OtherEntry.objects.count() == 0
    assert conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=NOON) == ()


def test_names_go_there_only_when_that_was_said_and_nothing_is_written_unasked(cast, server):
    visit = book(cast, after(60))
    add(cast, server)
    look()
    assert server.ask("GET", f"{visit.appointment}.ics")[0] == 404
    others.remove_calendar(agenda=cast.dupont, calendar=view(cast).id, by=cast.dr_dupont, at=NOON)
    add(cast, server, writes=True, names=True)
    look()
    assert "HOFFMANN Jeanne" in server.ask("GET", f"{visit.appointment}.ics")[1]


@pytest.mark.parametrize("removed", [False, True])
def test_what_somebody_changed_there_is_told_and_not_written_over(cast, server, removed):
    visit = book(cast, after(60))
    made = add(cast, server, writes=True)
    look()
    name = f"{visit.appointment}.ics"
    theirs = event(f"{visit.appointment}@permanence", after(300), 20, "SUMMARY:moved on the telephone")
    if removed:
        assert server.ask("DELETE", name)[0] == 200
    else:
        assert server.ask("PUT", name, calendar(theirs), **{"Content-Type": "text/calendar"})[0] in {201, 204}
    look(minutes(11))
    (met,) = conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=NOON)
    assert (met.visit.appointment, met.label, view(cast).conflicts) == (visit.appointment, "Privé", 1)
    moved = {"appointment": visit.appointment, "agenda": cast.dupont, "by": cast.claire, "at": NOON}
    appointments.move(key=cast.key(), starts_at=after(120), **moved)
    look(minutes(22))
    status, said = server.ask("GET", name)
    assert status == 404 if removed else "moved on the telephone" in said
    with pytest.raises(CalendarUnknown):
        others.write_again(agenda=cast.lemaire, calendar=made, by=cast.dr_dupont, at=minutes(23))
    others.write_again(agenda=cast.dupont, calendar=made, by=cast.dr_dupont, at=minutes(23))
    look(minutes(23))
    assert re.search(r"DTSTART[^:]*:20261130T090000Z", server.ask("GET", name)[1])
    assert conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=NOON) == ()
    look(minutes(40))
    assert conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=NOON) == ()


def test_a_change_there_in_the_very_moment_is_a_conflict_too(cast, server):
    """Between what we read and what we write: the condition of the PUT sees it."""
    visit = book(cast, after(60))
    add(cast, server, writes=True)
    look()
    entry = OtherEntry.objects.get()
    OtherEntry.objects.update(etag='"as it was before"', digest="")
    row = others._take(at=minutes(11))
    backend = CalDavBackend(access=access(server), guard=GUARD)
    others._write(row, backend, at=minutes(11), until=WINDOW.until, stop=lambda: False)
    assert OtherEntry.objects.get().conflict
    assert "Occup" in server.ask("GET", f"{visit.appointment}.ics")[1]
    assert entry.pk == OtherEntry.objects.get().pk


def test_a_try_that_was_killed_before_it_was_noted_is_found_again(cast, server):
    visit = book(cast, after(60))
    add(cast, server, writes=True)
    look()
    OtherEntry.objects.all().delete()
    look(minutes(11))
    assert [each.conflict for each in OtherEntry.objects.all()] == [False]
    assert server.ask("GET", f"{visit.appointment}.ics")[0] == 200
    assert collisions(by=cast.claire, at=NOON) == ()


def test_a_calendar_that_cannot_be_written_says_so_and_is_still_read(cast):
    visit = book(cast, after(60))

    def read_only(handler):
        if handler.command == "PROPFIND":
            kind = "<resourcetype><C:calendar/></resourcetype>" if handler.headers["Depth"] else ""
            found = f"<propstat><prop>{kind}</prop><status>HTTP/1.1 200 OK</status></propstat>"
        elif handler.command == "REPORT":
            text = calendar(event("a", after(300))).decode()
            found = f"<propstat><prop><getetag>1</getetag><C:calendar-data>{text}</C:calendar-data></prop></propstat>"
        else:
            handler.reply(403)
            return
        space = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
        body = f"<multistatus {space}><response><href>/c/a.ics</href>{found}</response></multistatus>"
        handler.reply(207, body.encode())

    with serving(read_only) as there:
        add(cast, there, access=Access(address=address_of(there, "/c/")), writes=True)
        look()
    assert (view(cast).fault, busy()) == ("not_written", [(after(300), after(360))])
    assert OtherEntry.objects.filter(appointment__key=visit.appointment).exclude(digest="").count() == 0


def test_one_object_that_is_not_taken_does_not_hold_back_the_others(cast, server):
    first, second, third = (book(cast, after(each)) for each in (60, 120, 180))
    put(server, "imported.ics", event(f"{first.appointment}@permanence", after(60), 20))  # its UID is there already
    add(cast, server, writes=True)
    look()
    there = [server.ask("GET", f"{each.appointment}.ics")[0] for each in (first, second, third)]
    assert there == [404, 200, 200]
    assert [each.visit.appointment for each in conflicts(by=cast.claire, agenda=cast.dupont, at=NOON)] == [
        first.appointment
    ]
    given = {"cause": CancelCause.PATIENT, "by": cast.claire, "at": NOON}
    appointments.cancel(key=cast.key(), appointment=third.appointment, **given)
    look(minutes(11))
    assert server.ask("GET", f"{third.appointment}.ics")[0] == 404


def test_what_the_doctor_has_in_his_other_agenda_makes_him_busy(cast, server):
    """One calendar of his for both: what is written from the one is read into the other."""
    made = {"client": cast.cabinet.id, "recipient": cast.cabinet.doctor, "by": cast.marc, "at": NOON}
    other = setting.open_agenda(name="Dr Dupont, clinique", **made).id
    setting.set_openings(agenda=other, openings=openings(other), by=cast.marc, at=NOON)
    visit = book(cast, after(60))
    add(cast, server, writes=True)
    look()
    add(cast, server, writes=True, agenda=other, by=cast.marc)
    add(cast, server, writes=True, agenda=cast.lemaire, by=cast.marc)  # a colleague, for whom it is no matter
    look(minutes(1))
    assert [(each.agenda_id, each.starts_at) for each in OtherBusy.objects.all()] == [(int(other), visit.starts_at)]
    with pytest.raises(SlotRefused):
        appointments.book(
            key=cast.key(),
            agenda=other,
            starts_at=after(60),
            booking=cast.booking(),
            by=cast.claire,
            at=minutes(2),
        )


def test_a_visit_of_yesterday_that_is_moved_to_a_day_to_come_is_no_conflict(cast, server):
    visit = book(cast, after(60))
    add(cast, server, writes=True)
    look()
    tuesday = MONDAY + timedelta(days=1)
    moved = {"appointment": visit.appointment, "agenda": cast.dupont, "by": cast.claire, "at": tuesday}
    appointments.move(key=cast.key(), starts_at=after(2 * 24 * 60), **moved)
    OtherCalendar.objects.update(etag="")  # the whole calendar is read
    look(tuesday)
    assert conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=tuesday) == ()
    assert "20261202T070000Z" in server.ask("GET", f"{visit.appointment}.ics")[1]


def test_from_a_closed_agenda_what_is_cancelled_is_taken_away_there_too(cast, server):
    visit = book(cast, after(60))
    add(cast, server, writes=True)
    look()
    Agenda.objects.filter(pk=int(cast.dupont)).update(active=False)
    given = {"cause": CancelCause.PATIENT, "by": cast.claire, "at": NOON}
    appointments.cancel(key=cast.key(), appointment=visit.appointment, **given)
    look(minutes(11))
    assert server.ask("GET", f"{visit.appointment}.ics")[0] == 404
    assert look(minutes(60)) == 0  # nothing of ours stands there any more


def test_a_login_that_is_refused_is_not_tried_at_each_booking(cast, server):
    add(cast, server, writes=True, access=access(server, password="another"))
    look()
    look(minutes(5))
    row = OtherCalendar.objects.get()
    assert (row.fault, row.failures) == ("login", 2)
    others.write_soon(agenda=cast.dupont, at=minutes(6))
    assert OtherCalendar.objects.get().next_at == row.next_at > minutes(6)


def refused(cast, server):
    """A visit is written, the password is changed there, and the visit is cancelled meanwhile."""
    visit = book(cast, after(60))
    stays = book(cast, after(120))
    made = add(cast, server, writes=True)
    look()
    server.use("another-canari")
    look(minutes(11))
    assert view(cast).fault == "login"
    given = {"cause": CancelCause.PATIENT, "by": cast.claire, "at": minutes(12)}
    appointments.cancel(key=cast.key(), appointment=visit.appointment, **given)
    look(minutes(17))
    assert server.ask("GET", f"{visit.appointment}.ics")[0] == 200
    return made, visit, stays


@pytest.mark.parametrize("anew", [False, True])
def test_after_a_new_password_what_was_cancelled_meanwhile_goes_there_too(cast, server, anew):
    made, visit, stays = refused(cast, server)
    asked = {"agenda": cast.dupont, "calendar": made, "by": cast.dr_dupont, "at": minutes(20)}
    if anew:
        others.remove_calendar(**asked)
        add(cast, server, writes=True, access=access(server, password="another-canari"))
    else:
        change_login(**asked, user="", password="another-canari", entropy=ENTROPY)
    assert look(minutes(20)) == 1
    assert view(cast).fault == ""
    there = [server.ask("GET", f"{each.appointment}.ics")[0] for each in (visit, stays)]
    assert there == [404, 200]
    assert OtherEntry.objects.count() == 1
    assert conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=NOON) == ()


@pytest.mark.parametrize("colleague", ["has none", "reads it", "writes it", "writes it by another name"])
def test_what_was_moved_to_a_colleague_meanwhile_is_gone_from_a_calendar_added_anew(cast, server, colleague):
    visit, stays = book(cast, after(60)), book(cast, after(120))
    made = add(cast, server, writes=True)
    look()
    server.use("another-canari")
    others.remove_calendar(agenda=cast.dupont, calendar=made, by=cast.dr_dupont, at=minutes(11))
    moved = {"appointment": visit.appointment, "agenda": cast.lemaire, "by": cast.claire, "at": minutes(12)}
    appointments.move(key=cast.key(), starts_at=after(180), **moved)
    writes = colleague.startswith("writes")
    if colleague != "has none":  # one calendar for both of them; servers give each of them an address of his own
        address = server.address.replace("127.0.0.1", "localhost") if colleague.endswith("name") else server.address
        opens = access(server, password="another-canari", address=address.rstrip("/"))
        add(cast, server, access=opens, agenda=cast.lemaire, by=cast.dr_lemaire, writes=writes)
        assert look(minutes(13)) == 1
    add(cast, server, writes=True, access=access(server, password="another-canari"))
    for turn in (20, 31, 42):
        look(minutes(turn))
    there = [server.ask("GET", f"{each.appointment}.ics") for each in (visit, stays)]
    assert [status for status, _said in there] == [200 if writes else 404, 200]
    assert ("20261130T100000Z" in there[0][1]) == writes
    assert conflicts(by=cast.dr_lemaire, agenda=cast.lemaire, at=NOON) == ()
    assert (view(cast).fault, conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=NOON)) == ("", ())
    assert OtherBusy.objects.filter(agenda=int(cast.dupont)).count() == 0


@pytest.mark.parametrize("to", ["a third", "nobody"])
def test_what_a_colleague_still_has_to_take_away_is_left_to_him(cast, server, to):
    """A calendar that all share, and to which each has a name of his own."""
    visit = book(cast, after(60))
    add(cast, server, writes=True)
    look()
    asked = {"key": cast.key(), "appointment": visit.appointment, "by": cast.claire, "at": minutes(5)}
    if to == "nobody":
        appointments.cancel(cause=CancelCause.PATIENT, **asked)
    else:
        third = opened(cast.cabinet.id, cast.cabinet.doctor, "Centre", by=cast.claire)
        appointments.move(starts_at=after(180), agenda=third, **asked)
    opens = access(server, address=server.address.replace("127.0.0.1", "localhost"))
    add(cast, server, agenda=cast.lemaire, by=cast.dr_lemaire, writes=True, access=opens, at=minutes(5))
    assert look(minutes(5)) == 1
    assert server.ask("GET", f"{visit.appointment}.ics")[0] == 200
    assert look(minutes(20)) == 2
    assert server.ask("GET", f"{visit.appointment}.ics")[0] == 404
    assert conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=NOON) == ()


def test_of_what_stands_there_from_elsewhere_nothing_is_taken_for_ours(cast, server):
    mine, colleagues = book(cast, after(60)), cast.key()
    add(cast, server, agenda=cast.lemaire, by=cast.dr_lemaire, writes=True)  # what is his there is his matter
    look()
    appointments.book(
        key=colleagues, agenda=cast.lemaire, starts_at=after(60), booking=cast.booking(), by=cast.claire, at=NOON
    )
    cancelled = {"cause": CancelCause.PATIENT, "by": cast.claire, "at": NOON}
    for key in (mine.appointment, colleagues):
        appointments.cancel(key=cast.key(), appointment=key, **cancelled)
    put(server, f"{mine.appointment}.ics", event("by-hand", after(60), 20))  # the name alone is ours
    put(server, f"{colleagues}.ics", event(f"{colleagues}@permanence", after(60), 20))
    put(server, "other.ics", event(f"{mine.appointment}@permanence", after(90), 20))
    add(cast, server, writes=True)
    look()
    names = (f"{mine.appointment}.ics", f"{colleagues}.ics", "other.ics")
    assert [server.ask("GET", each)[0] for each in names] == [200, 200, 200]
    assert OtherEntry.objects.count() == 0


def test_the_doctor_gives_his_new_password_where_the_calendar_stands(cast, server, browser_of, monkeypatch):
    monkeypatch.setattr(other_calendars, "_CLOCK", SimpleNamespace(now=lambda: minutes(20)))
    made, visit, _stays = refused(cast, server)
    browser = browser_of(cast.dr_dupont)
    address = reverse("portal_other_calendars", args=[cast.cabinet.id, cast.dupont])
    shown = browser.get(address).content.decode()
    assert re.search(r'<details class="setting__more" open>.*name="do" value="login"', shown, re.DOTALL)
    asked = {"do": "login", "calendar": made, "user": USER}
    assert browser.post(address, asked | {"password": ""}).status_code == 422
    assert browser.post(address, asked | {"password": "another-canari", "calendar": "0"}).status_code == 404
    before = OtherCalendar.objects.get()
    answer = browser.post(address, asked | {"password": "another-canari"})
    assert (answer.status_code, "done=login" in answer["Location"]) == (303, True)
    row = OtherCalendar.objects.get()
    assert row.next_at == minutes(20)
    assert "canari" not in row.access
    assert row.access != before.access
    look(minutes(20))
    assert server.ask("GET", f"{visit.appointment}.ics")[0] == 404
    told = AuditEntry.objects.filter(action="agenda.calendar_login")
    assert [("canari" in str(each.detail), each.detail["label"]) for each in told] == [(False, "Privé")]


class Steps:
    """A clock that goes on by a second whenever it is read."""

    def __init__(self):
        self.at = NOON

    def now(self):
        self.at += timedelta(seconds=1)
        return self.at


def test_a_host_that_keeps_silent_is_asked_once_in_a_turn_and_its_other_calendars_are_put_off(
    cast, server, monkeypatch
):
    monkeypatch.setattr(outside, "CONNECT_S", 0.2)
    clock, asked, booked = Steps(), [], []

    def found(host, _port):
        if host == "silent.example":
            asked.append(host)
            if not booked:  # a patient books while it is waited for
                booked.append(book(cast, after(60)))
                others.write_soon(agenda=cast.dupont, at=clock.now())
        return ["127.0.0.1"]

    guard = Guard(own=GUARD.own, resolve=found)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        add(cast, server, writes=True)
        address = f"http://silent.example:{listening.getsockname()[1]}/c/"
        for agenda, by in ((cast.lemaire, cast.dr_lemaire), (cast.weber_agenda, cast.dr_weber)):
            for _each in range(5):
                add(cast, server, agenda=agenda, by=by, guard=guard, access=access(server, address=address))
        refused = OtherCalendar.objects.filter(agenda=int(cast.weber_agenda))
        refused.update(fault="login", failures=3)  # it is asked once an hour, so that the account is not locked
        assert others.look_due(clock=clock, guard=guard) == 3
    assert len(asked) == 1
    silent = OtherCalendar.objects.filter(host="silent.example")
    assert Counter((each.fault, each.failures) for each in silent) == {("too_slow", 1): 1, ("", 0): 4, ("login", 3): 5}
    put_off = silent.exclude(fault="too_slow")
    assert {clock.at < each.next_at <= clock.at + others.PUT_OFF for each in put_off} == {True}
    assert AuditEntry.objects.filter(action="agenda.calendar_unread").count() == 1
    assert server.ask("GET", f"{booked[0].appointment}.ics")[0] == 200


def test_one_calendar_that_dribbles_holds_up_no_other_of_its_host(cast, monkeypatch):
    """Of a big host thousands have a calendar: one that is too long to come in time says nothing of the others."""

    def asked(address, **more):
        return outside.ask(address, seconds=2 if address.endswith("/huge.ics") else outside.TOTAL_S, **more)

    monkeypatch.setattr(backends, "ask", asked)
    over = threading.Event()

    def answered(handler):
        if handler.path != "/huge.ics":
            handler.reply(200, calendar(event("a", after(60))))
            return
        handler.send_response(200)
        handler.end_headers()
        with suppress(OSError):
            while not over.wait(0.02):
                handler.wfile.write(b"X")

    with serving(answered) as host:
        for path, label in (("/huge.ics", "Huge"), ("/small.ics", "Small")):
            access = Access(address=address_of(host, path))
            add(cast, host, kind=BackendKind.FEED, label=label, access=access)
        assert look() == 2
        over.set()
    assert {each.label: each.fault for each in OtherCalendar.objects.all()} == {"Huge": "too_slow", "Small": ""}
    assert busy() == [(after(60), after(120))]


def test_one_calendar_that_is_long_to_be_gathered_holds_up_no_other_of_its_host(cast, server, monkeypatch):
    """The server has just said that it is there."""

    def asked(address, *, method, **more):
        is_long = method == "REPORT" and address.endswith("/c/")
        return outside.ask(address, method=method, seconds=0.5 if is_long else outside.TOTAL_S, **more)

    monkeypatch.setattr(caldav_calendar, "ask", asked)
    over = threading.Event()

    def answered(handler):
        if handler.command == "REPORT":
            over.wait(20)
            return
        kind = "<resourcetype><C:calendar/></resourcetype>"
        found = f"<propstat><prop>{kind}</prop><status>HTTP/1.1 200 OK</status></propstat>"
        space = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
        handler.reply(207, f"<multistatus {space}><response><href>/c/</href>{found}</response></multistatus>".encode())

    with serving(answered) as host:
        add(cast, host, access=Access(address=address_of(host, "/c/")), label="Huge")
        add(cast, server, label="Small")
        assert look() == 2
        over.set()
    assert {each.label: each.fault for each in OtherCalendar.objects.all()} == {"Huge": "too_slow", "Small": ""}


def test_of_a_visit_that_is_over_no_conflict_is_told(cast, server):
    visit = book(cast, after(60))
    add(cast, server, writes=True)
    look()
    OtherEntry.objects.update(conflict=True)
    met = conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=NOON)
    assert [each.visit.appointment for each in met] == [visit.appointment]
    later = visit.ends_at + timedelta(minutes=1)
    assert conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=later) == ()
    assert calendars(by=cast.dr_dupont, agenda=cast.dupont, at=later)[0].conflicts == 0


def test_more_than_fits_into_one_look_goes_on_soon(cast, server, monkeypatch):
    monkeypatch.setattr(others.written_there, "MOST", 1)
    for place in (0, 60, 120):
        book(cast, after(place))
    add(cast, server, writes=True)
    assert [look(), look(minutes(1)), look(minutes(2)), look(minutes(3))] == [1, 1, 1, 0]
    assert OtherEntry.objects.count() == 3


def test_a_booking_is_written_soon(cast, server):
    add(cast, server, writes=True)
    look()
    for name in ("AppointmentBooked", "AppointmentMoved", "AppointmentMovedBack", "AppointmentCancelled"):
        assert dict(WIRING.hearers[name])["agenda.calendars"] is on_appointment
    visit = book(cast, after(60))
    told = {"house": cast.house, "at": minutes(1), "appointment": visit.appointment, "client": visit.client}
    told |= {"agenda": cast.dupont, "recipient": visit.recipient, "starts_at": visit.starts_at}
    told |= {"ends_at": visit.ends_at, "revision": 0, "by": "", "door": "console"}
    on_appointment("one", AppointmentBooked(**told))
    assert OtherCalendar.objects.get().next_at == minutes(1)
    assert look(minutes(1)) == 1
    assert server.ask("GET", f"{visit.appointment}.ics")[0] == 200
    with pytest.raises(TypeError):
        on_appointment("two", Event(house=cast.house, at=NOON))


def test_the_doctor_adds_it_in_his_portal_and_says_that_ours_is_right(cast, server, browser_of, settings, monkeypatch):
    monkeypatch.setattr(other_calendars, "_CLOCK", SimpleNamespace(now=lambda: NOON))
    settings.PERMANENCE = settings.PERMANENCE.changed(own_networks=GUARD.own)
    visit = book(cast, after(60))
    browser = browser_of(cast.dr_dupont)
    address = reverse("portal_other_calendars", args=[cast.cabinet.id, cast.dupont])
    asked = {"do": "add", "label": "Privé", "address": server.address, "user": USER, "password": PASSWORD}
    assert browser.post(address, asked | {"kind": "feed", "writes": "1", "names": "1"}).status_code == 303
    assert browser.post(address, asked | {"kind": "caldav", "writes": "1"}).status_code == 303
    assert [(each.kind, each.writes, each.names) for each in OtherCalendar.objects.order_by("pk")] == [
        ("feed", False, False),
        ("caldav", True, False),
    ]
    look()
    server.ask("DELETE", f"{visit.appointment}.ics")
    look(minutes(11))
    page = browser.get(address)
    assert [each.found.visit.appointment for each in page.context["page"].conflicts] == [visit.appointment]
    assert "canari" not in page.content.decode()
    made = str(OtherCalendar.objects.get(kind="caldav").pk)
    assert browser.post(address, {"do": "write", "calendar": made}).status_code == 303
    assert browser.get(address).context["page"].conflicts == ()
    feed = str(OtherCalendar.objects.get(kind="feed").pk)
    assert browser.post(address, {"do": "write", "calendar": feed}).status_code == 404
