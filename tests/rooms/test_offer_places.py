# SPDX-License-Identifier: AGPL-3.0-or-later
"""Behind the link of an offer it is said where one would go: as it may be told, and no link before it is taken."""

from datetime import timedelta
from types import SimpleNamespace

import pytest

from permanence.agenda.models import SlotOffer
from permanence.agenda.rules.kinds import Way
from permanence.booking import parts
from permanence.callers.models import Patient
from permanence.clients.forwarding import set_forwarding
from permanence.clients.operations import give_line
from permanence.countries.forwarding import ForwardingMode
from permanence.dispatch import reminder_operations
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_offers import opened, said
from tests.rooms.test_visit_places import LINK, by_way, sites, two_sites
from tests.rooms.waiting_cast import LATER, booked, cancelled, person, pursue, waits

pytestmark = pytest.mark.django_db
OURS, DIALLED = "+33140000099", "+33388000001"


@pytest.fixture
def cast(deliver_all, monkeypatch):
    made = make_agenda_cast()
    deliver_all(NOON)
    monkeypatch.setattr(parts, "CLOCK", SimpleNamespace(now=lambda: LATER))
    return made


def rule(cast, *, named):
    reminder_operations.change_contact_rule(
        client=cast.cabinet.id, remind_hours=48, names_practice=named, entropy=SystemEntropy(), by=cast.claire, at=NOON
    )


def offered(cast, deliver_all, minutes, **visit):
    """A time gets free, and one who waits is told of it."""
    freed, who = booked(cast, after(minutes), **visit), person(cast, "Zyrianka")
    Patient.objects.filter(pk=int(who)).update(address="9 avenue du Parc")
    waits(cast, who)
    cancelled(cast, freed)
    pursue(deliver_all, LATER)


@pytest.mark.parametrize("named", [True, False])
def test_the_site_of_the_slot_where_the_practice_may_be_named(cast, deliver_all, named):
    two_sites(cast)
    rule(cast, named=named)
    offered(cast, deliver_all, 400)
    assert ("Meinau, 1 rue de Meinau" in said(opened())) is named
    assert "Neudorf" not in said(opened())
    assert opened(act="take").status_code == (303 if named else 409)  # nobody says yes to a place he was not told
    assert ("Meinau, 1 rue de Meinau" in said(opened())) is named


@pytest.mark.parametrize("named", [True, False])
def test_by_video_with_the_link_once_it_is_taken(cast, deliver_all, named):
    sites(cast, "Neudorf")
    by_way(cast, Way.TELE, video_link=LINK)
    rule(cast, named=named)
    offered(cast, deliver_all, 240)
    page = said(opened())
    assert ("En vidéo" in page, LINK in page, "Neudorf" in page) == (True, False, False)
    assert opened(act="take").status_code == 303
    page = said(opened())
    assert ("En vidéo" in page, f'href="{LINK}"' in page) == (True, named)


@pytest.mark.parametrize(("minutes", "shown"), [(-1, True), (0, False), (60 * 24 * 300, False)])
def test_once_the_visit_is_over_its_video_link_is_shown_no_more(cast, deliver_all, monkeypatch, minutes, shown):
    by_way(cast, Way.TELE, video_link=LINK)
    rule(cast, named=True)
    offered(cast, deliver_all, 240)
    assert opened(act="take").status_code == 303
    ends = SlotOffer.objects.get().ends_at
    monkeypatch.setattr(parts, "CLOCK", SimpleNamespace(now=lambda: ends + timedelta(minutes=minutes)))
    page = opened()
    assert (page.status_code, LINK in said(page), "En vidéo" in said(page)) == (200, shown, True)


def test_at_home_without_any_address(cast, deliver_all):
    sites(cast, "Neudorf")
    by_way(cast, Way.HOME)
    rule(cast, named=True)
    offered(cast, deliver_all, 240)
    page = said(opened())
    assert ("À domicile" in page, "Neudorf" in page, "Parc" in page) == (True, False, False)


def test_what_is_over_says_no_place_any_more(cast, deliver_all):
    two_sites(cast)
    rule(cast, named=True)
    offered(cast, deliver_all, 400)
    assert opened(act="decline").status_code == 303
    assert "Meinau" not in said(opened())


@pytest.mark.parametrize("named", [True, False])
def test_who_is_to_call_is_given_a_number_the_practices_where_it_may_be_named(cast, deliver_all, named):
    line = {"client": cast.cabinet.id, "number": OURS, "by": cast.claire, "at": NOON}
    give_line(**line)
    set_forwarding(**line, mode=ForwardingMode.ALL, public_number=DIALLED)
    rule(cast, named=named)
    offered(cast, deliver_all, 400)
    assert [each in said(opened()) for each in (DIALLED, OURS)] == [named, not named]
