# SPDX-License-Identifier: AGPL-3.0-or-later
"""Booked in an absence, and comes all the same: a colleague receives him. He leaves the list, and hears of nothing."""

from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment, FollowUp
from permanence.agenda.operations import appointments
from permanence.agenda.operations.closing import Leaving
from permanence.agenda.operations.day import ask_follow_up, keep_booked, put_back_on_list, settle
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.kept_booked import kept_booked
from permanence.agenda.refusals import FollowUpUnknown
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.agenda.rules.states import CancelCause
from permanence.clients import absences
from permanence.dispatch.models import Delivery
from permanence.foundation.models import AuditEntry, OutboxEvent
from tests.rooms.test_agenda_closing import closed
from tests.rooms.test_booked_in_absence import asks, claire, doctor, left, practice, start
from tests.rooms.test_portal_line import text_of

__all__ = ["claire", "doctor", "practice", "start"]

pytestmark = pytest.mark.django_db
LIST = "/console/follow-ups"


def kept(practice, by=None):
    return [each.visit.appointment for each in kept_booked(by=by or practice.cast.claire, at=practice.now)]


def listed(practice):
    return [each.visit.appointment for each in open_follow_ups(by=practice.cast.claire)]


def keep(practice, absence, visit, by=None):
    who = by or practice.cast.claire
    keep_booked(absence=absence, appointment=visit, client=practice.cast.weber, by=who, at=practice.now)


def doctor_away(practice, start, recipient=""):
    """Another absence at the same time, of Dr Weber alone or of a colleague."""
    return absences.announce_absence(
        client=practice.cast.weber,
        recipient=recipient or practice.cast.recipients["Dr Weber"],
        starts=start,
        ends=start + timedelta(hours=24),
        words="Absent.",
        announced_by=practice.cast.marc.person,
        by=practice.cast.marc,
        at=practice.now,
    )


def section(page, name):
    """What stands in one part of the list; "" where the part is not there."""
    text = page.content.decode()
    start = f'id="{name}"'
    return text[text.index(start) :].partition("</section>")[0] if start in text else ""


def test_of_two_booked_in_an_absence_one_comes_all_the_same_and_leaves_the_list(practice, start, claire):
    stays, other = (practice.book(start + timedelta(hours=each)) for each in (1, 2))
    absence = practice.away(start)
    told = (OutboxEvent.objects.count(), Delivery.objects.count())
    shown = section(claire.get(LIST), "t-left")
    assert f'action="/console/left-booked/{absence}/{stays}"' in shown
    answer = claire.post(f"/console/left-booked/{absence}/{stays}")
    assert (answer.status_code, answer["Location"]) == (302, LIST)
    page = claire.get(LIST)
    assert "CANARIE Jeanne: The appointment stands all the same." in text_of(page)
    assert left(practice) == [other]
    assert kept(practice) == [stays]
    assert "said by Claire" in section(page, "t-kept")
    assert Appointment.objects.get(key=stays).state == "booked"
    assert (OutboxEvent.objects.count(), Delivery.objects.count()) == told
    entry = AuditEntry.objects.filter(action="agenda.follow_up_settled").get()
    assert (entry.detail["outcome"], entry.by_name) == ("kept", "Claire")


