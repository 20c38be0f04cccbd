# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose event it is: what its owner declined does not make him busy, nor what somebody wrote who has left."""

from datetime import timedelta

import pytest

from permanence.agenda.interop import events
from permanence.agenda.interop.backends import Access, FeedBackend, Mark, Window
from permanence.agenda.interop.caldav_calendar import CalDavBackend
from permanence.agenda.models import CalendarObject
from permanence.api import calendars
from permanence.backstage.trail import named
from permanence.clients.models import Client, PortalUser
from permanence.clients.rules import ClientState
from permanence.foundation.models import AuditEntry, Person
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.http_server import at as address_of
from tests.rooms.http_server import serving
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_caldav import Noon, busy_of, event, home, phone
from tests.rooms.test_agenda_other_calendars import GUARD, calendar
from tests.rooms.test_agenda_other_calendars import event as theirs

ENTROPY = SystemEntropy()
WEEK = 7 * 24 * 60
LATER = NOON + timedelta(days=62)
WEEKLY = event("r", "20261130T100000Z", "20261130T110000Z", "RRULE:FREQ=WEEKLY")


@pytest.fixture
def cast(db, monkeypatch):
    monkeypatch.setattr(calendars, "_CLOCK", Noon())
    return make_agenda_cast()


def begins(cast):
    return [starts for starts, _ends in busy_of(cast.dupont)]


def guest(state, address="mailto:dupont@dupont.example", more=""):
    return f"ATTENDEE;CN=Paul Dupont;PARTSTAT={state}{more}:{address}"


@pytest.mark.parametrize(
    ("said", "is_busy"),
    [
        ((guest("DECLINED"),), False),
        ((guest("DECLINED", "MAILTO:Dupont@Dupont.Example"), guest("ACCEPTED", "mailto:anne@else.example")), False),
        ((guest("DECLINED", "/aMTIz/principal/", ";EMAIL=dupont@dupont.example"),), False),
        ((guest("ACCEPTED"), guest("DECLINED", "mailto:anne@else.example")), True),
        ((guest("TENTATIVE"),), True),
        ((guest("DECLINED", "mailto:lemaire@dupont.example"),), True),
        ((guest("DECLINED", "mailto:"),), True),
    ],
)
def test_an_invitation_that_the_doctor_declined_leaves_him_free(cast, said, is_busy):
    invited = event("i", "20261130T100000Z", "20261130T110000Z", *said)
    assert phone(cast).put(f"{home(cast)}i.ics", invited).status_code == 201
    assert begins(cast) == ([after(180)] if is_busy else [])


def test_of_a_meeting_that_repeats_the_times_alone_are_free_that_he_declined(cast):
    part = event("r", "20261207T100000Z", "20261207T110000Z", "RECURRENCE-ID:20261207T100000Z", guest("DECLINED"))
    part = part[part.index("BEGIN:VEVENT") : part.index("END:VCALENDAR")]
    whole = event("r", "20261130T100000Z", "20261130T110000Z", "RRULE:FREQ=WEEKLY", guest("ACCEPTED"))
    made = phone(cast).put(f"{home(cast)}r.ics", whole.replace("END:VCALENDAR", f"{part}END:VCALENDAR"))
    assert made.status_code == 201
    assert begins(cast)[:2] == [after(180), after(180 + 2 * WEEK)]


def test_a_meeting_that_he_declined_is_not_carried_on(cast):
    declined = WEEKLY.replace("END:VEVENT", f"{guest('DECLINED')}\r\nEND:VEVENT")
    phone(cast).put(f"{home(cast)}r.ics", declined)
    assert events.carry_on(at=LATER, entropy=ENTROPY) == 1
    assert begins(cast) == []


def leaves(cast, how):
    by = int(cast.assistant.person)
    if how == "no user of the portal":
        PortalUser.objects.filter(person=by).update(active=False)
    elif how == "nobody any more":
        Person.objects.filter(pk=by).update(is_active=False)
    else:
        PortalUser.objects.filter(person=by).update(recipient=int(cast.lemaire_recipient))


