# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finding the calendars of a login on a real CalDAV server, and what is done with a server that leads elsewhere."""

import re
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.urls import reverse

from permanence.agenda import calendar_pages
from permanence.agenda.interop import discovery, others
from permanence.agenda.interop.backends import Access, CalendarFaulty
from permanence.agenda.interop.server_refusals import CalendarsMissing, FoundOver, LedElsewhere
from permanence.agenda.models import OtherCalendar
from permanence.agenda.refusals import AgendaUnknown, SettingImpossible
from permanence.agenda.rules.calendars import BackendKind, Fault
from permanence.foundation.outside import Guard, OutsideRefused
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast
from tests.rooms.http_server import at as address_of
from tests.rooms.http_server import serving
from tests.rooms.messaging_cast import NOON
from tests.rooms.radicale_server import PASSWORD, USER, radicale
from tests.rooms.test_agenda_other_calendars import GUARD, busy, calendar, event, fixed

ENTROPY = SystemEntropy()
TASKS = """<?xml version="1.0"?><mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop>
<resourcetype><collection/><C:calendar/></resourcetype><displayname>Aufgaben</displayname>
<C:supported-calendar-component-set><C:comp name="VTODO"/></C:supported-calendar-component-set></prop></set></mkcol>"""


@pytest.fixture
def cast(db):
    return make_agenda_cast()


@pytest.fixture
def server(tmp_path):
    with radicale(tmp_path) as found:
        yield found


def find(cast, address, *, guard=GUARD, by=None, agenda=None, **login):
    access = Access(**{"address": address, "user": USER, "password": PASSWORD} | login)
    return discovery.find_calendars(
        agenda=agenda or cast.dupont, access=access, by=by or cast.dr_dupont, at=NOON, entropy=ENTROPY, guard=guard
    )


def root(server):
    return f"http://127.0.0.1:{server.port}"


@pytest.mark.parametrize("path", ["", "/", f"/{USER}/", f"/{USER}/private/"])
def test_a_server_and_a_login_are_enough(cast, server, path):
    found = find(cast, root(server) + path)
    assert [(each.name, each.address) for each in found.calendars] == [("Privé", server.address)]
    assert (found.host, PASSWORD in found.sealed) == ("127.0.0.1", False)
    access = discovery.chosen(
        agenda=cast.dupont, sealed=found.sealed, address=server.address, by=cast.dr_dupont, at=NOON
    )
    assert (access.address, access.user, access.password) == (server.address, USER, PASSWORD)


def test_only_calendars_that_hold_events_are_listed(cast, server):
    assert server.ask("MKCOL", "../tasks/", TASKS.encode())[0] == 201
    assert [each.name for each in find(cast, root(server)).calendars] == ["Privé"]


def test_the_one_that_was_chosen_is_read_by_the_worker(cast, server):
    server.ask("PUT", "a.ics", calendar(event("a", MONDAY)), **{"Content-Type": "text/calendar"})
    found = find(cast, root(server))
    access = discovery.chosen(
        agenda=cast.dupont, sealed=found.sealed, address=server.address, by=cast.dr_dupont, at=NOON
    )
    others.add_calendar(
        agenda=cast.dupont, kind=BackendKind.CALDAV, label="Privé", access=access, by=cast.dr_dupont, at=NOON,
        entropy=ENTROPY, guard=GUARD,
    )  # fmt: skip
    assert others.look_due(clock=fixed(NOON), guard=GUARD) == 1
    assert (OtherCalendar.objects.get().fault, OtherCalendar.objects.get().read_at) == ("", NOON)
    assert busy() == [(MONDAY, MONDAY + timedelta(hours=1))]


def test_a_wrong_login_is_said(cast, server):
    with pytest.raises(CalendarFaulty) as refusal:
        find(cast, root(server), password="wrong")
    assert refusal.value.fault is Fault.LOGIN


def test_what_was_found_is_for_who_found_it_there_and_for_a_while(cast, server):
    found = find(cast, root(server))
    asked = {"agenda": cast.dupont, "sealed": found.sealed, "address": server.address, "by": cast.dr_dupont, "at": NOON}
    wrong = (
        {"address": f"{root(server)}/somebody/else/"},
        {"by": cast.claire},
        {"at": NOON + discovery.KEPT},
        {"at": NOON - timedelta(seconds=1)},
        {"sealed": found.sealed[:-4] + "AAAA"},
        {"sealed": ""},
        {"sealed": "no seal at all"},
    )
    for change in wrong:
        with pytest.raises(FoundOver):
            discovery.chosen(**asked | change)
    with pytest.raises(AgendaUnknown):
        discovery.chosen(**asked | {"agenda": cast.weber_agenda})


def multistatus(*responses):
    state = "<status>HTTP/1.1 200 OK</status>"
    body = "".join(
        f"<response><href>{href}</href><propstat><prop>{words}</prop>{state}</propstat></response>"
        for href, words in responses
    )
    return f'<multistatus xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">{body}</multistatus>'.encode()


PRINCIPAL = "<current-user-principal><href>{}</href></current-user-principal>"
HOME = "<C:calendar-home-set><href>{}</href></C:calendar-home-set>"
CALENDAR = "<resourcetype><collection/><C:calendar/></resourcetype>"


