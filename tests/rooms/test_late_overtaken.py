# SPDX-License-Identifier: AGPL-3.0-or-later
"""That the doctor is late does not go out any more to whose visit was cancelled or has another hour, nor after STOP."""

from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, moving_back
from permanence.agenda.operations.day import say_late
from permanence.agenda.rules.states import CancelCause
from permanence.dispatch import (
    answer_operations,
    late_mails,
    late_operations,
    late_overtaken,
    late_tasks,
    sms_operations,
    sms_tasks,
)
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.channels.sms.http import Given, Incoming
from permanence.dispatch.late_acts import KEPT_FOR, take_back
from permanence.dispatch.models import LateMail, Sms
from permanence.dispatch.rules import Attempt, Outcome
from permanence.dispatch.sent_queries import Asked, sent
from permanence.dispatch.unreached_queries import open_unreached
from permanence.kernel.system import SystemEntropy
from tests.processes import free_port
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.test_late import TEN, agrees_to_mail, book, provider, reachable

__all__ = ["provider"]

pytestmark = pytest.mark.django_db
MOBILE = "+33639980001"
SOON = TEN + timedelta(seconds=10)
LATER = TEN + KEPT_FOR


@pytest.fixture
def cast():
    """At 10:20 one by SMS, at 10:40 one by mail; the doctor is 40 minutes late, and nothing has gone out yet."""
    made = make_agenda_cast()
    book(made, 140, reachable(made, "Mobile", MOBILE, True))
    book(made, 160, reachable(made, "Courriel", "+33123456789", False))
    agrees_to_mail("Courriel")
    return made


@pytest.fixture
def told(cast, provider, deliver_all):
    deliver_all(TEN)
    say_late(agenda=cast.dupont, minutes=40, by=cast.claire, at=TEN)
    late_operations.tell_late(
        key="late-act-00000001",
        agenda=cast.dupont,
        minutes=40,
        by=cast.claire,
        at=TEN,
        entropy=SystemEntropy(),
        kept_for=KEPT_FOR,
    )
    return cast


def visits():
    return list(Appointment.objects.order_by("starts_at").values_list("key", flat=True))


def goes_out(deliver_all):
    """How many SMS and mails are tried once what happened was heard."""
    deliver_all(SOON)
    nobody = RelaySettings(host="127.0.0.1", port=free_port())
    return sms_tasks.run_sms(at=LATER), late_tasks.run_late(at=LATER, relay=nobody)


def undelivered(cast):
    asked = Asked(since=TEN - timedelta(days=1), before=TEN + timedelta(days=1), undelivered=True)
    return sent(by=cast.claire, asked=asked, at=LATER).rows


def moved(cast, visit, minutes, *, agenda=None):
    where = {"agenda": agenda or cast.dupont, "starts_at": after(minutes), "by": cast.claire, "at": SOON}
    key = cast.key()
    appointments.move(key=key, appointment=visit, **where)
    return key


def slips(cast, deliver_all):
    """Both are moved and moved back, each act heard by the worker."""
    moves = [moved(cast, visit, minutes) for visit, minutes in zip(visits(), (400, 420), strict=True)]
    deliver_all(SOON)
    for move in moves:
        moving_back.move_back(key=cast.key(), move=move, by=cast.claire, at=SOON)


def test_to_whose_visit_was_cancelled_nothing_goes_out_and_it_is_no_failure(told, provider, deliver_all):
    for visit in visits():
        act = {"cause": CancelCause.PATIENT, "by": told.claire, "at": SOON}
        appointments.cancel(key=told.key(), appointment=visit, **act)
    assert goes_out(deliver_all) == (0, 0)
    assert provider.asked == []
    assert [(each.state, each.why) for each in (Sms.objects.get(), LateMail.objects.get())] == [
        ("failed", "overtaken")
    ] * 2
    assert (undelivered(told), open_unreached(by=told.claire, at=LATER)) == ((), ())


def test_to_who_has_another_hour_nothing_of_his_old_one_goes_out(told, provider, deliver_all):
    for visit, minutes in zip(visits(), (400, 420), strict=True):
        moved(told, visit, minutes)
    assert goes_out(deliver_all) == (0, 0)
    assert undelivered(told) == ()


def test_to_who_goes_to_a_colleague_at_his_hour_nothing_goes_out_either(told, provider, deliver_all):
    for visit, minutes in zip(visits(), (140, 160), strict=True):
        moved(told, visit, minutes, agenda=told.lemaire)
    assert goes_out(deliver_all) == (0, 0)


