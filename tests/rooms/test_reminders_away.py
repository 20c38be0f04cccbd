# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor is away on the day of a visit: nobody is reminded of it before somebody said that he can come."""

from datetime import timedelta

import pytest
from django.test import Client as Browser

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, visits
from permanence.agenda.operations.day import ask_follow_up, keep_booked, settle
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.clients import absences
from permanence.clients.operations import give_line
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.models import Reminder, Sms
from permanence.dispatch.reminder_operations import ReminderUnknown, act, come_now
from permanence.dispatch.reminder_queries import to_come_in_demonstration
from permanence.dispatch.reply_queries import open_replies
from permanence.dispatch.rules import ReminderState
from permanence.foundation.models import House
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import clock
from tests.rooms.reminders_cast import DUE, book, cast, link, provider, reply, send, told

__all__ = ["cast", "clock", "provider"]

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def visit(cast, deliver_all):
    made = book(cast)
    deliver_all(NOON)
    return made


def away(cast, recipient="doctor", *, starts=MONDAY):
    who = {"doctor": cast.cabinet.doctor, "colleague": cast.lemaire_recipient, "everybody": None}[recipient]
    return absences.announce_absence(
        client=cast.cabinet.id,
        recipient=who,
        starts=starts,
        ends=starts + timedelta(hours=10),
        words="Le docteur est absent.",
        announced_by=cast.claire.person,
        by=cast.claire,
        at=NOON,
    )


def asks(cast, absence, wanted=Wanted.CANCEL):
    ask_follow_up(client=cast.cabinet.id, absence=absence, wanted=wanted, by=cast.claire, at=NOON)
    return open_follow_ups(by=cast.claire)[0].id


def settled(cast, entry, outcome):
    settle(follow_up=entry, outcome=outcome, by=cast.claire, at=NOON)


def reminder():
    return ReminderState(Reminder.objects.get().state)


@pytest.mark.parametrize("who", ["doctor", "everybody"])
def test_left_booked_in_an_absence_he_is_not_reminded(cast, visit, provider, who):
    away(cast, who)
    assert [send(DUE + each * HOUR) for each in range(5)] == [0] * 5
    assert (reminder(), Sms.objects.count()) == (ReminderState.PENDING, 0)
    send(MONDAY)
    assert (reminder(), told(provider)) == (ReminderState.OVERTAKEN, [])


@pytest.mark.parametrize("wanted", [Wanted.CANCEL, Wanted.MOVE, Wanted.CALL])
def test_on_the_secretaries_list_he_is_not_reminded_nor_where_he_was_called_and_is_booked_still(
    cast, visit, provider, wanted
):
    entry = asks(cast, away(cast), wanted)
    assert send(DUE) == 0
    settled(cast, entry, Outcome.CALLED)
    assert (send(DUE + HOUR), reminder()) == (0, ReminderState.PENDING)
    assert told(provider) == []


def test_who_comes_all_the_same_is_reminded_of_that_absence_alone(cast, visit, provider):
    absence = away(cast)
    entry = asks(cast, absence)
    assert send(DUE) == 0
    settled(cast, entry, Outcome.KEPT)
    assert (send(DUE + HOUR / 2), send(DUE + HOUR), reminder()) == (0, 1, ReminderState.SENT)
    assert len(told(provider)) == 1


def test_of_whom_the_secretary_says_so_who_was_on_no_list_is_reminded_at_once(cast, visit, provider):
    said = {"client": cast.cabinet.id, "appointment": visit.appointment, "by": cast.claire, "at": NOON}
    keep_booked(absence=away(cast), **said)
    assert (send(), reminder()) == (1, ReminderState.SENT)


def test_who_comes_in_one_absence_is_not_reminded_in_another_one(cast, visit, provider):
    said = {"client": cast.cabinet.id, "appointment": visit.appointment, "by": cast.claire, "at": NOON}
    keep_booked(absence=away(cast), **said)
    away(cast, "everybody")
    assert (send(), told(provider)) == (0, [])


def test_an_absence_that_is_withdrawn_holds_nothing_back_and_the_night_stays_quiet(cast, visit, provider):
    absence = away(cast)
    asks(cast, absence)
    evening = DUE + timedelta(hours=11, minutes=30)  # 19:30 in Paris
    assert (send(), send(evening)) == (0, 0)
    absences.withdraw_absence(client=cast.cabinet.id, absence=absence, by=cast.claire, at=evening)
    morning = DUE + timedelta(days=1)
    assert [send(each) for each in (evening + HOUR, morning - timedelta(minutes=1), morning)] == [0, 0, 1]
    assert Reminder.objects.get().attempts == 1  # what was put off was no try


