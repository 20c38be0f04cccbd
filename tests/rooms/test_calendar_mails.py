# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appointments that go to patients as entries for their calendars, over a real SMTP relay, read back by vobject."""

import email
import email.policy
from datetime import timedelta
from types import SimpleNamespace

import pytest
import vobject
from aiosmtpd.controller import Controller

from permanence.agenda.models import Appointment
from permanence.agenda.operations import appointments, moving_back
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.rules.imports import ImportLine
from permanence.agenda.rules.states import CancelCause, Door
from permanence.callers.models import Patient
from permanence.clients.models import Client
from permanence.dispatch import calendar_operations, calendar_tasks
from permanence.dispatch.channels.email.relay import RelaySettings
from permanence.dispatch.models import CalendarMail, ContactRule
from permanence.dispatch.rules import LEASE, Attempt, Outcome, ReminderState
from permanence.foundation.models import OutboxEvent, OutboxReceipt
from tests.processes import free_port
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture
def cast():
    made = make_agenda_cast()
    rule(made)
    agrees(made)
    return made


def rule(cast, **changes):
    said = {"sends_calendar": True} | changes
    ContactRule.objects.update_or_create(house_id=cast.claire.house_key, client_id=int(cast.cabinet.id), defaults=said)


def agrees(cast, at=NOON):
    Patient.objects.filter(pk=int(cast.jeanne)).update(mail="jeanne@jeanne.example", mail_agreed_at=at, language="fr")


@pytest.fixture
def relay():
    taken, answers = [], []

    class Handler:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd calls it so
            if answers:
                return answers.pop()
            taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            return "250 taken"

    running = Controller(Handler(), hostname="127.0.0.1", port=free_port())
    running.start()
    yield SimpleNamespace(taken=taken, answers=answers, settings=RelaySettings(host="127.0.0.1", port=running.port))
    running.stop()


def book(cast, minutes=0, **more):
    return appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=after(minutes), booking=cast.booking(**more), by=cast.claire,
        at=NOON,
    ).appointment  # fmt: skip


def move(cast, visit, minutes, at=NOON):
    key, where = cast.key(), {"agenda": cast.dupont, "starts_at": after(minutes), "by": cast.claire, "at": at}
    appointments.move(key=key, appointment=visit, door=Door.CONSOLE, **where)
    return key


def take_back(cast, slip):
    moving_back.move_back(key=cast.key(), move=slip, by=cast.claire, at=NOON)


def brought_in(cast, *starts):
    person = Patient.objects.get(pk=int(cast.jeanne))
    named = {"name": person.used_name or person.birth_name, "first_name": person.first_name, "reason": "Consultation"}
    lines = [
        ImportLine(line=n, starts=after(minutes), ends=after(minutes + 15), **named) for n, minutes in enumerate(starts)
    ]
    report = import_lines(agenda=cast.dupont, lines=lines, by=cast.marc, at=NOON, write=True)
    assert (report.appointments, report.new_patients) == (len(starts), 0)
    return list(Appointment.objects.order_by("starts_at").values_list("key", flat=True))


def cancel(cast, visit, at=NOON):
    appointments.cancel(key=cast.key(), appointment=visit, cause=CancelCause.DOCTOR, by=cast.claire, at=at)


def entry_of(mail):
    part = next(each for each in mail.walk() if each.get_content_type() == "text/calendar")
    event = vobject.readOne(part.get_content()).vevent
    return part.get_param("method"), event


def test_one_entry_that_moves_and_vanishes(cast, relay, deliver_all):
    visit = book(cast)
    for act in (lambda: None, lambda: move(cast, visit, 60), lambda: cancel(cast, visit)):
        act()
        deliver_all(NOON)
        assert calendar_tasks.run_calendar(at=NOON, relay=relay.settings) == 1
    found = [entry_of(mail) for mail in relay.taken]
    assert [method for method, _event in found] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {event.uid.value for _method, event in found} == {f"{visit}@permanence"}
    assert [int(event.sequence.value) for _method, event in found] == [0, 1, 2]
    assert [event.dtstart.value for _method, event in found] == [after(0), after(60), after(60)]
    assert [event.status.value for _method, event in found] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    _method, event = found[0]
    assert event.attendee.value == "mailto:jeanne@jeanne.example"
    assert event.attendee.params["RSVP"] == ["FALSE"]
    assert event.organizer.value.startswith("mailto:")
    assert calendar_tasks.run_calendar(at=NOON, relay=relay.settings) == 0


