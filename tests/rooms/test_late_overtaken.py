# SPDX-License-Identifier: AGPL-3.0-or-later
"""That the doctor is late does not go out any more to whose visit was cancelled or has another hour, nor after STOP."""

from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments
from permanence.agenda.operations.day import say_late
from permanence.agenda.rules.states import CancelCause
from permanence.dispatch import answer_operations, late_operations, late_overtaken, late_tasks, sms_tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.channels.sms.http import Incoming
from permanence.dispatch.late_acts import KEPT_FOR
from permanence.dispatch.models import LateMail, Sms
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
    appointments.move(key=cast.key(), appointment=visit, **where)


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
