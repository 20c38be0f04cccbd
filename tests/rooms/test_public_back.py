# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who has taken a time and presses "back" finds it among the times as his own, without cookie and script."""

import re
from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment, PublicForm, SlotHold, VisitReason
from tests.rooms.agenda_cast import after
from tests.rooms.test_public_again import cast, clock, jeanne
from tests.rooms.test_public_booking import SLUG, Visitor

__all__ = ["cast", "clock", "jeanne"]

pytestmark = pytest.mark.django_db
KEPT = re.compile(r'name="starts" value="([^"]+)" checked[^>]*>(?:(?!</label>).)*gardé pour vous')


def marked(jeanne):
    """The times, at the address to which the first page leads."""
    jeanne.get(f"/rdv/{SLUG}/")
    mark = re.search(r'name="mark" value="(\w+)"', jeanne.text())[1]
    return {"mark": mark}


def looks_again(jeanne, address):
    jeanne.times(**address)
    return KEPT.findall(jeanne.text())


def takes(jeanne, address, minutes):
    jeanne.times(**address)
    return jeanne.post(f"/rdv/{SLUG}/times", **jeanne.fields() | address | {"starts": after(minutes).isoformat()})


def standing():
    return [each.starts_at for each in SlotHold.objects.filter(ended="")]


def test_who_goes_back_finds_the_time_kept_for_him_and_keeps_it(jeanne):
    address = marked(jeanne)
    assert looks_again(jeanne, address) == []
    form = takes(jeanne, address, 60)["Location"]
    assert looks_again(jeanne, address) == [after(60).isoformat()]
    assert takes(jeanne, address, 60)["Location"] == form
    assert (PublicForm.objects.count(), standing()) == (1, [after(60)])


def test_another_time_chosen_then_is_the_one_that_is_kept_and_the_first_is_given_back(jeanne):
    address = marked(jeanne)
    first = takes(jeanne, address, 60)["Location"]
    second = takes(jeanne, address, 120)["Location"]
    assert first != second
    assert standing() == [after(120)]
    assert looks_again(jeanne, address) == [after(120).isoformat()]
    jeanne.get(first)
    assert jeanne.answer.status_code == 410


def test_nobody_else_finds_it_and_after_ten_minutes_nor_does_he(jeanne, cast, clock):
    address = marked(jeanne)
    takes(jeanne, address, 60)
    other = Visitor(cast, clock)
    assert looks_again(other, {}) == []
    assert f'value="{after(60).isoformat()}"' not in other.text()
    clock.forward(minutes=11)
    assert looks_again(jeanne, address) == []


def test_once_it_says_who_he_is_the_address_of_the_times_leads_nobody_to_it(jeanne):
    address = marked(jeanne)
    takes(jeanne, address, 60)
    jeanne.tell()
    assert looks_again(jeanne, address) == []


def just_before_its_notice_runs_out(jeanne, cast, clock):
    """The time at 40 may be taken for one minute more."""
    VisitReason.objects.filter(pk=int(cast.consultation)).update(notice=120)
    clock.at = after(40) - timedelta(minutes=121)
    address = marked(jeanne)
    assert takes(jeanne, address, 40).status_code == 303
    return address


def test_who_says_who_he_is_while_the_notice_runs_out_books_the_time_kept_for_him(jeanne, cast, clock):
    just_before_its_notice_runs_out(jeanne, cast, clock)
    clock.forward(minutes=2)
    assert jeanne.tell().status_code == 303
    clock.forward(minutes=2)
    jeanne.post(f"{jeanne.path}/code", again="1")
    assert jeanne.answer["Location"].endswith("?sent=new")
    assert jeanne.code().status_code == 303
    assert [each.starts_at for each in Appointment.objects.all()] == [after(40)]


def test_who_goes_back_finds_the_time_kept_for_him_though_its_notice_has_run_out(jeanne, cast, clock):
    address = just_before_its_notice_runs_out(jeanne, cast, clock)
    clock.forward(minutes=2)
    assert looks_again(jeanne, address) == [after(40).isoformat()]
    clock.forward(minutes=9)
    assert looks_again(jeanne, address) == []


def test_who_says_who_he_is_once_it_is_kept_no_more_is_told_that_it_is_too_near(jeanne, cast, clock):
    just_before_its_notice_runs_out(jeanne, cast, clock)
    clock.forward(minutes=11)
    assert jeanne.tell().status_code == 409
    assert not Appointment.objects.exists()
