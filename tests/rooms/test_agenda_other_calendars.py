# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars that the doctor keeps elsewhere: read from a real server, they make his agenda busy and move nothing."""

import re
import threading
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.interop import feeds, others
from permanence.agenda.interop.backends import Access
from permanence.agenda.interop.written import Busy, merged
from permanence.agenda.models import OtherBusy, OtherCalendar
from permanence.agenda.operations import appointments, blocks
from permanence.agenda.queries import days, slots
from permanence.agenda.queries.agendas import agenda
from permanence.agenda.queries.calendars import calendars, collisions, unread_for_long
from permanence.agenda.refusals import (
    AgendaUnknown,
    CalendarUnknown,
    LabelMissing,
    SettingImpossible,
    SlotAlreadyTaken,
    TooManyCalendars,
)
from permanence.agenda.rules.calendars import REFUSED_FOR, BackendKind, next_look
from permanence.agenda.rules.wishes import Wish
from permanence.agenda.tasks import look_at_calendars
from permanence.agenda.words import Names, sentence
from permanence.backstage import agenda_calendars
from permanence.console import follow_ups
from permanence.foundation.models import AuditEntry
from permanence.foundation.outside import Guard, OutsideRefused, read_networks
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemEntropy
from permanence.portal import agenda as portal_agenda
from permanence.portal import other_calendars
from permanence.project.worker import Calendars
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, opened, reason
from tests.rooms.http_server import at as address_of
from tests.rooms.http_server import serving
from tests.rooms.messaging_cast import NOON, person

ENTROPY = SystemEntropy()
GUARD = Guard(own=read_networks("127.0.0.0/8"))
LATER = NOON + timedelta(minutes=30)


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def event(uid, starts, lasts=60, *lines):
    ends = starts + timedelta(minutes=lasts)
    said = ("BEGIN:VEVENT", f"UID:{uid}", f"DTSTART:{starts:%Y%m%dT%H%M%SZ}", f"DTEND:{ends:%Y%m%dT%H%M%SZ}", *lines)
    return "\r\n".join((*said, "END:VEVENT"))


def calendar(*events):
    return "\r\n".join(("BEGIN:VCALENDAR", "VERSION:2.0", *events, "END:VCALENDAR", "")).encode()


CLOCK = "\r\n".join(
    f"BEGIN:{part}\r\nDTSTART:19700101T000000\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nRRULE:FREQ=SECONDLY\r\nEND:{part}"
    for part in ("STANDARD", "DAYLIGHT")
)
EVERY_SECOND = f"BEGIN:VTIMEZONE\r\nTZID:Bureau\r\n{CLOCK}\r\nEND:VTIMEZONE"


class Product:
    """Another product's calendar behind an address; `status` and `body` are what it answers now."""

    def __init__(self, *events):
        self.body, self.status, self.marks = calendar(*events), 200, {}

    def __call__(self, handler):
        known = handler.headers.get("If-None-Match")
        if known and known == self.marks.get("ETag"):
            handler.reply(304)
        else:
            handler.reply(self.status, self.body, **self.marks)


def add(cast, server, *, by=None, label="Cabinet privé", **more):
    access = Access(address=address_of(server, "/secret-path.ics?token=canari"), **more)
    asked = {"agenda": cast.dupont, "kind": BackendKind.FEED, "label": label, "access": access}
    return others.add_calendar(**asked, by=by or cast.dr_dupont, at=NOON, entropy=ENTROPY, guard=GUARD)


def look(at=NOON):
    return others.look_due(clock=fixed(at), guard=GUARD)


def fixed(at):
    return SimpleNamespace(now=lambda: at)


@pytest.fixture
def noon(monkeypatch):
    for page in (other_calendars, agenda_calendars, follow_ups):
        clock = "CLOCK" if page is agenda_calendars else "_CLOCK"
        monkeypatch.setattr(page, clock, SimpleNamespace(now=lambda: NOON))


def owner(cast):
    return person("owner@centre.example", "Olga", {Role.SUPERVISOR, Role.OWNER}, by=cast.marc)