def test_nothing_of_why_and_the_practice_only_where_it_allows_that(cast, relay, deliver_all):
    practice = Client.objects.get(pk=int(cast.cabinet.id)).name
    book(cast)
    deliver_all(NOON)
    rule(cast, names_practice=True)
    book(cast, 60)
    deliver_all(NOON)
    rule(cast, names_practice=False)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings, limit=1)
    rule(cast, names_practice=True)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
    without, named = relay.taken
    for mail in (without, named):
        said = mail.as_string() + "".join(part.get_content() for part in mail.walk() if not part.is_multipart())
        assert not [word for word in ("Consultation", "Hoffmann", "HOFFMANN", "Dr Dupont") if word in said]
    assert practice not in entry_of(without)[1].serialize()
    assert practice in entry_of(named)[1].summary.value


@pytest.mark.parametrize("left_out", ["rule", "consent"])
def test_only_where_the_client_sends_them_and_the_patient_agreed(cast, relay, deliver_all, left_out):
    if left_out == "rule":
        rule(cast, sends_calendar=False)
    else:
        agrees(cast, at=None)
    visit = book(cast)
    deliver_all(NOON)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
    cancel(cast, visit)
    deliver_all(NOON)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
    assert relay.taken == []


@pytest.mark.parametrize("act", [lambda cast, visit: move(cast, visit, 60), cancel])
def test_what_stands_in_his_calendar_is_kept_true_after_the_client_sends_no_more(cast, relay, deliver_all, act):
    told, untold = book(cast), book(cast, 120)
    deliver_all(NOON)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings, limit=1)
    rule(cast, sends_calendar=False)
    later = book(cast, 180)
    for visit in (told, untold, later):
        act(cast, visit) if visit == told else cancel(cast, visit)
    deliver_all(NOON)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
    found = [entry_of(mail) for mail in relay.taken]
    assert [event.uid.value for _method, event in found] == [f"{told}@permanence"] * 2
    assert [method for method, _event in found] == ["REQUEST", "CANCEL" if act is cancel else "REQUEST"]
    if act is not cancel:
        cancel(cast, told)
        deliver_all(NOON)
        calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
        assert [entry_of(mail)[0] for mail in relay.taken] == ["REQUEST", "REQUEST", "CANCEL"]


def test_what_a_file_brings_in_is_told_only_once_it_is_moved(cast, relay, deliver_all):
    stays, moved, over = brought_in(cast, 0, 60, 120)
    deliver_all(NOON)
    assert calendar_tasks.run_calendar(at=NOON, relay=relay.settings) == 0
    move(cast, moved, 180)
    cancel(cast, over)
    deliver_all(NOON)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
    cancel(cast, stays)
    cancel(cast, moved)
    deliver_all(NOON)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
    told = [(method, event.uid.value) for method, event in map(entry_of, relay.taken)]
    assert told == [("REQUEST", f"{moved}@permanence"), ("CANCEL", f"{moved}@permanence")]


