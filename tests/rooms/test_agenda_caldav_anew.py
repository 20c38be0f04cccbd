# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor adds his calendar anew: what was moved meanwhile to a colleague who writes one too goes from his."""

import pytest

from permanence.agenda.interop import others
from permanence.agenda.interop.caldav_calendar import CalDavBackend
from permanence.agenda.models import OtherEntry
from permanence.agenda.operations import appointments
from permanence.agenda.queries.calendars import conflicts
from permanence.agenda.rules.states import CancelCause
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.radicale_server import radicale
from tests.rooms.test_agenda_caldav_elsewhere import access, add, book, look, minutes
from tests.rooms.test_agenda_other_calendars import calendar, event


@pytest.fixture
def cast(db):
    return make_agenda_cast()


@pytest.fixture
def server(tmp_path):
    with radicale(tmp_path) as found:
        yield found


@pytest.fixture
def own(tmp_path):
    """The calendar of the colleague alone."""
    folder = tmp_path / "colleague"
    folder.mkdir()
    with radicale(folder) as found:
        yield found


def move(cast, visit, place, minute=12):
    given = {"appointment": visit.appointment, "agenda": cast.lemaire, "by": cast.claire, "at": minutes(minute)}
    appointments.move(key=cast.key(), starts_at=after(place), **given)


def taken_away(cast, server):
    """It stands in his calendar, which he takes away; then it is moved to the colleague."""
    visit = book(cast, after(60))
    made = add(cast, server, writes=True)
    look()
    others.remove_calendar(agenda=cast.dupont, calendar=made, by=cast.dr_dupont, at=minutes(11))
    move(cast, visit, 180)
    return visit


def add_colleague(cast, server, **more):
    return add(cast, server, agenda=cast.lemaire, by=cast.dr_lemaire, writes=True, **more)


def there(server, visit):
    """The hour on the clock of UTC at which it stands there; "" where it does not."""
    status, said = server.ask("GET", f"{visit.appointment}.ics")
    return said.partition("20261130T")[2][:4] if status == 200 else ""


def told(cast):
    return [
        each.visit.appointment
        for agenda, by in ((cast.dupont, cast.dr_dupont), (cast.lemaire, cast.dr_lemaire))
        for each in conflicts(by=by, agenda=agenda, at=NOON)
    ]


@pytest.mark.parametrize("further", ["", "moved", "cancelled", "cannot be written"])
def test_a_visit_of_a_colleague_who_writes_his_own_calendar_is_gone_from_the_former_doctors(cast, server, own, further):
    visit = taken_away(cast, server)
    add_colleague(cast, own)
    if further == "cannot be written":
        own.use("another-canari")
        own.password = "wrong"
    assert look(minutes(13)) == 1
    if further == "moved":
        move(cast, visit, 120, minute=14)
    if further == "cancelled":
        given = {"cause": CancelCause.PATIENT, "by": cast.claire, "at": minutes(14)}
        appointments.cancel(key=cast.key(), appointment=visit.appointment, **given)
    add(cast, server, writes=True)
    for turn in (20, 31, 42):
        look(minutes(turn))
    assert there(server, visit) == ""
    if further != "cannot be written":
        assert there(own, visit) == {"": "1000", "moved": "0900", "cancelled": ""}[further]
    assert told(cast) == []


@pytest.mark.parametrize("further", ["", "moved", "moved and not yet written"])
def test_a_visit_that_a_colleague_writes_into_the_calendar_they_share_stays_in_it(cast, server, further):
    visit = taken_away(cast, server)
    add_colleague(cast, server, access=access(server, address=server.address.replace("127.0.0.1", "localhost")))
    if further != "moved and not yet written":
        assert look(minutes(13)) == 1
    if further == "moved":
        move(cast, visit, 120, minute=14)
    add(cast, server, writes=True)
    for turn in (20, 31, 42):
        look(minutes(turn))
    assert there(server, visit) == ("0900" if further == "moved" else "1000")
    assert told(cast) == []


def test_a_colleague_who_writes_it_in_that_very_moment_is_not_undone(cast, server, monkeypatch):
    """Between what was read and what is taken away."""
    visit = taken_away(cast, server)
    add(cast, server, writes=True)
    deleted = CalDavBackend.delete

    def late(backend, name, *, etag):
        monkeypatch.setattr(CalDavBackend, "delete", deleted)
        add_colleague(cast, server, access=access(server, address=server.address.replace("127.0.0.1", "localhost")))
        assert look(minutes(20)) == 1
        return deleted(backend, name, etag=etag)

    monkeypatch.setattr(CalDavBackend, "delete", late)
    for turn in (20, 31, 42):
        look(minutes(turn))
    assert there(server, visit) == "1000"
    assert told(cast) == []


def test_what_somebody_changed_in_a_calendar_they_share_is_not_taken_away(cast, server):
    visit = taken_away(cast, server)
    add_colleague(cast, server, access=access(server, address=server.address.replace("127.0.0.1", "localhost")))
    look(minutes(13))
    theirs = event(f"{visit.appointment}@permanence", after(300), 20, "SUMMARY:on the telephone")
    assert server.ask("PUT", f"{visit.appointment}.ics", calendar(theirs), **{"Content-Type": "text/calendar"})[0] < 300
    look(minutes(25))
    assert told(cast) == [visit.appointment]
    add(cast, server, writes=True)
    look(minutes(36))
    assert "on the telephone" in server.ask("GET", f"{visit.appointment}.ics")[1]
    assert OtherEntry.objects.filter(agenda=int(cast.dupont)).count() == 0