def view(cast, at=NOON):
    return calendars(by=cast.dr_dupont, agenda=cast.dupont, at=at)[0]


def book(cast, start=MONDAY, **changes):
    return appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=start, booking=cast.booking(**changes), by=cast.claire, at=NOON
    )


def busy():
    return [(each.starts_at, each.ends_at) for each in OtherBusy.objects.order_by("starts_at")]


def test_a_busy_time_elsewhere_refuses_a_booking_and_says_why(cast):
    with serving(Product(event("a", after(60), 45, "SUMMARY:Thérapie canari"))) as server:
        add(cast, server)
        assert look() == 1
    assert busy() == [(after(60), after(105))]
    with pytest.raises(SlotAlreadyTaken) as refused:
        book(cast, after(60))
    (why,) = refused.value.causes
    assert (why.code, why.label, why.until) == ("busy_elsewhere", "Cabinet privé", after(105))
    zone = MONDAY.tzinfo
    with translation.override("en"):
        said = sentence(why, names=Names(), zone=zone, at=MONDAY)
    assert said == "Busy in the doctor’s other calendar (Cabinet privé), ends 08:45"
    book(cast, after(105))
    book(cast, after(40))
    wish = Wish(reason=cast.consultation)
    offered = slots.free_days(
        by=cast.claire, agenda=cast.dupont, wish=wish, first=MONDAY.date(), until=MONDAY.date() + timedelta(1), at=NOON
    )
    assert not [each for each in offered.slots if after(40) < each.starts < after(105)]
    assert "busy_elsewhere" in {each.why.code for each in offered.hidden}


def test_it_stands_in_the_day_and_its_title_nowhere(cast):
    with serving(Product(event("a", after(60), 45, "SUMMARY:Thérapie canari", "LOCATION:canari"))) as server:
        add(cast, server)
        look()
    (found,) = days.day(by=cast.claire, agendas=[cast.dupont], day=MONDAY.date(), at=NOON)
    assert [(each.starts_at, each.words, each.door.value) for each in found.blocks] == [
        (after(60), "Cabinet privé", "calendar")
    ]
    with connection.cursor() as cursor:
        for table in (OtherBusy, OtherCalendar, AuditEntry):
            cursor.execute(f"SELECT * FROM {table._meta.db_table}")  # noqa: S608 - our own names
            assert "canari" not in repr(cursor.fetchall())


def test_what_is_booked_stays_and_is_told_until_it_is_moved(cast):
    visit = book(cast, after(60))
    with serving(Product(event("a", after(50), 60))) as server:
        add(cast, server)
        look()
    (met,) = collisions(by=cast.claire, at=NOON)
    assert (met.visit.appointment, met.label, met.starts_at) == (visit.appointment, "Cabinet privé", after(50))
    assert [each.visit.appointment for each in collisions(by=cast.dr_dupont, at=NOON, agendas=[cast.dupont])] == [
        visit.appointment
    ]
    assert collisions(by=cast.dr_weber, at=NOON) == ()
    assert collisions(by=cast.claire, at=NOON, agendas=[cast.lemaire]) == ()
    appointments.move(
        key=cast.key(), appointment=visit.appointment, agenda=cast.dupont, starts_at=after(120), by=cast.claire, at=NOON
    )
    assert collisions(by=cast.claire, at=NOON) == ()
    with pytest.raises(SlotAlreadyTaken):
        book(cast, after(60))


