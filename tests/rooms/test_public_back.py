# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who wants another time finds the one that is kept for him; whoever has the same address finds nothing of his."""

import re
from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment, PublicForm, SlotHold, VisitReason
from permanence.booking import parts
from permanence.foundation import moments
from tests.rooms.agenda_cast import after
from tests.rooms.public_cast import SLUG, Visitor
from tests.rooms.test_public_again import cast, clock, jeanne

__all__ = ["cast", "clock", "jeanne"]

pytestmark = pytest.mark.django_db
KEPT = re.compile(r'name="starts" value="([^"]+)" checked[^>]*>(?:(?!</label>).)*gardé pour vous')
ANOTHER = re.compile(r'href="([^"]+)">Un autre horaire')
HIS = ("Hoffmann", "06 12 34", "jeanne@example.org")


@pytest.fixture
def other(cast, clock):
    return Visitor(cast, clock, address="203.0.113.80")


def address_of_times(visitor):
    """Where the first page leads: what a practice puts on its site, and a patient sends on."""
    visitor.get(f"/rdv/{SLUG}/")
    mark = re.search(r'name="mark" value="(\w+)"', visitor.text())
    return {} if mark is None else {"mark": mark[1]}


def shown(visitor, address):
    visitor.times(**address)
    return visitor.fields() | address


def takes(visitor, page, minutes):
    return visitor.post(f"/rdv/{SLUG}/times", **page | {"starts": after(minutes).isoformat()})


def wants_another(visitor, form):
    visitor.get(form)
    visitor.get(ANOTHER.search(visitor.text())[1])
    return visitor.fields()


def finds(visitor, form):
    wants_another(visitor, form)
    return KEPT.findall(visitor.text())


def standing():
    return sorted(each.starts_at for each in SlotHold.objects.filter(ended=""))


def test_who_wants_another_time_finds_the_one_kept_for_him_and_keeps_it(jeanne, clock):
    form = jeanne.take(60)["Location"]
    assert finds(jeanne, form) == [after(60).isoformat()]
    assert takes(jeanne, jeanne.fields(), 60)["Location"] == form
    assert (PublicForm.objects.count(), standing()) == (1, [after(60)])
    clock.forward(minutes=11)
    assert finds(jeanne, form) == []


def test_another_time_chosen_then_is_the_one_that_is_kept_and_the_first_is_given_back(jeanne):
    first = jeanne.take(60)["Location"]
    second = takes(jeanne, wants_another(jeanne, first), 120)["Location"]
    assert first != second
    assert standing() == [after(120)]
    assert finds(jeanne, second) == [after(120).isoformat()]
    assert jeanne.get(first).status_code == 410


def test_whoever_opens_the_same_address_finds_no_time_of_another_and_takes_none_from_him(jeanne, other):
    address = address_of_times(jeanne)
    first = takes(jeanne, shown(jeanne, address), 60)["Location"]
    page = shown(other, address)
    assert KEPT.findall(other.text()) == []
    assert f'value="{after(60).isoformat()}"' not in other.text()
    assert first.rsplit("/", 1)[-1] not in other.text()
    assert takes(other, page, 120).status_code == 303
    assert standing() == [after(60), after(120)]
    assert jeanne.get(first).status_code == 200


def test_two_pages_of_one_address_drawn_before_either_chose_lead_to_a_form_each(jeanne, other):
    address = address_of_times(jeanne)
    hers, his = shown(jeanne, address), shown(other, address)
    first = takes(jeanne, hers, 60)["Location"]
    takes(other, his, 120)
    assert other.answer.status_code == 303
    assert other.answer["Location"] != first
    assert standing() == [after(60), after(120)]


def test_who_chooses_the_same_time_at_the_same_address_reads_no_word_of_another(jeanne, other):
    address = address_of_times(jeanne)
    hers, his = shown(jeanne, address), shown(other, address)
    takes(jeanne, hers, 60)
    jeanne.tell()
    assert takes(other, his, 60).status_code == 409
    assert [word for word in HIS if word in other.text()] == []


