# SPDX-License-Identifier: AGPL-3.0-or-later
"""The CalDAV server by requests as iOS and Thunderbird send them, and by hostile ones."""

import base64
import re
from datetime import UTC, datetime, timedelta

import pytest
from defusedxml.ElementTree import fromstring
from django.apps import apps
from django.test import Client as Browser
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.agenda.interop import devices, events
from permanence.agenda.models import Block, CalendarDevice, CalendarObject, CalendarState, Occupancy
from permanence.agenda.operations import appointments, blocks
from permanence.agenda.refusals import SlotAlreadyTaken
from permanence.agenda.rules.states import Door
from permanence.api import calendars
from permanence.foundation.models import AuditEntry, Person
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON

ENTROPY = SystemEntropy()
D, C = "{DAV:}", "{urn:ietf:params:xml:ns:caldav}"
ALL = '<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'


class Noon:
    """The door's clock."""

    def __init__(self):
        self.at = NOON

    def now(self):
        return self.at


@pytest.fixture
def clock(monkeypatch):
    found = Noon()
    monkeypatch.setattr(calendars, "_CLOCK", found)
    return found


@pytest.fixture
def cast(db, clock):
    return make_agenda_cast()


class Phone:
    """A device that speaks HTTP."""

    def __init__(self, login, password):
        self.password = password
        said = base64.b64encode(f"{login}:{password}".encode()).decode()
        self.headers, self.browser = {"Authorization": f"Basic {said}"}, Browser()

    def __call__(self, method, path, body="", **headers):
        kind = headers.pop("content_type", "text/xml; charset=utf-8")
        named = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        return self.browser.generic(method, path, body, content_type=kind, headers=named)

    def put(self, path, body, **headers):
        return self("PUT", path, body, content_type="text/calendar; charset=utf-8", **headers)


def phone(cast, who=None, *, client=None, **told):
    by = who or cast.dr_dupont
    asked = {"client": client or cast.cabinet.id, "label": "iPhone", "names": False, "by": by}
    _view, secret = devices.make_device(**asked | told, at=NOON, entropy=ENTROPY)
    return Phone(Person.objects.get(pk=int(by.person)).email, secret)


def home(cast, who=None, agenda=None):
    return f"/dav/{(who or cast.dr_dupont).person}/{agenda or cast.dupont}/"


def book(cast, start=MONDAY, **changes):
    return appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=start, booking=cast.booking(**changes), by=cast.claire, at=NOON
    )


def event(uid="uid-1", start="20261130T100000Z", end="20261130T110000Z", *more):
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Apple Inc.//iOS 18.0//EN", "BEGIN:VEVENT", f"UID:{uid}"]
    lines += ["DTSTAMP:20261124T110000Z", f"DTSTART:{start}", f"DTEND:{end}", *more, "END:VEVENT", "END:VCALENDAR"]
    return "\r\n".join([*lines, ""])


def statuses(answer):
    assert answer.status_code == 207, (answer.status_code, answer.content)
    return {each.findtext(f"{D}href"): each for each in fromstring(answer.content).iter(f"{D}response")}


def kept():
    return {
        table.__name__: list(table._default_manager.order_by("pk").values())
        for table in apps.get_models()
        if table._meta.managed
    }


def busy_of(agenda):
    return sorted(Block.objects.filter(agenda=int(agenda), removed_at=None).values_list("starts_at", "ends_at"))


def free(cast, starts):
    block = Block.objects.get(starts_at=starts, removed_at=None)
    blocks.unblock(key=cast.key(), block=block.key, by=cast.claire, at=NOON)


