# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor's day on his telephone, what he says of it, his hours and reasons; and the secretaries' list."""

import re
from datetime import timedelta
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from permanence.agenda.models import Appointment, Delay, FollowUp, Occupancy, OpeningPattern, SlotHold, VisitReason
from permanence.agenda.operations import appointments, holds, setting
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.operations.day import ask_follow_up, say_late, settle
from permanence.agenda.queries import agendas
from permanence.agenda.queries.follow_ups import delay, late_today, open_follow_ups
from permanence.agenda.refusals import AgendaUnknown, DelayImpossible, FollowUpUnknown, WordsTooLong
from permanence.agenda.rules import kinds
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.agenda.rules.states import CancelCause
from permanence.agenda.rules.usual import Trade
from permanence.callers import operations as callers
from permanence.callers.rules.form import PatientForm
from permanence.clients import absences
from permanence.foundation import moments
from permanence.foundation.models import AuditEntry
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Luxembourg")


class Practice:
    """Dr Weber's agenda, open day and night; somebody is booked where a test wants her, from the real present on."""

    def __init__(self, cast):
        self.cast, self.now, self.used = cast, timezone.now(), 0
        self.agenda = begin_agenda(
            client=cast.weber,
            recipient=cast.recipients["Dr Weber"],
            name="Dr Weber",
            trade=Trade.DOCTOR,
            language="fr",
            by=cast.marc,
            at=NOW,
        ).id
        always = {"agenda": self.agenda, "opens": "00:00", "until": "24:00", "on_holidays": True}
        week = [kinds.Opening(id="", weekday=n, **always) for n in range(7)]
        setting.set_openings(agenda=self.agenda, openings=week, by=cast.marc, at=NOW)
        form = PatientForm(birth_name="Canarie", first_name="Jeanne", known=True, numbers=("+352621000147",))
        self.patient = callers.add_patient(
            client=cast.weber, patient="p" * 20, form=form, by=cast.claire, at=self.now
        ).id
        self.reason = agendas.reasons(by=cast.marc, client=cast.weber)[0].id

    def key(self):
        self.used += 1
        return f"key-{self.used:020d}"

    def book(self, starts, *, asked=None):
        starts = starts.replace(second=0, microsecond=0)
        return appointments.book(
            key=self.key(),
            agenda=self.agenda,
            starts_at=starts - timedelta(minutes=starts.minute % 15),
            booking=Booking(patient=self.patient, reason=self.reason),
            by=self.cast.claire,
            at=asked or self.now,
        ).appointment

    def away(self, starts, hours=24, *, recipient=None):
        return absences.announce_absence(
            client=self.cast.weber,
            recipient=recipient,
            starts=starts,
            ends=starts + timedelta(hours=hours),
            words="Le docteur est absent.",
            announced_by=self.cast.marc.person,
            by=self.cast.marc,
            at=self.now,
        )

    def url(self, name, *args):
        return reverse(name, args=[self.cast.weber, *args])


@pytest.fixture
def practice(cast):
    return Practice(cast)


@pytest.fixture
def doctor(cast, browser_of):
    return browser_of(cast.dr_weber)


@pytest.fixture
def claire(cast, browser_of):
    return browser_of(cast.claire)


def state(appointment):
    return Appointment.objects.get(key=appointment).state


def test_the_day_shows_who_comes_and_the_doctor_says_what_became_of_it(practice, doctor):
    past = practice.now - timedelta(hours=3)
    visit = practice.book(past, asked=past - timedelta(days=2))
    assert doctor.get("/portal/agenda")["Location"] == practice.url("portal_day_of", practice.agenda)
    day = past.astimezone(ZONE).date().isoformat()
    address = f"{practice.url('portal_day_of', practice.agenda)}?day={day}"
    assert "CANARIE Jeanne" in doctor.get(address).content.decode()
    for act, now in (("no-show", "no_show"), ("arrived", "arrived"), ("done", "done")):
        sent = doctor.post(practice.url("portal_visit", practice.agenda, visit, act))
        assert sent.status_code == 303
        assert sent["Location"].endswith(f"?day={day}#v-{visit}")
        assert state(visit) == now


HOURS = re.compile(r'<span class="muted visits__hours">(.*?)</span>\s*<a ', re.DOTALL)


