# SPDX-License-Identifier: AGPL-3.0-or-later
"""Nobody says yes to a place he was never told: of a practice with several sites the link says where, then he takes it.

The provider of SMS is a real server on loopback.
"""

import re
from datetime import timedelta
from types import SimpleNamespace

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.operations import setting
from permanence.agenda.queries import waiting
from permanence.agenda.rules.kinds import Way
from permanence.agenda.rules.waiting import OfferState, OfferWay, PlaceState
from permanence.console import follow_ups
from permanence.dispatch import offer_tasks
from permanence.dispatch.models import Sms
from tests.rooms.agenda_cast import after, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_offer_places import rule
from tests.rooms.test_offers import (
    LINK,
    by_sms,
    cast,
    clock,
    opened,
    provider,
    relay,
    reply,
    round_,
    said,
    told,
)
from tests.rooms.test_visit_places import by_way, sites, two_sites
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, person, place, pursue, waits

__all__ = ["cast", "clock", "provider", "relay"]

pytestmark = pytest.mark.django_db
SITES = ("Meinau", "Neudorf")


def offered(cast, deliver_all, who, minutes=400, **wishes):
    """A time at Meinau gets free, and is offered to him who waits; gives his place on the list."""
    visit = booked(cast, after(minutes))
    mine = waits(cast, who, **wishes)
    cancelled(cast, visit)
    round_(deliver_all)
    return mine


def names_a_site(text):
    return [each for each in (*SITES, "1 rue de") if each in text]


def test_where_it_is_stands_behind_the_link_and_there_he_takes_it(cast, provider, deliver_all, clock):
    two_sites(cast)
    rule(cast, named=True)
    mine = offered(cast, deliver_all, by_sms(cast))
    (text,) = told(provider)
    assert names_a_site(text) == []  # "Centre d'oncologie" may be the name of a site
    assert ("pondez 1" in text, "pondez 2" in text, "Lieu" in text) == (False, True, True)
    assert LINK.search(text).group(1).startswith(last_offer().key)
    assert "Meinau, 1 rue de Meinau" in said(opened())
    assert opened(act="take").status_code == 303
    assert place(mine).state == PlaceState.BOOKED


@pytest.mark.parametrize("yes", ["1", "oui"])
def test_who_says_yes_before_he_was_told_where_is_booked_nowhere_yet(cast, provider, deliver_all, clock, yes):
    two_sites(cast)
    rule(cast, named=True)
    mine = offered(cast, deliver_all, by_sms(cast))
    assert reply(yes)
    round_(deliver_all)
    assert not Appointment.objects.filter(state="booked").exists()
    assert (place(mine).state, last_offer().state) == (PlaceState.WAITING, OfferState.OPEN)
    first, second = told(provider)
    assert "n'est pas encore r" in second
    assert names_a_site(second) == []
    assert LINK.search(second).group(1) == LINK.search(first).group(1)
    # He may have no such telephone as opens a link: a secretary has him on her list.
    assert last_offer().way == OfferWay.PHONE
    assert [each.person.birth_name for each in waiting.to_telephone(by=cast.claire, at=LATER)] == ["Zyrianka"]
    assert opened(act="take").status_code == 303
    assert place(mine).state == PlaceState.BOOKED


def test_who_said_yes_and_is_not_booked_yet_can_still_decline_by_his_digit(cast, provider, deliver_all):
    """The first SMS said 2 to decline, and nothing has come of his yes."""
    two_sites(cast)
    rule(cast, named=True)
    mine = offered(cast, deliver_all, by_sms(cast))
    reply("1")
    round_(deliver_all)
    assert reply("2")
    round_(deliver_all)
    assert (last_offer().state, place(mine).state) == (OfferState.DECLINED, PlaceState.WAITING)


def test_to_decline_he_needs_no_place(cast, provider, deliver_all):
    two_sites(cast)
    rule(cast, named=True)
    offered(cast, deliver_all, by_sms(cast))
    assert reply("2")
    round_(deliver_all)
    assert last_offer().state == OfferState.DECLINED