def send(relay, at=NOON):
    """What the relay gets now: (sequence, minutes after the opening)."""
    before = len(relay.taken)
    calendar_tasks.run_calendar(at=at, relay=relay.settings)
    found = [entry_of(mail) for mail in relay.taken[before:]]
    assert {method for method, _event in found} <= {"REQUEST"}
    return [(int(event.sequence.value), (event.dtstart.value - after(0)).seconds // 60) for _method, event in found]


def unsent():
    states = CalendarMail.objects.exclude(state=ReminderState.SENT).values_list("state", flat=True)
    return {*states} - {ReminderState.OVERTAKEN.value}


@pytest.fixture(params=["heard at once", "heard late"])
def heard(request, deliver_all):
    """The worker hears of each act before the next, or of all of them at the end."""
    return (lambda: deliver_all(NOON)) if request.param == "heard at once" else (lambda: None)


@pytest.mark.parametrize("slips", [1, 2])
def test_what_a_file_brings_in_is_not_told_for_a_slip_that_is_taken_back(cast, relay, deliver_all, heard, slips):
    (visit,) = brought_in(cast, 60)
    for _each in range(slips):
        heard()
        slip = move(cast, visit, 180)
        heard()
        take_back(cast, slip)
    deliver_all(NOON)
    assert (send(relay), unsent()) == ([], set())
    cancel(cast, visit)
    deliver_all(NOON)
    assert (send(relay), unsent()) == ([], set())


def test_a_slip_that_is_taken_back_before_anything_was_sent_makes_one_entry(cast, relay, deliver_all, heard):
    visit = book(cast)
    heard()
    slip = move(cast, visit, 60)
    heard()
    take_back(cast, slip)
    deliver_all(NOON)
    assert (send(relay), send(relay), unsent()) == ([(2, 0)], [], set())


@pytest.mark.parametrize("slips", [1, 2])
def test_who_heard_nothing_of_a_slip_hears_nothing_of_its_end(cast, relay, deliver_all, heard, slips):
    visit = book(cast)
    deliver_all(NOON)
    assert send(relay) == [(0, 0)]
    for _each in range(slips):
        slip = move(cast, visit, 60)
        heard()
        take_back(cast, slip)
        heard()
    deliver_all(NOON)
    assert (send(relay), unsent()) == ([], set())
    move(cast, visit, 90)
    deliver_all(NOON)
    assert send(relay) == [(2 * slips + 1, 90)]


def test_who_was_told_of_a_slip_is_told_that_it_is_taken_back(cast, relay, deliver_all):
    for visit, first in ((book(cast), [(0, 0)]), (brought_in(cast, 180)[-1], [])):
        deliver_all(NOON)
        assert send(relay) == first
        slip = move(cast, visit, 60)
        deliver_all(NOON)
        assert send(relay) == [(1, 60)]
        take_back(cast, slip)
        deliver_all(NOON)
        ((sequence, _minutes),) = send(relay)
        assert sequence == 2


def test_a_move_that_was_meant_is_told_though_a_slip_came_upon_it(cast, relay, deliver_all, heard):
    visit = book(cast)
    (brought,) = brought_in(cast, 180)[1:]
    deliver_all(NOON)
    assert send(relay) == [(0, 0)]
    for each, meant in ((visit, 60), (brought, 120)):
        move(cast, each, meant)
        heard()
        slip = move(cast, each, meant + 30)
        heard()
        take_back(cast, slip)
    deliver_all(NOON)
    assert (sorted(send(relay)), unsent()) == ([(3, 60), (3, 120)], set())


@pytest.mark.parametrize("outcome", [Outcome.SENT, Outcome.RETRY])
@pytest.mark.parametrize("on_its_way", [0, 1])
def test_an_entry_that_is_on_its_way_meanwhile(cast, relay, deliver_all, outcome, on_its_way):
    """Of the visit as it stands again nothing more is sent, unless it does not arrive; of the slip its end is."""
    visit = book(cast)
    deliver_all(NOON)
    taken = calendar_operations.take_due(at=NOON)
    if on_its_way:
        calendar_operations.finish(taken, Attempt(outcome=Outcome.SENT), at=NOON)
    slip = move(cast, visit, 60)
    deliver_all(NOON)
    if on_its_way:
        taken = calendar_operations.take_due(at=NOON)
    take_back(cast, slip)
    deliver_all(NOON)
    calendar_operations.finish(taken, Attempt(outcome=outcome, why="451 later"), at=NOON)
    later = NOON + timedelta(hours=1)
    assert send(relay, later) == ([(2, 0)] if on_its_way or outcome is Outcome.RETRY else [])
    assert unsent() == set()


@pytest.mark.parametrize("came", ["booked", "moved", "slip", "cancelled"])
def test_what_is_heard_again_after_its_entry_was_sent_is_sent_no_second_time(cast, relay, deliver_all, came):
    visit = book(cast)
    deliver_all(NOON)
    assert send(relay) == [(0, 0)]
    if came == "moved":
        move(cast, visit, 60)
    elif came == "slip":
        take_back(cast, move(cast, visit, 60))
    elif came == "cancelled":
        cancel(cast, visit)
    deliver_all(NOON)
    calendar_tasks.run_calendar(at=NOON, relay=relay.settings)
    sent = len(relay.taken)
    for _each in range(2):
        OutboxReceipt.objects.all().delete()
        OutboxEvent.objects.update(delivered_at=None, next_attempt_at=NOON)
        assert deliver_all(NOON)
    assert calendar_tasks.run_calendar(at=NOON, relay=relay.settings) == 0
    assert (len(relay.taken), unsent()) == (sent, set())


def test_what_was_overtaken_is_not_sent_and_what_failed_is_tried_again(cast, relay, deliver_all):
    visit = book(cast)
    deliver_all(NOON)
    move(cast, visit, 60)
    relay.answers.append("451 later")
    deliver_all(NOON)
    assert calendar_tasks.run_calendar(at=NOON, relay=relay.settings) == 1
    assert relay.taken == []
    later = NOON + LEASE + timedelta(hours=1)
    assert calendar_tasks.run_calendar(at=later, relay=relay.settings) == 1
    assert [entry_of(mail)[1].dtstart.value for mail in relay.taken] == [after(60)]
    states = CalendarMail.objects.order_by("revision").values_list("state", flat=True)
    assert list(states) == [ReminderState.OVERTAKEN, ReminderState.SENT]
