# SPDX-License-Identifier: AGPL-3.0-or-later
"""An agenda is closed: who is booked, waits or holds a time there is asked about before, told of, and not forgotten."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse

from permanence.agenda.models import Agenda, Appointment, FollowUp, FreedTime, SlotHold, SlotOffer, WaitingPlace
from permanence.agenda.operations import appointments, holds, offer_answers, public_pages, reasons, setting
from permanence.agenda.operations.closing import Leaving
from permanence.agenda.operations.day import ask_follow_up
from permanence.agenda.queries import agendas, days, slots
from permanence.agenda.queries import public as public_queries
from permanence.agenda.queries.closing import closing
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.refusals import AgendaInUse, AgendaTakenToo, AgendaUnknown, SlotRefused, WordsTooLong
from permanence.agenda.rules.follow_ups import Onwards, Wanted
from permanence.agenda.rules.states import CancelCause
from permanence.agenda.rules.waiting import FreedState, OfferState, PlaceState
from permanence.agenda.rules.wishes import Wish
from permanence.clients import absences
from permanence.clients.ending_operations import end_contract
from permanence.dispatch import reminder_operations
from permanence.dispatch.models import Reminder
from permanence.dispatch.rules import ReminderState
from permanence.foundation.models import AuditEntry
from permanence.foundation.rules import Role
from permanence.kernel.system import SystemClock, SystemEntropy
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.messaging_cast import person as somebody
from tests.rooms.sent_form import sent_form
from tests.rooms.test_console_agenda import GRID, at_wall, monday, page
from tests.rooms.waiting_cast import LATER, booked, cancelled, last_offer, offered, person, pursue, waits

__all__ = ["monday"]

pytestmark = pytest.mark.django_db
MOVED = Leaving(wanted=Wanted.MOVE, words="Le docteur part à la retraite.", onwards=Onwards.ANY)


@pytest.fixture
def cast(db, deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


def next_monday(cast):
    """Now, and nine o’clock (UTC) of the Monday that comes for the screens, who read the clock: open though it may be
    a holiday.
    """
    for agenda in (cast.dupont, cast.lemaire):
        setting.set_openings(agenda=agenda, openings=openings(agenda, on_holidays=True), by=cast.marc, at=NOON)
    now = SystemClock().now()
    return now, now.replace(hour=9, minute=0, second=0, microsecond=0) + timedelta(days=7 - now.weekday())


def closed(cast, agenda, *, leaving=MOVED, at=NOON, by=None):
    row = Agenda.objects.get(pk=int(agenda))
    given = {"step": row.step, "closed_on_holidays": True, "overbookings_per_day": 2, "name": row.name}
    more = {} if leaving is None else {"leaving": leaving}
    return setting.change_agenda(agenda=agenda, active=False, by=by or cast.marc, at=at, **given, **more)


def test_what_is_booked_is_asked_about_before_and_nothing_changed_meanwhile(cast):
    visit = booked(cast, MONDAY)
    for leaving in (None, Leaving(), Leaving(onwards=Onwards.ANY)):
        with pytest.raises(AgendaInUse):
            closed(cast, cast.dupont, leaving=leaving)
    assert Agenda.objects.get(pk=int(cast.dupont)).active
    assert not FollowUp.objects.exists()
    found = closing(by=cast.marc, agenda=cast.dupont, at=NOON)
    assert ([each.appointment for each in found.visits], found.waiting, found.others) == ([visit.appointment], (), True)
    with pytest.raises(AgendaUnknown):
        closing(by=cast.other_secretary, agenda=cast.dupont, at=NOON)


def test_each_visit_to_come_is_on_the_secretaries_list_and_stays_until_she_has_done_it(cast):
    one, two = booked(cast, MONDAY), booked(cast, after(60), who=cast.paul)
    gone = booked(cast, after(120))
    cancelled(cast, gone)
    elsewhere = booked(cast, MONDAY, agenda=cast.lemaire, who=cast.paul)
    closed(cast, cast.dupont)
    listed = open_follow_ups(by=cast.claire)
    assert [each.visit.appointment for each in listed] == [one.appointment, two.appointment]
    assert {(each.wanted, each.words, each.closed) for each in listed} == {(Wanted.MOVE, MOVED.words, True)}
    assert elsewhere.appointment not in {each.visit.appointment for each in listed}
    appointments.move(
        key=cast.key(), appointment=one.appointment, agenda=cast.lemaire, starts_at=after(30), by=cast.claire, at=NOON
    )
    appointments.cancel(key=cast.key(), appointment=two.appointment, cause=CancelCause.DOCTOR, by=cast.claire, at=NOON)
    assert open_follow_ups(by=cast.claire) == ()
    note = AuditEntry.objects.filter(action="agenda.changed").order_by("pk").last()
    assert (note.detail["appointments"], note.detail["active"]) == (2, False)


def test_an_absence_that_was_asked_about_before_counts_no_more(cast):
    booked(cast, MONDAY)
    absence = absences.announce_absence(
        client=cast.cabinet.id,
        starts=MONDAY,
        ends=MONDAY + timedelta(days=1),
        words="",
        announced_by=cast.marc.person,
        recipient=cast.cabinet.doctor,
        by=cast.marc,
        at=NOON,
    )
    ask_follow_up(client=cast.cabinet.id, absence=absence, wanted=Wanted.CALL, by=cast.marc, at=NOON)
    closed(cast, cast.dupont)
    assert [(each.wanted, each.closed) for each in open_follow_ups(by=cast.claire)] == [(Wanted.MOVE, True)]


def test_nothing_is_booked_there_any_more_by_any_hand(cast):
    visit = booked(cast, MONDAY, agenda=cast.lemaire)
    closed(cast, cast.dupont)
    for starts in (MONDAY, after(60)):
        with pytest.raises(SlotRefused):
            booked(cast, starts)
        with pytest.raises(SlotRefused):
            appointments.move(
                key=cast.key(),
                appointment=visit.appointment,
                agenda=cast.dupont,
                starts_at=starts,
                by=cast.claire,
                at=NOON,
            )
        with pytest.raises(SlotRefused):
            appointments.overbook(
                key=cast.key(),
                agenda=cast.dupont,
                starts_at=starts,
                booking=cast.booking(),
                cause="all the same",
                by=cast.claire,
                at=NOON,
            )
    wish = Wish(reason=cast.consultation, is_new=False)
    day = MONDAY.date()
    until = day + timedelta(days=3)
    free = slots.free_days(by=cast.claire, agenda=cast.dupont, wish=wish, first=day, until=until, at=NOON)
    assert free.slots == ()
    found = slots.next_free(by=cast.claire, agendas=[cast.dupont], wish=wish, first=day, at=NOON)
    assert found.proposals == ()
    assert days.day(by=cast.claire, agendas=[cast.dupont], day=day, at=NOON)[0].openings == ()


def test_open_again_it_is_as_it_was(cast):
    closed(cast, cast.dupont)
    given = {"name": "Dr Dupont", "step": 5, "closed_on_holidays": True, "overbookings_per_day": 2}
    setting.change_agenda(agenda=cast.dupont, active=True, by=cast.marc, at=NOON, **given)
    assert booked(cast, MONDAY).agenda == cast.dupont


def test_what_is_held_and_offered_there_ends(cast, deliver_all):
    visit = booked(cast, MONDAY)
    held = {"agenda": cast.dupont, "reason": cast.consultation, "starts_at": after(60), "by": cast.claire}
    waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    assert pursue(deliver_all, LATER) == 1
    holds.hold_slot(key=cast.key(), at=LATER, **held)
    closed(cast, cast.dupont, at=LATER + timedelta(minutes=1))
    assert not SlotHold.objects.filter(ended_at=None).exists()
    assert SlotOffer.objects.get().state == OfferState.WITHDRAWN
    assert pursue(deliver_all, LATER + timedelta(minutes=2)) == 0
    assert offered() == [("First", "withdrawn")]
    assert set(FreedTime.objects.values_list("state", flat=True)) == {FreedState.OVER.value}


def test_who_waits_for_it_alone_waits_for_the_others_or_for_none(cast):
    alone = waits(cast, person(cast, "Alone"), agendas=(cast.dupont,))
    both = waits(cast, person(cast, "Both"), agendas=(cast.dupont, cast.lemaire))
    every = waits(cast, person(cast, "Every"))
    assert closing(by=cast.marc, agenda=cast.dupont, at=NOON).waiting == ("ALONE Jeanne",)
    with pytest.raises(AgendaInUse):
        closed(cast, cast.dupont, leaving=Leaving())
    closed(cast, cast.dupont, leaving=Leaving(onwards=Onwards.ANY))
    named = {each.key: (each.state, each.agendas) for each in WaitingPlace.objects.all()}
    assert named == {alone: ("waiting", []), both: ("waiting", [cast.lemaire]), every: ("waiting", [])}
    assert closing(by=cast.marc, agenda=cast.lemaire, at=NOON).waiting == (
        "ALONE Jeanne",
        "BOTH Jeanne",
        "EVERY Jeanne",
    )
    with pytest.raises(AgendaInUse):
        closed(cast, cast.lemaire, leaving=Leaving(onwards=Onwards.ANY))
    closed(cast, cast.lemaire, leaving=Leaving(onwards=Onwards.NONE))
    assert set(WaitingPlace.objects.values_list("state", flat=True)) == {PlaceState.WITHDRAWN.value}


def wanted_alone(cast, both):
    """The doctor who was wanted too is wanted for that reason no more."""
    kept = agendas.reason(by=cast.marc, client=cast.cabinet.id, reason=both)
    reasons.set_reason(client=cast.cabinet.id, reason=replace(kept, also=""), by=cast.marc, at=NOON)


def offered_no_more(cast, both):
    """Another reason, for which he is not wanted, takes its place."""
    reasons.retire_reason(
        client=cast.cabinet.id, reason=both, replacement=cast.consultation, by=cast.dr_dupont, at=NOON
    )


@pytest.mark.parametrize("change", [wanted_alone, offered_no_more])
def test_it_is_not_closed_under_visits_of_a_colleague_that_take_it_too(cast, change):
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    one, two = booked(cast, MONDAY, reason=both), booked(cast, after(60), reason=both, who=cast.paul)
    change(cast, both)
    with pytest.raises(AgendaTakenToo, match="2 app"):
        closed(cast, cast.lemaire)
    assert Agenda.objects.get(pk=int(cast.lemaire)).active
    told = closing(by=cast.marc, agenda=cast.lemaire, at=NOON)
    assert ([each.appointment for each in told.too], told.visits) == ([one.appointment, two.appointment], ())
    cancelled(cast, one, at=NOON)
    appointments.cancel(key=cast.key(), appointment=two.appointment, cause=CancelCause.DOCTOR, by=cast.claire, at=NOON)
    assert not closed(cast, cast.lemaire).active


def test_the_page_names_the_visits_of_a_colleague_that_take_it_too(cast, browser_of):
    now, day = next_monday(cast)
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.dupont)
    booked(cast, day, at=now, agenda=cast.lemaire, reason=both)
    wanted_alone(cast, both)
    browser = owner(cast, browser_of)
    for do in ("check", "save"):
        shown = posted(browser, cast, do=do, wanted="move", onwards="any")
        text = shown.content.decode()
        assert ("HOFFMANN" in text, "Dr Lemaire" in text, "Déplacez-le" in text) == (True,) * 3
        assert "Personne n’y est inscrit" not in text
    assert shown.status_code == 422
    assert Agenda.objects.get(pk=int(cast.dupont)).active


def test_words_for_the_secretary_have_their_length(cast):
    booked(cast, MONDAY)
    with pytest.raises(WordsTooLong):
        closed(cast, cast.dupont, leaving=Leaving(wanted=Wanted.CALL, words="w" * 201))
    assert Agenda.objects.get(pk=int(cast.dupont)).active


def ended(cast, *, at=NOON):
    """The contract ends; nobody has closed an agenda."""
    until = (at + timedelta(days=90)).date()
    end_contract(client=cast.cabinet.id, last=None, until=until, reason="retires", by=cast.marc, at=at)


def test_nobody_is_reminded_once_the_contract_has_ended(cast, deliver_all):
    who = person(cast, "First", number="+33639980147")
    rule = {"remind_hours": 24, "names_practice": False, "entropy": SystemEntropy()}
    reminder_operations.change_contact_rule(client=cast.cabinet.id, **rule, by=cast.marc, at=NOON)
    booked(cast, MONDAY, who=who)
    deliver_all(NOON)
    ended(cast)
    due = Reminder.objects.get().next_attempt_at
    assert reminder_operations.take_due(at=due, entropy=SystemEntropy()).address == ""
    assert Reminder.objects.get().state == ReminderState.OVERTAKEN


def test_nothing_is_offered_once_the_contract_has_ended(cast, deliver_all):
    visit, other = booked(cast, MONDAY), booked(cast, after(60))
    for name, hours in (("First", 2), ("Second", 1)):
        waits(cast, person(cast, name), at=NOON - timedelta(hours=hours))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=LATER)
    ended(cast, at=LATER)
    cancelled(cast, other)
    assert pursue(deliver_all, LATER) == 0
    assert offered() == [("First", "declined")]
    assert {each.state for each in FreedTime.objects.all()} == {FreedState.OVER}


def test_nobody_is_reminded_of_a_visit_that_is_looked_after(cast, deliver_all):
    who = person(cast, "First")
    rule = {"remind_hours": 24, "names_practice": False, "entropy": SystemEntropy()}
    reminder_operations.change_contact_rule(client=cast.cabinet.id, **rule, by=cast.marc, at=NOON)
    booked(cast, MONDAY, who=who)
    deliver_all(NOON)
    row = Reminder.objects.get()
    closed(cast, cast.dupont)
    due = row.next_attempt_at
    assert reminder_operations.take_due(at=due, entropy=SystemEntropy()).address == ""
    assert Reminder.objects.get().state == ReminderState.OVERTAKEN


def test_its_public_page_is_not_there(cast):
    public_pages.set_page(
        client=cast.cabinet.id, agenda=cast.dupont, slug="dr-dupont", active=True, reasons=(cast.consultation,),
        by=cast.marc, at=NOON,
    )  # fmt: skip
    assert [each.agenda.id for each in public_queries.page("dr-dupont").offers] == [cast.dupont]
    closed(cast, cast.dupont)
    assert public_queries.page("dr-dupont").offers == ()


def owner(cast, browser_of):
    return browser_of(somebody("owner@maison.example", "Olga", [Role.OWNER], by=cast.marc))


def posted(browser, cast, *, do, **more):
    body = {"name": "Dr Dupont", "step": "5", "overbookings_per_day": "2", "closed_on_holidays": "on", "do": do}
    address = reverse("accounts:agenda", args=[cast.cabinet.id, cast.dupont])
    body["mark"] = sent_form(browser.get(address), field="step")["mark"][0]
    return browser.post(address, body | more, HTTP_ACCEPT_LANGUAGE="fr")


def test_the_page_tells_first_whom_it_meets_and_saves_what_was_said(cast, browser_of):
    now, day = next_monday(cast)
    booked(cast, day, at=now)
    browser = owner(cast, browser_of)
    shown = posted(browser, cast, do="check")
    text = shown.content.decode()
    assert (shown.status_code, "HOFFMANN" in text, 'name="wanted"' in text) == (200, True, True)
    assert 'name="onwards"' not in text
    silent = posted(browser, cast, do="save")
    assert silent.status_code == 422
    assert "Dites ce que deviennent" in silent.content.decode()
    assert Agenda.objects.get(pk=int(cast.dupont)).active
    hostile = posted(browser, cast, do="save", wanted="shred", onwards="<b>")
    assert hostile.status_code == 422
    saved = posted(browser, cast, do="save", wanted="cancel", words="Fin du cabinet")
    assert saved.status_code == 302, saved.content[:400]
    assert not Agenda.objects.get(pk=int(cast.dupont)).active
    [entry] = open_follow_ups(by=cast.claire)
    assert (entry.wanted, entry.words) == (Wanted.CANCEL, "Fin du cabinet")
    listed = browser_of(cast.claire).get("/console/follow-ups", HTTP_ACCEPT_LANGUAGE="fr").content.decode()
    assert f"day={day.date().isoformat()}" in listed
    assert "fermé" in listed


def test_the_grid_shows_a_closed_agenda_until_its_visits_are_looked_after(cast, browser_of, monday):
    visit = booked(cast, at_wall(monday, 10), at=SystemClock().now())
    closed(cast, cast.dupont, at=SystemClock().now())
    browser = browser_of(cast.claire)
    asked = {"client": cast.cabinet.id, "day": monday.isoformat()}
    text = page(browser, GRID, **asked)
    assert f'data-agenda="{cast.dupont}"' in text
    assert "fermé" in text
    assert f'data-agenda="{cast.dupont}"' not in page(
        browser, GRID, **asked | {"day": (monday + timedelta(days=1)).isoformat()}
    )
    appointments.cancel(
        key=cast.key(),
        appointment=visit.appointment,
        cause=CancelCause.DOCTOR,
        by=cast.claire,
        at=SystemClock().now(),
    )
    assert f'data-agenda="{cast.dupont}"' not in page(browser, GRID, **asked)
    assert Appointment.objects.get().state == "cancelled"
