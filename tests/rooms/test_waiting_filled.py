# SPDX-License-Identifier: AGPL-3.0-or-later
"""A time on the secretaries' list stays as long as somebody can be booked in it: in a group, in its rest."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda.models import Agenda, FreedTime, SlotHold
from permanence.agenda.operations import blocks, setting
from permanence.agenda.queries import waiting
from permanence.agenda.queries.filled import parts_left
from permanence.agenda.rules.waiting import FreedState, OfferState
from permanence.clients import absences
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, offered, person, pursue, waits

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


def an_hour_got_free(cast, deliver_all, *, at):
    """From ten to eleven on Monday; somebody waits for it."""
    key = cast.key()
    blocks.block(
        key=key, agenda=cast.dupont, starts_at=after(120), ends_at=after(180), words="", by=cast.claire, at=NOON
    )
    waits(cast, person(cast, "Waiting"))
    blocks.unblock(key=cast.key(), block=key, by=cast.claire, at=at)
    pursue(deliver_all, at)


def away(cast, starts, ends, **whose):
    absences.announce_absence(
        client=cast.cabinet.id,
        **({"recipient": cast.cabinet.doctor} | whose),
        starts=starts,
        ends=ends,
        words="Le docteur est absent.",
        announced_by=cast.claire.person,
        by=cast.claire,
        at=NOON,
    )


def test_of_an_hour_in_which_the_doctor_is_away_the_rest_is_on_the_list(cast, deliver_all):
    at = after(70)
    an_hour_got_free(cast, deliver_all, at=at)
    away(cast, after(110), after(130))
    assert listed(cast, at) == [(after(130), FreedState.TOO_NEAR, [("Waiting", after(130))])]
    away(cast, after(130), after(200))
    assert listed(cast, at) == []


def test_an_hour_that_is_not_open_any_more_is_not_on_the_list(cast, deliver_all):
    at = after(70)
    an_hour_got_free(cast, deliver_all, at=at)
    setting.set_openings(
        agenda=cast.dupont, openings=openings(cast.dupont, [(0, "10:30", "12:00")]), by=cast.claire, at=NOON
    )
    assert listed(cast, at) == [(after(150), FreedState.TOO_NEAR, [("Waiting", after(150))])]
    setting.set_openings(
        agenda=cast.dupont, openings=openings(cast.dupont, [(0, "14:00", "18:00")]), by=cast.claire, at=NOON
    )
    assert listed(cast, at) == []


def test_a_time_of_the_night_is_shown_from_where_it_is_free(cast, deliver_all):
    night = MONDAY - timedelta(hours=10)
    an_hour_got_free(cast, deliver_all, at=night)
    assert [each.starts_at for each in waiting.for_the_morning(by=cast.claire, at=night)] == [after(120)]
    booked(cast, after(120), at=night)
    assert [each.starts_at for each in waiting.for_the_morning(by=cast.claire, at=night)] == [after(140)]


def test_what_is_left_of_many_times_takes_no_more_queries_than_of_two(cast):
    agenda, asked = Agenda.objects.get(pk=int(cast.dupont)), []
    for weeks in (range(2), range(2, 6)):
        for week in weeks:
            starts = SATURDAY_ELEVEN + timedelta(weeks=week)
            booked(cast, starts, who=person(cast, f"Week {week}"), reason=cast.class_of_three)
            FreedTime.objects.create(
                house_id=agenda.house_id,
                client_id=agenda.client_id,
                agenda=agenda,
                source=f"week-{week}",
                starts_at=starts,
                ends_at=starts + timedelta(hours=1),
                freed_at=NOON,
            )
        rows = list(FreedTime.objects.select_related("agenda__client", "agenda__house").order_by("pk"))
        assert len(parts_left(rows)) == len(rows)
        with CaptureQueriesContext(connection) as caught:
            parts_left(rows)
        asked.append(len(caught))
    assert asked[0] == asked[1]


def test_of_an_hour_that_got_free_the_rest_stays_on_the_list_until_no_visit_fits_in_it(cast, deliver_all):
    at = after(70)
    an_hour_got_free(cast, deliver_all, at=at)
    assert listed(cast, at) == [(after(120), FreedState.TOO_NEAR, [("Waiting", after(120))])]
    booked(cast, after(120), at=at)
    assert listed(cast, at) == [(after(140), FreedState.TOO_NEAR, [("Waiting", after(140))])]
    booked(cast, after(150), at=at, who=person(cast, "Other"))
    assert listed(cast, at) == []


@pytest.mark.parametrize("whose", ["dupont", "lemaire", "all"])
def test_what_is_offered_when_the_doctor_is_announced_away_is_offered_no_more(cast, deliver_all, whose):
    """His absence, and that of the whole cabinet; a colleague's leaves it as it is."""
    plain = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, plain)
    pursue(deliver_all, LATER)
    assert offered() == [("First", OfferState.OPEN)]
    recipient = {"dupont": cast.cabinet.doctor, "lemaire": str(Agenda.objects.get(pk=int(cast.lemaire)).recipient_id)}
    away(cast, after(-60), after(300), recipient=recipient.get(whose))
    pursue(deliver_all, LATER + timedelta(minutes=1))
    ends = OfferState.OPEN if whose == "lemaire" else OfferState.WITHDRAWN
    assert offered() == [("First", ends)]
    assert SlotHold.objects.filter(ended_at=None).count() == (whose == "lemaire")
    assert listed(cast, LATER) == []


def test_an_absence_on_another_day_leaves_what_is_offered(cast, deliver_all):
    plain = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, plain)
    pursue(deliver_all, LATER)
    away(cast, after(20), after(300))
    pursue(deliver_all, LATER + timedelta(minutes=1))
    assert offered() == [("First", OfferState.OPEN)]