def test_ios_finds_its_way_from_the_name_of_the_house(cast):
    device = phone(cast)
    found = Browser().generic("PROPFIND", "/.well-known/caldav")
    assert (found.status_code, found["Location"]) == (301, "/dav/")
    assert Browser().generic("PROPFIND", "/dav/").status_code == 401
    ask = (
        '<A:propfind xmlns:A="DAV:"><A:prop><A:current-user-principal/><A:principal-URL/><A:resourcetype/>'
        "</A:prop></A:propfind>"
    )
    (root,) = statuses(device("PROPFIND", "/dav/", ask, Depth="0")).values()
    principal = root.find(f".//{D}current-user-principal/{D}href").text
    assert principal == f"/dav/{cast.dr_dupont.person}/"
    ask = (
        '<A:propfind xmlns:A="DAV:" xmlns:B="urn:ietf:params:xml:ns:caldav"><A:prop><B:calendar-home-set/>'
        "<B:calendar-user-address-set/><A:displayname/></A:prop></A:propfind>"
    )
    (row,) = statuses(device("PROPFIND", principal, ask, Depth="0")).values()
    assert row.find(f".//{C}calendar-home-set/{D}href").text == principal
    ask = (
        '<A:propfind xmlns:A="DAV:" xmlns:B="urn:ietf:params:xml:ns:caldav" xmlns:C="http://calendarserver.org/ns/">'
        "<A:prop><A:displayname/><A:resourcetype/><B:supported-calendar-component-set/><C:getctag/><A:sync-token/>"
        "<A:current-user-privilege-set/></A:prop></A:propfind>"
    )
    rows = statuses(device("PROPFIND", principal, ask, Depth="1"))
    assert set(rows) == {principal, home(cast)}
    mine = rows[home(cast)]
    assert mine.findtext(f".//{D}displayname") == "Dr Dupont"
    assert mine.find(f".//{D}resourcetype/{C}calendar") is not None
    assert [each.get("name") for each in mine.iter(f"{C}comp")] == ["VEVENT"]
    options = device("OPTIONS", home(cast))
    assert "calendar-access" in options["DAV"]


def test_the_reports_of_thunderbird(cast):
    visit = book(cast)
    device = phone(cast, names=True)
    query = (
        '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>'
        '<C:calendar-data/></D:prop><C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">'
        '<C:time-range start="{}" end="{}"/></C:comp-filter></C:comp-filter></C:filter></C:calendar-query>'
    )
    rows = statuses(device("REPORT", home(cast), query.format("20261130T000000Z", "20261201T000000Z"), Depth="1"))
    ((name, row),) = rows.items()
    assert name == f"{home(cast)}{visit.appointment}.ics"
    assert "SUMMARY:HOFFMANN Jeanne" in row.findtext(f".//{C}calendar-data")
    assert not statuses(device("REPORT", home(cast), query.format("20261201T000000Z", "20261202T000000Z"), Depth="1"))
    multi = (
        '<C:calendar-multiget xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><D:getetag/>'
        f"<C:calendar-data/></D:prop><D:href>{name}</D:href><D:href>{home(cast)}nothing.ics</D:href>"
        f"<D:href>{home(cast, cast.dr_weber, cast.weber_agenda)}x.ics</D:href></C:calendar-multiget>"
    )
    rows = statuses(device("REPORT", home(cast), multi, Depth="1"))
    assert rows[name].findtext(f".//{D}getetag") == row.findtext(f".//{D}getetag")
    assert "404" in rows[f"{home(cast)}nothing.ics"].findtext(f"{D}status")
    free = (
        '<C:free-busy-query xmlns:C="urn:ietf:params:xml:ns:caldav"><C:time-range start="20261130T000000Z" '
        'end="20261201T000000Z"/></C:free-busy-query>'
    )
    told = device("REPORT", home(cast), free, Depth="1").content.decode()
    assert re.search(r"FREEBUSY.*:20261130T070000Z/20261130T072000Z", told)
    assert "HOFFMANN" not in told


def test_without_names_a_device_learns_none(cast):
    visit = book(cast)
    answer = phone(cast)("GET", f"{home(cast)}{visit.appointment}.ics")
    assert answer.status_code == 200
    assert "SUMMARY:Occup" in answer.content.decode()
    assert not re.search("HOFFMANN|Consultation", answer.content.decode())


def synced(device, path, token=""):
    ask = (
        f'<D:sync-collection xmlns:D="DAV:"><D:sync-token>{token}</D:sync-token><D:sync-level>1</D:sync-level>'
        "<D:prop><D:getetag/></D:prop></D:sync-collection>"
    )
    answer = device("REPORT", path, ask)
    if answer.status_code != 207:
        return answer.status_code, None
    rows = {name.rpartition("/")[2]: row.findtext(f"{D}status") for name, row in statuses(answer).items()}
    return fromstring(answer.content).findtext(f"{D}sync-token"), rows