def test_only_what_changed_is_written_and_the_version_tells(cast):
    product = Product(event("a", after(60)), event("b", after(180)))
    product.marks = {"ETag": '"1"', "Last-Modified": "Fri, 27 Nov 2026 10:00:00 GMT"}
    with serving(product) as server:
        add(cast, server)
        look()
        first = agenda(by=cast.claire, agenda=cast.dupont).version
        keys = set(OtherBusy.objects.values_list("pk", flat=True))
        assert look(LATER) == 1
        assert server.seen[1][1]["If-None-Match"] == '"1"'
        assert server.seen[1][1]["If-Modified-Since"] == "Fri, 27 Nov 2026 10:00:00 GMT"
        assert agenda(by=cast.claire, agenda=cast.dupont).version == first
        product.body, product.marks = calendar(event("a", after(60)), event("c", after(300))), {"ETag": '"2"'}
        look(LATER + timedelta(hours=1))
        assert agenda(by=cast.claire, agenda=cast.dupont).version == first + 1
        product.marks = {}
        look(LATER + timedelta(hours=2))
    assert busy() == [(after(60), after(120)), (after(300), after(360))]
    assert len(keys & set(OtherBusy.objects.values_list("pk", flat=True))) == 1
    assert agenda(by=cast.claire, agenda=cast.dupont).version == first + 1
    assert (view(cast).read_at, view(cast).fault) == (LATER + timedelta(hours=2), "")


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (401, b"", "login"),
        (403, b"", "login"),
        (404, b"", "gone"),
        (410, b"", "gone"),
        (500, b"", "broken"),
        (429, b"", "broken"),
        (206, b"", "refused"),
        (200, b"<html>Sign in</html>", "no_calendar"),
        (200, calendar(event("a", after(60)))[:-20], "no_calendar"),
        (200, b"BEGIN:VCALENDAR" + b"\0" * 20, "no_calendar"),
        (200, b"BEGIN:VCALENDAR\r\n" + b"BEGIN:VEVENT\r\n" * 20_001 + b"END:VCALENDAR", "too_many"),
        (200, b"X" * 6_000_000, "too_large"),
        (200, calendar(EVERY_SECOND, event("a", after(60))), "no_calendar"),
    ],
)
def test_while_it_does_not_answer_what_is_known_stays_busy_and_is_called_old(cast, status, body, fault):
    product = Product(event("a", after(60)))
    with serving(product) as server:
        add(cast, server)
        look()
        product.status, product.body = status, body
        look(LATER)
        found = view(cast, LATER)
        assert (found.fault, found.read_at, found.looked_at) == (fault, NOON, LATER)
        assert busy() == [(after(60), after(120))]
        product.status, product.body = 200, calendar()
        look(LATER + timedelta(hours=2))
    assert (view(cast).fault, busy()) == ("", [])


@pytest.mark.parametrize("name", ["Europe", "x" * 300])
def test_an_event_on_the_clock_of_a_folder_is_not_read_and_told(cast, name):
    odd = event("b", after(180)).replace("DTSTART:", f"DTSTART;TZID={name}:").replace("Z\r\nDTEND", "\r\nDTEND")
    with serving(Product(event("a", after(60)), odd)) as server:
        add(cast, server)
        look()
    found = view(cast)
    assert (found.fault, found.unread, busy()) == ("", 1, [(after(60), after(120))])


def test_who_is_away_is_asked_less_and_less_often_and_an_account_is_not_locked():
    waits = [next_look(changed=False, fault="unreachable", failures=n).total_seconds() / 60 for n in (1, 2, 3, 9)]
    assert waits == [5, 10, 15, 15]
    assert next_look(changed=False, fault="login", failures=2) == REFUSED_FOR
    assert [next_look(changed=each, fault="", failures=0).total_seconds() / 60 for each in (True, False)] == [5, 10]


def test_an_empty_calendar_frees_and_what_is_free_or_cancelled_never_blocks(cast):
    product = Product(event("a", after(60), 30, "TRANSP:TRANSPARENT"), event("b", after(120), 30, "STATUS:CANCELLED"))
    with serving(product) as server:
        add(cast, server)
        look()
        assert busy() == []
        product.body = calendar(event("wild", after(60), 30, "RRULE:FREQ=SECONDLY"), event("c", after(200), 30))
        look(LATER)
        assert (busy(), view(cast).unread) == ([(after(200), after(230))], 1)


