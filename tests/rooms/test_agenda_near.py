# SPDX-License-Identifier: AGPL-3.0-or-later
"""A day of an agenda is read without the years before it, and what began the evening or the month before is there."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import pairwise

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.agenda.interop.entries import entries
from permanence.agenda.models import Agenda, Block, CalendarObject, Occupancy
from permanence.agenda.operations import appointments, blocks, setting
from permanence.agenda.operations.blocks import LONGEST
from permanence.agenda.operations.taking import occupy_block
from permanence.agenda.queries import agendas, calendars, days, interface
from permanence.agenda.rules.kinds import LONGEST_VISIT
from tests.rooms.agenda_cast import make_agenda_cast, openings, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_caldav import clock, event, home, phone

__all__ = ["clock"]

pytestmark = pytest.mark.django_db

TUESDAY, DAY = date(2026, 12, 1), timedelta(days=1)
MIDNIGHT = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
"""When that Tuesday begins in Paris."""


@pytest.fixture
def cast(db, clock):
    return make_agenda_cast()


def busy(cast, starts, ends):
    key = cast.key()
    blocks.block(key=key, agenda=cast.dupont, starts_at=starts, ends_at=ends, by=cast.claire, at=NOON)
    return key


def over_midnight(cast):
    """The longest visit there can be, of which five minutes are on the Tuesday."""
    night = reason(cast.cabinet.id, "Polysomnographie", LONGEST_VISIT, by=cast.claire)
    week = [(day, "00:00", "24:00") for day in range(7)]
    always = tuple(replace(each, on_holidays=True) for each in openings(cast.dupont, week))
    setting.set_openings(agenda=cast.dupont, openings=always, by=cast.claire, at=NOON)
    starts = MIDNIGHT + timedelta(minutes=5) - timedelta(minutes=LONGEST_VISIT)
    booking = cast.booking(reason=night)
    return appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=starts, booking=booking, by=cast.claire, at=NOON
    ).appointment


def grid(cast):
    [found] = days.day(by=cast.claire, agendas=[cast.dupont], day=TUESDAY, at=NOON)
    return {each.appointment for each in found.appointments} | {each.block for each in found.blocks}


def week(cast):
    found = days.week(by=cast.claire, agenda=cast.dupont, first=TUESDAY, at=NOON)
    return {each.appointment for each in found.appointments} | {each.block for each in found.blocks}


def feed(cast):
    row = Agenda.objects.select_related("client", "house").get(pk=int(cast.dupont))
    told = entries(row, names=False, starts=MIDNIGHT, ends=MIDNIGHT + DAY, language="fr")
    return {each.key for each in told}


def asked_from_outside(cast):
    span = {"since": MIDNIGHT, "before": MIDNIGHT + DAY}
    found = interface.busy(by=cast.claire, agendas=[cast.dupont], at=NOON, **span)
    return {each.appointment for each in found.appointments} | {each.block for each in found.blocks}


READERS = (grid, week, feed, asked_from_outside)


def long_ago(cast):
    """Events of his telephone in years that no calendar shows any more, each written then."""
    [known] = CalendarObject.objects.all()
    for years in (2, 3, 4):
        known.pk, known.name, known.uid = None, f"{years}.ics", str(years)
        known.blocks, known.known_until = [cast.key()], NOON - years * 365 * DAY
        known.save(force_insert=True)


def test_a_feed_looks_up_what_a_telephone_wrote_without_the_events_of_the_years_before(cast):
    assert phone(cast).put(f"{home(cast)}n.ics", whole_days("n", TUESDAY, TUESDAY + DAY)).status_code == 201
    [block] = Block.objects.all()
    long_ago(cast)
    with CaptureQueriesContext(connection) as asked:
        assert feed(cast) == {block.key}
    [objects] = [each["sql"] for each in asked if 'FROM "agenda_calendarobject"' in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(objects)
        assert [json.loads(keys) for (keys,) in cursor.fetchall()] == [[block.key]]


@pytest.mark.parametrize("read", READERS)
def test_the_longest_visit_over_midnight_is_seen_on_the_day_on_which_it_ends(cast, read):
    visit = over_midnight(cast)
    assert read(cast) == {visit}


@pytest.mark.parametrize("read", READERS)
def test_a_month_of_busy_time_is_seen_on_its_last_day(cast, read):
    starts = MIDNIGHT + timedelta(hours=1) - LONGEST
    block = busy(cast, starts, starts + LONGEST)
    assert read(cast) == {block}


def whole_days(uid, first, until, *more):
    written = event(uid, f"{first:%Y%m%d}", f"{until:%Y%m%d}", *more)
    return written.replace("DTSTART:", "DTSTART;VALUE=DATE:").replace("DTEND:", "DTEND;VALUE=DATE:")


def test_the_month_in_which_the_clocks_go_back_is_busy_to_its_last_hour(cast):
    """By the clock on the wall it is no longer than the longest busy time; in hours it is."""
    assert (
        phone(cast).put(f"{home(cast)}o.ics", whole_days("o", date(2027, 10, 1), date(2027, 11, 1))).status_code == 201
    )
    [block] = Block.objects.all()
    assert block.ends_at - block.starts_at == LONGEST + timedelta(hours=1)
    row = Agenda.objects.select_related("client", "house").get(pk=int(cast.dupont))
    last = {"starts": block.ends_at - timedelta(minutes=30), "ends": block.ends_at + DAY}
    assert {each.key for each in entries(row, names=False, language="fr", **last)} == {block.key}


def covered():
    """From when until when the agenda is taken without a gap, and by how long a busy time at most."""
    rows = list(Block.objects.filter(removed_at=None).order_by("starts_at"))
    taken = list(Occupancy.objects.order_by("starts_at"))
    for some in (rows, taken):
        assert all(one.ends_at == other.starts_at for one, other in pairwise(some))
    assert (rows[0].starts_at, rows[-1].ends_at) == (taken[0].starts_at, taken[-1].ends_at)
    return rows[0].starts_at, rows[-1].ends_at, max(each.ends_at - each.starts_at for each in rows)


def test_times_of_a_device_that_run_into_one_another_are_no_longer_than_any_busy_time(cast):
    daily = whole_days("d", TUESDAY, TUESDAY + 2 * DAY, "RRULE:FREQ=DAILY")
    assert phone(cast).put(f"{home(cast)}d.ics", daily).status_code == 201
    starts, ends, longest = covered()
    assert starts == MIDNIGHT
    assert ends > MIDNIGHT + 365 * DAY
    assert longest <= LONGEST + timedelta(hours=1)
    assert grid(cast) == {Block.objects.order_by("starts_at")[0].key}


def test_busy_time_that_was_kept_longer_is_cut_and_stays_its_devices(cast):
    assert phone(cast).put(f"{home(cast)}l.ics", whole_days("l", TUESDAY, TUESDAY + DAY)).status_code == 201
    [block], written = Block.objects.all(), CalendarObject.objects.get()
    Occupancy.objects.all().delete()
    Block.objects.update(ends_at=MIDNIGHT + 400 * DAY)
    block.refresh_from_db()
    beside = busy(cast, MIDNIGHT + 100 * DAY, MIDNIGHT + 101 * DAY)
    occupy_block(block, beside=True)
    import_module("permanence.agenda.migrations.0031_busy_time_of_a_month").cut_what_is_longer(apps, None)
    assert Block.objects.get(key=beside).ends_at == MIDNIGHT + 101 * DAY
    Block.objects.filter(key=beside).update(removed_at=NOON)
    assert covered() == (MIDNIGHT, MIDNIGHT + 400 * DAY, LONGEST)
    assert Block.objects.order_by("pk")[0].key == block.key
    written.refresh_from_db()
    assert {*written.blocks} == {*Block.objects.filter(removed_at=None).values_list("key", flat=True)}
    for each in Occupancy.objects.exclude(block__key=beside):
        assert each.block.starts_at <= each.starts_at < each.ends_at <= each.block.ends_at
    assert phone(cast)("DELETE", f"{home(cast)}l.ics").status_code in {200, 204}
    assert [each.block.key for each in Occupancy.objects.all()] == [beside]


def closed(cast):
    span = {"starts": MIDNIGHT, "ends": MIDNIGHT + DAY}
    return {str(row.pk) for row in agendas.closed_but_booked(by=cast.claire, **span)}


def test_a_closed_agenda_is_shown_on_the_day_on_which_its_last_visit_ends(cast):
    over_midnight(cast)
    Agenda.objects.filter(pk=int(cast.dupont)).update(active=False)
    assert closed(cast) == {cast.dupont}


def freed(cast):
    blocks.unblock(key=cast.key(), block=busy(cast, MIDNIGHT, MIDNIGHT + DAY), by=cast.claire, at=NOON)


def told_to_him(cast):
    calendars.collisions(by=cast.claire, at=NOON, agendas=[cast.dupont])


def spans_of(sql):
    """The tables of visits, holds and busy times that are asked for by their end, each with whether it is so by its
    beginning too.
    """
    plain = sql.replace('"', "")
    known = {
        alias or table: table for table, alias in re.findall(r"(?:FROM|JOIN) (agenda_\w+)(?: ([A-Z]\d+)\b)?", plain)
    }
    for name in set(re.findall(r"(\w+)\.ends_at > ", plain)):
        if known.get(name) in {"agenda_appointment", "agenda_block", "agenda_slothold"}:
            yield known[name], f"{name}.starts_at > " in plain


@pytest.mark.parametrize(
    ("ask", "tables"),
    [
        (grid, {"agenda_appointment", "agenda_block", "agenda_slothold"}),
        (week, {"agenda_appointment", "agenda_block", "agenda_slothold"}),
        (feed, {"agenda_appointment", "agenda_block"}),
        (asked_from_outside, {"agenda_appointment", "agenda_block", "agenda_slothold"}),
        (closed, {"agenda_appointment"}),
        (freed, {"agenda_block"}),
        (told_to_him, {"agenda_appointment"}),
    ],
)
def test_the_years_before_are_not_read(cast, ask, tables):
    with CaptureQueriesContext(connection) as asked:
        ask(cast)
    found = [each for query in asked for each in spans_of(query["sql"])]
    assert {table for table, _bounded in found} == tables
    assert [table for table, bounded in found if not bounded] == []


def test_the_index_leads_to_the_day_from_both_sides(cast):
    with CaptureQueriesContext(connection) as asked:
        grid(cast)
    plans = []
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")  # a few rows are read whole, whatever the index
        for query in [each["sql"] for each in asked if any(spans_of(each["sql"]))]:
            cursor.execute(f"EXPLAIN {'' if connection.vendor == 'postgresql' else 'QUERY PLAN '}{query}")
            plans += [" ".join(map(str, row)) for row in cursor.fetchall()]
    both = [each for each in plans if re.search(r"starts_at ?>.*starts_at ?<", each)]
    for index in ("agenda_appointment_when", "agenda_block_when"):
        if connection.vendor == "sqlite":
            assert [each for each in both if index in each], plans
    assert both, plans
