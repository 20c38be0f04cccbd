# SPDX-License-Identifier: AGPL-3.0-or-later
"""A hold ends near a time that got free before: what is looked at again for it, and what stands on her list then."""

from datetime import timedelta

import pytest

from permanence.agenda.events import AGENDA_EVENTS
from permanence.agenda.models import FreedTime
from permanence.agenda.operations import holds, offer_answers
from permanence.agenda.queries import waiting
from permanence.agenda.rules.waiting import FreedState
from permanence.foundation.models import LiveTouch, OutboxEvent
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, held, last_offer, offered, person, pursue, waits

pytestmark = pytest.mark.django_db
MINUTES = timedelta(minutes=1)
SOON = MONDAY - 30 * MINUTES
"""So near that a secretary telephones."""


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


def let_go(cast, hold, *, at):
    holds.release_hold(hold=hold, by=cast.claire, at=at)


def on_her_list(cast, at):
    """From when to when, and for whom, in minutes after Monday at eight."""
    return [
        (
            (each.starts_at - MONDAY) // MINUTES,
            (each.ends_at - MONDAY) // MINUTES,
            [one.person.birth_name for one in each.suggested],
        )
        for each in waiting.freed_times(by=cast.claire, at=at)
    ]


@pytest.fixture
def nobodys(cast, deliver_all):
    """Monday at eight with Dr Dupont: who waits for him alone was asked, and declined it."""
    plain = booked(cast, MONDAY)
    waits(cast, person(cast, "First"), agendas=(cast.dupont,))
    cancelled(cast, plain)
    pursue(deliver_all, LATER)
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=LATER)
    pursue(deliver_all, LATER)
    assert on_her_list(cast, LATER) == [(0, 20, [])]
    return FreedTime.objects.get()


def engaged(cast, deliver_all, *, at, **more):
    """Somebody has an open offer of a time with Dr Lemaire."""
    plain = booked(cast, after(24 * 60), agenda=cast.lemaire)
    waits(cast, person(cast, "Engaged"), at=at, **more)
    cancelled(cast, plain, at=at + MINUTES)
    assert pursue(deliver_all, at + MINUTES) == 1


@pytest.mark.parametrize("would_come", [True, False])
def test_what_nobody_took_stays_on_her_list_while_who_comes_next_is_asked_for_another_time(
    cast, nobodys, deliver_all, would_come
):
    """He who is asked for another time would come to this one, or on no Monday."""
    engaged(cast, deliver_all, at=LATER, weekdays=frozenset() if would_come else frozenset({1}))
    later = LATER + 3 * MINUTES
    let_go(cast, held(cast, MONDAY, at=later, reason=cast.consultation), at=later)
    assert pursue(deliver_all, later) == 0
    assert (0, 20, []) in on_her_list(cast, later)
    assert waiting.for_the_morning(by=cast.claire, at=later) == ()
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=later)
    FreedTime.objects.filter(pk=nobodys.pk, next_at__isnull=False).update(next_at=later)
    assert pursue(deliver_all, later) == (1 if would_come else 0)
    assert ((0, 20, []) in on_her_list(cast, later)) is not would_come


def test_what_she_is_done_with_is_offered_to_nobody_who_was_asked_for_another_time(cast, nobodys, deliver_all):
    engaged(cast, deliver_all, at=LATER)
    later = LATER + 3 * MINUTES
    let_go(cast, held(cast, MONDAY, at=later, reason=cast.consultation), at=later)
    pursue(deliver_all, later)
    offer_answers.settle_freed(freed=str(nobodys.pk), by=cast.claire, at=later)
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=later)
    assert pursue(deliver_all, later + timedelta(days=1)) == 0


def near_lemaires(cast, deliver_all, state):
    """A time of Dr Lemaire's agenda at twenty past eight, and what became of it."""
    waits(cast, person(cast, "Hers"), agendas=(cast.lemaire,))
    cancelled(cast, booked(cast, after(20), agenda=cast.lemaire))
    pursue(deliver_all, LATER)
    offer_answers.decline(offer=last_offer().key, by=cast.claire, at=LATER)
    pursue(deliver_all, LATER)
    FreedTime.objects.update(state=state.value)
    return FreedTime.objects.get(agenda=cast.lemaire)


def is_woken(cast, freed, deliver_all, **hold):
    later = LATER + 3 * MINUTES
    let_go(cast, held(cast, MONDAY, at=later, **hold), at=later)
    deliver_all(later)
    freed.refresh_from_db()
    return freed.next_at is not None


def test_a_hold_that_took_a_device_wakes_the_times_of_a_colleague(cast, deliver_all):
    assert is_woken(cast, near_lemaires(cast, deliver_all, FreedState.NOBODY), deliver_all)


def test_a_hold_that_took_its_agenda_alone_hindered_no_colleague(cast, deliver_all):
    freed = near_lemaires(cast, deliver_all, FreedState.NOBODY)
    assert not is_woken(cast, freed, deliver_all, reason=cast.consultation)


def test_a_hold_that_took_both_agendas_wakes_the_times_of_both(cast, deliver_all):
    both = reason(cast.cabinet.id, "À deux", 20, by=cast.claire, also=cast.lemaire)
    deliver_all(NOON)
    assert is_woken(cast, near_lemaires(cast, deliver_all, FreedState.NOBODY), deliver_all, reason=both)


@pytest.mark.parametrize("state", [FreedState.TAKEN, FreedState.OVER])
def test_what_is_taken_or_fits_nobody_is_not_looked_at_again(cast, deliver_all, state):
    assert not is_woken(cast, near_lemaires(cast, deliver_all, state), deliver_all)