def test_the_head_of_the_day_says_what_its_hours_are_for(practice, doctor):
    always = {"id": "", "agenda": practice.agenda, "on_holidays": True}
    monday = [
        {"opens": "08:00", "until": "10:00"},
        {"opens": "10:00", "until": "12:00"},
        {"opens": "13:00", "until": "14:00", "kind": kinds.OpeningKind.WALK_IN},
        {"opens": "14:00", "until": "15:00", "kind": kinds.OpeningKind.SAME_DAY, "released_at": "07:30"},
        {"opens": "15:00", "until": "18:00"},
    ]
    week = [kinds.Opening(weekday=0, **each, **always) for each in monday]
    week.append(kinds.Opening(weekday=1, opens="08:00", until="12:00", **always))
    setting.set_openings(agenda=practice.agenda, openings=week, by=practice.cast.marc, at=NOW)

    def head(weekday):
        today = practice.now.astimezone(ZONE).date()
        day = today + timedelta(days=7 + weekday - today.weekday())
        shown = doctor.get(f"{practice.url('portal_day_of', practice.agenda)}?day={day}").content.decode()
        return " ".join(re.sub(r"<[^>]+>", "", HOURS.search(shown)[1]).split())

    assert head(0) == (
        "08:00–12:00 sur rendez-vous, 13:00–14:00 sans rendez-vous, 14:00–15:00 urgences, 15:00–18:00 sur rendez-vous"
    )
    assert head(1) == "08:00–12:00 sur rendez-vous"
    assert head(2) == "fermé"


def test_what_cannot_be_said_of_a_visit_is_refused_in_words(practice, doctor):
    coming = practice.book(practice.now + timedelta(days=2))
    answer = doctor.post(practice.url("portal_visit", practice.agenda, coming, "no-show"))
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    assert state(coming) == "booked"
    for wrong in (("x" * 20, "arrived"), (coming, "burn")):
        assert doctor.post(practice.url("portal_visit", practice.agenda, *wrong)).status_code == 404


def test_who_presses_twice_says_it_once_and_reads_no_refusal(practice, doctor):
    past = practice.now - timedelta(days=3)
    visit = practice.book(past, asked=past - timedelta(days=2))
    day = past.astimezone(ZONE).date().isoformat()
    for act in ("no-show", "arrived", "done", "back"):
        for _again in range(2):
            sent = doctor.post(practice.url("portal_visit", practice.agenda, visit, act))
            assert (sent.status_code, sent["Location"].partition("?")[2]) == (303, f"day={day}#v-{visit}"), act
    stayed = doctor.post(practice.url("portal_visit", practice.agenda, visit, "back"), {"stays": "1"})
    assert stayed["Location"].endswith(f"?day={day}")  # his page comes back to where it was by itself
    assert state(visit) == "booked"
    noted = AuditEntry.objects.filter(subject__startswith="agenda.appointment:", action__startswith="appointment.")
    assert noted.exclude(action="appointment.booked").count() == 4


def test_a_refusal_stands_on_the_day_of_the_visit(practice, doctor):
    coming = practice.book(practice.now + timedelta(days=2))
    day = Appointment.objects.get(key=coming).starts_at.astimezone(ZONE).date()
    refused = doctor.post(practice.url("portal_visit", practice.agenda, coming, "no-show"))
    assert refused.status_code == 422
    assert f"?day={day.isoformat()}&amp;part=list" in refused.content.decode()
    assert f'id="v-{coming}"' in refused.content.decode()


def test_of_a_day_to_come_nobody_has_arrived(practice, doctor, claire):
    practice.book(practice.now + timedelta(days=2))
    day = (practice.now + timedelta(days=2)).astimezone(ZONE).date()
    portal = doctor.get(practice.url("portal_day_of", practice.agenda), {"day": day.isoformat()}).content.decode()
    assert "/arrived" not in portal
    asked = {"client": practice.cast.weber, "agenda": practice.agenda, "day": day.isoformat()}
    grid = claire.get("/console/fragments/agenda", asked).content.decode()
    assert grid.count(" data-to-come") == grid.count('data-kind="appointment"') == 1