def test_who_stands_behind_a_whole_day_that_is_put_off_is_reminded_in_the_same_turn(cast, provider, deliver_all):
    for number in range(21):
        book(cast, 20 * number + 120 * (number > 11))  # at noon it is closed
    deliver_all(NOON)
    away(cast)
    appointments.book(
        key=cast.key(), agenda=cast.lemaire, starts_at=MONDAY, booking=cast.booking(), by=cast.claire, at=NOON
    )
    deliver_all(NOON)
    Reminder.objects.update(next_attempt_at=DUE)
    assert send() == 1


def test_a_colleague_who_is_away_or_an_absence_of_another_day_changes_nothing(cast, visit, provider):
    away(cast, "colleague")
    away(cast, starts=MONDAY + timedelta(days=1))
    assert (send(), reminder()) == (1, ReminderState.SENT)


def test_in_a_demonstration_it_cannot_be_let_come_either(cast, visit, provider):
    House.objects.update(demonstration=True)
    assert len(to_come_in_demonstration(most=3)) == 1
    away(cast)
    assert to_come_in_demonstration(most=3) == ()
    with pytest.raises(ReminderUnknown):
        come_now(reminder=Reminder.objects.get().key, at=NOON, entropy=SystemEntropy())


@pytest.fixture
def reminded(visit, provider):
    """He was reminded before anybody knew that the doctor will be away."""
    assert send(DUE) == 1
    return visit


def becomes():
    return Appointment.objects.get().state


def told_back():
    return [each.kind for each in Sms.objects.exclude(kind=SmsKind.REMINDER)]


@pytest.mark.parametrize("is_confirmed", [False, True])
def test_a_yes_to_a_visit_that_nobody_receives_any_more_is_a_secretarys(cast, reminded, deliver_all, is_confirmed):
    if is_confirmed:
        visits.confirm(key=cast.key(), appointment=reminded.appointment, by=cast.claire, at=DUE)
    away(cast)
    assert reply("1", at=DUE + HOUR)
    deliver_all(DUE + HOUR)
    deliver_all(DUE + HOUR)
    assert becomes() == ("confirmed" if is_confirmed else "booked")
    assert [each.visit.appointment for each in open_replies(by=cast.claire)] == [reminded.appointment]
    assert told_back() == [SmsKind.UNCLEAR]


def test_who_comes_all_the_same_confirms_as_before(cast, reminded, deliver_all):
    absence = away(cast)
    said = {"client": cast.cabinet.id, "appointment": reminded.appointment, "by": cast.claire, "at": NOON}
    keep_booked(absence=absence, **said)
    reply("1", at=DUE + HOUR)
    deliver_all(DUE + HOUR)
    assert (becomes(), told_back()) == ("confirmed", [SmsKind.CONFIRMED])


def test_a_no_to_a_visit_that_nobody_receives_any_more_cancels_it(cast, reminded, deliver_all):
    away(cast)
    reply("2", at=DUE + HOUR)
    deliver_all(DUE + HOUR)
    assert (becomes(), told_back(), open_replies(by=cast.claire)) == ("cancelled", [SmsKind.CANCELLED], ())


def test_a_yes_heard_before_the_absence_and_brought_again_after_it_stands(cast, reminded, deliver_all):
    act(key=Reminder.objects.get().key, yes=True, at=DUE)
    away(cast)
    act(key=Reminder.objects.get().key, yes=True, at=DUE)
    assert becomes() == "confirmed"


def test_by_his_link_he_reads_that_it_is_no_longer_possible_and_where_to_call(cast, reminded, clock):
    give_line(client=cast.cabinet.id, number="+33140000099", by=cast.claire, at=NOON)
    away(cast)
    browser = Browser(headers={"accept-language": "fr"})
    answer = browser.post(f"/r/{link()}", {"act": "confirm"})
    assert answer.status_code == 409
    assert "Ce n’est plus possible" in answer.content.decode()
    assert 'href="tel:+33140000099"' in answer.content.decode()
    assert becomes() == "booked"
    assert browser.post(f"/r/{link()}", {"act": "cancel"}).status_code == 303
    assert becomes() == "cancelled"