def test_where_a_look_changes_nothing_no_screen_is_told(cast, nobodys, deliver_all):
    later = LATER + 3 * MINUTES
    let_go(cast, held(cast, MONDAY, at=later), at=later)
    deliver_all(later)
    nobodys.refresh_from_db()
    assert nobodys.next_at == later
    LiveTouch.objects.all().delete()
    pursue(deliver_all, later)
    assert not LiveTouch.objects.exists()
    assert on_her_list(cast, later) == [(0, 20, [])]


def test_where_those_to_call_are_the_same_no_screen_is_told(cast, deliver_all):
    too_near(cast, deliver_all)
    later = SOON + 2 * MINUTES
    let_go(cast, held(cast, MONDAY, at=later), at=later)
    deliver_all(later)
    LiveTouch.objects.all().delete()
    pursue(deliver_all, later)
    assert not LiveTouch.objects.exists()


@pytest.mark.parametrize("ends", ["released", "expired", "hung_up", "booked"])
def test_of_a_hold_that_is_over_it_is_told_what_rooms_and_equipment_it_took(cast, deliver_all, ends):
    """But where it was booked: the visit has them."""
    hold = held(cast, MONDAY, at=LATER, call="call-1")
    if ends == "released":
        let_go(cast, hold, at=LATER)
    elif ends == "expired":
        holds.expire_due(at=LATER + 3 * MINUTES)
    elif ends == "hung_up":
        holds.release_call(house=cast.claire.house, call="call-1", at=LATER)
    else:
        booked(cast, MONDAY, at=LATER, reason=cast.tracing, call="call-1")
    body = dict(OutboxEvent.objects.get(name="HoldReleased").body)
    told = AGENDA_EVENTS.read(body)
    assert (told.ended, told.resources) == (ends, () if ends == "booked" else (cast.ecg,))
    body.pop("resources")  # as it was told before
    assert AGENDA_EVENTS.read(body).resources == ()


def too_near(cast, deliver_all):
    """Eight o'clock is free, half an hour before eight: whom to call stands on her list."""
    waits(cast, person(cast, "First"))
    cancelled(cast, booked(cast, MONDAY), at=SOON)
    pursue(deliver_all, SOON)
    assert on_her_list(cast, SOON) == [(0, 20, ["First"])]


def test_held_for_longer_than_what_is_listed_only_the_rest_is_new(cast, deliver_all):
    """She holds half an hour for a new patient where twenty minutes are listed, twice, and lets go."""
    too_near(cast, deliver_all)
    for minute in (1, 4):
        at = SOON + minute * MINUTES
        let_go(cast, held(cast, MONDAY, at=at, reason=cast.consultation, is_new=True), at=at)
        pursue(deliver_all, at)
    assert [each[:2] for each in on_her_list(cast, at)] == [(0, 20), (20, 30)]


def test_held_around_what_is_listed_what_is_before_and_after_it_is_new(cast, deliver_all):
    long = reason(cast.cabinet.id, "Bilan", 60, by=cast.claire)
    deliver_all(NOON)
    waits(cast, person(cast, "First"))
    cancelled(cast, booked(cast, after(20)), at=SOON)
    pursue(deliver_all, SOON)
    at = SOON + MINUTES
    let_go(cast, held(cast, MONDAY, at=at, reason=long), at=at)
    pursue(deliver_all, at)
    assert [each[:2] for each in on_her_list(cast, at)] == [(0, 20), (20, 40), (40, 60)]


def test_held_where_two_listed_times_meet_nothing_is_new(cast, deliver_all):
    waits(cast, person(cast, "First"))
    for visit in [booked(cast, MONDAY), booked(cast, after(20))]:
        cancelled(cast, visit, at=SOON)
        pursue(deliver_all, SOON)
    at = SOON + MINUTES
    let_go(cast, held(cast, after(10), at=at, reason=cast.consultation), at=at)
    pursue(deliver_all, at)
    assert [each[:2] for each in on_her_list(cast, at)] == [(0, 20), (20, 40)]


def test_looked_at_while_she_holds_it_a_time_that_is_too_near_stays_hers(cast, deliver_all):
    """Another time beside it is let go while she holds this one for a call."""
    too_near(cast, deliver_all)
    at = SOON + 2 * MINUTES
    mine = held(cast, MONDAY, at=at, reason=cast.consultation, call="call-1")
    let_go(cast, held(cast, after(30), at=at, reason=cast.consultation, call="call-2"), at=at)
    pursue(deliver_all, at)
    assert on_her_list(cast, at)[0] == (0, 20, ["First"])
    let_go(cast, mine, at=at + MINUTES)
    pursue(deliver_all, at + MINUTES)
    assert [each for each in on_her_list(cast, at + MINUTES) if each[0] == 0] == [(0, 20, ["First"])]


def test_what_a_hold_beside_it_left_no_device_for_is_offered_as_that_is_given_back(cast, deliver_all):
    """The ECG is cleaned for five minutes after each tracing: held until twenty past eight, nobody has it then."""
    mine = booked(cast, after(20), agenda=cast.lemaire, reason=cast.tracing)
    booked(cast, after(50), agenda=cast.lemaire)
    waits(cast, person(cast, "Hers"), agendas=(cast.lemaire,), reason=cast.tracing)
    cancelled(cast, mine)
    hold = held(cast, MONDAY, at=LATER, call="call-1")
    assert pursue(deliver_all, LATER) == 0
    let_go(cast, hold, at=LATER + MINUTES)
    assert pursue(deliver_all, LATER + MINUTES) == 1
    assert (offered(), last_offer().starts_at) == ([("Hers", "open")], after(20))
