# SPDX-License-Identifier: AGPL-3.0-or-later
"""The secret addresses of agendas, read back by libraries other than the one that writes them."""

import contextlib
import re
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.tz import tzical
from django.db import connection
from django.test import Client as Browser
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from permanence.agenda.interop import feeds, ics
from permanence.agenda.interop.entries import Entry, window
from permanence.agenda.models import CalendarFeed
from permanence.agenda.operations import appointments, blocks
from permanence.agenda.refusals import AgendaUnknown, FeedUnknown, LabelMissing, TooManyFeeds
from permanence.agenda.rules.states import CancelCause
from permanence.clients import absences
from permanence.clients.models import PortalUser
from permanence.foundation.models import AuditEntry, Person
from permanence.kernel.system import SystemClock, SystemEntropy
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON

ENTROPY = SystemEntropy()


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def book(cast, start=MONDAY, **changes):
    booking = cast.booking(**changes)
    return appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=start, booking=booking, by=cast.claire, at=NOON
    )


def made(cast, *, agenda=None, by=None, **told):
    asked = {"agenda": agenda or cast.dupont, "label": "iPhone", "names": False, "by": by or cast.dr_dupont}
    return feeds.make_feed(**asked | told, at=NOON, entropy=ENTROPY)


def events(body):
    return vobject.readOne(body.decode() if isinstance(body, bytes) else body).vevent_list


def entry(starts, ends, **changes):
    fields = {"key": "k" * 20, "uid": "u@x", "summary": "Occupé", "description": "", "changed_at": NOON}
    return Entry(starts_at=starts, ends_at=ends, **fields | changes)


def test_what_stands_is_read_back_by_another_library(cast):
    visit = book(cast)
    blocks.block(
        key=cast.key(), agenda=cast.dupont, starts_at=after(240), ends_at=after(300), words="Réunion, à 3; l'étage",
        by=cast.claire, at=NOON,
    )  # fmt: skip
    _view, secret = made(cast, names=True)
    body = feeds.read_feed(secret=secret, at=NOON).body
    first, second = events(body)
    assert (first.dtstart.value, first.dtend.value) == (visit.starts_at, visit.ends_at)
    assert b"TZID=Europe/Paris" in body
    assert first.summary.value == "HOFFMANN Jeanne"
    assert first.description.value == "Consultation"
    assert first.uid.value == f"{visit.appointment}@permanence"
    assert second.summary.value == "Réunion, à 3; l'étage"
    assert max(len(line) for line in body.split(b"\r\n")) <= 75


def test_without_names_it_says_only_that_the_time_is_taken(cast):
    book(cast)
    blocks.block(
        key=cast.key(), agenda=cast.dupont, starts_at=after(240), ends_at=after(300), words="Avocat",
        by=cast.claire, at=NOON,
    )  # fmt: skip
    _view, secret = made(cast)
    body = feeds.read_feed(secret=secret, at=NOON).body.decode()
    assert {each.summary.value for each in events(body)} == {"Occupé"}
    assert not re.search("HOFFMANN|Jeanne|Consultation|Avocat", body)


def test_an_absence_is_busy_and_what_was_cancelled_is_gone(cast):
    visit = book(cast)
    absences.announce_absence(
        client=cast.cabinet.id, starts=after(24 * 60), ends=after(48 * 60), words="En congé",
        announced_by=cast.claire.person, by=cast.claire, at=NOON,
    )  # fmt: skip
    _view, secret = made(cast)
    assert len(events(feeds.read_feed(secret=secret, at=NOON).body)) == 2
    appointments.cancel(
        key=cast.key(), appointment=visit.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
    )
    (left,) = events(feeds.read_feed(secret=secret, at=NOON).body)
    assert left.dtstart.value == after(24 * 60)


