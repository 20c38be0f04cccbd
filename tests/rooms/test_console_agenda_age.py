# SPDX-License-Identifier: AGPL-3.0-or-later
"""The age counts on the day of the visit: a child whose birthday comes before it may come, who will be too old may not.

The birthday is the Wednesday of the week after next; what is asked is asked today.
"""

import json
import re
from datetime import timedelta

import pytest

from permanence.agenda.models import Appointment
from tests.rooms.agenda_cast import patient, reason
from tests.rooms.test_console_agenda import SLOTS, WHY, act, cast, monday, page
from tests.rooms.test_console_agenda_near import near

__all__ = ["cast", "monday"]

pytestmark = pytest.mark.django_db
PLAN = "/console/fragments/agenda/series"


@pytest.fixture
def wednesday(monday):
    return monday + timedelta(days=2)


@pytest.fixture
def child(cast, wednesday):
    """Five today, six on Wednesday."""
    return patient(cast.cabinet.id, "Petit", birth_date=f"{wednesday.year - 6}-{wednesday:%m-%d}")


@pytest.fixture
def teenager(cast, wednesday):
    """Fifteen today, sixteen on Wednesday."""
    return patient(cast.cabinet.id, "Grand", birth_date=f"{wednesday.year - 16}-{wednesday:%m-%d}")


@pytest.fixture
def from_six(cast):
    return reason(cast.cabinet.id, "Orthoptie", 20, by=cast.claire, youngest=6)


@pytest.fixture
def to_fifteen(cast):
    return reason(cast.cabinet.id, "Pédiatrie", 20, by=cast.claire, oldest=15)


@pytest.fixture
def both(child, teenager, from_six, to_fifteen):
    """Each with the reason for which the birthday decides."""
    return (child, from_six), (teenager, to_fifteen)


def at_ten(cast, day, who, for_what):
    return {"agenda": cast.dupont, "day": day.isoformat(), "minute": "600", "patient": who, "reason": for_what}


def proposed(browser, cast, who, for_what):
    """The days of the next free times."""
    text = page(browser, SLOTS, client=cast.cabinet.id, reason=for_what, patient=who)
    return re.findall(r'data-day="([0-9-]+)"', text)


def test_why_not_is_said_of_the_age_on_that_day(cast, browser_of, wednesday, child, from_six):
    browser, before = browser_of(cast.claire), wednesday - timedelta(days=1)
    told = json.loads(page(browser, WHY, **at_ten(cast, before, child, from_six)))
    assert (told["free"], len(told["causes"])) == (False, 1)
    assert "5" in told["causes"][0]
    assert json.loads(page(browser, WHY, **at_ten(cast, wednesday, child, from_six)))["free"] is True


def test_a_time_is_held_for_the_age_on_that_day_and_booked(cast, browser_of, wednesday, child, from_six):
    browser, before = browser_of(cast.claire), wednesday - timedelta(days=1)
    assert act(browser, "hold", key=cast.key(), **at_ten(cast, before, child, from_six)).status_code == 422
    held = act(browser, "hold", key=cast.key(), **at_ten(cast, wednesday, child, from_six))
    assert held.status_code == 201, held.content
    made = act(browser, "book", key=cast.key(), hold=held.json()["hold"], **at_ten(cast, wednesday, child, from_six))
    assert made.status_code == 201, made.content


def test_who_will_be_too_old_is_told_before_the_time_is_held(cast, browser_of, wednesday, teenager, to_fifteen):
    browser, before = browser_of(cast.claire), wednesday - timedelta(days=1)
    late = act(browser, "hold", key=cast.key(), **at_ten(cast, wednesday, teenager, to_fifteen))
    assert late.status_code == 422
    assert "16" in late.json()["why"]
    assert act(browser, "hold", key=cast.key(), **at_ten(cast, before, teenager, to_fifteen)).status_code == 201


def test_the_next_free_times_are_for_the_age_of_each_day(cast, browser_of, wednesday, both):
    browser, (young, old) = browser_of(cast.claire), both
    days = proposed(browser, cast, *young)
    assert days
    assert min(days) == wednesday.isoformat()
    days = proposed(browser, cast, *old)
    assert days
    assert max(days) < wednesday.isoformat()


def test_the_nearest_times_are_for_the_age_of_each_day(cast, browser_of, wednesday, child, from_six):
    before = wednesday - timedelta(days=1)
    found = near(browser_of(cast.claire), cast, before, 10, reason=from_six, patient=child)
    assert {each["day"] for each in found} == {wednesday.isoformat()}


def test_a_series_across_the_birthday_is_for_the_age_of_each_session(cast, browser_of, monday, both):
    browser, (young, old) = browser_of(cast.claire), both
    asked = {"client": cast.cabinet.id, "first": monday.isoformat(), "days": "0,1,2,3", "agenda": "", "tolerance": "0"}
    for (who, what), days in ((young, (2, 3)), (old, (0, 1))):
        told = asked | {"patient": who, "reason": what}
        assert page(browser, PLAN, **told).count("session--missing") == 2
        made = act(browser, "series", key=cast.key(), said={}, **told)
        assert made.status_code == 201, made.content
        booked = Appointment.objects.filter(patient=int(who)).order_by("starts_at")
        assert [each.starts_at.date() for each in booked] == [monday + timedelta(days=day) for day in days]
