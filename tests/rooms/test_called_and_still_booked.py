# SPDX-License-Identifier: AGPL-3.0-or-later
"""Called because of an absence, and booked in it still: he is not lost from sight before he is moved or cancelled."""

from datetime import timedelta

import pytest

from permanence.agenda.models import Agenda, Appointment, FollowUp
from permanence.agenda.operations import appointments, setting
from permanence.agenda.operations.beginning import begin_agenda
from permanence.agenda.operations.closing import Leaving
from permanence.agenda.operations.day import keep_booked, put_back_on_list, settle
from permanence.agenda.queries.follow_ups import open_follow_ups
from permanence.agenda.queries.kept_booked import still_booked
from permanence.agenda.refusals import FollowUpUnknown
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.agenda.rules.kinds import Opening
from permanence.agenda.rules.states import CancelCause
from permanence.agenda.rules.usual import Trade
from permanence.clients import absences, operations
from permanence.clients.models import Client
from permanence.clients.rules import ClientState, RecipientKind
from tests.rooms.test_agenda_closing import closed
from tests.rooms.test_booked_in_absence import asks, claire, doctor, left, practice, start
from tests.rooms.test_comes_all_the_same import LIST, doctor_away, kept, listed, section
from tests.rooms.test_portal_line import text_of

__all__ = ["claire", "doctor", "practice", "start"]

pytestmark = pytest.mark.django_db


def closes(practice, wanted=Wanted.CALL):
    closed(practice.cast, practice.agenda, leaving=Leaving(wanted=wanted, words="Fin."), at=practice.now)


def opens_again(practice):
    row = Agenda.objects.get(pk=int(practice.agenda))
    given = {
        "step": row.step,
        "closed_on_holidays": row.closed_on_holidays,
        "overbookings_per_day": 2,
        "name": row.name,
    }
    setting.change_agenda(agenda=practice.agenda, active=True, by=practice.cast.marc, at=practice.now, **given)


def called(practice, by=None):
    found = still_booked(by=by or practice.cast.claire, at=practice.now)
    return [each.visit.appointment for each in found if each.called]


def done(practice, visit, outcome=Outcome.CALLED):
    """A secretary settles what stands on the list of a visit; gives the entry."""
    [entry] = [each for each in open_follow_ups(by=practice.cast.claire) if each.visit.appointment == visit]
    settle(follow_up=entry.id, outcome=outcome, by=practice.cast.claire, at=practice.now, key=practice.key())
    return entry.id


def colleague(practice):
    """Dr Klein, his agenda open day and night; ids of both."""
    by, client = {"by": practice.cast.marc, "at": practice.now}, practice.cast.weber
    klein = operations.add_recipient(
        client=client, kind=RecipientKind.PRACTITIONER, name="Dr Klein", email="klein@weber.example", **by
    )
    made = {"client": client, "recipient": klein, "name": "Dr Klein", "trade": Trade.DOCTOR, "language": "fr"}
    agenda = begin_agenda(**made, **by).id
    always = {"agenda": agenda, "opens": "00:00", "until": "24:00", "on_holidays": True}
    setting.set_openings(agenda=agenda, openings=[Opening(id="", weekday=n, **always) for n in range(7)], **by)
    return klein, agenda


def tasks(practice, claire):
    """What stands beside the list in the menu."""
    return text_of(claire.get("/console/fragments/tasks", HTTP_X_PERSON=practice.cast.claire.person)).strip()


def goes_to_a_colleague(practice, visit):
    """At the hour at which it stands; the colleague's id."""
    klein, agenda = colleague(practice)
    act = {"by": practice.cast.claire, "at": practice.now, "starts_at": Appointment.objects.get(key=visit).starts_at}
    appointments.move(key=practice.key(), appointment=visit, agenda=agenda, **act)
    return klein


def test_who_was_called_stands_apart_for_as_long_as_he_is_booked_in_the_absence(practice, start, claire):
    visit = practice.book(start + timedelta(hours=1))
    asks(practice, practice.away(start))
    [entry] = open_follow_ups(by=practice.cast.claire)
    assert 'id="t-called"' not in claire.get(LIST).content.decode()
    assert claire.post(f"{LIST}/{entry.id}", {"outcome": "called"}).status_code == 302
    shown = section(claire.get(LIST), "t-called")
    assert "CANARIE Jeanne" in shown
    assert "called by Claire" in shown
    assert "/console/agenda?client=" in shown
    assert f'action="{LIST}/{entry.id}/back"' in shown
    assert (listed(practice), left(practice), kept(practice), called(practice)) == ([], [], [], [visit])