def test_only_a_hash_is_kept_and_who_revokes_it_ends_it(cast):
    view, secret = made(cast)
    row = CalendarFeed.objects.get()
    assert secret not in str(vars(row))
    assert len(secret) == 32
    with pytest.raises(AgendaUnknown):
        feeds.revoke_feed(agenda=cast.dupont, feed=view.id, by=cast.dr_weber, at=NOON)
    feeds.revoke_feed(agenda=cast.dupont, feed=view.id, by=cast.claire, at=NOON)
    for wrong in (secret, secret[:-1], secret.upper(), "", "é" * 32, "\ud800" * 32, "a" * 32):
        with pytest.raises(FeedUnknown):
            feeds.read_feed(secret=wrong, at=NOON)
    assert feeds.feeds(agendas=[cast.dupont], by=cast.claire) == ()
    trail = AuditEntry.objects.filter(action__startswith="agenda.feed").values_list("action", flat=True)
    assert sorted(trail) == ["agenda.feed_made", "agenda.feed_revoked"]
    with pytest.raises(FeedUnknown):
        feeds.revoke_feed(agenda=cast.dupont, feed=view.id, by=cast.claire, at=NOON)


def test_walls_label_and_number(cast):
    for by in (cast.dr_weber, cast.other_secretary, cast.other_doctor):
        with pytest.raises(AgendaUnknown):
            made(cast, by=by)
        with pytest.raises(AgendaUnknown):
            feeds.feeds(agendas=[cast.dupont], by=by)
    with pytest.raises(LabelMissing):
        feeds.make_feed(agenda=cast.dupont, label=" \n", names=False, by=cast.claire, at=NOON, entropy=ENTROPY)
    for _each in range(feeds.MOST):
        made(cast)
    with pytest.raises(TooManyFeeds):
        made(cast)


def test_the_same_agenda_gives_the_same_octets_and_a_change_another_etag(cast):
    visit = book(cast)
    _view, secret = made(cast)
    before = feeds.read_feed(secret=secret, at=NOON)
    assert feeds.read_feed(secret=secret, at=NOON + timedelta(hours=3)) == before
    appointments.move(
        key=cast.key(), appointment=visit.appointment, agenda=cast.dupont, starts_at=after(60), by=cast.claire, at=NOON
    )
    assert feeds.read_feed(secret=secret, at=NOON).etag != before.etag


def test_reading_costs_a_fixed_number_of_questions(cast):
    _view, secret = made(cast, names=True)
    counts = []
    for number in range(3):
        book(cast, after(20 * number))
        with CaptureQueriesContext(
            connection,
        ) as caught:
            feeds.read_feed(secret=secret, at=NOON)
        counts.append(len(caught))
    assert len(set(counts)) == 1
    assert counts[0] <= 17


def test_the_window_begins_elsewhere_once_a_month():
    first = window(zone="Europe/Paris", today=date(2026, 11, 1))
    assert first == window(zone="Europe/Paris", today=date(2026, 11, 30))
    assert first == (datetime(2026, 9, 30, 22, tzinfo=UTC), datetime(2027, 12, 31, 23, tzinfo=UTC))


@pytest.mark.parametrize("zone", ["Europe/Paris", "Europe/Luxembourg", "Europe/Dublin", "Africa/Casablanca"])
def test_the_clock_in_the_file_is_that_of_the_place_at_every_hour(zone):
    body = ics.feed([], name="x", zone=zone, until=datetime(2027, 12, 31, tzinfo=UTC)).decode()
    clock, known = tzical(StringIO(body)).get(zone), ZoneInfo(zone)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    while at < datetime(2028, 2, 1, tzinfo=UTC):
        wall = at.astimezone(known)
        if not wall.fold:
            assert wall.replace(tzinfo=clock).utcoffset() == wall.utcoffset(), wall
        at += timedelta(minutes=30)


@pytest.mark.parametrize("zone", ["Europe/Paris", "Europe/Dublin"])
@settings(max_examples=40, deadline=None)
@given(minute=st.integers(-300, 300), length=st.integers(1, 300), spring=st.booleans())
def test_the_nights_on_which_clocks_change(zone, minute, length, spring):
    night = datetime(2027, 3, 28, 1, tzinfo=UTC) if spring else datetime(2026, 10, 25, 1, tzinfo=UTC)
    starts = night + timedelta(minutes=minute)
    ends = starts + timedelta(minutes=length)
    body = ics.feed([entry(starts, ends)], name="x", zone=zone, until=datetime(2027, 12, 31, tzinfo=UTC))
    (read,) = events(body)
    said = [each.value.astimezone(UTC) for each in (read.dtstart, read.dtend)]
    assert said == [starts, ends]