def test_a_page_that_is_sent_again_is_once_and_with_another_time_a_form_of_its_own(jeanne):
    page = shown(jeanne, {})
    first = takes(jeanne, page, 60)["Location"]
    assert takes(jeanne, page, 60)["Location"] == first
    assert takes(jeanne, page, 120).status_code == 303
    assert jeanne.answer["Location"] != first
    assert standing() == [after(60), after(120)]


def test_once_it_says_who_he_is_no_page_of_times_leads_to_it(jeanne, other):
    page = shown(jeanne, {})
    first = takes(jeanne, page, 60)["Location"]
    jeanne.tell()
    assert takes(other, page, 60).status_code == 409
    assert [word for word in HIS if word in other.text()] == []
    assert finds(jeanne, first) == []
    takes(jeanne, jeanne.fields(), 60)
    assert jeanne.answer["Location"] != first
    jeanne.follow()
    assert [word for word in HIS if word in jeanne.text()] == []


OWN = "Cet horaire est gardé pour une réservation commencée sur cette page\u00a0: continuez-la, ou attendez "


def test_who_goes_back_to_the_page_of_times_reads_that_it_is_his_own_booking_that_keeps_the_time(jeanne, clock):
    clock.at = clock.at.replace(second=40)
    page = shown(jeanne, {})
    form = takes(jeanne, page, 60)["Location"]
    jeanne.tell()
    assert takes(jeanne, page, 60).status_code == 409
    said = jeanne.text()
    assert "vient de prendre" not in said
    free = SlotHold.objects.get(ended="").expires_at.replace(second=0) + timedelta(minutes=1)
    assert f"{OWN}{moments.hour(free, parts.ZoneInfo('Europe/Paris'))}." in said
    assert form.rsplit("/", 1)[-1] not in said
    assert [word for word in HIS if word in said] == []


def test_who_has_another_page_reads_that_somebody_was_faster(jeanne, other):
    page = shown(other, {})
    takes(jeanne, shown(jeanne, {}), 60)
    jeanne.tell()
    assert takes(other, page, 60).status_code == 409
    assert "vient de prendre" in other.text()
    assert "réservation commencée" not in other.text()


def test_a_time_that_another_took_once_it_was_kept_no_more_was_taken_by_somebody(jeanne, other, clock):
    page = shown(jeanne, {})
    takes(jeanne, page, 60)
    jeanne.tell()
    clock.forward(minutes=31)
    other.take(60)
    assert takes(jeanne, page, 60).status_code == 409
    assert "vient de prendre" in jeanne.text()


def just_before_its_notice_runs_out(jeanne, cast, clock):
    """The time at 40 may be taken for one minute more, and she takes it."""
    VisitReason.objects.filter(pk=int(cast.consultation)).update(notice=120)
    clock.at = after(40) - timedelta(minutes=121)
    answer = jeanne.take(40)
    assert answer.status_code == 303
    return answer["Location"]


def test_who_says_who_he_is_while_the_notice_runs_out_books_the_time_kept_for_him(jeanne, cast, clock):
    just_before_its_notice_runs_out(jeanne, cast, clock)
    clock.forward(minutes=2)
    assert jeanne.tell().status_code == 303
    clock.forward(minutes=2)
    jeanne.post(f"{jeanne.path}/code", again="1")
    assert jeanne.answer["Location"].endswith("?sent=new")
    assert jeanne.code().status_code == 303
    assert [each.starts_at for each in Appointment.objects.all()] == [after(40)]


def test_who_wants_another_time_finds_the_one_kept_for_him_though_its_notice_has_run_out(jeanne, cast, clock):
    form = just_before_its_notice_runs_out(jeanne, cast, clock)
    clock.forward(minutes=2)
    assert finds(jeanne, form) == [after(40).isoformat()]
    clock.forward(minutes=9)
    assert finds(jeanne, form) == []


def test_who_says_who_he_is_once_it_is_kept_no_more_is_told_that_it_is_too_near(jeanne, cast, clock):
    just_before_its_notice_runs_out(jeanne, cast, clock)
    clock.forward(minutes=11)
    assert jeanne.tell().status_code == 409
    assert not Appointment.objects.exists()