def test_who_was_called_for_an_absence_that_is_announced_anew_comes_all_the_same_and_is_told(
    practice, start, claire, deliver_all
):
    visit = practice.book(start + timedelta(hours=1))
    first = practice.away(start)
    asks(practice, first)
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    absences.withdraw_absence(client=practice.cast.weber, absence=first, by=practice.cast.marc, at=practice.now)
    deliver_all(practice.now)
    second = practice.away(start)
    assert (listed(practice), left(practice)) == ([], [visit])
    claire.post(f"/console/left-booked/{second}/{visit}")
    assert left(practice) == []
    [told] = open_follow_ups(by=practice.cast.claire)
    assert (told.visit.appointment, told.wanted) == (visit, Wanted.STANDS)
    settle(follow_up=told.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    assert (listed(practice), left(practice), kept(practice)) == ([], [], [visit])


def test_who_was_given_to_the_secretaries_comes_all_the_same(practice, start, claire):
    visit = practice.book(start + timedelta(hours=1))
    asks(practice, practice.away(start))
    [entry] = open_follow_ups(by=practice.cast.claire)
    assert claire.post(f"{LIST}/{entry.id}", {"outcome": "kept"}).status_code == 302
    assert "The appointment stands all the same." in text_of(claire.get(LIST))
    assert (listed(practice), left(practice), kept(practice)) == ([], [], [visit])


def test_who_comes_all_the_same_is_not_given_again_with_another_wish(practice, start):
    stays, other = (practice.book(start + timedelta(hours=each)) for each in (1, 2))
    absence = practice.away(start)
    keep(practice, absence, stays)
    assert asks(practice, absence) == 1
    assert asks(practice, absence, Wanted.CANCEL) == 1
    assert listed(practice) == [other]


def test_the_doctor_sees_who_comes_all_the_same(practice, start, doctor):
    stays = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    address = practice.url("portal_booked", absence)
    assert "comes all the same" not in text_of(doctor.get(address))
    keep(practice, absence, stays)
    page = text_of(doctor.get(address))
    assert "comes all the same" in page
    assert "not been told of the absence" not in page
    assert "not yet given" not in text_of(doctor.get(practice.url("portal_line")))


def test_a_slip_is_put_back_where_it_stood(practice, start, claire):
    nobody_said, given = (practice.book(start + timedelta(hours=each)) for each in (1, 30))
    absence, second = practice.away(start), practice.away(start + timedelta(hours=24))
    asks(practice, second)
    keep(practice, absence, nobody_said)
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.KEPT, by=practice.cast.claire, at=practice.now)
    assert kept(practice) == [nobody_said, given]
    for each in kept_booked(by=practice.cast.claire, at=practice.now):
        assert f'action="{LIST}/{each.id}/back"' in section(claire.get(LIST), "t-kept")
        assert claire.post(f"{LIST}/{each.id}/back").status_code == 302
    assert "Back on the list." in text_of(claire.get(LIST))
    assert (left(practice), listed(practice), kept(practice)) == ([nobody_said], [given], [])
    assert [each.wanted for each in open_follow_ups(by=practice.cast.claire)] == [Wanted.MOVE]
    keep(practice, absence, nobody_said)
    assert kept(practice) == [nobody_said]


def test_who_is_put_back_is_asked_for_as_the_doctor_wants_by_now(practice, start):
    """What he wanted first he has replaced meanwhile, for all the others of that absence."""
    slip, other = (practice.book(start + timedelta(hours=each)) for each in (1, 2))
    absence = practice.away(start)
    told = {"client": practice.cast.weber, "absence": absence}
    first, later = practice.now, practice.now + timedelta(minutes=20)
    ask_follow_up(**told, wanted=Wanted.MOVE, words="Lundi.", by=practice.cast.dr_weber, at=first)
    [entry] = [each for each in open_follow_ups(by=practice.cast.claire) if each.visit.appointment == slip]
    settle(follow_up=entry.id, outcome=Outcome.KEPT, by=practice.cast.claire, at=first + timedelta(minutes=10))
    assert ask_follow_up(**told, wanted=Wanted.CANCEL, words="Plus rien.", by=practice.cast.marc, at=later) == 1
    put_back_on_list(follow_up=entry.id, by=practice.cast.claire, at=later + timedelta(minutes=10))
    found = {each.visit.appointment: each for each in open_follow_ups(by=practice.cast.claire)}
    assert found.keys() == {slip, other}
    said = {(each.wanted, each.words, each.asked_by_name, each.asked_at) for each in found.values()}
    assert said == {(Wanted.CANCEL, "Plus rien.", practice.cast.marc.name, later)}


def test_what_was_wanted_in_another_absence_is_not_wanted_of_who_is_put_back(practice, start):
    slip, _other = (practice.book(start + timedelta(hours=each)) for each in (1, 30))
    absence, second = practice.away(start), practice.away(start + timedelta(hours=24))
    asks(practice, absence)
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.KEPT, by=practice.cast.claire, at=practice.now)
    asks(practice, second, Wanted.CANCEL)
    put_back_on_list(follow_up=entry.id, by=practice.cast.claire, at=practice.now)
    found = {each.visit.appointment: each.wanted for each in open_follow_ups(by=practice.cast.claire)}
    assert found[slip] == Wanted.MOVE


def test_whoever_is_on_the_list_for_something_else_comes_not_all_the_same(practice, start, claire, doctor):
    """He is to be called or cancelled: nothing says beside it that nobody writes to him."""
    visit = practice.book(start + timedelta(hours=1))
    absence, second = practice.away(start), doctor_away(practice, start)
    keep(practice, absence, visit)
    assert kept(practice) == [visit]
    asks(practice, second, Wanted.CANCEL)
    assert (listed(practice), kept(practice)) == ([visit], [])
    assert "CANARIE" not in section(claire.get(LIST), "t-kept")
    page = text_of(doctor.get(practice.url("portal_booked", absence)))
    assert ("with the secretaries" in page, "comes all the same" in page) == (True, False)
    told = {"client": practice.cast.weber, "absence": second, "by": practice.cast.marc, "at": practice.now}
    absences.withdraw_absence(**told)  # not heard of yet: it is off the list all the same
    assert (listed(practice), kept(practice)) == ([], [visit])
    page = text_of(doctor.get(practice.url("portal_booked", absence)))
    assert ("with the secretaries" in page, "comes all the same" in page) == (False, True)