@given(words=st.text(max_size=120), long=st.text(max_size=300))
@settings(max_examples=60, deadline=None)
def test_no_word_breaks_out_of_its_line(words, long):
    end = datetime(2027, 12, 31, tzinfo=UTC)
    body = ics.feed(
        [entry(MONDAY, after(20), summary=words, description=long)], name=words, zone="Europe/Paris", until=end
    )
    assert len(events(body)) == 1
    assert body.count(b"BEGIN:VEVENT") - body.count(b"\\nBEGIN:VEVENT") <= 1 + words.count("BEGIN") + long.count(
        "BEGIN"
    )


def test_the_door_answers_304_and_404(cast, settings):
    _view, secret = made(cast)
    browser = Browser()
    first = browser.get(f"/calendars/{secret}.ics")
    assert first.status_code == 200
    assert first["Content-Type"] == "text/calendar; charset=utf-8"
    assert first["Cache-Control"] == "private, no-cache"
    for header in (first["ETag"], f'"x", W/{first["ETag"]}', "*"):
        again = browser.get(f"/calendars/{secret}.ics", headers={"If-None-Match": header})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert browser.get(f"/calendars/{secret}.ics", headers={"If-None-Match": '"x"'}).status_code == 200
    assert browser.get(f"/calendars/{'a' * 32}.ics").status_code == 404
    assert browser.post(f"/calendars/{secret}.ics").status_code == 405
    assert not first.cookies


def signed_in(who):
    browser = Browser(headers={"Accept-Language": "en"})
    browser.force_login(Person.objects.get(pk=int(who.person)))
    return browser


def test_a_doctor_makes_and_revokes_an_address_of_his_own_agenda_alone(cast):
    page = f"/portal/line/{cast.cabinet.id}/calendars"
    browser = signed_in(cast.dr_dupont)
    assert "Dr Lemaire" not in browser.get(page).content.decode()
    answer = browser.post(page, {"agenda": cast.dupont, "label": "Thunderbird", "names": "1"})
    (address,) = re.findall(r'value="(http://testserver/calendars/[a-z2-7]{32}\.ics)"', answer.content.decode())
    assert Browser().get(address.removeprefix("http://testserver")).status_code == 200
    assert address not in browser.get(page).content.decode()
    for agenda in (cast.lemaire, cast.weber_agenda, "x", ""):
        assert browser.post(page, {"agenda": agenda, "label": "x"}).status_code == 422
    (feed,) = feeds.feeds(agendas=[cast.dupont], by=cast.claire)
    assert feed.names
    revoke = f"{page}/{feed.id}/revoke"
    assert signed_in(cast.dr_lemaire).post(revoke).status_code == 404
    assert signed_in(cast.dr_weber).post(revoke).status_code == 404
    assert browser.post(revoke).status_code == 303
    assert Browser().get(address.removeprefix("http://testserver")).status_code == 404
    assert browser.post(revoke).status_code == 404
    assert "Dr Lemaire" in signed_in(cast.assistant).get(page).content.decode()


def test_the_present_moment_is_read_at_the_door(cast):
    _view, secret = made(cast)
    assert SystemClock().now() > NOON - timedelta(days=1)
    assert feeds.read_feed(secret=secret, at=SystemClock().now()).etag


def test_an_address_ends_with_the_right_of_whoever_made_it(cast):
    secrets = {who: made(cast, by=getattr(cast, who))[1] for who in ("dr_dupont", "assistant", "claire")}

    def good():
        found = set()
        for who, secret in secrets.items():
            with contextlib.suppress(FeedUnknown):
                feeds.read_feed(secret=secret, at=NOON)
                found.add(who)
        return found

    assert good() == {"dr_dupont", "assistant", "claire"}
    Person.objects.filter(pk=int(cast.assistant.person)).update(is_active=False)
    assert good() == {"dr_dupont", "claire"}
    PortalUser.objects.filter(person=int(cast.dr_dupont.person)).delete()
    assert good() == {"claire"}
    Person.objects.filter(pk=int(cast.claire.person)).update(is_secretary=False)
    assert good() == set()


def test_an_address_that_is_older_than_its_owner_stays(cast):
    _view, secret = made(cast)
    CalendarFeed.objects.update(person=None)
    assert feeds.read_feed(secret=secret, at=NOON).body