def test_who_stays_at_his_hour_is_told_when_another_one_goes(told, provider, deliver_all):
    first, second = visits()
    late_overtaken.overtake(house=told.claire.house, appointment=first, at=SOON)
    moved(told, second, 400)
    assert goes_out(deliver_all) == (1, 0)


def test_what_the_worker_has_in_hand_is_left_to_him(told, provider, deliver_all):
    Sms.objects.update(leased_until=LATER)
    moved(told, visits()[0], 400)
    deliver_all(SOON)
    assert Sms.objects.get().state == "pending"


def test_who_says_stop_before_it_went_out_is_to_be_telephoned(told, provider, deliver_all):
    answer_operations.take_reply(Incoming(number=MOBILE, text="STOP"), at=SOON, entropy=SystemEntropy())
    assert goes_out(deliver_all) == (0, 1)
    [row] = open_unreached(by=told.claire, at=LATER)
    assert (row.visit.appointment, row.minutes, row.numbers) == (visits()[0], 40, (MOBILE,))


def test_who_was_moved_by_a_slip_is_told_all_the_same(told, provider, deliver_all):
    slips(told, deliver_all)
    assert goes_out(deliver_all) == (1, 1)
    assert Sms.objects.get().state == "sent"


def test_who_said_stop_while_he_stood_elsewhere_is_telephoned_once_that_was_a_slip(told, provider, deliver_all):
    move = moved(told, visits()[0], 400)
    deliver_all(SOON)
    answer_operations.take_reply(Incoming(number=MOBILE, text="STOP"), at=SOON, entropy=SystemEntropy())
    moving_back.move_back(key=told.key(), move=move, by=told.claire, at=SOON)
    assert goes_out(deliver_all) == (0, 1)
    assert [each.numbers for each in open_unreached(by=told.claire, at=LATER)] == [(MOBILE,)]


def test_what_he_was_told_after_it_is_not_followed_by_the_first_word(told, provider, deliver_all):
    first, _second = visits()
    move = moved(told, first, 180)
    deliver_all(SOON)
    again = {"agenda": told.dupont, "by": told.claire, "entropy": SystemEntropy()}
    late_operations.tell_late(key="late-act-00000002", minutes=20, at=SOON, **again)
    moving_back.move_back(key=told.key(), move=move, by=told.claire, at=SOON)
    goes_out(deliver_all)
    assert [each.state for each in Sms.objects.order_by("pk")] == ["failed", "failed"]


def test_minutes_that_no_longer_hold_are_not_told_to_who_stands_again_as_he_did(told, provider, deliver_all):
    moves = [moved(told, visit, minutes) for visit, minutes in zip(visits(), (400, 420), strict=True)]
    deliver_all(SOON)
    say_late(agenda=told.dupont, minutes=10, by=told.claire, at=SOON)
    for move in moves:
        moving_back.move_back(key=told.key(), move=move, by=told.claire, at=SOON)
    assert goes_out(deliver_all) == (0, 0)


def test_a_word_that_was_taken_back_while_he_stood_elsewhere_does_not_go_out(told, provider, deliver_all):
    moves = [moved(told, visit, minutes) for visit, minutes in zip(visits(), (400, 420), strict=True)]
    deliver_all(SOON)
    take_back(key="late-act-00000001", agenda=told.dupont, before=0, by=told.claire, at=SOON)
    for move in moves:
        moving_back.move_back(key=told.key(), move=move, by=told.claire, at=SOON)
    assert goes_out(deliver_all) == (0, 0)


def test_what_a_worker_had_in_hand_as_the_visit_went_is_not_tried_again(told, provider, deliver_all):
    text, mail = sms_operations.take_due(at=LATER), late_mails.take_due(at=LATER)
    for visit, minutes in zip(visits(), (400, 420), strict=True):
        moved(told, visit, minutes)
    deliver_all(LATER)
    again = Attempt(outcome=Outcome.RETRY, why="503")
    sms_operations.finish(text, Given(attempt=again), at=LATER)
    late_mails.finish(mail, again, at=LATER)
    assert [(each.state, each.why) for each in (Sms.objects.get(), LateMail.objects.get())] == [
        ("failed", "overtaken")
    ] * 2
    deliver_all(LATER)
    assert open_unreached(by=told.claire, at=LATER) == ()