def test_our_own_bookings_that_come_back_are_not_in_their_own_way(cast):
    visit = book(cast, after(60))
    _made, secret = feeds.make_feed(
        agenda=cast.dupont, label="Agenda", names=False, by=cast.dr_dupont, at=NOON, entropy=ENTROPY
    )
    ours = feeds.read_feed(secret=secret, at=NOON).body.decode()
    assert f"{visit.appointment}@permanence" in ours
    product = Product()
    product.body = ours.replace("END:VCALENDAR", event("x@permanence", after(300)) + "\r\nEND:VCALENDAR").encode()
    with serving(product) as server:
        add(cast, server)
        look()
    assert busy() == [(after(300), after(360))]
    assert collisions(by=cast.claire, at=NOON) == ()


def test_of_all_that_is_ours_what_he_has_in_another_agenda_makes_him_busy_by_two_questions(cast):
    """A feed of the whole practice: his visits and times, a colleague's, a combined one, and those of his clinic."""
    by = {"by": cast.claire, "at": NOON}
    clinic = opened(cast.cabinet.id, cast.cabinet.doctor, "Dr Dupont, clinique", by=cast.marc)
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    keys = []
    for agenda_of, minutes, reason_of in (
        (cast.dupont, 0, cast.consultation),
        (cast.lemaire, 0, cast.consultation),
        (clinic, 0, cast.consultation),
        (clinic, 60, both),
    ):
        where = {"agenda": agenda_of, "starts_at": after(minutes), "booking": cast.booking(reason=reason_of)}
        keys.append(appointments.book(key=cast.key(), **where, **by).appointment)
    for agenda_of in (cast.dupont, cast.lemaire, clinic):
        span = {"starts_at": after(120), "ends_at": after(140)}
        keys.append(blocks.block(key=cast.key(), agenda=agenda_of, **span, **by).block)
    with serving(
        Product(*(event(f"{key}@permanence", after(200 + 20 * at), 10) for at, key in enumerate(keys)))
    ) as server:
        add(cast, server)
        with CaptureQueriesContext(connection) as caught:
            look()
    assert busy() == [(after(200 + 20 * at), after(210 + 20 * at)) for at in (2, 3, 6)]
    assert len([each for each in caught if '"key" IN (' in each["sql"]]) == 2


def test_two_calendars_may_say_the_same_and_one_goes(cast):
    with serving(Product(event("a", after(60)))) as one, serving(Product(event("b", after(90)))) as two:
        first = add(cast, one)
        add(cast, two, label="Google")
        assert look() == 2
        book(cast, after(30))
        others.remove_calendar(agenda=cast.dupont, calendar=first, by=cast.dr_dupont, at=NOON)
        book(cast, after(60))
        with pytest.raises(SlotAlreadyTaken):
            book(cast, after(80))
        assert OtherCalendar.objects.get(pk=first).access == ""
        assert look(LATER) == 1
    with pytest.raises(CalendarUnknown):
        others.remove_calendar(agenda=cast.dupont, calendar=first, by=cast.dr_dupont, at=NOON)


def test_a_look_that_comes_back_late_changes_nothing(cast):
    """Another worker took it over meanwhile, or it was taken away: who comes late is not heard."""
    with serving(Product(event("a", after(60)))) as server:
        add(cast, server)
        taken = others._take(at=NOON)
        assert others._take(at=NOON) is None
        OtherCalendar.objects.filter(pk=taken.pk).update(turn=99)
        others._look(taken, at=NOON, guard=GUARD)
    assert (busy(), OtherCalendar.objects.get().read_at) == ([], None)
    others._failed(taken, "unreachable", at=NOON)
    assert OtherCalendar.objects.get().fault == ""


