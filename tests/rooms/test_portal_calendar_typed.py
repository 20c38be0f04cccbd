# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the portal shows a doctor for his calendar is all that a program needs: typed as it stands there, it finds him.

Once by the independent `caldav` library, once by the requests of an iPhone, each from the page to a booked visit.
"""

import base64
import http.client
import json
import subprocess
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import pytest
import vobject
from defusedxml.ElementTree import fromstring
from django.urls import reverse

from permanence.agenda.operations import appointments
from permanence.api import calendars
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_caldav import Noon
from tests.rooms.test_agenda_caldav_client import CLIENT, ENVIRONMENT
from tests.rooms.test_portal import page, signed_in

pytestmark = pytest.mark.django_db(transaction=True)
D, C, S = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}", "{http://calendarserver.org/ns/}"
PRINCIPAL = '<A:propfind xmlns:A="DAV:"><A:prop><A:current-user-principal/><A:resourcetype/></A:prop></A:propfind>'
HOME = (
    '<A:propfind xmlns:A="DAV:" xmlns:B="urn:ietf:params:xml:ns:caldav"><A:prop><B:calendar-home-set/>'
    "<A:displayname/></A:prop></A:propfind>"
)
LIST = (
    '<A:propfind xmlns:A="DAV:" xmlns:B="urn:ietf:params:xml:ns:caldav" xmlns:C="http://calendarserver.org/ns/"><A:prop>'
    "<A:displayname/><A:resourcetype/><B:supported-calendar-component-set/><C:getctag/><A:sync-token/></A:prop>"
    "</A:propfind>"
)
SYNC = (
    '<A:sync-collection xmlns:A="DAV:"><A:sync-token/><A:sync-level>1</A:sync-level><A:prop><A:getetag/></A:prop>'
    "</A:sync-collection>"
)
MULTIGET = (
    '<B:calendar-multiget xmlns:A="DAV:" xmlns:B="urn:ietf:params:xml:ns:caldav"><A:prop><A:getetag/><B:calendar-data/>'
    "</A:prop><A:href>{}</A:href></B:calendar-multiget>"
)


class Labelled(HTMLParser):
    """What stands in the fields of a page by the words before them, and beside the name of each program."""

    def __init__(self, html):
        super().__init__()
        self.fields, self.programs = {}, {}
        self._label, self._inside, self._program = "", "", ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self._inside = tag
        found = dict(attributes)
        if tag == "input" and "readonly" in found:
            self.fields[self._label] = found["value"]

    def handle_endtag(self, tag):
        self._inside = ""
        if tag == "p":
            self._program = ""

    def handle_data(self, data):
        if self._inside == "label":
            self._label = data
        elif self._inside == "strong":
            self._program = data
        elif self._program and data.strip():
            self.programs[self._program] = data.strip()

    def told(self, program):
        """The last word of what is to be typed in that program."""
        return self.programs[program].rpartition(" ")[2]


@pytest.fixture
def shown(live_server, monkeypatch):
    """A visit is booked, and the doctor has made a password on his page: what the page shows."""
    monkeypatch.setattr(calendars, "_CLOCK", Noon())
    cast = make_agenda_cast()
    appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=MONDAY, booking=cast.booking(), by=cast.claire, at=NOON
    )
    browser = signed_in(cast.dr_dupont, HTTP_HOST=urlsplit(live_server.url).netloc)
    found, _html = page(browser, reverse("portal_calendars", args=[cast.cabinet.id]))
    form = found.form(reverse("portal_device", args=[cast.cabinet.id]))
    made = browser.post(form["action"], form["fields"] | {"label": "In my pocket", "names": "1"})
    assert made.status_code == 200
    return Labelled(made.content.decode())


def test_an_independent_client_finds_and_writes_the_agenda_with_what_is_shown(shown):
    assert ENVIRONMENT.exists(), "./test rooms makes the environment of the client"
    server = shown.fields["Server"]
    assert shown.told("Thunderbird") == shown.told("Android") == server
    done = subprocess.run(
        [str(ENVIRONMENT), str(CLIENT), server, shown.fields["User name"], shown.fields["Password"]],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert (found["name"], found["before"], found["refused"]) == ("Dr Dupont", ["HOFFMANN Jeanne"], "PutError")


def asked(method, url, body="", *, login="", depth="0"):
    """Status, headers and body of one request over the wire."""
    at = urlsplit(url)
    headers = {"Content-Type": "text/xml", "Depth": depth, "User-Agent": "iOS/18.0 (22A3354) dataaccessd/1.0"}
    headers |= {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"} if login else {}
    line = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
    try:
        line.request(method, at.path, body, headers)
        answer = line.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        line.close()


def rows(answer):
    status, _headers, body = answer
    assert status == 207, (status, body)
    return {each.findtext(f"{D}href"): each for each in fromstring(body).iter(f"{D}response")}


@pytest.mark.parametrize("typed", ["the host that is told for an iPhone", "the address of the server"])
def test_an_iphone_goes_from_what_is_shown_to_the_visit(shown, typed):
    server = shown.fields["Server"]
    if typed.startswith("the host"):
        status, headers, _body = asked("PROPFIND", f"http://{shown.told('iPhone')}/.well-known/caldav", PRINCIPAL)
        assert status == 301
        start = urljoin(f"http://{shown.told('iPhone')}/", headers["Location"])
        assert start == server
    else:
        start = server
    status, headers, _body = asked("PROPFIND", start, PRINCIPAL)
    assert (status, headers["WWW-Authenticate"].partition(" ")[0]) == (401, "Basic")
    login = f"{shown.fields['User name']}:{shown.fields['Password']}"
    assert asked("PROPFIND", start, PRINCIPAL, login=f"{login}x")[0] == 401
    (root,) = rows(asked("PROPFIND", start, PRINCIPAL, login=login)).values()
    principal = urljoin(start, root.findtext(f".//{D}current-user-principal/{D}href"))
    (person,) = rows(asked("PROPFIND", principal, HOME, login=login)).values()
    home = urljoin(start, person.findtext(f".//{C}calendar-home-set/{D}href"))
    listed = rows(asked("PROPFIND", home, LIST, login=login, depth="1"))
    (calendar,) = (urljoin(home, name) for name, row in listed.items() if row.find(f".//{C}calendar") is not None)
    row = listed[urlsplit(calendar).path]
    assert row.findtext(f".//{D}displayname") == "Dr Dupont"
    assert row.findtext(f".//{S}getctag")
    ((name, _row),) = rows(asked("REPORT", calendar, SYNC, login=login)).items()
    ((_name, visit),) = rows(asked("REPORT", calendar, MULTIGET.format(name), login=login)).items()
    entry = vobject.readOne(visit.findtext(f".//{C}calendar-data")).vevent
    assert (entry.summary.value, entry.dtstart.value) == ("HOFFMANN Jeanne", MONDAY)