def test_from_the_list_he_is_in_hand_in_the_agenda_only_where_another_appointment_is_wanted(practice, start, claire):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    asks(practice, absence)
    [entry] = open_follow_ups(by=practice.cast.claire)
    his = f"&amp;patient={entry.visit.patient}"
    assert claire.get(LIST).content.decode().count(f"{his}&amp;move={visit}") == 2  # the hour and what is wanted
    asks(practice, absence, Wanted.CANCEL)
    shown = claire.get(LIST).content.decode()
    assert f"{his}&amp;visit={visit}" in shown
    assert "&amp;move=" not in shown
    for each in open_follow_ups(by=practice.cast.claire):
        settle(follow_up=each.id, outcome=Outcome.CALLED, by=practice.cast.claire, at=practice.now, key=practice.key())
    assert f"{his}&amp;visit={visit}" in section(claire.get(LIST), "t-called")


def test_the_menu_says_how_many_are_still_to_be_looked_after(practice, start, claire):
    first, second, third = (practice.book(start + timedelta(hours=each)) for each in (1, 2, 3))
    assert tasks(practice, claire) == ""
    absence = practice.away(start)
    assert tasks(practice, claire) == "3 to be done"  # nobody has said what becomes of them
    asks(practice, absence)
    done(practice, first)
    assert tasks(practice, claire) == "3 to be done"  # he was called and is booked still
    done(practice, second, Outcome.KEPT)
    assert tasks(practice, claire) == "2 to be done"
    done(practice, third, Outcome.CANCELLED)
    assert tasks(practice, claire) == "1 to be done"


def test_the_menu_counts_nobody_of_a_client_who_has_ended_as_the_list_shows_none(practice, start, claire):
    practice.book(start + timedelta(hours=1))
    practice.away(start)
    assert tasks(practice, claire) == "1 to be done"
    Client.objects.filter(pk=int(practice.cast.weber)).update(state=ClientState.ENDED.value)
    assert section(claire.get(LIST), "t-left") == ""
    assert tasks(practice, claire) == ""


def test_who_was_called_and_then_moved_or_cancelled_is_no_more_among_them(practice, start):
    moved, cancelled, stays = (practice.book(start + timedelta(hours=each)) for each in (1, 2, 3))
    asks(practice, practice.away(start))
    for each in (moved, cancelled, stays):
        done(practice, each)
    assert called(practice) == [moved, cancelled, stays]
    act = {"by": practice.cast.claire, "at": practice.now}
    after = start + timedelta(hours=48)
    appointments.move(key=practice.key(), appointment=moved, agenda=practice.agenda, starts_at=after, **act)
    appointments.cancel(key=practice.key(), appointment=cancelled, cause=CancelCause.ABSENCE, **act)
    assert called(practice) == [stays]


def test_the_doctor_sees_who_was_called(practice, start, doctor):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    asks(practice, absence)
    address = practice.url("portal_booked", absence)
    assert '<span class="badge push">called</span>' not in doctor.get(address).content.decode()
    done(practice, visit)
    page = doctor.get(address).content.decode()
    assert '<span class="badge push">called</span>' in page
    assert "comes all the same" not in page


def test_who_was_not_reached_goes_back_on_the_list_with_what_the_doctor_wants_by_now(practice, start, claire):
    visit, other = (practice.book(start + timedelta(hours=each)) for each in (1, 2))
    absence = practice.away(start)
    asks(practice, absence)
    entry = done(practice, visit)
    assert asks(practice, absence) == 1  # by the same wish who was called is not listed again
    assert (listed(practice), called(practice)) == ([other], [visit])
    assert claire.post(f"{LIST}/{entry}/back").status_code == 302
    assert "Back on the list." in text_of(claire.get(LIST))
    assert (listed(practice), called(practice)) == ([visit, other], [])
    with pytest.raises(FollowUpUnknown):
        put_back_on_list(follow_up=entry, by=practice.cast.claire, at=practice.now)
    done(practice, visit)
    assert called(practice) == [visit]


