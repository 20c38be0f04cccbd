# SPDX-License-Identifier: AGPL-3.0-or-later
"""A second word on a delay that was a slip, taken back in time: nobody of the first word is lost by it."""

from datetime import timedelta

import pytest

from permanence.callers.models import Patient
from permanence.dispatch import late_acts, late_operations, sms_tasks, unreached_operations
from permanence.dispatch.models import LateMail, LateNotice, Sms, Unreached
from permanence.dispatch.rules import SentState, UnreachedOutcome
from permanence.dispatch.unreached_queries import late_reach, open_unreached
from tests.rooms.agenda_cast import after
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_late import TEN, agrees_to_mail, cast, provider
from tests.rooms.test_late_again import SOON, six, texts, to_call
from tests.rooms.test_late_consultation import AFTERNOON, LATER, MORNING, numbers, said, two

__all__ = ["cast", "provider", "six", "two"]

pytestmark = pytest.mark.django_db
NOON_THERE = after(240)
LATE_ON = TEN + timedelta(minutes=5)
"""What was said at ten has gone out."""


def slip(cast, *, at, minutes=45, until=None):
    """Said by mistake, taken back ten seconds later: which act it was."""
    key = cast.key()
    before = said(cast, minutes=minutes, until=until, at=at, key=key).before
    taken_back(cast, key, before=before, at=at + late_acts.KEPT_FOR / 3)
    return key


def taken_back(cast, key, *, before, at):
    return late_acts.take_back(key=key, agenda=cast.dupont, before=before, by=cast.claire, at=at)


def gone_out(*, at=TEN + late_acts.KEPT_FOR):
    sms_tasks.run_sms(at=at)


def test_who_was_to_be_telephoned_still_is_when_a_slip_is_taken_back(cast, provider):
    said(cast, minutes=15)
    gone_out()
    slip(cast, at=LATE_ON)
    assert to_call(cast, at=LATE_ON + late_acts.KEPT_FOR) == ["REFUSE", "FIXE"]
    assert set(
        late_operations.heard_minutes(coming(cast), agenda=cast.dupont, by=cast.claire, at=LATE_ON).values()
    ) == {15}
    assert [each.number for each in Sms.objects.all()] == [MORNING]


def coming(cast):
    return late_operations.concerned(agenda=cast.dupont, by=cast.claire, at=LATE_ON)


def test_who_was_written_to_and_the_slip_came_before_it_left_is_telephoned(six, provider):
    said(six, minutes=15)
    slip(six, at=SOON)
    assert numbers() == []
    assert LateMail.objects.count() == 0
    everybody = ["MOBILE", "REFUSE", "FIXE", "MIDI", "POSTE", "COURRIER", "SOIR"]
    assert to_call(six, at=SOON + late_acts.KEPT_FOR) == everybody
    taken = late_reach(agenda=six.dupont, by=six.claire, at=SOON + late_acts.KEPT_FOR)
    assert {each.state for each in taken.values()} == {SentState.NO_WAY}
    assert late_operations.told_today(agenda=six.dupont, by=six.claire, at=SOON + late_acts.KEPT_FOR) == 0


def test_a_slip_for_the_morning_alone_leaves_what_is_on_its_way_to_the_afternoon(six, provider):
    said(six, minutes=15)
    slip(six, at=SOON, until=NOON_THERE)
    assert numbers() == [AFTERNOON, LATER]
    assert to_call(six, at=SOON + late_acts.KEPT_FOR) == ["MOBILE", "REFUSE", "FIXE", "POSTE"]


def test_who_can_be_written_to_meanwhile_is_telephoned_all_the_same_when_that_was_a_slip(cast, provider):
    said(cast, minutes=15)
    gone_out()
    Patient.objects.filter(birth_name="Refuse").update(sms_agreed_at=NOON)
    slip(cast, at=LATE_ON)
    assert to_call(cast, at=LATE_ON + late_acts.KEPT_FOR) == ["REFUSE", "FIXE"]


def test_taken_back_again_and_again_each_word_stands_as_it_was_and_at_last_nobody_is_to_be_telephoned(cast, provider):
    first, second = cast.key(), cast.key()
    said(cast, minutes=15, key=first)
    said(cast, minutes=30, at=SOON, key=second)
    slip(cast, minutes=45, at=SOON + timedelta(seconds=1))
    at = SOON + late_acts.KEPT_FOR
    assert to_call(cast, at=at) == ["MOBILE", "REFUSE", "FIXE"]
    for _ in range(2):
        taken_back(cast, second, before=15, at=at)
        assert to_call(cast, at=at) == ["MOBILE", "REFUSE", "FIXE"]
        assert Unreached.objects.count() == 3
    taken_back(cast, first, before=0, at=at)
    assert (to_call(cast, at=at), Unreached.objects.count()) == ([], 0)