WAYS = ["no user of the portal", "nobody any more", "another's assistant"]


@pytest.mark.parametrize("how", WAYS)
def test_what_somebody_wrote_who_has_left_is_not_carried_on(cast, how):
    assert phone(cast, cast.assistant).put(f"{home(cast, cast.assistant)}r.ics", WEEKLY).status_code == 201
    phone(cast).put(f"{home(cast)}own.ics", WEEKLY.replace("UID:r", "UID:own").replace("T1", "T2"))
    before = begins(cast)
    leaves(cast, how)
    while events.carry_on(at=LATER, entropy=ENTROPY):
        pass
    now = [starts for starts in begins(cast) if starts > LATER]
    assert {f"{starts:%H}" for starts in now} == {"20"}
    assert now[-1] > before[-1]
    assert [starts for starts in begins(cast) if starts < LATER] == [starts for starts in before if starts < LATER]
    assert [each.uid for each in CalendarObject.objects.all()] == ["own"]
    trail = AuditEntry.objects.get(action="agenda.event_ended")
    assert named(trail.action) != trail.action


@pytest.mark.parametrize("name", ["r", "another"])
def test_what_somebody_wrote_who_has_left_is_in_nobodys_way(cast, name):
    phone(cast, cast.assistant).put(f"{home(cast, cast.assistant)}r.ics", WEEKLY)
    device, moved = phone(cast), WEEKLY.replace("T1", "T2")
    assert device.put(f"{home(cast)}{name}.ics", moved).status_code == 403
    leaves(cast, WAYS[0])
    assert device.put(f"{home(cast)}{name}.ics", moved).status_code == 201
    assert {f"{starts:%H}" for starts in begins(cast)} == {"20"}
    assert [str(each.person_id) for each in CalendarObject.objects.all()] == [cast.dr_dupont.person]


def test_once_the_contract_has_ended_nothing_is_carried_on_and_nothing_is_taken_away(cast):
    phone(cast).put(f"{home(cast)}r.ics", WEEKLY)
    before = begins(cast)
    Client.objects.filter(pk=int(cast.cabinet.id)).update(state=ClientState.ENDED)
    assert events.carry_on(at=LATER, entropy=ENTROPY) == 0
    assert begins(cast) == before


def declined(handler):
    """A calendar with an invitation that Anne declined and one that she did not, as a file and by CalDAV."""
    no, yes = ("ATTENDEE;PARTSTAT=" + state + ":mailto:anne@private.example" for state in ("DECLINED", "ACCEPTED"))
    text = calendar(theirs("no", after(60), 60, no), theirs("yes", after(180), 60, yes)).decode()
    kind = "<resourcetype><C:calendar/></resourcetype>" if handler.command == "PROPFIND" else ""
    data = f"<prop>{kind}<getetag>1</getetag><C:calendar-data>{text}</C:calendar-data></prop>"
    space = 'xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"'
    said = f"<response><href>/c/a.ics</href><propstat>{data}</propstat></response>"
    is_file = handler.command == "GET"
    handler.reply(*((200, text.encode()) if is_file else (207, f"<multistatus {space}>{said}</multistatus>".encode())))


@pytest.mark.parametrize("backend", [FeedBackend, CalDavBackend])
@pytest.mark.parametrize(("user", "busy"), [("anne@private.example", [180]), ("anne", [60, 180]), ("", [60, 180])])
def test_in_another_calendar_what_its_user_declined_is_free_where_his_name_is_his_address(backend, user, busy):
    window = Window(zone="Europe/Paris", after=NOON, until=NOON + timedelta(days=60))
    with serving(declined) as server:
        access = Access(address=address_of(server, "/c/"), user=user, password="x" if user else "")
        found = backend(access=access, guard=GUARD).read(Mark(), window=window)
    assert [each.starts_at for each in found.found.times] == [after(each) for each in busy]