def test_who_was_called_for_two_wishes_stands_there_once(practice, start):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    asks(practice, absence)
    first = done(practice, visit)
    assert asks(practice, absence, Wanted.CANCEL) == 1
    assert called(practice) == []  # he is on the list for the other wish
    second = done(practice, visit)
    [found] = still_booked(by=practice.cast.claire, at=practice.now)
    assert (found.id, found.called) == (second, True)
    put_back_on_list(follow_up=second, by=practice.cast.claire, at=practice.now)
    done(practice, visit, Outcome.KEPT)
    assert (called(practice), kept(practice)) == ([], [visit])
    with pytest.raises(FollowUpUnknown):
        put_back_on_list(follow_up=first, by=practice.cast.claire, at=practice.now)


def test_who_was_called_and_is_listed_for_another_absence_or_whose_was_withdrawn_is_not_among_them(
    practice, start, deliver_all
):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    asks(practice, absence)
    entry = done(practice, visit)
    second = doctor_away(practice, start)
    asks(practice, second, Wanted.CANCEL)
    assert (listed(practice), called(practice)) == ([visit], [])
    told = {"client": practice.cast.weber, "by": practice.cast.marc, "at": practice.now}
    absences.withdraw_absence(absence=second, **told)
    assert called(practice) == [visit]
    absences.withdraw_absence(absence=absence, **told)  # not heard of yet
    assert called(practice) == []
    with pytest.raises(FollowUpUnknown):
        put_back_on_list(follow_up=entry, by=practice.cast.claire, at=practice.now)
    deliver_all(practice.now)
    assert [each.wanted for each in open_follow_ups(by=practice.cast.claire)] == [Wanted.STANDS]
    done(practice, visit)  # he heard that he can come: nothing is left to do
    assert called(practice) == []


def test_a_stranger_sees_and_puts_back_nobody_who_was_called(practice, start, cast):
    visit = practice.book(start + timedelta(hours=1))
    asks(practice, practice.away(start))
    entry = done(practice, visit)
    for stranger in (cast.dr_dupont, cast.nadia):
        assert called(practice, by=stranger) == []
        with pytest.raises(FollowUpUnknown):
            put_back_on_list(follow_up=entry, by=stranger, at=practice.now)


def test_who_was_called_in_one_absence_comes_all_the_same_in_another(practice, start):
    visit = practice.book(start + timedelta(hours=1))
    asks(practice, practice.away(start))
    done(practice, visit)
    second = doctor_away(practice, start)
    told = {"client": practice.cast.weber, "absence": second, "appointment": visit}
    keep_booked(**told, by=practice.cast.claire, at=practice.now)
    assert (called(practice), kept(practice)) == ([visit], [visit])


def test_who_was_called_because_his_agenda_is_closed_stays_in_sight_too(practice, start, claire):
    visit = practice.book(start + timedelta(hours=1))
    closes(practice)
    entry = done(practice, visit)
    assert (listed(practice), called(practice)) == ([], [visit])
    shown = section(claire.get(LIST), "t-called")
    assert "CANARIE Jeanne" in shown
    assert '<span class="badge badge--warn">closed</span>' in shown
    assert claire.post(f"{LIST}/{entry}/back").status_code == 302
    assert (listed(practice), called(practice)) == ([visit], [])


def test_who_was_called_because_his_agenda_was_closed_is_told_that_it_stands_once_it_is_in_use_again(practice, start):
    visit = practice.book(start + timedelta(hours=1))
    closes(practice)
    entry = done(practice, visit)
    opens_again(practice)
    assert called(practice) == []
    assert [each.wanted for each in open_follow_ups(by=practice.cast.claire)] == [Wanted.STANDS]
    with pytest.raises(FollowUpUnknown):
        put_back_on_list(follow_up=entry, by=practice.cast.claire, at=practice.now)


