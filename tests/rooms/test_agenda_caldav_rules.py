# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of an event that repeats: the house frees one of its times, books there, and the device writes again."""

from datetime import timedelta

import pytest

from permanence.agenda.interop import events
from permanence.agenda.models import Block, CalendarObject, OtherBusy
from permanence.foundation.models import AuditEntry
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import after
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_caldav import book, busy_of, cast, clock, event, free, home, phone, synced

__all__ = ["cast", "clock"]

ENTROPY = SystemEntropy()
WEEK = 7 * 24 * 60
FIRST, SECOND, THIRD = (after(180 + WEEK * week) for week in range(3))
WEEKLY = ("SUMMARY:Réunion", "RRULE:FREQ=WEEKLY")
DISMISSED = "X-MOZ-LASTACK:20261124T120000Z"


def weekly(*more, hours=("10", "11")):
    return event("r", f"20261130T{hours[0]}0000Z", f"20261130T{hours[1]}0000Z", *WEEKLY, *more)


def begins(cast):
    return [starts for starts, _ends in busy_of(cast.dupont)]


def test_a_time_that_the_house_freed_stays_free_when_the_phone_writes_the_rule_again(cast):
    device, path = phone(cast), f"{home(cast)}r.ics"
    assert device.put(path, weekly()).status_code == 201
    before = begins(cast)
    free(cast, SECOND)
    assert device.put(path, weekly(DISMISSED)).status_code == 204
    assert begins(cast) == [each for each in before if each != SECOND]
    visit = book(cast, SECOND)
    for more in ("X-MOZ-LASTACK:20261125T120000Z", "CLASS:PUBLIC"):  # its title is told from now on
        assert device.put(path, weekly(more)).status_code == 204
    assert visit.starts_at == SECOND
    assert begins(cast) == [each for each in before if each != SECOND]
    assert {each.words for each in Block.objects.filter(removed_at=None)} == {"Réunion"}
    assert OtherBusy.objects.count() == 0


def test_a_time_that_the_house_freed_is_taken_once_the_doctor_moves_his_meeting(cast):
    device, path = phone(cast), f"{home(cast)}r.ics"
    device.put(path, weekly())
    free(cast, SECOND)
    assert device.put(path, weekly(hours=("12", "13"))).status_code == 204
    assert after(300 + WEEK) in begins(cast)
    assert device.put(path, weekly()).status_code == 204
    assert SECOND in begins(cast)


def test_over_a_booking_a_rule_that_is_moved_is_refused_whole(cast):
    device, path = phone(cast), f"{home(cast)}r.ics"
    device.put(path, weekly())
    before = busy_of(cast.dupont)
    book(cast, after(360 + WEEK))
    assert device.put(path, weekly(hours=("13", "14"))).status_code == 409
    assert busy_of(cast.dupont) == before


def test_an_event_whose_every_time_the_house_freed_may_be_written_anew(cast):
    device, path = phone(cast), f"{home(cast)}x.ics"
    device.put(path, event())
    free(cast, FIRST)
    assert device("GET", path).status_code == 404
    assert device.put(path, event()).status_code == 201
    assert begins(cast) == [FIRST]
    assert device("GET", path).status_code == 200


def test_a_time_that_was_left_out_for_a_booking_does_not_refuse_the_next_change(cast, clock):
    device, path = phone(cast), f"{home(cast)}r.ics"
    device.put(path, weekly())
    following = begins(cast)[-1] + timedelta(minutes=WEEK)
    visit = book(cast, following)
    clock.at = NOON + timedelta(days=62)
    assert events.carry_on(at=clock.at, entropy=ENTROPY) == 1
    before = begins(cast)
    assert device.put(path, weekly(DISMISSED)).status_code == 204
    assert begins(cast) == before
    (left,) = OtherBusy.objects.all()
    assert (left.starts_at, visit.starts_at) == (following, following)
    assert AuditEntry.objects.filter(action="agenda.event_left_out").count() == 1
    assert device.put(path, weekly("EXDATE:" + f"{following:%Y%m%dT%H%M%SZ}")).status_code == 204
    assert OtherBusy.objects.count() == 0


def test_a_time_of_the_rule_that_was_booked_before_the_rule_reached_it_is_left_out(cast, clock):
    """On the first of the month, before the worker has carried it on."""
    device, path = phone(cast), f"{home(cast)}r.ics"
    device.put(path, weekly())
    following = begins(cast)[-1] + timedelta(minutes=WEEK)
    book(cast, following)
    clock.at = NOON + timedelta(days=62)
    assert device.put(path, weekly(DISMISSED)).status_code == 204
    assert following not in begins(cast)
    assert following + timedelta(minutes=WEEK) in begins(cast)
    assert [each.starts_at for each in OtherBusy.objects.all()] == [following]


def test_a_night_that_the_house_freed_is_not_busy_again_when_the_rule_is_carried_on_over_it(cast, clock):
    device, path = phone(cast), f"{home(cast)}n.ics"
    night = event("n", "20261127T210000Z", "20261128T050000Z", "RRULE:FREQ=WEEKLY")
    assert device.put(path, night).status_code == 201
    last = begins(cast)[-1]
    assert f"{last:%m-%d}" == "12-31"  # it ends in the month that was not reached
    free(cast, last)
    assert events.carry_on(at=NOON + timedelta(days=20), entropy=ENTROPY) == 1
    assert last not in begins(cast)
    assert begins(cast)[-1] > last
    assert CalendarObject.objects.count() == 1


@pytest.mark.parametrize("who", ["dr_dupont", "assistant"])
def test_a_rule_that_is_deleted_on_the_telephone_leaves_nothing_of_its_past_days_on_any(cast, clock, who):
    """The agenda of the house shows them still: then it was busy."""
    device, watched = phone(cast), getattr(cast, who)
    other, path = phone(cast, watched), home(cast, watched)
    daily = event("d", "20261124T130000Z", "20261124T140000Z", "RRULE:FREQ=DAILY")
    assert device.put(f"{home(cast)}d.ics", daily).status_code == 201
    clock.at = NOON + timedelta(days=3)
    token, before = synced(other, path)
    assert device("DELETE", f"{home(cast)}d.ics").status_code in {200, 204}
    _token, rows = synced(other, path, token)
    assert set(rows) == set(before)
    assert all("404" in status for status in rows.values())
    assert synced(other, path)[1] == {}
    past = Block.objects.filter(removed_at=None)
    assert past.count() == 3
    assert other("GET", f"{path}{past[0].key}.ics").status_code == 404