def test_who_waits_for_that_site_alone_has_been_told(cast, provider, deliver_all):
    found = two_sites(cast)
    rule(cast, named=True)
    mine = offered(cast, deliver_all, by_sms(cast), sites=(found["Meinau"],))
    assert "pondez 1" in told(provider)[0]
    assert reply("1")
    round_(deliver_all)
    assert place(mine).state == PlaceState.BOOKED


def test_who_would_come_to_either_has_not(cast, provider, deliver_all):
    found = two_sites(cast)
    rule(cast, named=True)
    offered(cast, deliver_all, by_sms(cast), sites=(found["Meinau"], found["Neudorf"]))
    assert "pondez 1" not in told(provider)[0]


def test_by_video_no_site_is_to_be_told(cast, provider, deliver_all):
    sites(cast, *SITES)
    by_way(cast, Way.TELE)
    rule(cast, named=True)
    mine = offered(cast, deliver_all, by_sms(cast), 240)
    assert reply("1")
    round_(deliver_all)
    assert place(mine).state == PlaceState.BOOKED


@pytest.mark.parametrize("minutes", [0, 5])
def test_once_it_is_over_no_telephone_call_is_promised(cast, provider, deliver_all, clock, minutes):
    """Also before the worker has seen that its time is up: his silence is one, and counts as one."""
    (only,) = sites(cast, "Meinau").values()
    week = openings(cast.dupont, site=only)
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
    offered(cast, deliver_all, by_sms(cast))
    sites(cast, "Neudorf")
    offer = last_offer()
    clock.at = offer.expires_at + timedelta(minutes=minutes)
    page = opened(act="take")
    assert (page.status_code, "appelez" in said(page)) == (409, False)
    assert "pondre est pass" in said(page)
    assert (last_offer().state, last_offer().way) == (OfferState.OPEN, OfferWay.SMS)


@pytest.mark.parametrize("number", ["+33639980147", ""])
def test_where_the_practice_is_not_to_be_named_a_secretary_says_it(cast, provider, deliver_all, clock, number):
    """Its sites name it: no SMS, no mail and no page could tell him where."""
    two_sites(cast)
    rule(cast, named=False)
    offered(cast, deliver_all, by_sms(cast) if number else person(cast, "Zyrianka"))
    assert (told(provider), last_offer().way) == ([], OfferWay.PHONE)
    page = opened(act="take")
    assert (page.status_code, names_a_site(said(page)), "appelez" in said(page)) == (409, [], True)
    assert not Appointment.objects.filter(state="booked").exists()


def test_who_telephones_him_sees_where_it_is(cast, deliver_all, browser_of, monkeypatch):
    two_sites(cast)
    offered(cast, deliver_all, person(cast, "Zyrianka", mail=""))
    monkeypatch.setattr(follow_ups, "_CLOCK", SimpleNamespace(now=lambda: LATER))
    assert "Dr Dupont, Meinau" in said(browser_of(cast.claire).get("/console/follow-ups"))


def test_a_second_site_since_he_was_written_to(cast, provider, deliver_all):
    """He was to answer 1 when there was one site alone, and the practice may not be named."""
    (only,) = sites(cast, "Meinau").values()
    week = openings(cast.dupont, site=only)
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
    offered(cast, deliver_all, by_sms(cast))
    assert "pondez 1" in told(provider)[0]
    sites(cast, "Neudorf")
    assert reply("1")
    round_(deliver_all)
    assert not Appointment.objects.filter(state="booked").exists()
    assert (last_offer().way, Sms.objects.filter(kind="offer").count()) == (OfferWay.PHONE, 2)
    text = told(provider)[1]
    assert "n'est pas encore r" in text
    assert ("Nous vous appelons pour vous dire o" in text, "question" in text) == (True, False)  # nobody has one
    assert (names_a_site(text), LINK.search(text).group(1).startswith(last_offer().key)) == ([], True)


def test_the_mail_says_that_the_place_stands_there(cast, relay, deliver_all, clock):
    two_sites(cast)
    rule(cast, named=True)
    visit = booked(cast, after(400))
    waits(cast, person(cast, "Zyrianka"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    assert offer_tasks.run_offers(at=LATER, relay=relay.settings) == 1
    (envelope,) = relay.taken
    text = re.sub(r"=\r?\n", "", envelope.content.decode())
    assert ("Voyez o" in text, names_a_site(text)) == (True, [])