def test_a_device_is_told_the_difference_alone(cast):
    device, path = phone(cast), home(cast)
    first, second = book(cast), book(cast, after(60), patient=cast.paul)
    token, rows = synced(device, path)
    assert set(rows) == {f"{first.appointment}.ics", f"{second.appointment}.ics"}
    assert synced(device, path, token) == (token, {})
    appointments.move(
        key=cast.key(), appointment=first.appointment, agenda=cast.dupont, starts_at=after(120), by=cast.claire, at=NOON
    )
    device.put(f"{path}mine.ics", event())
    later, rows = synced(device, path, token)
    assert set(rows) == {f"{first.appointment}.ics", "mine.ics"}
    assert device("DELETE", f"{path}mine.ics").status_code in {200, 204}
    _last, rows = synced(device, path, later)
    assert list(rows) == ["mine.ics"]
    assert "404" in rows["mine.ics"]
    for wrong in ("http://radicale.org/ns/sync/" + "0" * 64, "nonsense"):
        assert synced(device, path, wrong)[0] in {403, 409}
    assert CalendarState.objects.count() == 3


def test_of_each_device_a_few_states_are_kept_and_those_are_its_own(cast):
    path, often, seldom = home(cast), phone(cast), phone(cast)
    first, _rows = synced(seldom, path)
    for minutes in (0, 20, 40, 60, 80):
        book(cast, after(minutes))
        last, _rows = synced(often, path)
    assert CalendarState.objects.count() == 1 + 3
    assert len(synced(seldom, path, first)[1]) == 5
    assert synced(often, path, last)[1] == {}
    assert synced(seldom, path, last)[0] in {403, 409}


def test_what_a_phone_writes_makes_the_agenda_busy(cast):
    device, path = phone(cast), f"{home(cast)}A1B2-C3.ics"
    made = device.put(
        path,
        event("A1B2-C3", "20261130T100000Z", "20261130T110000Z", "SUMMARY:Réunion", "CLASS:PUBLIC"),
        If_None_Match="*",
    )
    assert (made.status_code, bool(made["ETag"])) == (201, True)
    (block,) = Block.objects.all()
    assert (block.words, block.door, block.made_by_name) == ("Réunion", Door.CALDAV.value, "Paul Dupont")
    assert busy_of(cast.dupont) == [(after(180), after(240))]
    with pytest.raises(SlotAlreadyTaken):
        book(cast, after(200))
    assert "Réunion" not in CalendarObject.objects.get().body
    assert "Réunion" in device("GET", path).content.decode()
    assert device.put(path, event("A1B2-C3"), If_None_Match="*").status_code == 412
    assert device.put(path, event("A1B2-C3"), If_Match='"other"').status_code == 412
    moved = event("A1B2-C3", "20261130T130000Z", "20261130T140000Z", "SUMMARY:Réunion")
    assert device.put(path, moved, If_Match=made["ETag"]).status_code == 204
    assert busy_of(cast.dupont) == [(after(360), after(420))]
    assert device("DELETE", path, If_Match=made["ETag"]).status_code == 412
    assert device("DELETE", path).status_code in {200, 204}
    assert busy_of(cast.dupont) == []
    assert Occupancy.objects.count() == 0
    assert device("GET", path).status_code == 404
    assert device("DELETE", path).status_code == 404


def test_never_over_a_booking(cast):
    book(cast, after(180))
    device, before = phone(cast), kept()
    answer = device.put(f"{home(cast)}x.ics", event())
    assert answer.status_code == 409
    assert "11\u00a0h\u00a020" in answer.content.decode()
    assert kept() == before
    rule = event("r", "20261123T100000Z", "20261123T110000Z", "RRULE:FREQ=WEEKLY;BYDAY=MO")
    assert device.put(f"{home(cast)}r.ics", rule).status_code == 409
    assert kept() == before


def test_what_the_house_keeps_is_not_the_phones_to_change(cast):
    visit = book(cast)
    block = blocks.block(
        key=cast.key(), agenda=cast.dupont, starts_at=after(240), ends_at=after(300), by=cast.claire, at=NOON
    )
    device, before = phone(cast), kept()
    for key in (visit.appointment, block.block):
        path = f"{home(cast)}{key}.ics"
        assert device("DELETE", path).status_code == 403
        body = event(f"{key}@permanence", "20261201T100000Z", "20261201T110000Z")
        answer = device.put(path, body)
        assert answer.status_code == 403
        assert "Appointments" in answer.content.decode() or "rendez-vous" in answer.content.decode()
    assert device("DELETE", home(cast)).status_code == 403
    assert device.put(home(cast), event()).status_code in {400, 403}
    patch = (
        '<D:propertyupdate xmlns:D="DAV:"><D:set><D:prop><D:displayname>x</D:displayname></D:prop></D:set>'
        "</D:propertyupdate>"
    )
    assert device("PROPPATCH", home(cast), patch).status_code in {403, 207}
    for method in ("MKCALENDAR", "MKCOL", "MOVE", "POST", "COPY", "LOCK"):
        assert device(method, f"{home(cast)}new").status_code == 405
    assert kept() == before