def test_the_worker_looks_when_it_is_time_and_at_once_when_asked(cast, settings):
    settings.PERMANENCE = settings.PERMANENCE.changed(own_networks=read_networks("127.0.0.0/8"))
    product = Product()

    def turn(at):
        return look_at_calendars(clock=fixed(at), stop=lambda: False)

    with serving(product) as server:
        made = add(cast, server)
        assert [turn(NOON), turn(NOON + timedelta(minutes=4)), turn(NOON + timedelta(minutes=11))] == [1, 0, 1]
        soon = NOON + timedelta(minutes=12)
        others.check_now(agenda=cast.dupont, calendar=made, by=cast.dr_dupont, at=soon)
        assert [turn(soon), turn(soon)] == [1, 0]
        others.check_now(agenda=cast.dupont, calendar=made, by=cast.dr_dupont, at=soon + timedelta(seconds=20))
        assert turn(soon + timedelta(seconds=20)) == 0
        assert look_at_calendars(clock=fixed(soon + timedelta(hours=1)), stop=lambda: True) == 0
    with pytest.raises(CalendarUnknown):
        others.check_now(agenda=cast.lemaire, calendar=made, by=cast.dr_dupont, at=soon)


def test_the_workers_thread_reads_what_is_due_and_stops_when_told(cast, settings):
    settings.PERMANENCE = settings.PERMANENCE.changed(own_networks=read_networks("127.0.0.0/8"))
    stop = threading.Event()

    def answered(handler):
        stop.set()
        handler.reply(200, calendar(event("a", after(60))))

    with serving(answered) as server:
        add(cast, server)
        Calendars(clock=SimpleNamespace(now=lambda: NOON), stop=stop)._run()
        assert len(server.seen) == 1
    assert busy() == [(after(60), after(120))]


def test_this_machine_is_not_asked_unless_it_is_called_the_houses_own(cast):
    with serving(Product(event("a", after(60)))) as server:
        add(cast, server)
        others.look_due(clock=fixed(NOON), guard=Guard(own=read_networks("10.0.0.0/8")))
        assert server.seen == []
    assert (view(cast).fault, busy()) == ("address_private", [])


def test_a_login_is_given_and_never_seen_again(cast, browser_of, settings):
    with serving(Product()) as server:
        add(cast, server, user="anne", password="mot-de-passe-canari")
        look()
        assert server.seen[0][1]["Authorization"].startswith("Basic ")
    row = OtherCalendar.objects.get()
    assert "canari" not in row.access + row.host + repr(AuditEntry.objects.values_list("detail", flat=True))
    assert "canari" not in repr(Access(address="canari", user="canari", password="canari"))
    page = browser_of(cast.dr_dupont).get(reverse("portal_other_calendars", args=[cast.cabinet.id, cast.dupont]))
    assert "127.0.0.1" in page.content.decode()
    assert "canari" not in page.content.decode()


def test_what_cannot_be_added(cast):
    asked = {"agenda": cast.dupont, "kind": BackendKind.FEED, "label": "x", "by": cast.dr_dupont, "at": NOON}
    asked |= {"entropy": ENTROPY, "guard": Guard()}
    good = Access(address="https://calendar.example/x.ics")
    for wrong, refusal in [
        ({"label": " "}, LabelMissing),
        ({"kind": BackendKind.WEB}, SettingImpossible),
        ({"writes": True}, SettingImpossible),
        ({"access": Access(address="http://calendar.example/x.ics")}, OutsideRefused),
        ({"access": Access(address=good.address, user="a\nb")}, SettingImpossible),
        ({"access": Access(address=good.address, password="x" * 201)}, SettingImpossible),
        ({"by": cast.dr_weber}, AgendaUnknown),
        ({"by": cast.other_doctor}, AgendaUnknown),
    ]:
        with pytest.raises(refusal):
            others.add_calendar(**{"access": good} | asked | wrong)
    for _number in range(others.MOST):
        others.add_calendar(access=good, **asked)
    with pytest.raises(TooManyCalendars):
        others.add_calendar(access=good, **asked)


