# SPDX-License-Identifier: AGPL-3.0-or-later
"""Standing alarms: each house its own, since when, gone when mended, told to the screens; a silent worker is one."""

from datetime import timedelta

import pytest

from permanence.foundation import alarms
from permanence.foundation.alarms import SILENT_FOR, WORKER, Alarm
from permanence.foundation.models import LiveTouch, SignOfLife, StandingAlarm
from permanence.foundation.rules import may_hear
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def keys(cast):
    alarms.sign(at=NOW)
    return alarms.houses()


def standing(house, at=NOW):
    return [(one.code, one.about) for one in alarms.standing(house=house, at=at)]


def topics():
    found = list(LiveTouch.objects.filter(topic__endswith="/alarms").order_by("pk").values_list("topic", flat=True))
    LiveTouch.objects.all().delete()
    return found


def test_an_alarm_stands_from_its_first_look_until_it_is_mended(cast, keys):
    found = {cast.house: [Alarm(code="trunk", about="sip-1", params={"status": 403})]}
    assert alarms.keep(found, keys=keys, at=NOW) == {cast.house}
    assert topics() == [f"house/{cast.house}/alarms"]
    assert alarms.keep(found, keys=keys, at=NOW + timedelta(minutes=5)) == frozenset()
    assert topics() == []
    [one] = alarms.standing(house=cast.house, at=NOW)
    assert (one.code, one.about, one.params, one.since) == ("trunk", "sip-1", {"status": 403}, NOW)
    assert alarms.keep({}, keys=keys, at=NOW + timedelta(minutes=6)) == {cast.house}
    assert topics() == [f"house/{cast.house}/alarms"]
    assert standing(cast.house) == []


def test_other_words_keep_the_moment(cast, keys):
    since = NOW - timedelta(hours=3)
    alarms.keep({cast.house: [Alarm(code="mail", params={"count": 1}, since=since)]}, keys=keys, at=NOW)
    topics()
    alarms.keep({cast.house: [Alarm(code="mail", params={"count": 2}, since=NOW)]}, keys=keys, at=NOW)
    [one] = alarms.standing(house=cast.house, at=NOW)
    assert (one.params, one.since) == ({"count": 2}, since)
    assert topics() == [f"house/{cast.house}/alarms"]


def test_a_house_sees_its_own_alarms_only(cast, keys):
    machine = Alarm(code="journal")
    found = {cast.house: [machine, Alarm(code="trunk", about="sip-1")], cast.other_house: [machine]}
    alarms.keep(found, keys=keys, at=NOW)
    assert standing(cast.house) == [("journal", ""), ("trunk", "sip-1")]
    assert standing(cast.other_house) == [("journal", "")]
    alarms.keep({cast.house: [machine]}, keys={cast.house: keys[cast.house]}, at=NOW)
    assert standing(cast.house) == standing(cast.other_house) == [("journal", "")]


def test_the_same_found_twice_stands_once_and_nothing_is_longer_than_its_column(cast, keys):
    twice = [Alarm(code="line", about="+352" + "9" * 200), Alarm(code="line", about="+352" + "9" * 200)]
    alarms.keep({cast.house: twice}, keys=keys, at=NOW)
    alarms.keep({cast.house: twice}, keys=keys, at=NOW)
    assert StandingAlarm.objects.count() == 1


def test_a_worker_that_is_silent_is_an_alarm_of_every_house(cast, keys):
    late = NOW + SILENT_FOR + timedelta(seconds=1)
    assert standing(cast.house, at=NOW + SILENT_FOR) == []
    for house in (cast.house, cast.other_house):
        [one] = alarms.standing(house=house, at=late)
        assert (one.code, one.since) == (WORKER, NOW)
    alarms.sign(at=late)
    assert standing(cast.house, at=late) == []
    SignOfLife.objects.all().delete()
    assert standing(cast.house, at=late) == [(WORKER, "")]


def test_a_sign_of_life_is_not_written_at_every_look(cast, keys, django_assert_num_queries):
    with django_assert_num_queries(1):
        alarms.sign(at=NOW + timedelta(seconds=14))
    assert SignOfLife.objects.get().at == NOW
    alarms.sign(at=NOW + timedelta(seconds=15))
    assert SignOfLife.objects.get().at == NOW + timedelta(seconds=15)
    alarms.sign(at=NOW)  # the clock was put back: a sign of tomorrow is none
    assert SignOfLife.objects.get().at == NOW


def test_the_topic_is_heard_in_the_house_alone(cast):
    hears = lambda who, topic: may_hear(topic, house=who.house, roles=who.roles, clients=frozenset())  # noqa: E731
    assert hears(cast.marc, f"house/{cast.house}/alarms")
    assert not hears(cast.nadia, f"house/{cast.house}/alarms")
    assert not hears(cast.dr_weber, f"house/{cast.house}/alarms")