def test_a_rule_makes_it_busy_to_the_horizon_and_is_carried_on(cast, clock):
    device, path = phone(cast), f"{home(cast)}r.ics"
    weekly = event("r", "20261130T120000", "20261130T130000", "RRULE:FREQ=WEEKLY;BYDAY=MO", "EXDATE:20261207T120000")
    weekly = weekly.replace("DTSTART:", "DTSTART;TZID=Europe/Paris:").replace("DTEND:", "DTEND;TZID=Europe/Paris:")
    weekly = weekly.replace("EXDATE:", "EXDATE;TZID=Europe/Paris:")
    assert device.put(path, weekly).status_code == 201
    spans = busy_of(cast.dupont)
    assert spans[0][0] == datetime(2026, 11, 30, 11, tzinfo=UTC)
    assert spans[1][0] == datetime(2026, 12, 14, 11, tzinfo=UTC)
    assert datetime(2027, 6, 7, 10, tzinfo=UTC) in [starts for starts, _ends in spans]
    assert spans[-1][0] == datetime(2027, 12, 27, 11, tzinfo=UTC)
    assert events.carry_on(at=NOON, entropy=ENTROPY) == 0
    later = NOON + timedelta(days=20)
    assert events.carry_on(at=later, entropy=ENTROPY) == 1
    assert events.carry_on(at=later, entropy=ENTROPY) == 0
    assert busy_of(cast.dupont)[-1][0] == datetime(2028, 1, 31, 11, tzinfo=UTC)
    assert len(busy_of(cast.dupont)) == len(spans) + 5
    assert device("DELETE", path).status_code in {200, 204}
    assert busy_of(cast.dupont) == []


def test_free_and_cancelled_events_and_whole_days(cast):
    device, path = phone(cast), f"{home(cast)}d.ics"
    for more in ("TRANSP:TRANSPARENT", "STATUS:CANCELLED"):
        assert device.put(path, event("d", "20261130T100000Z", "20261130T110000Z", more)).status_code in {201, 204}
        assert busy_of(cast.dupont) == []
    day = (
        event("d", "20261130", "20261201")
        .replace("DTSTART:", "DTSTART;VALUE=DATE:")
        .replace("DTEND:", "DTEND;VALUE=DATE:")
    )
    assert device.put(path, day).status_code == 204
    assert busy_of(cast.dupont) == [(datetime(2026, 11, 29, 23, tzinfo=UTC), datetime(2026, 11, 30, 23, tzinfo=UTC))]


def test_time_the_house_made_free_is_gone_from_the_phone(cast):
    device, path = phone(cast), f"{home(cast)}x.ics"
    device.put(path, event())
    blocks.unblock(key=cast.key(), block=Block.objects.get().key, by=cast.claire, at=NOON)
    assert device("GET", path).status_code == 404
    assert device.put(f"{home(cast)}y.ics", event()).status_code == 201
    assert len(busy_of(cast.dupont)) == 1


@pytest.mark.parametrize(
    ("marked", "words"),
    [((), ""), (("CLASS:PRIVATE",), ""), (("CLASS:X-OWN",), ""), (("CLASS:public",), "Avocat")],
)
def test_a_title_is_told_only_when_its_owner_says_that_it_is_public(cast, marked, words):
    device, path = phone(cast), f"{home(cast)}x.ics"
    device.put(path, event("x", "20261130T100000Z", "20261130T110000Z", "SUMMARY:Avocat", *marked))
    assert Block.objects.get().words == words
    assert "SUMMARY:Avocat" in device("GET", path).content.decode()


def test_seconds_take_their_whole_minutes(cast):
    phone(cast).put(f"{home(cast)}x.ics", event("x", "20261130T100030Z", "20261130T110001Z"))
    assert busy_of(cast.dupont) == [(after(180), after(241))]