def test_he_is_late_and_sees_whom_it_concerns(practice, doctor, claire):
    local = practice.now.astimezone(ZONE)
    coming = practice.now + timedelta(minutes=30)
    if coming.astimezone(ZONE).date() == local.date():
        practice.book(coming)
    address = practice.url("portal_day_late", practice.agenda)
    assert doctor.post(address, {"minutes": "20"}).status_code == 303
    by = practice.cast.dr_weber
    assert delay(by=by, agenda=practice.agenda, day=local.date()).minutes == 20
    page = doctor.get(practice.url("portal_day_of", practice.agenda)).content.decode()
    assert 'id="late"' in page
    listed = claire.get("/console/follow-ups").content.decode()
    late = listed[listed.index("t-late") :].partition("</ul>")[0]
    assert late.count("Dr Weber") == 1
    assert [each.minutes for each in late_today(by=practice.cast.claire, at=practice.now)] == [20]
    assert late_today(by=practice.cast.nadia, at=practice.now) == ()
    doctor.post(address, {"minutes": "0"})
    assert delay(by=by, agenda=practice.agenda, day=local.date()) is None
    assert Delay.objects.count() == 1
    for wrong in ("", "7", "-5", "9999", "485", "²", "zwanzig"):
        assert doctor.post(address, {"minutes": wrong}).status_code == 422
    with pytest.raises(AgendaUnknown):
        say_late(agenda=practice.agenda, minutes=5, by=practice.cast.dr_dupont, at=NOW)
    with pytest.raises(DelayImpossible):
        say_late(agenda=practice.agenda, minutes=7, by=by, at=NOW)


def test_days_that_are_none_of_an_agenda(practice, doctor):
    address = practice.url("portal_day_of", practice.agenda)
    assert doctor.get(f"{address}?day=9999-12-31").status_code == 404
    assert doctor.get(f"{address}?day=soon").status_code == 200


def test_who_is_booked_in_an_absence_comes_to_the_secretaries_and_leaves_when_moved(practice, doctor, claire):
    start = (practice.now + timedelta(days=5)).replace(minute=0)
    first, second, third = (practice.book(start + timedelta(hours=n)) for n in (1, 2, 3))
    after = practice.book(start + timedelta(hours=48))
    absence = practice.away(start)
    address = practice.url("portal_booked", absence)
    assert doctor.get(address).content.decode().count("CANARIE Jeanne") == 3
    assert doctor.post(address, {"wanted": "burn"}).status_code == 422
    assert doctor.post(address, {"wanted": "move", "words": "La semaine suivante"}).status_code == 303
    found = open_follow_ups(by=practice.cast.claire)
    assert [each.visit.appointment for each in found] == [first, second, third]
    assert {each.numbers for each in found} == {("+352621000147",)}
    page = claire.get("/console/follow-ups").content.decode()
    assert page.count("CANARIE Jeanne") >= 3
    assert "La semaine suivante" in page
    appointments.move(
        key=practice.key(),
        appointment=first,
        agenda=practice.agenda,
        starts_at=Appointment.objects.get(key=after).starts_at + timedelta(hours=1),
        by=practice.cast.claire,
        at=practice.now,
    )
    left = open_follow_ups(by=practice.cast.claire)
    assert [each.visit.appointment for each in left] == [second, third]
    done = reverse("console:follow-up", args=[left[0].id])
    assert claire.post(done, {"outcome": "taken_back"}).status_code == 422
    assert claire.post(done, {"outcome": "cancelled"}).status_code == 302
    assert (state(second), Appointment.objects.get(key=second).cancel_cause) == ("cancelled", "absence")
    assert not Occupancy.objects.filter(appointment__key=second).exists()
    assert claire.post(done, {"outcome": "called"})["Location"] == "/console/follow-ups"
    last = reverse("console:follow-up", args=[left[1].id])
    assert claire.post(last, {"outcome": "called"}).status_code == 302
    assert open_follow_ups(by=practice.cast.claire) == ()
    assert state(third) == "booked"


