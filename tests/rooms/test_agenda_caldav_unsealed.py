# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a doctor wrote on his telephone is unsealed for who reads it, and for nobody who asks only what has changed."""

import pytest

from permanence.foundation import secrecy
from tests.rooms.agenda_cast import make_agenda_cast
from tests.rooms.test_agenda_caldav import ALL, Noon, calendars, event, home, phone, statuses, synced

MANY = 12


@pytest.fixture
def cast(db, monkeypatch):
    monkeypatch.setattr(calendars, "_CLOCK", Noon())
    return make_agenda_cast()


@pytest.fixture
def device(cast):
    """A telephone on which the doctor wrote a dozen events."""
    found = phone(cast)
    for number in range(MANY):
        day = f"202612{number + 1:02}"
        said = event(f"uid-{number}", f"{day}T190000Z", f"{day}T200000Z", f"SUMMARY:of {number}")
        assert found.put(f"{home(cast)}{number}.ics", said).status_code == 201
    return found


@pytest.fixture
def unsealed(device, monkeypatch):
    """The purposes for which something is unsealed, one for each time."""
    seen, unseal = [], secrecy.unseal

    def counted(text, *, house, purpose):
        seen.append(purpose)
        return unseal(text, house=house, purpose=purpose)

    monkeypatch.setattr(secrecy, "unseal", counted)
    return seen


def test_who_asks_what_has_changed_has_nothing_unsealed(cast, device, unsealed):
    path = home(cast)
    token, rows = synced(device, path)
    assert len(rows) == MANY
    assert synced(device, path, token) == (token, {})
    assert len(statuses(device("PROPFIND", path, ALL, Depth="1"))) == MANY + 1
    tags = (
        '<propfind xmlns="DAV:" xmlns:C="http://calendarserver.org/ns/"><prop><C:getctag/><sync-token/>'
        "<getlastmodified/></prop></propfind>"
    )
    assert len(statuses(device("PROPFIND", path, tags, Depth="0"))) == 1
    assert unsealed == []


def test_who_reads_two_of_them_has_two_unsealed(cast, device, unsealed):
    multi = (
        '<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>'
        f"<C:calendar-data/></D:prop><D:href>{home(cast)}3.ics</D:href><D:href>{home(cast)}7.ics</D:href>"
        "</C:calendar-multiget>"
    )
    answer = device("REPORT", home(cast), multi, Depth="1")
    assert len(statuses(answer)) == 2
    assert [f"SUMMARY:of {each}" in answer.content.decode() for each in (3, 7, 4)] == [True, True, False]
    assert len(unsealed) == 2
    assert "SUMMARY:of 5" in device("GET", f"{home(cast)}5.ics").content.decode()
    assert len(unsealed) == 3


def test_who_takes_one_away_has_none_of_the_others_unsealed(cast, device, unsealed):
    assert device("DELETE", f"{home(cast)}5.ics").status_code in {200, 204}
    assert len(unsealed) <= 1
    assert device("GET", f"{home(cast)}5.ics").status_code == 404