def test_the_pages_add_check_and_take_away(cast, browser_of, settings, noon):
    settings.PERMANENCE = settings.PERMANENCE.changed(own_networks=read_networks("127.0.0.0/8"))
    book(cast, after(60))
    with serving(Product(event("a", after(60)))) as server:
        for person, address in (
            (cast.dr_dupont, reverse("portal_other_calendars", args=[cast.cabinet.id, cast.dupont])),
            (owner(cast), reverse("accounts:agenda-calendars", args=[cast.cabinet.id, cast.dupont])),
        ):
            browser = browser_of(person)
            wrong = browser.post(address, {"do": "add", "label": "Privé", "address": "ftp://canari.example/x"})
            assert wrong.status_code == 422
            assert "canari" not in wrong.content.decode()
            assert 'value="Privé"' in wrong.content.decode()
            sent = {"do": "add", "kind": "feed", "label": "Privé", "address": address_of(server)}
            assert browser.post(address, sent).status_code == 303
            look()
            shown = browser.get(address)
            assert [each.view.label for each in shown.context["page"].lines] == ["Privé"]
            assert len(shown.context["page"].collisions) == 1
            assert "HOFFMANN" in shown.content.decode()
            made = shown.context["page"].lines[0].view.id
            assert browser.post(address, {"do": "check", "calendar": made}).status_code == 303
            assert browser.post(address, {"do": "remove", "calendar": made}).status_code == 303
            assert browser.post(address, {"do": "remove", "calendar": made}).status_code == 404
            assert browser.post(address, {"do": "check", "calendar": "x" * 300}).status_code == 404
    assert busy() == []


def test_the_secretaries_see_what_meets(cast, browser_of, noon):
    book(cast, after(60))
    with serving(Product(event("a", after(60)))) as server:
        add(cast, server)
        look()
    page = browser_of(cast.claire).get(reverse("console:follow-ups")).content.decode()
    assert "HOFFMANN" in page
    assert "Cabinet privé" in page


def test_the_page_says_old(cast, browser_of, noon):
    product = Product(event("a", after(60)))
    with serving(product) as server:
        add(cast, server)
        look()
        product.status = 503
        look(LATER)
    page = browser_of(cast.dr_dupont).get(reverse("portal_other_calendars", args=[cast.cabinet.id, cast.dupont]))
    text = " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())
    assert "Lu pour la dernière fois aujourd’hui 12 h ; depuis : il a une panne" in text


def test_what_could_not_be_read_for_a_day_is_told_where_doctor_and_secretaries_look(cast, browser_of, monkeypatch):
    product = Product(event("a", after(60)))
    with serving(product) as server:
        add(cast, server)
        look()
        product.status = 401
        look(LATER)
    told = "identifiant ou mot de passe refusés"
    places = reverse("portal_day_of", args=[cast.cabinet.id, cast.dupont]), reverse("console:follow-ups")
    for hours, is_told in ((20, False), (25, True)):
        for page in (portal_agenda, follow_ups):
            monkeypatch.setattr(page, "_CLOCK", SimpleNamespace(now=lambda at=NOON + timedelta(hours=hours): at))
        shown = [
            browser_of(who).get(place).content.decode()
            for who, place in zip((cast.dr_dupont, cast.claire), places, strict=True)
        ]
        assert [("Cabinet privé" in each, told in each) for each in shown] == [(is_told, is_told)] * 2
    assert told not in browser_of(cast.dr_weber).get(reverse("portal_agenda")).content.decode()
    assert unread_for_long(by=cast.other_secretary, at=NOON + timedelta(days=3)) == ()


@given(st.lists(st.tuples(st.integers(-600, 3000), st.integers(1, 800)), max_size=6), st.data())
def test_two_readings_leave_what_the_last_one_said(spans, data):
    """The difference of any two states, applied, gives the second: no row is lost, doubled or left."""

    def state(chosen):
        found = sorted((MONDAY + timedelta(minutes=a), MONDAY + timedelta(minutes=a + b)) for a, b in chosen)
        return [(max(start, MONDAY), end) for start, end in merged(found) if end > MONDAY]

    before = state(spans)
    later = state(data.draw(st.lists(st.tuples(st.integers(-600, 3000), st.integers(1, 800)), max_size=6)))
    rows = [OtherBusy(starts_at=start, ends_at=end) for start, end in before]
    went, came = others.difference(rows, [Busy(starts_at=a, ends_at=b) for a, b in later], MONDAY)
    left = [(each.starts_at, each.ends_at) for each in rows if each not in went]
    assert sorted(left + [(each.starts_at, each.ends_at) for each in came]) == later
