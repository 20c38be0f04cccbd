# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a visit is: at which of several sites, at home, by video; told to the patient, the secretary and the doctor."""

import re
from dataclasses import replace
from datetime import timedelta
from html import unescape

import pytest
import vobject
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.models import Agenda
from permanence.agenda.operations import appointments, reasons, setting
from permanence.agenda.place_words import told_line, where
from permanence.agenda.queries import agendas
from permanence.agenda.queries import appointments as kept
from permanence.agenda.reason_form import ReasonForm
from permanence.agenda.rules import kinds
from permanence.agenda.rules.kinds import VisitReasonImpossible, Way
from permanence.agenda.setting_forms import Choices
from permanence.callers.models import Patient
from permanence.clients.directory_operations import put_site, remove_site
from permanence.clients.directory_queries import site_names, told_sites
from permanence.dispatch import calendar_operations, reminder_operations
from permanence.dispatch.models import Reminder
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.reception.table import SiteEntry
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import Hands, Visitor, body, mails, switch_on
from tests.rooms.test_console_agenda import GRID, SLOTS, at_wall, page

pytestmark = pytest.mark.django_db
LINK = "https://video.example/dupont"
MORNINGS = tuple((day, "08:00", "12:00") for day in range(5))
AFTERNOONS = tuple((day, "14:00", "18:00") for day in range(5))
NOTHING = Choices(reasons={}, resources=(), sites={})
LUNCH = tuple((day, "12:00", "14:00") for day in range(5))


@pytest.fixture
def cast(db):
    made = make_agenda_cast()
    Agenda.objects.update(closed_on_holidays=False)
    return made


@pytest.fixture
def clock(monkeypatch):
    hands = Hands()
    monkeypatch.setattr("permanence.booking.parts.CLOCK", hands)
    return hands


def sites(cast, *names):
    """The cabinet has these sites: their ids by name."""
    for name in names:
        entry = SiteEntry(name=name, address=f"1 rue de {name}")
        put_site(client=cast.cabinet.id, site=entry, by=cast.claire, at=NOON)
    return {name: key for key, name in site_names(house=cast.claire.house, client=int(cast.cabinet.id)).items()}


def two_sites(cast):
    """Neudorf in the morning, Meinau in the afternoon."""
    found = sites(cast, "Neudorf", "Meinau")
    week = (
        *openings(cast.dupont, MORNINGS, site=found["Neudorf"]),
        *openings(cast.dupont, AFTERNOONS, site=found["Meinau"]),
    )
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
    return found


def by_way(cast, way, **more):
    """The consultation takes place that way, at noon."""
    kind = {Way.TELE: kinds.OpeningKind.TELE, Way.HOME: kinds.OpeningKind.HOME_VISIT}[way]
    reason = next(
        each for each in agendas.reasons(by=cast.claire, client=cast.cabinet.id) if each.id == cast.consultation
    )
    reasons.set_reason(client=cast.cabinet.id, reason=replace(reason, way=way, **more), by=cast.claire, at=NOON)
    week = (*openings(cast.dupont, MORNINGS), *openings(cast.dupont, LUNCH, kind=kind))
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)


def booked(cast, starts, *, at=NOON, **more):
    return appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=starts, booking=cast.booking(**more), by=cast.claire, at=at
    )


def moved(cast, visit, starts):
    return appointments.move(
        key=cast.key(), appointment=visit, agenda=cast.dupont, starts_at=starts, by=cast.claire, at=NOON
    )


# where it is kept, and for how long


def test_an_appointment_is_at_the_site_of_its_opening_and_goes_with_it_when_moved(cast):
    at = two_sites(cast)
    visit = booked(cast, after(40))
    assert visit.site == at["Neudorf"]
    assert moved(cast, visit.appointment, after(400)).site == at["Meinau"]


def test_a_site_that_is_gone_takes_no_appointment_with_it(cast):
    two_sites(cast)
    visit = booked(cast, after(40))
    setting.set_openings(agenda=cast.dupont, openings=openings(cast.dupont), by=cast.claire, at=NOON)
    remove_site(client=cast.cabinet.id, name="Neudorf", by=cast.claire, at=NOON)
    assert kept.appointment(by=cast.claire, appointment=visit.appointment).site == ""


def test_sites_are_told_apart_only_where_there_are_several(cast):
    clients = [cast.cabinet.id, cast.weber.id]
    assert told_sites(house=cast.claire.house, clients=clients) == {}
    one = sites(cast, "Neudorf")["Neudorf"]
    assert told_sites(house=cast.claire.house, clients=clients) == {}
    found = two_sites(cast)
    assert told_sites(house=cast.claire.house, clients=clients) == {one: "Neudorf", found["Meinau"]: "Meinau"}
    assert told_sites(house="elsewhere", clients=clients) == {}
    assert where(Way.PRACTICE, one, sites={one: "Neudorf"}) == "Neudorf"
    assert where(Way.PRACTICE, "", sites={one: "Neudorf"}) == ""


# visits by video and at home have no address of the practice


