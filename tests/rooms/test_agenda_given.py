# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses and devices in the back office: seen without their secrets, made for who asks, revoked one by one."""

import re
from html import unescape

import pytest
from django.urls import reverse

from permanence.agenda.interop import devices, feeds
from permanence.agenda.interop.for_others import owners
from permanence.agenda.models import CalendarDevice, CalendarFeed, OtherCalendar
from permanence.agenda.refusals import AgendaUnknown, DeviceUnknown, FeedUnknown, NamesNotChosen
from permanence.foundation.models import AuditEntry, Person
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import make_agenda_cast
from tests.rooms.messaging_cast import NOON

ENTROPY = SystemEntropy()
GIVEN = {"label": "iPhone", "names": False, "at": NOON, "entropy": ENTROPY}


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def page(cast, client=None):
    return reverse("accounts:agendas-given", args=[client or cast.cabinet.id])


def email(who):
    return Person.objects.get(pk=int(who.person)).email


def test_a_password_made_for_the_doctor_is_his_and_shown_once(cast, browser_of):
    marc = browser_of(cast.marc)
    sent = {"for": f"{cast.dr_dupont.person}:device", "label": "iPhone"}
    answer = marc.post(page(cast), sent)
    shown = answer.content.decode()
    secret = re.search(r'id="password" readonly value="([a-z2-7]{32})"', shown)[1]
    assert email(cast.dr_dupont) in shown
    session = devices.sign_in(login=email(cast.dr_dupont), password=secret, at=NOON)
    assert session.by.person == cast.dr_dupont.person
    assert [each.id for each in session.agendas] == [cast.dupont]
    assert secret not in marc.get(page(cast)).content.decode()
    [kept] = devices.devices(client=cast.cabinet.id, by=cast.dr_dupont)
    assert (kept.label, kept.made_by_name) == ("iPhone", "Marc")
    entry = AuditEntry.objects.get(action="agenda.device_made")
    assert (entry.by_name, secret in str(entry.detail)) == ("Marc", False)


def test_an_address_made_for_the_doctor_is_his(cast, browser_of):
    answer = browser_of(cast.marc).post(
        page(cast), {"for": f"{cast.dr_dupont.person}:{cast.dupont}", "label": "Outlook"}
    )
    secret = re.search(r"/calendars/([a-z2-7]{32})\.ics", answer.content.decode())[1]
    assert feeds.read_feed(secret=secret, at=NOON).body.startswith(b"BEGIN:VCALENDAR")
    assert str(CalendarFeed.objects.get().person_id) == cast.dr_dupont.person
    Person.objects.filter(pk=int(cast.dr_dupont.person)).update(is_active=False)
    with pytest.raises(feeds.FeedUnknown):
        feeds.read_feed(secret=secret, at=NOON)


def test_all_that_are_good_are_listed_and_revoked_one_by_one(cast, browser_of):
    one, first = devices.make_device(client=cast.cabinet.id, by=cast.dr_dupont, **GIVEN)
    _two, second = devices.make_device(client=cast.cabinet.id, by=cast.dr_dupont, **GIVEN | {"label": "iPad"})
    feed, secret = feeds.make_feed(agenda=cast.dupont, by=cast.dr_dupont, **GIVEN | {"label": "Outlook"})
    marc = browser_of(cast.marc)
    shown = marc.get(page(cast)).content.decode()
    assert all(each in shown for each in ("iPhone", "iPad", "Outlook"))
    assert not any(each in shown for each in (first, second, secret))
    answer = marc.post(reverse("accounts:device-revoke", args=[cast.cabinet.id, one.id]))
    assert answer.status_code == 302
    with pytest.raises(DeviceUnknown):
        devices.sign_in(login=email(cast.dr_dupont), password=first, at=NOON)
    assert devices.sign_in(login=email(cast.dr_dupont), password=second, at=NOON).agendas
    gone = reverse("accounts:feed-revoke", args=[cast.cabinet.id, cast.dupont, feed.id])
    assert (marc.post(gone).status_code, marc.post(gone).status_code) == (302, 404)
    with pytest.raises(feeds.FeedUnknown):
        feeds.read_feed(secret=secret, at=NOON)


