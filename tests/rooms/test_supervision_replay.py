# SPDX-License-Identifier: AGPL-3.0-or-later
"""The page of one call with its cards as they were shown, and the page of what is still to be read."""

import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest

from permanence.clients import operations as clients
from permanence.clients import reading
from permanence.clients.models import Instruction, Recipient
from permanence.kernel.system import SystemClock
from permanence.supervision.rows import when
from tests.rooms.conftest import NOW
from tests.rooms.test_calls_shown import TEXT, House, everything_changes, write
from tests.rooms.test_reading import revise

pytestmark = pytest.mark.django_db


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(cast.marc)


def words(answer):
    """The text of a page without its markup, blanks joined."""
    body = re.sub(r"<(script|style).*?</\1>", " ", answer.content.decode(), flags=re.S)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def test_the_page_of_a_call_shows_the_card_of_that_moment(cast, marc):
    key = write(cast, TEXT, acknowledge=True)
    house = House(cast)
    house.sits(cast.claire_secretary)
    offer = house.rings()
    before = marc.get("/supervision/calls/c1").content.decode()
    everything_changes(cast, key)
    after = marc.get("/supervision/calls/c1").content.decode()
    for page in (before, after):
        assert "<strong>Urgence</strong>\u00a0: &lt; 15 min" in page.replace(" :", "\u00a0:")
        assert "<li>rappeler</li><li>noter</li>" in page
        assert offer.card.greetings[0].text in page.replace("&#x27;", "'")
    history = f"/backstage/clients/instruction/{key}/history/"
    assert f'<a href="{history}">' in after
    assert marc.get(history).status_code == 200, "retired since, its versions can be looked at"
    assert "Tout autre chose" not in after
    assert "Une autre phrase" not in after
    shown = words(marc.get("/supervision/calls/c1"))
    assert "Ce que Claire a vu" in shown
    assert "aucune autre personne prête ne pouvait le prendre" in shown
    assert "parle" in shown


def test_a_card_says_whether_and_when_she_had_read_what_was_to_be_read(cast, marc):
    keys = {name: write(cast, name, acknowledge=True) for name in ("avant", "après", "jamais", "refaite")}
    write(cast, "libre")
    reading.acknowledge_instruction(instruction=keys["avant"], version=1, by=cast.claire, at=NOW - timedelta(minutes=9))
    reading.acknowledge_instruction(
        instruction=keys["refaite"], version=1, by=cast.claire, at=NOW - timedelta(minutes=8)
    )
    revise(cast, keys["refaite"], at=NOW - timedelta(minutes=7))
    reading.acknowledge_instruction(instruction=keys["jamais"], version=1, by=cast.aoife, at=NOW - timedelta(minutes=6))
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    reading.acknowledge_instruction(instruction=keys["après"], version=1, by=cast.claire, at=NOW + timedelta(minutes=5))
    page = marc.get("/supervision/calls/c1")
    (card,) = page.context["cards"]
    told = {each.entry.text: each.reading for each in card.instructions if each.entry.acknowledge or each.reading}
    read_at = {minutes: when(NOW + timedelta(minutes=minutes), ZoneInfo("Europe/Luxembourg")) for minutes in (-9, 5)}
    assert told == {
        "avant": f"lue par Claire, {read_at[-9]}",
        "après": f"pas encore lue par Claire\u202f; lue après, {read_at[5]}",
        "jamais": "pas encore lue par Claire",
        "Autre": "pas encore lue par Claire",
    }
    shown = words(page)
    for each in told.values():
        assert each.replace("\u202f", " ") in shown
    assert page.content.decode().count("badge badge--warn") >= 3


def test_the_page_of_a_call_leads_back_to_the_list_as_it_was(cast, marc):
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    asked = f"client={cast.weber}&day={NOW:%Y-%m-%d}"
    listed = unescape(marc.get(f"/supervision/calls?{asked}").content.decode())
    assert f'<a href="/supervision/calls/c1?{asked}">' in listed
    back = unescape(marc.get(f"/supervision/calls/c1?{asked}&page=3").content.decode())
    assert f'href="/supervision/calls?{asked}&page=3"' in back
    bare = marc.get("/supervision/calls/c1?client=x%22onload%3D1&when=//evil.example").content.decode()
    assert 'class="link replay__back" href="/supervision/calls"' in bare


def test_who_was_asked_before_is_named(cast, marc):
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    house.keep(house.desk.decline(cast.claire_secretary, "c1", at=NOW))
    house.keep(house.desk.ready(cast.claire_secretary, at=NOW))
    page = marc.get("/supervision/calls/c1").content.decode()
    assert page.count("Ce que Claire a vu") == 2
    assert "refusé par Claire" in page


def test_a_call_of_another_house_or_none_is_not_there(cast, marc, browser_of):
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    assert marc.get("/supervision/calls/c1").status_code == 200
    assert browser_of(cast.nadia).get("/supervision/calls/c1").status_code == 404
    assert marc.get("/supervision/calls/none").status_code == 404


def test_the_list_of_calls_leads_to_each_call(cast, marc):
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    assert '<a href="/supervision/calls/c1">' in marc.get("/supervision/calls").content.decode()


def test_the_supervisor_sees_by_name_who_has_not_read(cast, marc, browser_of):
    now = SystemClock().now()
    key = clients.write_instruction(
        client=cast.weber, text=TEXT, author=cast.dr_weber.person, by=cast.marc, at=now, acknowledge=True
    )
    reading.acknowledge_instruction(instruction=key, version=1, by=cast.claire, at=now)
    for path in ("/supervision/instructions", "/supervision/instructions?part=list"):
        answer = marc.get(path)
        missing, read = re.search(r'<dl class="facts">(.*?)</dl>', answer.content.decode(), re.S)[1].split("Lue par")
        assert "Aoife" in missing
        assert "Claire" not in missing
        assert "Claire" in read
        assert "&lt; 15 min" in answer.content.decode()
    assert "Dr Weber" not in words(browser_of(cast.nadia).get("/supervision/instructions"))


def test_what_stands_on_the_pages_stays_words(cast, marc):
    hostile = "</dl><img src=x onerror=alert(1)>"
    Recipient.objects.filter(pk=cast.recipients["Dr Weber"]).update(name=hostile)
    key = write(cast, "Avant", acknowledge=True)
    Instruction.objects.filter(pk=key).update(text=hostile)  # from before HTML was refused
    house = House(cast)
    house.sits(cast.claire_secretary)
    house.rings()
    for path in ("/supervision/calls/c1", "/supervision/instructions"):
        page = marc.get(path).content.decode()
        assert "<img src=x" not in page
    assert "&lt;img src=x" in marc.get("/supervision/calls/c1").content.decode()
