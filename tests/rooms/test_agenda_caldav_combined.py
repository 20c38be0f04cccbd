# SPDX-License-Identifier: AGPL-3.0-or-later
"""A combined visit in the calendars of both who receive: one thing there and here, and nobody's to change."""

import pytest

from permanence.agenda.interop.dav_storage import Calendar
from permanence.agenda.interop.devices import sign_in
from permanence.api import calendars
from permanence.foundation.models import Person
from tests.rooms.agenda_cast import after, make_agenda_cast, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_caldav import ALL, Noon, book, event, home, kept, phone, statuses, synced


@pytest.fixture
def cast(db, monkeypatch):
    monkeypatch.setattr(calendars, "_CLOCK", Noon())
    return make_agenda_cast()


@pytest.fixture
def visit(cast):
    """Dr Dupont's visit that takes Dr Lemaire too."""
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    return book(cast, reason=both)


@pytest.fixture(params=["dupont", "lemaire"])
def whose(request, cast):
    """Each of the two: who, and the address of his calendar."""
    who = getattr(cast, f"dr_{request.param}")
    return who, home(cast, who, getattr(cast, request.param))


def test_what_is_listed_is_read_by_its_name_as_the_same(cast, visit, whose):
    who, path = whose
    device, name = phone(cast, who, names=True), f"{path}{visit.appointment}.ics"
    listed = statuses(device("PROPFIND", path, ALL, Depth="1"))
    assert name in listed
    assert list(synced(device, path)[1]) == [f"{visit.appointment}.ics"]
    read = device("GET", name)
    assert read.status_code == 200
    assert read["ETag"] == listed[name].findtext(".//{DAV:}getetag")
    assert "SUMMARY:HOFFMANN Jeanne" in read.content.decode()


def test_neither_of_the_two_takes_it_away(cast, visit, whose):
    who, path = whose
    device, name, before = phone(cast, who), f"{path}{visit.appointment}.ics", kept()
    etag = device("GET", name)["ETag"]
    assert device("DELETE", name).status_code == 403
    assert device("DELETE", name, If_Match=etag).status_code == 403
    assert device("DELETE", name, If_Match='"other"').status_code == 412
    assert kept() == before


def test_neither_of_the_two_writes_over_it(cast, visit, whose):
    who, path = whose
    device, name, before = phone(cast, who), f"{path}{visit.appointment}.ics", kept()
    etag = device("GET", name)["ETag"]
    moved = event(f"{visit.appointment}@permanence", "20261201T100000Z", "20261201T110000Z")
    assert device.put(name, moved).status_code == 403
    assert device.put(name, moved, If_Match=etag).status_code == 403
    assert device.put(name, moved, If_Match='"other"').status_code == 412
    assert device.put(name, moved, If_None_Match="*").status_code == 412
    assert device.put(name, event("another", "20261201T100000Z", "20261201T110000Z")).status_code == 409
    assert kept() == before


def test_nothing_else_is_called_as_it_is(cast, visit, whose):
    who, path = whose
    device, uid, before = phone(cast, who), f"{visit.appointment}@permanence", kept()
    assert device.put(f"{path}copy.ics", event(uid, "20261201T100000Z", "20261201T110000Z")).status_code == 409
    assert kept() == before
    login = Person.objects.get(pk=int(who.person)).email
    session = sign_in(login=login, password=device.password, at=NOON)
    calendar = Calendar(session, session.agendas[0])
    assert [calendar.has_uid(each) for each in (uid, "another@permanence", "another")] == [True, False, False]


def test_its_time_is_taken_for_what_either_writes(cast, visit, whose):
    who, path = whose
    assert visit.starts_at == after(0)
    assert phone(cast, who).put(f"{path}x.ics", event("x", "20261130T070500Z", "20261130T071000Z")).status_code == 409