@pytest.mark.parametrize("label", ["", "x" * 300])
def test_what_is_typed_wrong_is_said_and_makes_nothing(cast, browser_of, label):
    marc = browser_of(cast.marc)
    for chosen in (f"{cast.dr_dupont.person}:device", f"{cast.dr_dupont.person}:{cast.dupont}"):
        assert marc.post(page(cast), {"for": chosen, "label": label}).status_code == 422
    assert not CalendarDevice.objects.exists()
    assert not CalendarFeed.objects.exists()


def test_nothing_is_made_for_whom_nothing_is_his(cast, browser_of):
    marc = browser_of(cast.marc)
    doctor = cast.dr_dupont.person
    for chosen in (
        "", ":device", "x:device", f"{cast.claire.person}:device", f"{cast.marc.person}:{cast.dupont}",
        f"{doctor}:{cast.lemaire}", f"{doctor}:{cast.weber_agenda}", f"{doctor}:x", f"{doctor}:", "999999999:device",
    ):  # fmt: skip
        assert marc.post(page(cast), {"for": chosen, "label": "iPhone"}).status_code == 422, chosen
    assert not CalendarDevice.objects.exists()
    assert not CalendarFeed.objects.exists()


def test_a_clients_person_makes_nothing_for_somebody_else(cast):
    with pytest.raises(AgendaUnknown):
        devices.make_device(client=cast.cabinet.id, person=cast.dr_dupont.person, by=cast.dr_dupont, **GIVEN)
    assert owners(client=cast.cabinet.id, by=cast.dr_dupont) == ()
    assert devices.every_device(client=cast.cabinet.id, by=cast.dr_dupont) == ()


def test_of_another_client_nothing_is_listed_nor_revoked(cast, browser_of):
    kept, _secret = devices.make_device(client=cast.cabinet.id, by=cast.dr_dupont, **GIVEN)
    feed, _secret = feeds.make_feed(agenda=cast.dupont, by=cast.dr_dupont, **GIVEN)
    marc = browser_of(cast.marc)
    assert "iPhone" not in marc.get(page(cast, cast.weber.id)).content.decode()
    assert marc.post(reverse("accounts:device-revoke", args=[cast.weber.id, kept.id])).status_code == 404
    address = reverse("accounts:feed-revoke", args=[cast.weber.id, cast.dupont, feed.id])
    assert marc.post(address).status_code == 404
    assert CalendarDevice.objects.get().revoked_at is CalendarFeed.objects.get().revoked_at is None


def test_names_are_the_doctors_choice_alone(cast, browser_of):
    """Whoever of the house makes one for him lets no name out; he lets them out in his portal, and takes them back."""
    marc = browser_of(cast.marc)
    for what in ("device", cast.dupont):
        marc.post(page(cast), {"for": f"{cast.dr_dupont.person}:{what}", "label": "iPhone", "names": "1"})
    assert (CalendarDevice.objects.get().names, CalendarFeed.objects.get().names) == (False, False)
    with_names = GIVEN | {"names": True}
    for refused in (
        lambda: devices.make_device(client=cast.cabinet.id, person=cast.dr_dupont.person, by=cast.marc, **with_names),
        lambda: feeds.make_feed(agenda=cast.dupont, person=cast.dr_dupont.person, by=cast.marc, **with_names),
        lambda: feeds.make_feed(agenda=cast.dupont, by=cast.marc, **with_names),
    ):
        with pytest.raises(NamesNotChosen):
            refused()
    his, his_page = browser_of(cast.dr_dupont), reverse("portal_calendars", args=[cast.cabinet.id])
    for door, model in (("portal_device_names", CalendarDevice), ("portal_feed_names", CalendarFeed)):
        made = model.objects.get()
        address = reverse(door, args=[cast.cabinet.id, made.pk])
        assert browser_of(cast.assistant).post(address, {"names": "1"}).status_code == 404
        for chosen in (True, False):
            assert his.post(address, {"names": "1" if chosen else "0"})["location"].startswith(his_page)
            assert model.objects.get().names is chosen
    trail = list(AuditEntry.objects.filter(action__endswith="_names").order_by("pk").values_list("action", "by_name"))
    assert trail == [(f"agenda.{what}_names", cast.dr_dupont.name) for what in ("device", "device", "feed", "feed")]