@pytest.mark.parametrize(
    ("way", "words", "more"),
    [
        (Way.TELE, "en vidéo", {}),
        (Way.TELE, "en vidéo", {"video_link": LINK}),
        (Way.HOME, "à domicile", {}),
    ],
)
def test_a_patient_is_told_by_what_way_and_no_address(cast, clock, way, words, more):
    sites(cast, "Neudorf")
    by_way(cast, way, **more)
    switch_on(cast)
    jeanne = Visitor(cast, clock)
    jeanne.times()
    assert words.capitalize() in jeanne.text()
    jeanne.take(240)
    form = unescape(jeanne.browser.get(jeanne.answer["Location"]).content.decode())
    assert words.capitalize() in form
    assert LINK not in form
    jeanne.tell(address="3 rue des Lilas")
    jeanne.code()
    path = jeanne.answer["Location"]
    jeanne.get(path)
    assert words.capitalize() in jeanne.text()
    assert (f'href="{LINK}"' in jeanne.text()) is bool(more)
    assert "rue de Neudorf" not in jeanne.text()
    entry = vobject.readOne(jeanne.get(f"{path}/appointment.ics").content.decode()).vevent
    line = ", ".join(filter(None, (words.capitalize(), more.get("video_link", ""))))
    assert entry.location.value == line
    (_, mail) = mails(clock.at)[-1]
    assert body(mail).count(line) == 2
    assert "Neudorf" not in str(mail)


def test_a_practice_that_is_not_named_is_not_told_by_its_link(cast):
    by_way(cast, Way.TELE, video_link=LINK)
    visit = booked(cast, after(240))
    with translation.override("de"):
        assert told_line(visit, house=cast.claire.house, named=False) == "Per Video"
        assert told_line(visit, house=cast.claire.house, named=True) == f"Per Video, {LINK}"


def test_the_secretary_sees_by_what_way_in_the_grid_its_list_and_the_proposals(cast, browser_of):
    by_way(cast, Way.TELE, video_link=LINK)
    day = (SystemClock().now() + timedelta(days=14)).date()
    day -= timedelta(days=day.weekday())
    booked(cast, at_wall(day, 12), at=SystemClock().now())
    browser, of = browser_of(cast.claire), {"client": cast.cabinet.id, "day": day.isoformat()}
    grid = page(browser, GRID, **of)
    assert "Consultation, réservé, en vidéo" in grid
    assert '<span class="appt__note">en vidéo</span>' in grid
    assert "Consultation, en vidéo</span>" in page(browser, GRID, view="list", **of)
    assert ", en vidéo<small" in page(browser, SLOTS, client=cast.cabinet.id, reason=cast.consultation)


def test_the_doctor_sees_by_what_way_and_opens_the_visit_a_colleague_does_not(cast, browser_of):
    by_way(cast, Way.TELE, video_link=LINK)
    booked(cast, after(240))
    path = f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}"
    his = page(browser_of(cast.dr_dupont), path, day=MONDAY.date().isoformat())
    assert "Consultation, en vidéo" in his
    assert f'href="{LINK}"' in his
    hers = page(browser_of(cast.dr_lemaire), path, day=MONDAY.date().isoformat())
    assert "Consultation, en vidéo" in hers
    assert LINK not in hers


@pytest.mark.parametrize(
    "link",
    ["http://video.example/", "javascript:alert(1)", "https://", "https://[", "https://a b", "video", LINK + "x" * 200],
)
def test_what_is_no_link_is_refused_by_the_form_and_by_the_rules(link):
    with pytest.raises(VisitReasonImpossible):
        kinds.VisitReason(id="", client="1", name="Video", minutes=15, way=Way.TELE, video_link=link)
    assert form(way="tele", video_link=link).errors.keys() == {"video_link"}


@given(st.text(max_size=60))
def test_whatever_is_typed_as_a_link_is_one_or_is_refused(text):
    try:
        made = kinds.VisitReason(id="", client="1", name="Video", minutes=15, way=Way.TELE, video_link=text)
    except VisitReasonImpossible:
        return
    assert made.video_link == "" or re.match(r"https://[^\s]+$", made.video_link, re.IGNORECASE)


def test_a_link_belongs_to_a_reason_by_video_and_is_kept(cast):
    assert form(way="practice", video_link=LINK).errors.keys() == {"video_link"}
    with pytest.raises(VisitReasonImpossible):
        kinds.VisitReason(id="", client="1", name="Visit", minutes=15, video_link=LINK)
    sent = form(way="tele", video_link=LINK)
    assert sent.is_valid()
    made = reasons.set_reason(client=cast.cabinet.id, reason=sent.value(cast.cabinet.id), by=cast.claire, at=NOON)
    assert made.video_link == LINK
    again = ReasonForm(choices=NOTHING, reason=made)
    assert again.initial["video_link"] == LINK


def form(**more):
    said = {"name": "Vidéo", "minutes": "15", "bookable_by": ["secretary"], "colour": "0"} | more
    return ReasonForm(said, choices=NOTHING)


# which of several sites