def test_a_new_wish_takes_the_place_of_the_old_one_and_strangers_find_nothing(practice, cast):
    start = practice.now + timedelta(days=5)
    practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    asked = {"client": cast.weber, "absence": absence, "by": cast.dr_weber, "at": practice.now}
    assert ask_follow_up(wanted=Wanted.CANCEL, **asked) == 1
    assert ask_follow_up(wanted=Wanted.CALL, **asked) == 1
    [found] = open_follow_ups(by=cast.claire)
    assert found.wanted is Wanted.CALL
    assert FollowUp.objects.count() == 2
    with pytest.raises(WordsTooLong):
        ask_follow_up(wanted=Wanted.CALL, words="x" * 201, **asked)
    for stranger in (cast.dr_dupont, cast.nadia):
        assert open_follow_ups(by=stranger) == ()
        assert ask_follow_up(wanted=Wanted.CANCEL, **{**asked, "by": stranger}) == 0
        with pytest.raises(FollowUpUnknown):
            settle(follow_up=found.id, outcome=Outcome.CALLED, by=stranger, at=practice.now)
    assert FollowUp.objects.filter(done_at=None).count() == 1


def test_a_cancellation_that_cannot_be_leaves_the_entry_open(practice, cast):
    start = practice.now + timedelta(days=5)
    practice.book(start + timedelta(hours=1))
    ask_follow_up(
        client=cast.weber, absence=practice.away(start), wanted=Wanted.CANCEL, by=cast.dr_weber, at=practice.now
    )
    [found] = open_follow_ups(by=cast.claire)
    with pytest.raises(Exception, match="short"):
        settle(follow_up=found.id, outcome=Outcome.CANCELLED, by=cast.claire, at=practice.now, key="short")
    assert [each.id for each in open_follow_ups(by=cast.claire)] == [found.id]


def test_he_changes_his_hours_and_sees_what_it_brings(practice, doctor):
    practice.book(practice.now + timedelta(days=6))
    setting_page = practice.url("portal_agenda_setting", practice.agenda)
    assert "00:00–24:00" in doctor.get(setting_page).content.decode()
    row = OpeningPattern.objects.get(weekday=Appointment.objects.get().starts_at.astimezone(ZONE).weekday())
    address = practice.url("portal_agenda_opening", practice.agenda, row.pk)
    shown = doctor.get(address).content.decode()
    given = {
        "days": [str(row.weekday)],
        "hours": "0:00-0:05",
        "kind": "normal",
        "every_weeks": "1",
        "mark": re.search(r'name="mark" value="([0-9a-f]*)"', shown)[1],
    }
    assert "CANARIE Jeanne" in doctor.post(address, {**given, "do": "check"}).content.decode()
    assert OpeningPattern.objects.filter(until="00:05").count() == 0
    assert doctor.post(address, {**given, "do": "save"}).status_code == 303
    assert OpeningPattern.objects.filter(until="00:05").count() == 1
    day = practice.url("portal_agenda_day", practice.agenda, "new")
    when = (practice.now + timedelta(days=9)).date().isoformat()
    seen = re.search(r'name="mark" value="([0-9a-f]*)"', doctor.get(day).content.decode())[1]
    closed = {"day": when, "kind": "closed", "label": "Pont", "mark": seen, "do": "save"}
    assert doctor.post(day, closed).status_code == 303
    assert "Pont" in doctor.get(setting_page).content.decode()
    reason = practice.url("portal_agenda_reason", practice.agenda, "new")
    fields = {"name": "Botox", "minutes": "20", "way": "practice", "bookable_by": ["doctor"]}
    assert "setting__effect" in doctor.post(reason, {**fields, "do": "check"}).content.decode()
    assert doctor.post(reason, {**fields, "do": "save"}).status_code == 303
    made = VisitReason.objects.get(name="Botox")
    retire = practice.url("portal_agenda_retire", practice.agenda, made.pk)
    assert doctor.post(retire, {"do": "save"}).status_code == 303
    assert VisitReason.objects.get(name="Botox").retired_at is not None


def test_another_clients_agenda_is_not_there(practice, cast, browser_of):
    visit = practice.book(practice.now + timedelta(days=2))
    anne, rows = browser_of(cast.dr_dupont), AuditEntry.objects.count()
    for address in (
        practice.url("portal_day_of", practice.agenda),
        practice.url("portal_agenda_setting", practice.agenda),
        reverse("portal_day_of", args=[cast.dupont, practice.agenda]),
    ):
        assert anne.get(address).status_code == 404
    assert anne.post(practice.url("portal_visit", practice.agenda, visit, "arrived")).status_code == 404
    assert state(visit) == "booked"
    assert AuditEntry.objects.count() > rows