def test_a_persons_events_may_lie_over_each_other_and_take_the_time_together(cast):
    device = phone(cast)
    spans = {"a": ("130000", "150000"), "b": ("140000", "160000"), "c": ("120000", "170000"), "d": ("130000", "150000")}
    for name, (starts, ends) in spans.items():
        made = device.put(f"{home(cast)}{name}.ics", event(name, f"20261130T{starts}Z", f"20261130T{ends}Z"))
        assert made.status_code == 201, name

    def taken():
        rows = Occupancy.objects.filter(agenda=int(cast.dupont), blocking=True).order_by("starts_at")
        found = []
        for row in rows:
            if found and found[-1][1] == row.starts_at:
                found[-1][1] = row.ends_at
            else:
                found.append([row.starts_at, row.ends_at])
        return found

    assert taken() == [[after(300), after(600)]]
    for name, left in (
        ("c", [[after(360), after(540)]]),
        ("a", [[after(360), after(540)]]),
        ("d", [[after(420), after(540)]]),
    ):
        assert device("DELETE", f"{home(cast)}{name}.ics").status_code in {200, 204}
        assert taken() == left, name
        with pytest.raises(SlotAlreadyTaken):
            book(cast, after(520))
    assert device.put(f"{home(cast)}b.ics", event("b", "20261130T150000Z", "20261130T153000Z")).status_code == 204
    assert taken() == [[after(480), after(510)]]
    blocks.unblock(key=cast.key(), block=Block.objects.get(removed_at=None).key, by=cast.claire, at=NOON)
    assert taken() == []


def test_every_weekday_as_thunderbird_writes_it(cast):
    rule = "RRULE:FREQ=DAILY;COUNT=7;BYDAY=MO,TU,WE,TH,FR"
    made = phone(cast).put(f"{home(cast)}x.ics", event("x", "20261126T190000Z", "20261126T200000Z", rule))
    assert made.status_code == 201
    assert [starts.day for starts, _ends in busy_of(cast.dupont)] == [26, 27, 30, 1, 2, 3, 4]


def test_walls(cast):
    book(cast)
    device = phone(cast)
    for path in (
        home(cast, agenda=cast.lemaire),
        home(cast, agenda=cast.weber_agenda),
        home(cast, cast.dr_weber, cast.weber_agenda),
        f"/dav/{cast.dr_weber.person}/",
        f"/dav/{cast.dr_lemaire.person}/{cast.dupont}/",
        "/dav/dupont@dupont.example/",
        f"{home(cast)}../{cast.lemaire}/",
        f"{home(cast)}a/b",
    ):
        before = kept()
        for method in ("PROPFIND", "GET", "REPORT", "OPTIONS", "DELETE"):
            assert device(method, path, ALL if method == "PROPFIND" else "").status_code == 404, (method, path)
        assert device.put(f"{path}x.ics", event()).status_code == 404
        assert kept() == before
    assert (
        "Dr Lemaire"
        in phone(cast, cast.assistant)("PROPFIND", f"/dav/{cast.assistant.person}/", Depth="1").content.decode()
    )


def test_a_device_that_was_revoked_and_wrong_passwords(cast):
    device = phone(cast)
    path = f"/dav/{cast.dr_dupont.person}/"
    assert device("PROPFIND", path).status_code == 207
    weber = Phone("weber@weber.example", "x")
    weber.headers = device.headers | {
        "Authorization": "Basic "
        + base64.b64encode(
            b"weber@weber.example:" + base64.b64decode(device.headers["Authorization"][6:]).partition(b":")[2]
        ).decode()
    }
    assert weber("PROPFIND", path).status_code == 401
    for said in ("Basic", "Basic ###", "Basic ww==", "Bearer x", "Basic Og==", "", "Basic " + "A" * 5000):
        answer = Browser().generic("PROPFIND", path, headers={"Authorization": said})
        assert answer.status_code == 401
        assert answer["WWW-Authenticate"].startswith("Basic")
    row = CalendarDevice.objects.get()
    assert "iPhone" in row.label
    (view,) = devices.devices(client=cast.cabinet.id, by=cast.dr_dupont)
    devices.revoke_device(client=cast.cabinet.id, device=view.id, by=cast.dr_dupont, at=NOON)
    assert device("PROPFIND", path).status_code == 401
    assert sorted(AuditEntry.objects.filter(action__contains="device").values_list("action", flat=True)) == [
        "agenda.device_made",
        "agenda.device_revoked",
    ]
    other = phone(cast)
    Person.objects.filter(pk=int(cast.dr_dupont.person)).update(is_active=False)
    assert other("PROPFIND", path).status_code == 401


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "&lol;&lol;&lol;">]>'
    '<propfind xmlns="DAV:"><prop><displayname>&lol2;</displayname></prop></propfind>'
)
RULES = (
    "FREQ=SECONDLY", "FREQ=MINUTELY;COUNT=1000000", "FREQ=DAILY;COUNT=1000000", "FREQ=HOURLY",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;BYHOUR=1,2,3,4", "FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=30",
    "FREQ=YEARLY;BYYEARDAY=366;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=0", "FREQ=NEVER", "COUNT=3",
    "FREQ=DAILY;BYMONTHDAY=31;BYMONTH=2", "FREQ=MONTHLY;BYMONTHDAY=-31", "FREQ=DAILY;COUNT=-1",
    "FREQ=DAILY;COUNT=1\r\nRRULE:FREQ=SECONDLY;COUNT=1000000000", "FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30",
)  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_rules_without_bound_are_refused(cast, rule):
    device, before = phone(cast), kept()
    answer = device.put(f"{home(cast)}x.ics", event("x", "20261130T100000Z", "20261130T101500Z", f"RRULE:{rule}"))
    assert answer.status_code in {400, 403}, answer.content
    assert kept() == before


