# SPDX-License-Identifier: AGPL-3.0-or-later
"""A time that is kept for somebody is his for as long as it is kept, though it begins meanwhile or is near by then."""

from datetime import timedelta

import pytest

from permanence.agenda.models import VisitReason
from permanence.agenda.refusals import HoldOver, SlotRefused
from permanence.agenda.rules.states import Door
from tests.rooms.agenda_cast import after
from tests.rooms.test_agenda import book, cast, codes, hold

__all__ = ("cast",)
SOON = after(40)
"""When the times of this file begin."""


def seconds(number):
    return timedelta(seconds=number)


def test_what_is_held_may_begin_while_she_asks_who_he_is(cast):
    kept = hold(cast, 40, at=SOON - seconds(30))
    assert book(cast, 40, hold=kept.hold, call="call-1", at=SOON + seconds(60)).starts_at == SOON


def test_what_nobody_held_is_over_once_it_has_begun(cast):
    with pytest.raises(SlotRefused) as refusal:
        book(cast, 40, at=SOON + seconds(60))
    assert codes(refusal) == ["past"]


def test_what_was_held_is_over_after_its_two_minutes(cast):
    kept = hold(cast, 40, at=SOON - seconds(30))
    with pytest.raises(HoldOver):
        book(cast, 40, hold=kept.hold, call="call-1", at=SOON + seconds(91))


def test_a_patient_who_fills_in_the_form_keeps_the_time_whose_notice_ran_out_meanwhile(cast):
    VisitReason.objects.filter(pk=int(cast.consultation)).update(notice=30)
    public = {"door": Door.PUBLIC, "holder": "form-1"}
    hold(cast, 40, call="", at=SOON - timedelta(minutes=31), **public)
    with pytest.raises(SlotRefused) as refusal:
        book(cast, 60, at=after(60) - timedelta(minutes=25), **public)
    assert codes(refusal) == ["too_soon"]
    assert book(cast, 40, at=SOON - timedelta(minutes=25), **public).starts_at == SOON