def test_who_has_no_agenda_is_told_so(cast, doctor):
    page = doctor.get("/portal/agenda")
    assert page.status_code == 200
    assert "empty" in page.content.decode()


def test_a_time_that_is_held_stands_in_his_day_until_it_is_over(practice, cast, doctor):
    starts = (practice.now + timedelta(days=2)).replace(minute=0, second=0, microsecond=0)
    held = holds.hold_slot(
        key=practice.key(),
        agenda=practice.agenda,
        reason=practice.reason,
        starts_at=starts,
        is_new=False,
        by=cast.claire,
        at=practice.now,
    )
    address, day = practice.url("portal_day_of", practice.agenda), {"day": starts.astimezone(ZONE).date().isoformat()}
    until = held.expires_at.astimezone(ZONE)
    words = f"Tenu par {cast.claire.name} jusqu’à {until:%H:%M}"
    assert words in doctor.get(address, day).content.decode()
    holds.release_hold(hold=held.hold, by=cast.claire, at=practice.now)
    assert words not in doctor.get(address, day).content.decode()


def test_a_time_that_is_held_over_the_night_is_told_with_the_day_until_which(practice, cast, doctor):
    starts = (practice.now + timedelta(days=3)).replace(minute=0, second=0, microsecond=0)
    asked = {"agenda": practice.agenda, "reason": practice.reason, "starts_at": starts, "is_new": False}
    held = holds.hold_slot(key=practice.key(), by=cast.claire, at=practice.now, **asked)
    until = practice.now + timedelta(days=1)
    SlotHold.objects.filter(key=held.hold).update(expires_at=until)
    address, day = practice.url("portal_day_of", practice.agenda), {"day": starts.astimezone(ZONE).date().isoformat()}
    with translation.override("fr"):
        words = f"Tenu par {cast.claire.name}, fin : {moments.day_and_hour(until, ZONE, now=practice.now)}"
    assert words in unescape(doctor.get(address, day).content.decode())


def test_his_open_day_fetches_its_lines_anew_and_nothing_else(practice, doctor):
    starts = (practice.now + timedelta(days=2)).replace(minute=0)
    day = starts.astimezone(ZONE).date().isoformat()
    page = doctor.get(practice.url("portal_day_of", practice.agenda), {"day": day}).content.decode()
    assert "portal/list.js" in page
    part, topics = (unescape(re.search(rf'data-{name}="([^"]+)"', page)[1]) for name in ("part", "topics"))
    assert topics == f"client/{practice.cast.weber}/agenda/{practice.agenda}"
    assert "CANARIE Jeanne" not in doctor.get(part).content.decode()
    visit = practice.book(starts)
    lines = doctor.get(part).content.decode()
    assert "CANARIE Jeanne" in lines
    assert doctor.get(part).content.decode() == lines  # no token of its own: what a finger is on stays where it is
    assert "<form" not in lines
    act = {"key": practice.key(), "cause": CancelCause.PATIENT, "by": practice.cast.claire, "at": practice.now}
    appointments.cancel(appointment=visit, **act)
    assert "CANARIE Jeanne" not in doctor.get(part).content.decode()


def test_without_script_a_line_s_button_sends_the_form_of_the_page(practice, cast, browser_of):
    visit = practice.book(practice.now - timedelta(hours=3), asked=practice.now - timedelta(days=2))
    past = Appointment.objects.get(key=visit).starts_at.astimezone(ZONE).date().isoformat()
    doctor = browser_of(cast.dr_weber)
    doctor.handler.enforce_csrf_checks = True
    page = doctor.get(practice.url("portal_day_of", practice.agenda), {"day": past}).content.decode()
    form = re.search(r'<form id="day-acts" method="post">.*?name="csrfmiddlewaretoken" value="(\w+)"', page)
    button = re.search(r'form="day-acts" formaction="([^"]+/no-show)"', page)[1]
    assert doctor.post(button).status_code == 403
    assert doctor.post(button, {"csrfmiddlewaretoken": form[1]}).status_code == 303
    assert state(visit) == "no_show"