def test_a_patient_is_told_the_site_before_and_after_he_books(cast, clock):
    two_sites(cast)
    switch_on(cast)
    jeanne = Visitor(cast, clock)
    jeanne.times()
    monday = jeanne.text().partition("mardi")[0]
    assert monday.count("<small>Neudorf</small>") == monday.count("<small>Meinau</small>") == 12
    jeanne.take(400)
    form = jeanne.browser.get(jeanne.answer["Location"]).content.decode()
    assert "Meinau<br>1 rue de Meinau" in form
    assert "Neudorf" not in form
    jeanne.tell()
    jeanne.code()
    path = jeanne.answer["Location"]
    assert "Meinau<br>1 rue de Meinau" in jeanne.get(path).content.decode()
    entry = vobject.readOne(jeanne.get(f"{path}/appointment.ics").content.decode()).vevent
    assert entry.location.value == "Meinau, 1 rue de Meinau"
    (_, mail) = mails(clock.at)[-1]
    assert body(mail).count("Meinau, 1 rue de Meinau") == 2
    assert "Neudorf" not in body(mail)


def test_a_day_at_one_site_says_it_once(cast, clock):
    at = sites(cast, "Neudorf", "Meinau")
    setting.set_openings(
        agenda=cast.dupont, openings=openings(cast.dupont, MORNINGS, site=at["Neudorf"]), by=cast.claire, at=NOON
    )
    switch_on(cast)
    jeanne = Visitor(cast, clock)
    jeanne.times()
    assert jeanne.text().count('<small class="muted">Neudorf</small>') == 5
    assert "<small>Neudorf" not in jeanne.text()


def test_a_practice_with_one_site_names_it_as_before_and_nowhere_else(cast, clock, browser_of):
    sites(cast, "Neudorf")
    switch_on(cast)
    jeanne = Visitor(cast, clock)
    jeanne.times()
    assert jeanne.text().count("Neudorf") == jeanne.text().count("Neudorf<br>1 rue de Neudorf") + 1 == 2
    visit = booked(cast, after(40))
    assert told_line(visit, house=cast.claire.house, named=True) == "Neudorf, 1 rue de Neudorf"
    day = MONDAY.date().isoformat()
    assert "Neudorf" not in page(browser_of(cast.claire), GRID, client=cast.cabinet.id, day=day)
    path = f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}"
    assert "Neudorf" not in page(browser_of(cast.dr_dupont), path, day=day)


def test_the_secretary_sees_the_site_in_the_grid_its_list_and_the_proposals(cast, browser_of):
    two_sites(cast)
    day = (SystemClock().now() + timedelta(days=14)).date()
    day -= timedelta(days=day.weekday())
    booked(cast, at_wall(day, 9), at=SystemClock().now())
    booked(cast, at_wall(day, 15), at=SystemClock().now())
    browser, of = browser_of(cast.claire), {"client": cast.cabinet.id, "day": day.isoformat()}
    grid = page(browser, GRID, **of)
    assert "09:00 à 09:20, HOFFMANN Jeanne, Consultation, réservé, Neudorf" in grid
    assert "15:00 à 15:20, HOFFMANN Jeanne, Consultation, réservé, Meinau" in grid
    assert re.findall(r'data-site="(\w+)">(\w+)<', grid) == [("Neudorf", "Neudorf"), ("Meinau", "Meinau")]
    assert "appt__note" not in grid  # twenty minutes have no room for it: the lane says it
    assert "Consultation, Neudorf</span>" in page(browser, GRID, view="list", **of)
    assert re.search(
        r", (Neudorf|Meinau)<small", page(browser, SLOTS, client=cast.cabinet.id, reason=cast.consultation)
    )


def test_the_doctor_sees_the_site_in_his_day(cast, browser_of):
    two_sites(cast)
    booked(cast, after(40))
    path = f"/portal/line/{cast.cabinet.id}/agenda/{cast.dupont}"
    assert "Consultation, Neudorf" in page(browser_of(cast.dr_dupont), path, day=MONDAY.date().isoformat())


def test_calendar_mails_and_the_page_of_a_reminder_name_it_where_the_practice_may_be_named(cast, clock):
    two_sites(cast)
    Patient.objects.filter(pk=int(cast.jeanne)).update(language="fr")
    visit = booked(cast, after(400))
    for named in (True, False):
        entry = calendar_operations.invitation_of(
            visit, by=cast.claire, address="j@x.example", practice="Cabinet" if named else "", sender="x",
            is_cancelled=False,
        )  # fmt: skip
        assert entry.place == ("Meinau, 1 rue de Meinau" if named else "")
        rule = {"remind_hours": 48, "names_practice": named, "entropy": SystemEntropy()}
        reminder_operations.change_contact_rule(client=cast.cabinet.id, **rule, by=cast.claire, at=NOON)
        link = reminder_operations.link_of(Reminder.objects.latest("pk").key).rpartition("/")[2]
        shown = Visitor(cast, clock, language="de").get(f"/r/{link}").content.decode()
        assert ("Meinau, 1 rue de Meinau" in shown) is named
    moved(cast, visit.appointment, after(40))
    assert "rue de" not in Visitor(cast, clock).get(f"/r/{link}").content.decode()
