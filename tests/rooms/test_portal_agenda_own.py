# SPDX-License-Identifier: AGPL-3.0-or-later
"""A practitioner looks into a colleague's agenda of the same cabinet and changes nothing there; an assistant does."""

import pytest
from django.urls import reverse

from permanence.agenda.models import Appointment, Delay, OpeningPattern
from permanence.agenda.operations import appointments
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.messaging_cast import NOON


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def url(cast, name, *args):
    return reverse(name, args=[cast.cabinet.id, *args])


def test_a_colleagues_day_is_there_to_read(cast):
    shown = SignedInBrowser(cast.dr_dupont).get(url(cast, "portal_day_of", cast.lemaire))
    assert shown.status_code == 200
    assert url(cast, "portal_agenda_setting", cast.lemaire) not in shown.content.decode()
    own = SignedInBrowser(cast.dr_dupont).get(url(cast, "portal_day_of", cast.dupont))
    assert url(cast, "portal_agenda_setting", cast.dupont) in own.content.decode()


def test_a_colleagues_agenda_is_not_his_to_change(cast):
    visit = appointments.book(
        key=cast.key(), agenda=cast.lemaire, starts_at=after(0), booking=cast.booking(), by=cast.claire, at=NOON
    ).appointment
    week = list(OpeningPattern.objects.order_by("pk").values())
    his = SignedInBrowser(cast.dr_dupont)
    asked = {
        url(cast, "portal_day_late", cast.lemaire): {"minutes": "30", "tell": "1", "key": "k" * 20},
        url(cast, "portal_visit", cast.lemaire, visit, "arrived"): {},
        url(cast, "portal_agenda_opening", cast.lemaire, "new"): {"weekday": "5", "opens": "08:00", "until": "12:00"},
        url(cast, "portal_agenda_day", cast.lemaire, "new"): {"date": "2026-12-24"},
        url(cast, "portal_agenda_reason", cast.lemaire, cast.consultation): {"name": "Autre", "minutes": "5"},
    }
    for path, body in asked.items():
        assert his.post(path, body).status_code == 403, path
    assert Appointment.objects.get().state == "booked"
    assert not Delay.objects.exists()
    assert list(OpeningPattern.objects.order_by("pk").values()) == week


@pytest.mark.parametrize("who", ["dr_lemaire", "assistant"])
def test_hers_is_and_whoever_sees_all_of_the_client_changes_all(cast, who):
    browser = SignedInBrowser(getattr(cast, who))
    assert browser.post(url(cast, "portal_day_late", cast.lemaire), {"minutes": "30"}).status_code == 303
    assert Delay.objects.get().minutes == 30


def test_he_reads_why_somebody_was_put_where_another_stands_and_a_colleague_does_not(cast):
    asked = {"agenda": cast.dupont, "starts_at": after(0), "by": cast.claire, "at": NOON}
    appointments.book(key=cast.key(), booking=cast.booking(), **asked)
    over = cast.booking(patient=cast.paul)
    appointments.overbook(key=cast.key(), booking=over, cause="fièvre depuis hier", **asked)
    day = f"{url(cast, 'portal_day_of', cast.dupont)}?day={after(0).date()}"
    his = SignedInBrowser(cast.dr_dupont).get(day, headers={"accept-language": "fr"}).content.decode()
    (jeanne,) = [each for each in his.split("<li ") if "HOFFMANN" in each.split("</p>")[1]]
    (paul,) = [each for each in his.split("<li ") if "MARTIN" in each.split("</p>")[1]]
    assert "en surréservation\u00a0: fièvre depuis hier" in paul
    assert "surréservation" not in jeanne
    hers = SignedInBrowser(cast.dr_lemaire).get(day, headers={"accept-language": "fr"}).content.decode()
    assert "MARTIN" in hers
    assert "fièvre" not in hers
