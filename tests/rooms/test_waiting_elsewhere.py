# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is busy no more in a calendar that the doctor keeps elsewhere is offered to who waits."""

from datetime import timedelta

import pytest

from permanence.agenda.interop import others
from permanence.agenda.models import FreedTime
from permanence.agenda.rules.waiting import FreedState
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.http_server import serving
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_other_calendars import Product, add, calendar, event, look
from tests.rooms.test_waiting_filled import an_hour_got_free, listed
from tests.rooms.waiting_cast import LATER, last_offer, offered, person, pursue, waits

pytestmark = pytest.mark.django_db
MORNING = event("surgery", MONDAY, 240)
AFTERNOON = event("lecture", after(360), 240)


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


def waits_for_monday(cast):
    waits(cast, person(cast, "First"), weekdays=frozenset({0}), until_date=(MONDAY + timedelta(days=1)).date())


def test_what_disappears_from_the_other_calendar_is_offered(cast, deliver_all):
    product = Product(MORNING, AFTERNOON)
    with serving(product) as server:
        add(cast, server)
        look()
        waits_for_monday(cast)
        assert pursue(deliver_all, LATER) == 0
        product.body = calendar(AFTERNOON)
        look(LATER)
    assert pursue(deliver_all, LATER) == 1
    assert (offered(), last_offer().starts_at) == ([("First", "open")], MONDAY)


def test_what_is_shorter_there_is_offered_but_for_what_it_still_takes(cast, deliver_all):
    product = Product(MORNING, AFTERNOON)
    with serving(product) as server:
        add(cast, server)
        look()
        waits_for_monday(cast)
        product.body = calendar(event("surgery", MONDAY, 120), AFTERNOON)
        look(LATER)
    assert pursue(deliver_all, LATER) == 1
    assert last_offer().starts_at == after(120)


def test_what_a_calendar_made_busy_is_offered_when_it_is_taken_away(cast, deliver_all):
    with serving(Product(MORNING, AFTERNOON)) as server:
        key = add(cast, server)
        look()
        waits_for_monday(cast)
        others.remove_calendar(agenda=cast.dupont, calendar=key, by=cast.dr_dupont, at=LATER)
    assert pursue(deliver_all, LATER) == 1
    assert (offered(), last_offer().starts_at) == ([("First", "open")], MONDAY)


def test_what_another_calendar_keeps_busy_is_not_offered(cast, deliver_all):
    with serving(Product(MORNING, AFTERNOON)) as one, serving(Product(MORNING, AFTERNOON)) as two:
        key = add(cast, one)
        add(cast, two, label="Clinique")
        look()
        waits_for_monday(cast)
        others.remove_calendar(agenda=cast.dupont, calendar=key, by=cast.dr_dupont, at=LATER)
    assert pursue(deliver_all, LATER) == 0


def test_many_times_that_go_at_once_are_looked_at_as_one(cast, deliver_all):
    weeks = [event(f"course-{number}", MONDAY + timedelta(days=number), 30) for number in range(15)]
    product = Product(*weeks)
    with serving(product) as server:
        add(cast, server)
        look()
        waits(cast, person(cast, "First"))
        product.body = calendar(AFTERNOON)
        look(LATER)
    assert pursue(deliver_all, LATER) == 1
    (time,) = FreedTime.objects.all()
    assert (time.starts_at, time.is_wide) == (MONDAY, True)


def test_what_is_past_there_is_offered_to_nobody(cast, deliver_all):
    product = Product(event("visit", NOON - timedelta(hours=2), 60), AFTERNOON)
    with serving(product) as server:
        add(cast, server)
        look()
        waits_for_monday(cast)
        product.body = calendar(AFTERNOON)
        look(LATER)
    pursue(deliver_all, LATER)
    assert not FreedTime.objects.exists()


def test_of_an_hour_that_got_free_is_on_the_list_what_the_other_calendar_leaves(cast, deliver_all):
    at = after(70)
    an_hour_got_free(cast, deliver_all, at=at)
    product = Product(event("surgery", after(110), 20))
    with serving(product) as server:
        add(cast, server)
        look(at)
        assert listed(cast, at) == [(after(130), FreedState.TOO_NEAR, [("Waiting", after(130))])]
        product.body = calendar(event("surgery", after(110), 80))
        look(after(100))
    assert listed(cast, after(100)) == []