def test_the_house_changes_no_names(cast):
    made, _secret = devices.make_device(client=cast.cabinet.id, by=cast.dr_dupont, **GIVEN)
    feed, _secret = feeds.make_feed(agenda=cast.dupont, by=cast.dr_dupont, **GIVEN)
    with pytest.raises(DeviceUnknown):
        devices.name_in_device(client=cast.cabinet.id, device=made.id, names=True, by=cast.marc, at=NOON)
    with pytest.raises(FeedUnknown):
        feeds.name_in_feed(agenda=cast.dupont, feed=feed.id, names=True, by=cast.marc, at=NOON)


def test_the_addresses_of_visits_at_home_are_the_doctors_choice_beside_the_names(cast, browser_of):
    """His page offers it where names are shown, says it, and takes it back; the house reads it and cannot choose it."""
    his, base = browser_of(cast.dr_dupont), [cast.cabinet.id]
    his_page, english = reverse("portal_calendars", args=base), {"accept-language": "en"}

    def read(browser, address):
        return unescape(browser.get(address, headers=english).content.decode())

    his.post(reverse("portal_device", args=base), {"label": "iPhone", "homes": "1"})
    his.post(his_page, {"agenda": cast.dupont, "label": "Outlook", "names": "1"})
    device, feed = CalendarDevice.objects.get(), CalendarFeed.objects.get()
    assert (device.names, device.homes, feed.names, feed.homes) == (False, False, True, False)
    html = read(his, his_page)
    assert html.count("and the addresses of visits at home") == 2
    assert "Show home addresses: Outlook" in html
    assert "home addresses: iPhone" not in html, "only where names are"
    for door, model in (("portal_device_names", CalendarDevice), ("portal_feed_names", CalendarFeed)):
        made = model.objects.get()
        address = reverse(door, args=[*base, made.pk])
        assert his.post(address, {"names": "1", "homes": "1"}).status_code == 303
        assert model.objects.get().homes
        assert browser_of(cast.assistant).post(address, {"names": "1", "homes": "0"}).status_code == 404
    html = read(his, his_page)
    assert html.count(">with names and home addresses<") == 2
    assert html.count(">Hide names<") == html.count(">Hide home addresses<") == 2
    assert read(browser_of(cast.marc), page(cast)).count(">with names and home addresses<") == 2
    his.post(reverse("portal_feed_names", args=[*base, feed.pk]), {"names": "0"})
    assert (CalendarFeed.objects.get().names, CalendarFeed.objects.get().homes) == (False, False)
    marc = browser_of(cast.marc)
    marc.post(page(cast), {"for": f"{cast.dr_dupont.person}:device", "label": "iPad", "names": "1", "homes": "1"})
    assert not CalendarDevice.objects.get(label="iPad").homes


def test_into_another_calendar_the_house_writes_no_home_addresses(cast, browser_of):
    english = {"accept-language": "en"}
    his = reverse("portal_other_calendars", args=[cast.cabinet.id, cast.dupont])
    ours = reverse("accounts:agenda-calendars", args=[cast.cabinet.id, cast.dupont])
    assert (
        "and the addresses of visits at home" in browser_of(cast.dr_dupont).get(his, headers=english).content.decode()
    )
    Person.objects.filter(pk=cast.marc.person_key).update(is_owner=True)
    marc = browser_of(cast.marc)
    assert "and the addresses of visits at home" not in marc.get(ours, headers=english).content.decode()
    asked = {"do": "add", "kind": "caldav", "label": "iCloud", "address": "https://cal.example.org/x/", "writes": "1"}
    answer = marc.post(ours, asked | {"names": "1", "homes": "1"}, headers=english)
    assert answer.status_code == 422
    assert "Addresses of visits at home are written where he chose so himself" in answer.content.decode()
    assert not OtherCalendar.objects.exists()
    browser_of(cast.dr_dupont).post(his, asked | {"names": "1", "homes": "1"})
    assert OtherCalendar.objects.get().homes
    assert ">written, with names and home addresses<" in marc.get(ours, headers=english).content.decode()
