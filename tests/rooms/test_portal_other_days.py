# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor looks at another day than today: what of yesterday can still be said, what of tomorrow he can cancel."""

import re
from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment, Block
from permanence.agenda.operations import appointments
from permanence.callers.models import PatientNumber
from tests.rooms.test_portal_agenda import ZONE, claire, doctor, practice, state
from tests.rooms.test_portal_line import text_of

__all__ = ["claire", "doctor", "practice"]

pytestmark = pytest.mark.django_db
NOBODY = "Personne ne lui écrit"


def page_of(practice, doctor, moment):
    return doctor.get(practice.url("portal_day_of", practice.agenda), {"day": moment.astimezone(ZONE).date()})


def acts(page):
    return re.findall(r'formaction="[^"]+/visits/[^"/]+/([a-z-]+)"', page.content.decode())


def test_of_yesterday_he_came_or_did_not_and_that_can_be_put_right_later(practice, doctor):
    past = practice.now - timedelta(days=1)
    visit = practice.book(past, asked=past - timedelta(days=2))
    assert acts(page_of(practice, doctor, past)) == ["done", "no-show"]
    for said, left in (("done", ["no-show"]), ("no_show", ["done"]), ("arrived", ["done"])):
        Appointment.objects.filter(key=visit).update(state=said, state_at=past)
        assert acts(page_of(practice, doctor, past)) == left, said


def test_a_visit_to_come_is_cancelled_by_the_doctor_who_reads_before_that_nobody_writes(practice, doctor):
    coming = practice.now + timedelta(days=2)
    visit = practice.book(coming)
    page = page_of(practice, doctor, coming)
    assert acts(page) == ["to-move", "cancel"]
    words = text_of(page)
    assert "Pour déplacer un rendez-vous, demandez à vos secrétaires." in words
    assert NOBODY in words
    assert "621 000 147" in words
    address = practice.url("portal_visit", practice.agenda, visit, "cancel")
    starts = re.search(r'name="starts" value="([^"]+)"', page.content.decode())[1].replace("&#x2B;", "+")
    for _again in range(2):
        assert doctor.post(address, {"starts": starts}).status_code == 303
    assert (state(visit), Appointment.objects.get(key=visit).cancel_cause) == ("cancelled", "doctor")
    after = text_of(page_of(practice, doctor, coming))
    assert f"le rendez-vous est annulé. {NOBODY} : appelez-le. 621 000 147" in after
    assert acts(page_of(practice, doctor, coming)) == []


def test_what_was_moved_meanwhile_is_not_cancelled_at_an_hour_that_he_never_read(practice, doctor):
    coming = practice.now + timedelta(days=2)
    visit = practice.book(coming)
    read = Appointment.objects.get(key=visit).starts_at
    appointments.move(
        key=practice.key(),
        appointment=visit,
        agenda=practice.agenda,
        starts_at=read + timedelta(hours=1),
        by=practice.cast.claire,
        at=practice.now,
    )
    address = practice.url("portal_visit", practice.agenda, visit, "cancel")
    for starts in (read.isoformat(), "", "soon"):
        refused = doctor.post(address, {"starts": starts})
        assert refused.status_code == 422
        assert "Rien n’a été annulé." in text_of(refused)
    assert state(visit) == "booked"


def test_who_has_no_number_is_not_offered_to_be_called(practice, doctor):
    coming = practice.now + timedelta(days=2)
    practice.book(coming)
    assert "tel:+352621000147" in page_of(practice, doctor, coming).content.decode()
    PatientNumber.objects.all().delete()
    assert "tel:" not in page_of(practice, doctor, coming).content.decode()


def test_of_a_day_that_is_over_he_is_offered_neither_to_book_nor_to_keep_a_time_free(practice, doctor):
    today = practice.now.astimezone(ZONE).date()

    def offered(days):
        day = today + timedelta(days=days)
        page = doctor.get(f"{practice.url('portal_day_of', practice.agenda)}?day={day}").content.decode()
        return practice.url("portal_book", practice.agenda) in page, 'id="busy"' in page

    assert offered(-1) == (False, False)
    assert offered(0) == offered(1) == (True, True)


def test_the_help_says_that_a_time_is_kept_only_where_nothing_stands_yet(practice, doctor):
    day = (practice.now + timedelta(days=2)).astimezone(ZONE)
    practice.book(day)
    page = f"{practice.url('portal_day_of', practice.agenda)}?day={day.date()}"
    assert "Seul un moment où il n’y a encore rien peut être gardé" in doctor.get(page).content.decode()
    kept = {"from": "00:00", "until": "24:00", "whole": "1", "words": "Réunion", "key": practice.key()}
    sent = doctor.post(f"{practice.url('portal_day_block', practice.agenda)}?day={day.date()}", kept)
    assert (sent.status_code, Block.objects.exists()) == (422, False)


def test_the_address_of_an_act_leads_back_to_its_day(practice, doctor):
    """After a refusal the browser stands there: asked for again by its address, it asks by GET."""
    coming = practice.now + timedelta(days=2)
    visit = practice.book(coming)
    day, home = coming.astimezone(ZONE).date(), practice.url("portal_day_of", practice.agenda)
    kept = {"from": "00:00", "until": "24:00", "whole": "1", "words": "Réunion", "key": practice.key()}
    sent = doctor.post(f"{practice.url('portal_day_block', practice.agenda)}?day={day + timedelta(days=1)}", kept)
    assert sent.status_code == 303
    [block] = Block.objects.all()
    led = {
        f"{practice.url('portal_day_block', practice.agenda)}?day={day}": f"{home}?day={day}",
        practice.url("portal_day_block", practice.agenda): home,
        practice.url("portal_day_unblock", practice.agenda, block.key): f"{home}?day={day + timedelta(days=1)}",
        practice.url("portal_day_late", practice.agenda): home,
        practice.url("portal_visit", practice.agenda, visit, "no-show"): f"{home}?day={day}",
    }
    for address, back in led.items():
        looked = doctor.get(address)
        assert (looked.status_code, looked["Location"].partition("#")[0]) == (303, back), address
    assert (Appointment.objects.get(key=visit).state, Block.objects.get().removed_at) == ("booked", None)