def answering(replies):
    """A server that answers by path: (status, body, headers)."""

    def reply(handler):
        status, body, headers = replies.get(handler.path, (404, b"", {}))
        handler.reply(status, body, **headers)

    return serving(reply)


def said(*responses):
    return 207, multistatus(*responses), {}


def test_a_server_that_names_its_usual_port_is_the_same_server():
    typed, named, other = map(
        urlsplit,
        (
            "https://p42.caldav.example/",
            "https://P42.caldav.example:443/1/calendars/",
            "https://p42.caldav.example:8443/",
        ),
    )
    assert discovery._server(typed) == discovery._server(named) != discovery._server(other)


def test_the_login_goes_to_no_other_server(cast):
    with answering({"/": said(("/", ""))}) as other:
        away = address_of(other, "/")
        cases = {
            "/.well-known/caldav": (301, b"", {"Location": away}),
            "/principal": said(("/", PRINCIPAL.format(f"{away}p/"))),
            "/home": said(("/", HOME.format(f"{away}h/"))),
            "/list": said(("/", HOME.format("/all/"))),
            "/all/": said((f"{away}c/", CALENDAR)),
        }
        with answering(cases) as server:
            for path in ("/", "/principal", "/home", "/list"):
                with pytest.raises(LedElsewhere) as refusal:
                    find(cast, address_of(server, path))
                assert refusal.value.why == "127.0.0.1"
        assert all("Authorization" in headers for _path, headers in server.seen)
    assert [path for path, _headers in other.seen] == ["/"]
    assert not any("Authorization" in headers for _path, headers in other.seen)


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (b"<html>", Fault.NO_CALENDAR),
        (b'<!DOCTYPE x [<!ENTITY e "e">]><multistatus xmlns="DAV:">&e;</multistatus>', Fault.NO_CALENDAR),
        (multistatus(("/", PRINCIPAL.format("http://[::1"))), Fault.NO_CALENDAR),
        (multistatus(("/", PRINCIPAL.format("/"))), Fault.NO_CALENDAR),
        (b"", Fault.NO_CALENDAR),
    ],
)
def test_an_answer_that_makes_no_sense_is_said(cast, body, fault):
    with answering({"/": (207, body, {})}) as server, pytest.raises(CalendarFaulty) as refusal:
        find(cast, address_of(server, "/"))
    assert refusal.value.fault is fault


def test_a_login_without_calendars_and_one_with_too_many(cast):
    many = [(f"/all/{number}/", CALENDAR) for number in range(discovery.MOST + 5)]
    replies = {"/": said(("/", HOME.format("/all/"))), "/all/": said()}
    with answering(replies) as server, pytest.raises(CalendarsMissing):
        find(cast, address_of(server, "/"))
    with answering(replies | {"/all/": said(*many)}) as server:
        assert len(find(cast, address_of(server, "/")).calendars) == discovery.MOST


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("http://169.254.169.254/", "address_private"),
        ("http://[::ffff:169.254.169.254]/", "address_private"),
        ("ftp://cal.example.org/", "address_not_https"),
        ("https://anne:secret@cal.example.org/", "address_login"),
        ("cal example org", "address_malformed"),
        ("", "address_malformed"),
    ],
)
def test_what_may_not_be_asked_is_not_asked(cast, address, code):
    with pytest.raises(OutsideRefused) as refusal:
        find(cast, address)
    assert refusal.value.code == code


def test_a_private_network_is_not_asked_where_it_is_not_the_houses_own(cast, server):
    with pytest.raises(OutsideRefused):
        find(cast, root(server), guard=Guard())
    assert server.seen == []


def test_nobody_asks_for_an_agenda_that_is_not_his_nor_with_a_login_that_cannot_be(cast, server):
    with pytest.raises(AgendaUnknown):
        find(cast, root(server), agenda=cast.weber_agenda)
    with pytest.raises(SettingImpossible):
        find(cast, root(server), user="a\nb")
    assert server.seen == []


def test_the_doctor_finds_and_chooses_in_the_portal(cast, server, monkeypatch, browser_of):
    monkeypatch.setattr(calendar_pages.others, "house_guard", lambda: GUARD)
    browser = browser_of(cast.dr_dupont)
    page = reverse("portal_other_calendars", args=[cast.cabinet.id, cast.dupont])
    asked = {"do": "find", "server": root(server), "user": USER, "password": PASSWORD}
    answer = browser.post(page, asked)
    shown = answer.content.decode()
    assert (answer.status_code, PASSWORD in shown, "Privé" in shown) == (200, False, True)
    sealed = re.search(r'name="found" value="([^"]+)"', shown)[1]
    chosen = {"do": "choose", "found": sealed, "chosen": server.address, "label": "Privé"}
    answer = browser.post(page, chosen)
    assert (answer.status_code, answer["Location"].partition("?")[2]) == (303, "done=added#t-page")
    assert OtherCalendar.objects.get().kind == "caldav"
    assert browser.post(page, chosen | {"chosen": f"{root(server)}/other/"}).status_code == 422
    wrong = browser.post(page, asked | {"password": "wrong"})
    assert wrong.status_code == 422
