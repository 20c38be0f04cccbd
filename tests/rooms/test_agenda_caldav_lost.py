# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor's calendar does what was asked and its answer is lost on the way: it goes on following his agenda."""

import http.client
import re

import pytest

from permanence.agenda.interop import others
from permanence.agenda.interop.backends import Access
from permanence.agenda.models import OtherCalendar, OtherEntry
from permanence.agenda.operations import appointments
from permanence.agenda.queries.calendars import conflicts
from permanence.agenda.rules.states import CancelCause
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.http_server import serving
from tests.rooms.messaging_cast import NOON
from tests.rooms.radicale_server import PASSWORD, USER, radicale
from tests.rooms.test_agenda_caldav_elsewhere import WINDOW, add, book, look, minutes
from tests.rooms.test_agenda_other_calendars import GUARD, calendar, event


@pytest.fixture
def cast(db):
    return make_agenda_cast()


@pytest.fixture
def server(tmp_path):
    with radicale(tmp_path) as found:
        yield found


class Line:
    """The way to a server. `lost`: the methods whose answers do not come back; `down`: those that do not arrive."""

    def __init__(self, server):
        self.server, self.lost, self.down = server, set(), set()

    def __call__(self, handler):
        handler.close_connection = True
        if handler.command in self.down:
            return
        there = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        try:
            passed = {name: value for name, value in handler.headers.items() if name != "Host"}
            there.request(handler.command, handler.path, handler.body, passed)
            answer = there.getresponse()
            said = answer.read()
        finally:
            there.close()
        if handler.command in self.lost:
            return
        kept = {name: value for name, value in answer.getheaders() if name in {"ETag", "Content-Type"}}
        handler.reply(answer.status, said, **kept)


@pytest.fixture
def line(server):
    found = Line(server)
    with serving(found) as way:
        found.access = Access(
            address=f"http://127.0.0.1:{way.server_port}/{USER}/private/", user=USER, password=PASSWORD
        )
        yield found


def move(cast, visit, place):
    given = {"appointment": visit.appointment, "agenda": cast.dupont, "by": cast.claire, "at": NOON}
    appointments.move(key=cast.key(), starts_at=after(place), **given)


def cancel(cast, visit):
    given = {"cause": CancelCause.PATIENT, "by": cast.claire, "at": NOON}
    appointments.cancel(key=cast.key(), appointment=visit.appointment, **given)


def hour(server, visit):
    """When it begins there on the clock of UTC, "" where it does not stand there."""
    status, said = server.ask("GET", f"{visit.appointment}.ics")
    return re.search(r"DTSTART[^:]*:20261130T(\d{4})", said)[1] if status == 200 else ""


def told(cast):
    return conflicts(by=cast.dr_dupont, agenda=cast.dupont, at=NOON)


@pytest.fixture
def visit(cast, server, line):
    """It stands there, and is moved to ten o'clock; that this was done there nobody has heard."""
    made = book(cast, after(60))
    add(cast, server, access=line.access, writes=True)
    look()
    assert hour(server, made) == "0800"
    move(cast, made, 120)
    line.lost = {"PUT"}
    look(minutes(20))
    assert hour(server, made) == "0900"
    assert OtherCalendar.objects.get().failures == 1
    line.lost = set()
    return made


def test_what_was_written_there_without_an_answer_is_no_conflict(cast, server, visit):
    look(minutes(40))
    assert told(cast) == ()
    server.seen.clear()
    look(minutes(60))
    assert "PUT" not in [method for method, _name in server.seen]
    move(cast, visit, 180)
    look(minutes(80))
    assert (hour(server, visit), told(cast)) == ("1000", ())
    cancel(cast, visit)
    look(minutes(100))
    assert (hour(server, visit), told(cast)) == ("", ())
    assert OtherEntry.objects.count() == 0


def test_moved_again_before_that_is_seen_it_is_written_as_it_stands(cast, server, visit):
    move(cast, visit, 180)
    look(minutes(40))
    assert (hour(server, visit), told(cast)) == ("1000", ())


def test_cancelled_before_that_is_seen_it_is_taken_away_there(cast, server, visit):
    cancel(cast, visit)
    look(minutes(40))
    assert (hour(server, visit), told(cast)) == ("", ())


@pytest.mark.parametrize("further", ["", "moved", "cancelled"])
def test_where_the_calendar_is_not_read_whole_its_refusal_says_so(cast, server, visit, further):
    """The writing itself finds out, as where it stands outside the days that are read."""
    row = OtherCalendar.objects.get()
    if further == "moved":
        move(cast, visit, 180)
    if further == "cancelled":
        cancel(cast, visit)
    backend = others._backend(row, GUARD)
    others._write(row, backend, at=minutes(40), until=WINDOW.until, stop=lambda: False)
    assert hour(server, visit) == {"": "0900", "moved": "1000", "cancelled": ""}[further]
    assert not OtherEntry.objects.filter(conflict=True).exists()


@pytest.mark.parametrize(
    ("place", "more"),
    [(300, "SEQUENCE:1"), (120, "SEQUENCE:2"), (120, "SEQUENCE:1\r\nSTATUS:CANCELLED")],
)
def test_what_the_doctor_changed_meanwhile_is_a_conflict_all_the_same(cast, server, visit, place, more):
    theirs = event(f"{visit.appointment}@permanence", after(place), 20, "SUMMARY:on the telephone", more)
    said = {"Content-Type": "text/calendar"}
    assert server.ask("PUT", f"{visit.appointment}.ics", calendar(theirs), **said)[0] in {201, 204}
    look(minutes(40))
    assert [each.visit.appointment for each in told(cast)] == [visit.appointment]
    assert "on the telephone" in server.ask("GET", f"{visit.appointment}.ics")[1]


def test_what_did_not_arrive_is_written_at_the_next_look(cast, server, line):
    made = book(cast, after(60))
    add(cast, server, access=line.access, writes=True)
    look()
    move(cast, made, 120)
    line.down = {"PUT"}
    look(minutes(20))
    assert hour(server, made) == "0800"
    line.down = set()
    look(minutes(40))
    assert (hour(server, made), told(cast)) == ("0900", ())


def test_a_booking_whose_first_writing_was_not_answered_goes_with_its_cancellation(cast, server, line):
    made = book(cast, after(60))
    add(cast, server, access=line.access, writes=True)
    line.lost = {"PUT"}
    look()
    assert hour(server, made) == "0800"
    line.lost = set()
    cancel(cast, made)
    look(minutes(20))
    assert hour(server, made) == ""
    assert OtherEntry.objects.count() == 0


def test_a_deletion_that_was_not_answered_is_over(cast, server, line):
    made = book(cast, after(60))
    add(cast, server, access=line.access, writes=True)
    look()
    cancel(cast, made)
    line.lost = {"DELETE"}
    look(minutes(20))
    line.lost = set()
    look(minutes(40))
    assert (hour(server, made), told(cast), OtherEntry.objects.count()) == ("", (), 0)