def test_whose_agenda_is_closed_comes_not_all_the_same(practice, start):
    visit = practice.book(start + timedelta(hours=1))
    keep(practice, practice.away(start), visit)
    closed(practice.cast, practice.agenda, leaving=Leaving(wanted=Wanted.CALL), at=practice.now)
    assert (listed(practice), kept(practice)) == ([visit], [])


def test_in_another_absence_and_at_another_hour_it_was_not_said(practice, start):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    keep(practice, absence, visit)
    second = doctor_away(practice, start)
    assert left(practice) == [visit]
    keep(practice, second, visit)
    assert left(practice) == []
    hour = {"starts_at": start + timedelta(hours=2), "ends_at": start + timedelta(hours=2, minutes=15)}
    Appointment.objects.filter(key=visit).update(**hour)  # as one that was moved before the absence was written
    assert left(practice) == [visit, visit]
    assert kept(practice) == []


def test_after_the_absence_was_withdrawn_nobody_is_told_and_nothing_is_put_back(practice, start, deliver_all):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    keep(practice, absence, visit)
    [entry] = kept_booked(by=practice.cast.claire, at=practice.now)
    told = {"client": practice.cast.weber, "absence": absence, "by": practice.cast.marc, "at": practice.now}
    absences.withdraw_absence(**told)
    with pytest.raises(FollowUpUnknown):
        put_back_on_list(follow_up=entry.id, by=practice.cast.claire, at=practice.now)
    deliver_all(practice.now)
    assert (listed(practice), left(practice), kept(practice)) == ([], [], [])


def test_what_was_done_meanwhile_is_not_said_again(practice, start, claire):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    keep(practice, absence, visit)
    with pytest.raises(FollowUpUnknown):
        keep(practice, absence, visit)
    [entry] = kept_booked(by=practice.cast.claire, at=practice.now)
    put_back_on_list(follow_up=entry.id, by=practice.cast.claire, at=practice.now)
    with pytest.raises(FollowUpUnknown):
        put_back_on_list(follow_up=entry.id, by=practice.cast.claire, at=practice.now)
    asks(practice, absence)
    with pytest.raises(FollowUpUnknown):
        keep(practice, absence, visit)
    assert claire.post(f"/console/left-booked/{absence}/{visit}").status_code == 302
    assert "Somebody else has done it meanwhile." in text_of(claire.get(LIST))
    assert listed(practice) == [visit]
    appointments.cancel(
        key=practice.key(), appointment=visit, cause=CancelCause.PATIENT, by=practice.cast.claire, at=practice.now
    )
    with pytest.raises(FollowUpUnknown):
        keep(practice, absence, visit)


def test_a_visit_in_no_absence_and_another_clients_are_nobodys_to_keep(practice, start, cast, claire):
    visit, outside = practice.book(start + timedelta(hours=1)), practice.book(start + timedelta(hours=30))
    absence = practice.away(start)
    for gone, one in ((absence, outside), ("absence-that-is-not", visit)):
        with pytest.raises(FollowUpUnknown):
            keep(practice, gone, one)
    for stranger in (cast.dr_dupont, cast.nadia):
        with pytest.raises(FollowUpUnknown):
            keep(practice, absence, visit, by=stranger)
    keep(practice, absence, visit)
    [entry] = kept_booked(by=practice.cast.claire, at=practice.now)
    for stranger in (cast.dr_dupont, cast.nadia):
        assert kept(practice, by=stranger) == []
        with pytest.raises(FollowUpUnknown):
            put_back_on_list(follow_up=entry.id, by=stranger, at=practice.now)
    assert claire.post(f"/console/left-booked/{absence}/nobody").status_code == 404


def test_who_is_to_hear_that_he_can_come_is_called_and_not_kept(practice, start, claire, deliver_all):
    practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    told = {"client": practice.cast.weber, "absence": absence, "at": practice.now}
    ask_follow_up(wanted=Wanted.MOVE, by=practice.cast.dr_weber, **told)
    [entry] = open_follow_ups(by=practice.cast.claire)
    settle(follow_up=entry.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now)
    absences.withdraw_absence(by=practice.cast.marc, **told)
    deliver_all(practice.now)
    [entry] = open_follow_ups(by=practice.cast.claire)
    assert claire.post(f"{LIST}/{entry.id}", {"outcome": "kept"}).status_code == 422
    with pytest.raises(FollowUpUnknown):
        settle(follow_up=entry.id, outcome=Outcome.KEPT, by=practice.cast.claire, at=practice.now)
    assert FollowUp.objects.get(pk=int(entry.id)).done_at is None
