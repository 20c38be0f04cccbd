# SPDX-License-Identifier: AGPL-3.0-or-later
"""“This and all following” on an iPhone: the old rule ends, a new event has the rest; no busy time is lost.

The bodies are those that iOS writes, with the clock of Paris as it defines it; which comes first is the telephone's.
"""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from permanence.agenda.models import CalendarObject, FreedTime, Occupancy, OtherBusy
from permanence.agenda.operations import waiting_offers
from permanence.agenda.rules.waiting import WRITES_ON
from permanence.kernel.system import SystemEntropy
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_caldav import book, busy_of, cast, clock, free, home, phone
from tests.rooms.waiting_cast import person, waits

__all__ = ["cast", "clock"]

PARIS = """BEGIN:VTIMEZONE
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3
TZNAME:UTC+2
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10
TZNAME:UTC+1
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
END:STANDARD
TZID:Europe/Paris
END:VTIMEZONE"""
BODY = """BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//iOS 18.1//EN
VERSION:2.0
{zone}
BEGIN:VEVENT
CREATED:20261124T105312Z
DTEND;TZID=Europe/Paris:{day}T120000
DTSTAMP:20261124T105744Z
DTSTART;TZID=Europe/Paris:{day}T110000
LAST-MODIFIED:20261124T105743Z
RELATED-TO;RELTYPE=X-CALENDARSERVER-RECURRENCE-SET:1F7C9A52-8D6B-4C3E-A0A9
 -5B2D7E4F1C60
RRULE:FREQ=WEEKLY{until}
SEQUENCE:{sequence}
SUMMARY:{words}
TRANSP:OPAQUE
UID:{uid}
X-APPLE-CREATOR-IDENTITY:com.apple.mobilecal
X-APPLE-CREATOR-TEAM-IDENTITY:0000000000
END:VEVENT
END:VCALENDAR
"""
OLD, NEW = "7B0E2B64-3C55-4E0C-9A43-0B7A1D2C9E11", "D2A47C1F-90B3-4D0A-8E5B-6F3E8B1A7C22"
MONDAYS = [datetime(2026, 11, 30, 10, tzinfo=UTC) + timedelta(days=7 * week) for week in range(4)]


def body(uid, day, *, until="", sequence=0, words="Staff"):
    said = {"uid": uid, "day": day, "until": until, "sequence": sequence, "words": words, "zone": PARIS}
    return BODY.format(**said).replace("\n", "\r\n")


WHOLE = body(OLD, "20261130")
CUT = body(OLD, "20261130", until=";UNTIL=20261213T225959Z", sequence=1)
REST = body(NEW, "20261214", sequence=1, words="Staff, with lunch")


class Telephone:
    """It shows the whole rule, and changes it from the third Monday on."""

    def __init__(self, cast):
        self.device, self.home, self.cast = phone(cast), home(cast), cast
        answer = self.device.put(f"{self.home}{OLD}.ics", WHOLE, If_None_Match="*")
        assert answer.status_code == 201
        self.etag = answer["ETag"]

    def cut(self, **headers):
        return self.device.put(f"{self.home}{OLD}.ics", CUT, **{"If_Match": self.etag} | headers).status_code

    def rest(self):
        return self.device.put(f"{self.home}{NEW}.ics", REST, If_None_Match="*").status_code

    def writes(self, first):
        return [self.cut(), self.rest()] if first == "the old one" else [self.rest(), self.cut()]


def taken():
    """All that is busy, and whether no minute is so twice."""
    rows = list(Occupancy.objects.filter(resource=None).order_by("starts_at").values_list("starts_at", "ends_at"))
    assert all(one[1] <= two[0] for one, two in pairwise(rows))
    return rows


FIRST = pytest.mark.parametrize("first", ["the old one", "the new one"])


@FIRST
def test_every_time_is_busy_once_whichever_is_written_first(cast, first):
    telephone = Telephone(cast)
    before = taken()
    assert telephone.writes(first) == ([204, 201] if first == "the old one" else [201, 204])
    assert taken() == before == busy_of(cast.dupont)
    assert len(before) > 50


def test_while_the_new_one_stands_beside_the_old_one_nothing_is_busy_twice(cast):
    telephone = Telephone(cast)
    before = taken()
    assert telephone.rest() == 201
    assert taken() == before
    assert telephone.cut(If_Match='"as another device has it"') == 412
    assert taken() == before
    assert telephone.cut() == 204
    assert taken() == before


@FIRST
def test_a_visit_that_stands_at_one_of_its_times_loses_none_of_the_others(cast, first):
    """The house freed that time and booked there: the rule left it to the visit before, and does so as two."""
    telephone = Telephone(cast)
    free(cast, MONDAYS[3])
    visit = book(cast, MONDAYS[3])
    assert sorted(telephone.writes(first)) == [201, 204]
    busy = [starts for starts, _ends in busy_of(cast.dupont)]
    assert busy[:3] == MONDAYS[:3]
    assert busy[3] == MONDAYS[3] + timedelta(days=7)
    assert (visit.starts_at, [each.starts_at for each in OtherBusy.objects.all()]) == (MONDAYS[3], [MONDAYS[3]])


def test_what_is_booked_between_the_two_writings_loses_none_of_the_others(cast, clock):
    telephone = Telephone(cast)
    assert telephone.cut() == 204
    book(cast, MONDAYS[3])
    clock.at += timedelta(seconds=20)
    assert telephone.rest() == 201
    assert [starts for starts, _ends in busy_of(cast.dupont)][:3] == MONDAYS[:3]
    assert [each.starts_at for each in OtherBusy.objects.all()] == [MONDAYS[3]]


@pytest.mark.parametrize(
    ("until", "words"), [("20261213T225959Z", "Staff of the house\nCLASS:PUBLIC"), ("20261206T225959Z", "Staff")]
)
def test_the_old_one_is_written_once_more_between_the_two_and_none_of_the_others_is_lost(cast, clock, until, words):
    """As with a title that all may read, or cut off a week earlier still."""
    telephone = Telephone(cast)
    assert telephone.cut() == 204
    book(cast, MONDAYS[3])
    clock.at += timedelta(seconds=20)
    again = body(OLD, "20261130", until=f";UNTIL={until}", sequence=2, words=words)
    assert telephone.device.put(f"{telephone.home}{OLD}.ics", again).status_code == 204
    assert telephone.rest() == 201
    assert [each.starts_at for each in OtherBusy.objects.all()] == [MONDAYS[3]]


def test_what_is_new_and_no_rest_of_a_rule_is_refused_over_a_visit_as_ever(cast, clock):
    telephone = Telephone(cast)
    assert telephone.cut() == 204
    book(cast, MONDAYS[3])
    clock.at += timedelta(minutes=30)
    assert telephone.rest() == 409
    assert CalendarObject.objects.count() == 1


def test_between_the_two_writings_nobody_who_waits_is_offered_the_rest(cast, clock, deliver_all):
    deliver_all(NOON)
    waits(cast, person(cast, "First"), at=NOON - timedelta(hours=2))
    telephone = Telephone(cast)
    assert telephone.cut() == 204
    deliver_all(NOON)
    assert FreedTime.objects.count() > 0
    assert {each.next_at for each in FreedTime.objects.all()} == {NOON + WRITES_ON}
    assert waiting_offers.pursue_due(at=NOON + timedelta(seconds=20), entropy=SystemEntropy()) == 0
    assert telephone.rest() == 201
    assert waiting_offers.pursue_due(at=NOON + WRITES_ON, entropy=SystemEntropy()) == 0