@pytest.mark.parametrize("rule", RULES)
def test_a_place_whose_clock_changes_without_bound_is_refused(cast, rule):
    device, before = phone(cast), kept()
    clock = "\r\n".join(
        f"BEGIN:{part}\r\nDTSTART:20261130T095900\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:{rule}\r\nEND:{part}"
        for part in ("STANDARD", "DAYLIGHT")
    )
    body = event().replace("DTSTART:20261130T100000Z", "DTSTART;TZID=Bureau:20261130T100000")
    body = body.replace("BEGIN:VEVENT", f"BEGIN:VTIMEZONE\r\nTZID:Bureau\r\n{clock}\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT")
    answer = device.put(f"{home(cast)}x.ics", body)
    bounded = rule in {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}
    assert answer.status_code in ({201} if bounded else {400, 403}), answer.content
    assert bounded or kept() == before


@pytest.mark.parametrize("name", ["Europe", "Europe/", "x" * 300, "a/" * 200])
def test_an_event_on_the_clock_of_a_folder_is_kept_like_one_of_a_place_that_nobody_knows(cast, name):
    device = phone(cast)
    times = []
    for zone in ("Nowhere/X", name):
        body = event().replace("DTSTART:20261130T100000Z", f"DTSTART;TZID={zone}:20261130T100000")
        assert device.put(f"{home(cast)}x.ics", body).status_code == 201
        assert device("GET", f"{home(cast)}x.ics").status_code == 200
        times.append(busy_of(cast.dupont))
        assert device("DELETE", f"{home(cast)}x.ics").status_code in {200, 204}
    assert times[0] == times[1] != []


def test_two_devices_that_define_one_name_differently_have_a_clock_each(cast):
    for number, offset, hour in ((1, "+0500", 4), (2, "-0300", 12), (3, "+0500", 4)):
        part = (
            f"BEGIN:STANDARD\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD"
        )
        body = event(end="DURATION").replace("DTEND:DURATION", "DURATION:PT30M")
        body = body.replace("DTSTART:20261130T100000Z", "DTSTART;TZID=Bureau:20261130T090000")
        body = body.replace(
            "BEGIN:VEVENT", f"BEGIN:VTIMEZONE\r\nTZID:Bureau\r\n{part}\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT"
        )
        device = phone(cast)
        assert device.put(f"{home(cast)}{number}.ics", body).status_code == 201
        assert [each[0].hour for each in busy_of(cast.dupont)] == [hour]
        assert device("DELETE", f"{home(cast)}{number}.ics").status_code in {200, 204}


