# SPDX-License-Identifier: AGPL-3.0-or-later
"""A time on the secretaries' list stays as long as somebody can be booked in it: in a group, in its rest."""

from datetime import timedelta

import pytest

from permanence.agenda.operations import blocks
from permanence.agenda.queries import waiting
from permanence.agenda.rules.waiting import FreedState
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import booked, cancelled, person, pursue, waits

pytestmark = pytest.mark.django_db
SATURDAY_ELEVEN = MONDAY - timedelta(days=2) + timedelta(hours=3)
"""In the hours of Dr Dupont's group of three."""
NEAR = SATURDAY_ELEVEN - timedelta(minutes=90)


@pytest.fixture
def cast(deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


def listed(cast, at):
    return [
        (each.starts_at, each.state, [(one.person.birth_name, one.starts_at) for one in each.suggested])
        for each in waiting.freed_times(by=cast.claire, at=at)
    ]


@pytest.fixture
def place_left(cast, deliver_all):
    """Of a full group one has cancelled, too near for another to be written to."""
    group = {"reason": cast.class_of_three}
    names = ("Un", "Deux", "Trois")
    gone, *_others = [booked(cast, SATURDAY_ELEVEN, who=person(cast, each), **group) for each in names]
    waits(cast, person(cast, "Waiting"), **group)
    cancelled(cast, gone, at=NEAR)
    assert pursue(deliver_all, NEAR) == 0


def test_a_place_of_a_group_that_gets_free_is_on_the_list_beside_those_who_come(cast, place_left):
    suggested = [("Waiting", SATURDAY_ELEVEN)]
    assert listed(cast, NEAR) == [(SATURDAY_ELEVEN, FreedState.TOO_NEAR, suggested)]


def test_a_group_that_is_full_again_is_on_the_list_no_more(cast, place_left):
    booked(cast, SATURDAY_ELEVEN, who=person(cast, "Quatre"), reason=cast.class_of_three, at=NEAR)
    assert listed(cast, NEAR) == []


def test_of_an_hour_that_got_free_the_rest_stays_on_the_list_until_no_visit_fits_in_it(cast, deliver_all):
    key, at = cast.key(), after(70)
    blocks.block(
        key=key, agenda=cast.dupont, starts_at=after(120), ends_at=after(180), words="", by=cast.claire, at=NOON
    )
    waits(cast, person(cast, "Waiting"))
    blocks.unblock(key=cast.key(), block=key, by=cast.claire, at=at)
    pursue(deliver_all, at)
    assert listed(cast, at) == [(after(120), FreedState.TOO_NEAR, [("Waiting", after(120))])]
    booked(cast, after(120), at=at)
    assert listed(cast, at) == [(after(120), FreedState.TOO_NEAR, [("Waiting", after(140))])]
    booked(cast, after(150), at=at, who=person(cast, "Other"))
    assert listed(cast, at) == []
