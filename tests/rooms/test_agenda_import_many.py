# SPDX-License-Identifier: AGPL-3.0-or-later
"""A long file comes in: how the agenda is set and what stands in it is read once for a day and not for each line."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda.models import Occupancy
from permanence.agenda.operations import setting
from permanence.agenda.operations.importing import import_lines
from permanence.agenda.rules.imports import ImportLine
from permanence.agenda.rules.kinds import Need
from tests.rooms.agenda_cast import after, make_agenda_cast, openings, reason
from tests.rooms.messaging_cast import NOON

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
READ = re.compile(r'^SELECT .*? FROM "(agenda_(?!appointment|block)\w+|clients_absence)"')
"""What is asked of the agenda, but whether the line came in before."""


@pytest.fixture
def cast():
    return make_agenda_cast()


def brings(cast, minutes, *, what="ECG", who="Hoffmann"):
    """The tables of the agenda that were read while visits of one who is known came in, once for each reading."""
    lines = [
        ImportLine(
            line=number,
            starts=after(each),
            ends=after(each + 20),
            name=who,
            first_name="Jeanne",
            reason=what,
        )
        for number, each in enumerate(minutes, 1)
    ]
    with CaptureQueriesContext(connection) as asked:
        report = import_lines(agenda=cast.dupont, lines=lines, by=cast.claire, at=NOON, write=True)
    found = [READ.match(each["sql"]) for each in asked]
    return [each[1] for each in found if each], report


def test_how_the_agenda_is_set_is_read_once_for_a_day_however_many_come_in(cast):
    few, report = brings(cast, range(0, 60, 30))
    assert report.faults == []
    many, report = brings(cast, range(60, 240, 30))
    assert report.faults == []
    per_line = ("agenda_slothold",)  # what is held is looked at as each is put there
    assert sorted(each for each in many if each not in per_line) == sorted(each for each in few if each not in per_line)


def test_what_came_in_before_is_known_to_what_comes_after_in_the_same_day(cast):
    _read, report = brings(cast, (0, 20, 24 * 60))
    assert [(each.line, each.code) for each in report.faults] == []
    taken = Occupancy.objects.filter(resource=int(cast.ecg)).order_by("starts_at")
    assert [each.ends_at - each.starts_at for each in taken] == [
        timedelta(minutes=20),
        timedelta(minutes=25),
        timedelta(minutes=25),
    ]
    _read, report = brings(cast, (10,), who="Martin")
    assert [(each.line, each.code) for each in report.faults] == [(1, "already_taken")]


def test_in_a_group_each_that_comes_in_takes_a_device_of_his_own_while_there_are_some(cast):
    devices = [
        setting.add_resource(client=cast.cabinet.id, name=each, kind="vélo", by=cast.claire, at=NOON).id
        for each in ("Un", "Deux")
    ]
    cycling = reason(cast.cabinet.id, "Vélo", 60, by=cast.claire, needs=(Need(kind="vélo"),))
    week = openings(cast.dupont, [(5, "09:00", "12:00")], reasons=(cycling,), capacity=3)
    setting.set_openings(agenda=cast.dupont, openings=week, by=cast.claire, at=NOON)
    starts = after(60 - 2 * 24 * 60)  # Saturday at nine
    lines = [
        ImportLine(line=number, starts=starts, ends=starts + HOUR, name=name, first_name="Jeanne", reason="Vélo")
        for number, name in enumerate(("Ader", "Blin", "Cros"), 1)
    ]
    asked = {"agenda": cast.dupont, "by": cast.claire, "at": NOON}
    report = import_lines(lines=lines, write=True, without_faulty=True, **asked)
    assert [(each.line, each.code) for each in report.faults] == [(3, "already_taken")]
    taken = Occupancy.objects.exclude(resource=None).values_list("resource", flat=True)
    assert sorted(str(each) for each in taken) == sorted(devices)