def test_bodies_that_are_none(cast):
    device, before = phone(cast), kept()
    for method in ("PROPFIND", "REPORT", "PROPPATCH"):
        for body in (BOMB, "<", "\x00", "<a" + "<b>" * 5000, "é" * 100, '<x xmlns="DAV:"/>', "&#0;"):
            assert 400 <= device(method, home(cast), body).status_code < 500, (method, body[:20])
        assert device(method, home(cast), " " * 300_000).status_code == 413
        assert device(method, home(cast), " " * 3_000_000).status_code == 413
        assert device(method, home(cast), ALL, content_type="text/xml; charset=nonsense").status_code < 500
    bad = [
        "", "BEGIN:VCALENDAR", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", "x" * 100_000, "\x00\xff", "[]",
        event().replace("VEVENT", "VTODO"), event().replace("UID:uid-1\r\n", ""), event(start="nonsense"),
        event(end="20261130T090000Z", start="20261130T100000Z"), event(start="99991231T000000Z"),
        event(end="20280101T000000Z"), event() + event("uid-2"),
        event("x", "20261130T100000Z", "20261130T110000Z", "DESCRIPTION:" + "y" * 70_000),
        event("x", "20261130T100000Z", "20261130", ),  event("u" * 300),
        event("x", "20261130T100000Z", "20261130T110000Z", "RDATE:" + ",".join(["20261201T100000Z"] * 1000)),
    ]  # fmt: skip
    for number, body in enumerate(bad):
        answer = device.put(f"{home(cast)}x.ics", body)
        assert 400 <= answer.status_code < 500, (number, answer.status_code, body[:200])
        assert kept() == before, (number, body[:200])


GRAMMAR = (
    "BEGIN:VEVENT|END:VEVENT|UID:1|UID:2|DTSTART:20261130T100000Z|DTSTART;TZID=Nowhere/X:20261130T100000|DTEND:2026|"
    "DTSTART;TZID=Europe:20261130T100000|EXDATE;TZID=Europe/:20261130T100000|X-WR-TIMEZONE:Europe|RRULE:FREQ=SECONDLY|"
    "DTEND:20261130T110000Z|DURATION:PT1H|DURATION:-PT1H|DURATION:P9999999W|RRULE:FREQ=DAILY|RRULE:FREQ=|RRULE:X|"
    "RECURRENCE-ID:20261130T100000Z|EXDATE:x|RDATE:20261130T100000Z|BEGIN:VTIMEZONE|END:VTIMEZONE|TZID:X|SUMMARY|:|;=:|"
    "BEGIN:VALARM|END:VALARM|TRIGGER:x|DTSTART;VALUE=DATE:20261130|DTEND;VALUE=DATE:20261130|STATUS:é|CLASS:|END:X|"
    "BEGIN:STANDARD|END:STANDARD|DTSTART:00010101T000000|TZOFFSETFROM:+9999|TZOFFSETTO:x|ATTENDEE:mailto:x"
)
LINES = st.sampled_from(re.split(r"\|", GRAMMAR))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(LINES, max_size=14), junk=st.text(max_size=20), whole=st.booleans())
def test_no_body_brings_it_down(cast, lines, junk, whole):
    inner = (
        ["BEGIN:VEVENT", "UID:f", "DTSTART:20261130T100000Z", *lines, junk, "END:VEVENT"] if whole else [*lines, junk]
    )
    body = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", *inner, "END:VCALENDAR", ""])
    if not hasattr(cast, "_phone"):
        object.__setattr__(cast, "_phone", phone(cast))
    answer = cast._phone.put(f"{home(cast)}fuzz.ics", body.encode(errors="replace").decode())
    assert answer.status_code < 500, body


def test_a_doctor_makes_and_revokes_the_password_of_a_device(cast):
    browser = Browser(headers={"Accept-Language": "en"})
    browser.force_login(Person.objects.get(pk=int(cast.dr_dupont.person)))
    page = f"/portal/line/{cast.cabinet.id}"
    answer = browser.post(f"{page}/devices", {"label": "iPhone"})
    (secret,) = re.findall(r'id="password" readonly value="([a-z2-7]{32})"', answer.content.decode())
    assert "http://testserver/dav/" in answer.content.decode()
    device = Phone("Dupont@Dupont.example", secret.upper())
    assert device("PROPFIND", home(cast)).status_code == 207
    assert secret not in browser.get(f"{page}/calendars").content.decode()
    assert browser.post(f"{page}/devices", {"label": " "}).status_code == 422
    row = CalendarDevice.objects.get()
    assert secret not in str(vars(row))
    stranger = Browser()
    stranger.force_login(Person.objects.get(pk=int(cast.dr_lemaire.person)))
    assert stranger.post(f"{page}/devices/{row.pk}/revoke").status_code == 404
    assert browser.post(f"{page}/devices/{row.pk}/revoke").status_code == 303
    assert device("PROPFIND", home(cast)).status_code == 401
