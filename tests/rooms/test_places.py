# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a secretary works: told by herself, asked again in another browser, kept with its day."""

from datetime import timedelta

import pytest

from permanence.foundation.models import AuditEntry, Person
from permanence.staff import places
from permanence.staff.models import SeatPlace
from permanence.staff.queries import NotASecretary
from tests.rooms.conftest import NOW, SignedInBrowser

HOME = {"address": "12 rue des Fleurs\r\n 67000  Strasbourg ", "country": "FR", "language": "de"}


def test_the_last_place_holds_and_the_others_stay_known(cast):
    assert places.place_of(house="demo", person=cast.claire.person) is None
    first = places.tell_place(address="1 rue A", country="FR", by=cast.claire, at=NOW)
    again = places.tell_place(address=" 1  rue A\n", country="FR", by=cast.claire, at=NOW + timedelta(days=1))
    assert again == first
    moved = places.tell_place(address="1 rue A", country="LU", by=cast.claire, at=NOW + timedelta(days=2))
    assert places.place_of(house="demo", person=cast.claire.person) == moved
    assert [row.since for row in SeatPlace.objects.order_by("pk")] == [NOW, NOW + timedelta(days=2)]
    assert places.place_of(house="demo", person=cast.aoife.person) is None
    assert places.place_of(house="nadia", person=cast.claire.person) is None
    noted = AuditEntry.objects.filter(action="secretary.place_told")
    assert [entry.detail for entry in noted] == [{}, {}]  # where she lives is nobody's to read there


@pytest.mark.parametrize(
    ("address", "country", "refusal"),
    [
        ("", "FR", places.AddressMissing),
        (" \n\t", "FR", places.AddressMissing),
        ("x" * 201, "FR", places.AddressMissing),
        ("1 rue A", "XX", places.CountryUnknown),
        ("1 rue A", "", places.CountryUnknown),
    ],
)
def test_what_is_no_place_is_refused(cast, address, country, refusal):
    with pytest.raises(refusal):
        places.tell_place(address=address, country=country, by=cast.claire, at=NOW)
    assert not SeatPlace.objects.exists()


def test_only_a_secretary_has_a_place(cast):
    with pytest.raises(NotASecretary):
        places.tell_place(address="1 rue A", country="FR", by=cast.dr_weber, at=NOW)


def test_a_browser_asks_until_she_told_and_again_when_she_told_elsewhere(cast, browser_of):
    here, elsewhere = browser_of(cast.claire), browser_of(cast.claire)
    link = 'href="/console/place"'
    assert link in here.get("/console").content.decode()
    assert here.post("/console/place", HOME).status_code == 302
    assert "12 rue des Fleurs" in here.get("/console").content.decode()
    assert Person.objects.get(pk=cast.claire.person_key).language == "de"
    page = elsewhere.get("/console").content.decode()
    assert link in page
    assert "12 rue des Fleurs" not in page
    assert elsewhere.post("/console/place", {**HOME, "address": "3 rue B"}).status_code == 302
    assert "rue" not in here.get("/console").content.decode().partition('id="check-line"')[2].partition("</dl>")[0]


@pytest.mark.parametrize("wrong", [{"address": ""}, {"country": "XX"}, {"language": "xx"}])
def test_a_mistake_is_said_and_what_was_typed_stays(cast, browser_of, wrong):
    answer = browser_of(cast.claire).post("/console/place", {**HOME, **wrong})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert not SeatPlace.objects.exists()
    assert Person.objects.get(pk=cast.claire.person_key).language == "fr"


def test_a_secretary_who_left_tells_nothing(cast):
    browser = SignedInBrowser(cast.claire)
    person = Person.objects.get(pk=cast.claire.person_key)
    person.is_secretary = False
    person.save()
    assert browser.post("/console/place", HOME).status_code == 403