def test_who_was_called_for_a_closed_agenda_goes_back_with_what_is_wanted_of_that_agenda(practice, start):
    visit = practice.book(start + timedelta(hours=1))
    closes(practice, Wanted.MOVE)
    entry = done(practice, visit)
    [row] = FollowUp.objects.filter(pk=entry)
    other = Agenda.objects.get(pk=int(practice.agenda))
    other.pk, other.name, other._state.adding = None, "Dr Klein", True
    other.save()
    row.pk, row.agenda, row.wanted, row._state.adding = None, other, Wanted.CANCEL.value, True
    row.asked_at += timedelta(minutes=1)
    row.save()  # a colleague's agenda, closed afterwards
    put_back_on_list(follow_up=entry, by=practice.cast.claire, at=practice.now)
    [listed_now] = [each for each in open_follow_ups(by=practice.cast.claire) if each.id == entry]
    assert (listed_now.wanted, listed_now.words) == (Wanted.MOVE, "Fin.")


def test_who_was_called_for_a_closed_agenda_and_went_to_a_colleague_at_the_same_hour_is_seen_to(practice, start):
    visit = practice.book(start + timedelta(hours=1))
    closes(practice)
    done(practice, visit)
    goes_to_a_colleague(practice, visit)
    assert called(practice) == []


@pytest.mark.parametrize("because", ["closed", "away"])
def test_who_went_to_a_colleague_at_the_same_hour_need_not_be_called(practice, start, because):
    visit = practice.book(start + timedelta(hours=1))
    if because == "closed":
        closes(practice)
    else:
        asks(practice, doctor_away(practice, start))
    assert listed(practice) == [visit]
    goes_to_a_colleague(practice, visit)
    assert listed(practice) == []


@pytest.mark.parametrize("was", ["listed", "called"])
def test_who_went_to_a_colleague_at_the_same_hour_is_left_booked_where_that_colleague_is_away_too(practice, start, was):
    visit = practice.book(start + timedelta(hours=1))
    asks(practice, doctor_away(practice, start))
    if was == "called":
        done(practice, visit)
    klein = goes_to_a_colleague(practice, visit)
    assert (listed(practice), left(practice), called(practice)) == ([], [], [])
    second = doctor_away(practice, start, recipient=klein)
    assert (listed(practice), left(practice)) == ([], [visit])
    told = {"client": practice.cast.weber, "absence": second, "appointment": visit}
    keep_booked(**told, by=practice.cast.claire, at=practice.now)
    assert (left(practice), kept(practice)) == ([], [visit])


@pytest.mark.parametrize("outcome", [Outcome.CALLED, Outcome.KEPT])
def test_who_goes_to_a_colleague_within_an_absence_of_the_whole_practice_is_given_anew(practice, start, outcome):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    asks(practice, absence)
    done(practice, visit, outcome)
    assert left(practice) == []
    Appointment.objects.filter(key=visit).update(agenda=colleague(practice)[1])  # no move is allowed into the absence
    assert (listed(practice), left(practice), called(practice), kept(practice)) == ([], [visit], [], [])
    assert asks(practice, absence) == 1
    assert (listed(practice), left(practice)) == ([visit], [])


def test_who_came_all_the_same_and_was_called_once_he_is_with_a_colleague_goes_back_on_the_list(practice, start):
    visit = practice.book(start + timedelta(hours=1))
    absence = practice.away(start)
    asks(practice, absence)
    done(practice, visit, Outcome.KEPT)
    Appointment.objects.filter(key=visit).update(agenda=colleague(practice)[1])  # no move is allowed into the absence
    assert asks(practice, absence) == 1
    entry = done(practice, visit)
    assert (called(practice), kept(practice)) == ([visit], [])
    put_back_on_list(follow_up=entry, by=practice.cast.claire, at=practice.now)
    assert (listed(practice), called(practice)) == ([visit], [])


def test_who_was_moved_in_time_into_another_absence_comes_all_the_same_there(practice, start):
    visit = practice.book(start + timedelta(hours=1))
    asks(practice, doctor_away(practice, start))
    act = {"by": practice.cast.claire, "at": practice.now, "agenda": practice.agenda}
    appointments.move(
        key=practice.key(), appointment=visit, starts_at=Appointment.objects.get().starts_at + timedelta(days=2), **act
    )
    second = doctor_away(practice, start + timedelta(days=2))
    assert (listed(practice), left(practice)) == ([], [visit])
    told = {"client": practice.cast.weber, "absence": second, "appointment": visit}
    keep_booked(**told, by=practice.cast.claire, at=practice.now)
    assert (left(practice), kept(practice)) == ([], [visit])
