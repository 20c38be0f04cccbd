# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two people at a client's page: the second is told, sees the difference, loses nothing; and a gap is told first."""

import re
from html import unescape

import pytest
from django.conf import settings

from permanence.clients import operations, queries
from permanence.clients.models import (
    Client,
    Contact,
    ExternalAgenda,
    Greeting,
    HoursException,
    Line,
    Reason,
    Recipient,
    Site,
    WeeklyOpening,
)
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage import Form, errors

pytestmark = pytest.mark.django_db


@pytest.fixture
def marc(cast, browser_of):
    browser = browser_of(cast.marc)
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return browser


def change(client, part=""):
    return f"/backstage/clients/client/{client}/change/" + (f"?part={part}" if part else "")


def opened(marc, address):
    return Form(marc.get(address).content.decode()).data


def week(cast):
    return queries.client_file(house=cast.house, client=cast.weber, at=NOW).hours.week


def doctor_changes_his_hours(cast):
    week = [
        operations.Opening(weekday=0, opens="10:00", until="11:00"),
        operations.Opening(weekday=3, opens="09:00", until="12:00"),
    ]
    operations.set_hours(client=cast.weber, week=week, always=False, closed_on_holidays=True, by=cast.dr_weber, at=NOW)


def test_what_the_doctor_changed_meanwhile_is_not_written_over_and_both_are_shown(cast, marc):
    page = opened(marc, change(cast.weber))
    doctor_changes_his_hours(cast)
    his, before = week(cast), Client.objects.values().get(pk=int(cast.weber))
    answer = marc.post(change(cast.weber), {**page, "specialty": "Cardiology"})
    text = unescape(answer.content.decode())
    assert (answer.status_code, week(cast)) == (200, his)
    assert Client.objects.values().get(pk=int(cast.weber)) == before
    assert re.search(
        rf"{cast.dr_weber.name} changed the opening hours, .{{3,40}}, while you wrote: nothing is saved", text
    )
    rows = re.findall(r'<th scope="row">([^<]*)</th><td>([^<]*)</td><td>([^<]*)</td>', text)
    assert ("Thursday", "09:00-12:00", page["day_3"]) in rows
    assert [(now, mine) for name, now, mine in rows if name.lower() == "specialty"] == [
        (before["specialty"] or "–", "Cardiology")
    ]
    again = Form(answer.content.decode()).data
    assert (again["specialty"], again["day_3"]) == ("Cardiology", page["day_3"])  # nothing typed is lost
    kept = marc.post(change(cast.weber), {**again, "day_0": "10-11", "day_3": "9-12"})
    assert (kept.status_code, errors(kept)) == (302, [])
    assert Client.objects.get(pk=int(cast.weber)).specialty == "Cardiology"


def a_row_of(cast, part):
    """A row on the part of the page, and a text of it."""
    of = {"house_id": cast.marc.house_key, "client_id": int(cast.weber)}
    made = {
        "lines": lambda: (Line.objects.filter(client=int(cast.weber)), "label"),
        "days": lambda: (
            HoursException.objects.filter(pk=HoursException.objects.create(**of, date="2036-01-01").pk),
            "label",
        ),
        "greetings": lambda: (Greeting.objects.filter(client=int(cast.weber)), "text"),
        "directory": lambda: (Site.objects.filter(pk=Site.objects.create(**of, name="S", position=9).pk), "address"),
        "messages": lambda: (Recipient.objects.filter(client=int(cast.weber)), "name"),
        "agendas": lambda: (
            ExternalAgenda.objects.filter(
                pk=ExternalAgenda.objects.create(**of, product="Doctolib", link="https://www.doctolib.fr/").pk
            ),
            "remark",
        ),
    }
    return made[part]()


@pytest.mark.parametrize("part", ["lines", "days", "greetings", "directory", "messages", "agendas"])
def test_each_part_is_guarded_and_from_its_own_rows_alone(cast, marc, part):
    rows, column = a_row_of(cast, part)
    page = opened(marc, change(cast.weber, part))
    doctor_changes_his_hours(cast)  # another part
    answer = marc.post(change(cast.weber, part), page)
    assert (answer.status_code, errors(answer)) == (302, [])
    rows.update(**{column: "Written meanwhile"})
    answer = marc.post(change(cast.weber, part), page)
    assert answer.status_code == 200
    assert "while you wrote: nothing is saved yet" in unescape(answer.content.decode())
    assert "<td>Written meanwhile</td>" in unescape(answer.content.decode())
    assert set(rows.values_list(column, flat=True)) == {"Written meanwhile"}
    assert marc.post(change(cast.weber, part), Form(answer.content.decode()).data).status_code == 302
    assert "Written meanwhile" not in rows.values_list(column, flat=True)  # written over by who has seen it


@pytest.mark.parametrize("mark", [None, "", "x", "0" * 64])
def test_a_page_that_does_not_say_what_it_began_from_saves_nothing(cast, marc, mark):
    page = {key: value for key, value in opened(marc, change(cast.weber)).items() if key != "began"}
    if mark is not None:
        page["began"] = mark
    assert marc.post(change(cast.weber), {**page, "name": "X"}).status_code == 200
    assert not Client.objects.filter(name="X").exists()


def test_a_row_that_came_meanwhile_stays(cast, marc):
    page = opened(marc, change(cast.weber, "messages"))
    operations.add_reason(client=cast.weber, code="new", label="New", by=cast.dr_weber, at=NOW)
    assert marc.post(change(cast.weber, "messages"), page).status_code == 200
    assert Reason.objects.filter(client=int(cast.weber), code="new").exists()


def test_a_gap_that_the_save_brings_is_told_before_it_is_saved(cast, marc):
    said_in_german = Greeting.objects.for_client(cast.weber).get(language="de")
    page = opened(marc, change(cast.weber, "greetings"))
    (number,) = [key for key, value in page.items() if key.endswith("-id") and value == str(said_in_german.pk)]
    gone = {**page, number.replace("-id", "-DELETE"): "on"}
    answer = marc.post(change(cast.weber, "greetings"), gone)
    text = unescape(answer.content.decode())
    assert answer.status_code == 200
    assert re.search(r"Nothing to say in German on every line, \d+ times", text)
    assert Greeting.objects.filter(pk=said_in_german.pk).exists()
    again = Form(answer.content.decode()).data
    assert again["seen"]
    other = {**again, **{key: "on" for key in gone if key.endswith("-DELETE")}, "seen": "another/de//1"}
    assert marc.post(change(cast.weber, "greetings"), other).status_code == 200
    assert Greeting.objects.filter(pk=said_in_german.pk).exists()
    assert marc.post(change(cast.weber, "greetings"), {**other, "seen": again["seen"]}).status_code == 302
    assert not Greeting.objects.filter(pk=said_in_german.pk).exists()
    assert WeeklyOpening.objects.for_client(cast.weber).exists()
    assert Contact.objects.for_client(cast.weber).exists()