def test_told_once_more_after_a_slip_everybody_is_written_to_as_usual(six, provider):
    said(six, minutes=15)
    slip(six, at=SOON)
    said(six, minutes=15, at=SOON + late_acts.KEPT_FOR)
    assert [each for each, _expires in texts()] == [MORNING, AFTERNOON, LATER]
    assert to_call(six, at=SOON + late_acts.KEPT_FOR) == ["REFUSE", "FIXE", "POSTE"]


def test_whose_hour_has_come_when_the_slip_is_taken_back_is_telephoned_too(cast, provider):
    at = after(140) - timedelta(seconds=20)
    said(cast, minutes=15, at=at)
    key = cast.key()
    said(cast, minutes=45, at=at + timedelta(seconds=10), key=key)
    taken_back(cast, key, before=15, at=at + timedelta(seconds=25))
    assert to_call(cast, at=at + late_acts.KEPT_FOR) == ["MOBILE", "REFUSE", "FIXE"]


def test_on_time_again_after_a_slip_nobody_is_to_be_telephoned(cast, provider):
    said(cast, minutes=15)
    key = cast.key()
    said(cast, minutes=45, at=SOON, key=key)
    late_acts.take_back(key=key, agenda=cast.dupont, before=0, by=cast.claire, at=SOON)
    assert (to_call(cast, at=SOON), Unreached.objects.count()) == ([], 0)


@pytest.mark.parametrize("until", [None, NOON_THERE])
def test_whose_hour_has_passed_stays_to_be_telephoned_when_those_after_him_are_told_more(cast, provider, until):
    at = after(170)  # after the hour of the one without consent
    said(cast, minutes=60)
    gone_out()
    said(cast, minutes=90, until=until, at=at)
    assert to_call(cast, at=at) == ["REFUSE", "FIXE"]
    first = LateNotice.objects.order_by("at")[0]
    assert Unreached.objects.filter(done_at=None, at=first.at).count() == 1


def test_an_sms_that_has_not_gone_out_to_whose_hour_has_come_goes_out_all_the_same(cast, provider):
    at = after(140) - timedelta(seconds=10)
    said(cast, minutes=60, at=at)
    said(cast, minutes=90, at=at + timedelta(seconds=20))
    sms_tasks.run_sms(at=at + 2 * late_acts.KEPT_FOR)
    assert ["60 Min" in each[2].decode() for each in provider.asked] == [True]


def test_so_does_a_mail(cast, provider):
    agrees_to_mail("Refuse")
    at = after(160) - timedelta(seconds=10)
    said(cast, minutes=60, at=at)
    said(cast, minutes=90, at=at + timedelta(seconds=20))
    assert [each.notice.minutes for each in LateMail.objects.all()] == [60]


def test_who_was_telephoned_as_his_sms_failed_is_not_written_to_when_the_rest_of_the_day_hears_the_same(two, provider):
    said(two, minutes=15, until=NOON_THERE)
    Sms.objects.update(state="failed", why="refused")
    unreached_operations.sms_failed(house=two.claire.house, sms=Sms.objects.get().key, at=LATE_ON)
    mobile = next(each for each in open_unreached(by=two.claire, at=LATE_ON) if "MOBILE" in each.visit.patient_name)
    told = UnreachedOutcome.TOLD
    unreached_operations.settle_unreached(unreached=mobile.id, outcome=told, by=two.claire, at=LATE_ON)
    at = LATE_ON + late_acts.KEPT_FOR
    said(two, minutes=15, at=at)
    assert numbers() == [MORNING, AFTERNOON, LATER]
    assert to_call(two, at=at) == ["REFUSE", "FIXE"]
    assert late_reach(agenda=two.dupont, by=two.claire, at=at)[mobile.visit.appointment].outcome is told


def test_nor_is_whose_mail_failed(cast, provider):
    agrees_to_mail("Fixe")
    said(cast, minutes=15)
    LateMail.objects.update(state="failed")
    said(cast, minutes=15, at=LATE_ON)
    assert LateMail.objects.count() == 1


def test_whom_an_sms_did_not_reach_is_not_counted_as_told_when_it_is_taken_back(cast, provider):
    agrees_to_mail("Fixe")
    key = cast.key()
    said(cast, minutes=15, key=key)
    Sms.objects.update(state="failed", why="refused")
    LateMail.objects.update(state="sent")
    assert taken_back(cast, key, before=0, at=LATE_ON) == 1


def test_who_was_never_reached_stays_with_the_word_that_did_not_reach_him(cast, provider):
    said(cast, minutes=15)
    Sms.objects.update(state="failed", why="refused")
    said(cast, minutes=15, at=LATE_ON)
    first = LateNotice.objects.order_by("at")[0]
    assert first.told == [Sms.objects.get().about]
