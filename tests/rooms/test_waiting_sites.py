# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who waits for a time at one site is offered none at another, unless he would come anywhere."""

import json
from datetime import timedelta
from types import SimpleNamespace

import pytest

from permanence.agenda.queries import waiting
from permanence.agenda.refusals import SiteUnknown
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.waiting import PlaceState
from permanence.agenda.waiting_words import wants_words
from permanence.clients.models import Site
from permanence.console import waiting as screen
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_visit_places import by_way, sites, two_sites
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, offered, person, place, pursue, waits

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


@pytest.fixture
def at(cast, deliver_all):
    """Neudorf in the morning, Meinau in the afternoon: ids by name."""
    found = two_sites(cast)
    deliver_all(NOON)
    return found


@pytest.fixture
def claire(cast, browser_of, monkeypatch):
    monkeypatch.setattr(screen, "_CLOCK", SimpleNamespace(now=lambda: LATER))
    return browser_of(cast.claire)


def test_who_wants_one_site_is_passed_by_for_a_time_at_the_other(cast, at, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "Meinau"), sites=(at["Meinau"],), at=NOON - timedelta(hours=2))
    waits(cast, person(cast, "Neudorf"), sites=(at["Neudorf"],), at=NOON - timedelta(hours=1))
    waits(cast, person(cast, "Any"))
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    assert (offered(), last_offer().starts_at) == ([("Neudorf", "open")], MONDAY)


def test_who_is_booked_at_another_site_still_waits_for_his(cast, at, deliver_all):
    who = person(cast, "Meinau")
    mine = waits(cast, who, sites=(at["Meinau"],))
    booked(cast, MONDAY, who=who, at=LATER)
    deliver_all(LATER)
    assert place(mine).state == PlaceState.WAITING
    booked(cast, after(400), who=who, at=LATER)
    deliver_all(LATER)
    assert place(mine).state == PlaceState.BOOKED


def test_a_site_that_is_no_more_keeps_nobody_from_an_offer(cast, at, deliver_all):
    visit = booked(cast, MONDAY)
    third = sites(cast, "Robertsau")["Robertsau"]
    waits(cast, person(cast, "First"), sites=(third,))
    Site.objects.filter(pk=int(third)).delete()
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1


def test_a_site_of_another_client_cannot_be_waited_for(cast, at):
    with pytest.raises(SiteUnknown):
        waits(cast, person(cast, "First"), sites=("999999",))
    assert waiting.waiting_list(by=cast.claire, at=NOON) == ()


def test_the_list_says_at_which_site(cast, at):
    mine = waits(cast, person(cast, "First"), sites=(at["Meinau"],))
    assert wants_words(waiting.place(by=cast.claire, place=mine)).endswith(", Meinau")


def asked(browser, cast, **more):
    said = {"client": cast.cabinet.id, "patient": cast.jeanne, "reason": cast.consultation, **more}
    return browser.get("/console/fragments/waiting", said, HTTP_ACCEPT_LANGUAGE="en").content.decode()


def test_the_form_knows_the_site_of_the_panel_and_keeps_it(cast, at, claire):
    text = asked(claire, cast, site=at["Meinau"])
    assert f'name="sites" value="{at["Meinau"]}" checked' in text
    assert f'name="sites" value="{at["Neudorf"]}"><' in text
    body = {"key": cast.key(), "client": cast.cabinet.id, "patient": cast.jeanne, "reason": cast.consultation}
    body |= {"days": "31", "halves": "", "weekdays": "", "agendas": "", "sites": at["Meinau"]}
    answer = claire.post("/console/waiting/add", json.dumps(body), content_type="application/json")
    assert answer.status_code == 201
    assert place(body["key"]).sites == [at["Meinau"]]
    answer = claire.post(
        "/console/waiting/add", json.dumps({**body, "sites": "999999"}), content_type="application/json"
    )
    assert answer.status_code == 422


def test_nothing_is_asked_of_sites_where_there_is_one_or_the_visit_is_at_none(cast, claire):
    sites(cast, "Neudorf")
    assert 'name="sites"' not in asked(claire, cast)
    sites(cast, "Meinau")
    assert 'name="sites"' in asked(claire, cast)
    by_way(cast, Way.HOME)
    assert 'name="sites"' not in asked(claire, cast)
