# SPDX-License-Identifier: AGPL-3.0-or-later
"""How agendas are set is read once and is true at every question; a booking asks little, a refusal less."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from permanence.agenda.models import Agenda
from permanence.agenda.operations import appointments, blocks, holds
from permanence.agenda.operations.taking import Look, judged
from permanence.agenda.queries.agendas import seen
from permanence.agenda.queries.books import KEPT, books, read_settings
from permanence.agenda.queries.kept import Kept
from permanence.agenda.refusals import SlotAlreadyTaken, SlotRefused
from permanence.agenda.rules.states import CancelCause
from permanence.agenda.rules.wishes import Wish
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, opened
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_warm import closed, new_device, other_reason, other_week, retired

pytestmark = pytest.mark.django_db(transaction=True)
SETTERS = (new_device, closed, other_week, other_reason, retired)
SINCE = (MONDAY - timedelta(days=3)).date()


@pytest.fixture
def cast():
    return make_agenda_cast()


def rows_of(cast):
    return seen([cast.dupont, cast.lemaire, cast.weber_agenda], by=cast.claire)


def queries(act):
    with CaptureQueriesContext(connection) as asked:
        act()
    return len(asked)


def test_it_is_true_after_every_change_and_read_again_only_then(cast):
    kept, told = Kept(read_settings), {}
    for change in SETTERS:
        before, told = told, kept.of(rows_of(cast), since=SINCE)
        assert told == read_settings(rows_of(cast), SINCE) != before
        rows = rows_of(cast)
        assert queries(lambda rows=rows: kept.of(rows, since=SINCE)) == 0
        change(cast)
    assert kept.of(rows_of(cast), since=SINCE) == read_settings(rows_of(cast), SINCE) != told


def test_what_is_booked_held_and_blocked_does_not_set_an_agenda_anew(cast):
    before = {row.pk: row.set_version for row in rows_of(cast)}
    made = appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=after(0), booking=cast.booking(), by=cast.claire, at=NOON
    )
    moved = {"appointment": made.appointment, "agenda": cast.lemaire, "starts_at": after(60)}
    appointments.move(key=cast.key(), by=cast.claire, at=NOON, **moved)
    appointments.cancel(
        key=cast.key(), appointment=made.appointment, cause=CancelCause.PATIENT, by=cast.claire, at=NOON
    )
    hold = {"agenda": cast.dupont, "reason": cast.consultation, "starts_at": after(120)}
    kept = holds.hold_slot(key=cast.key(), by=cast.claire, at=NOON, **hold)
    holds.release_hold(hold=kept.hold, by=cast.claire, at=NOON)
    busy = blocks.block(
        key=cast.key(), agenda=cast.dupont, starts_at=after(30), ends_at=after(50), by=cast.claire, at=NOON
    )
    blocks.unblock(key=cast.key(), block=busy.block, by=cast.claire, at=NOON)
    assert {row.pk: row.set_version for row in rows_of(cast)} == before
    assert {row.version for row in rows_of(cast)[:2]} != {row.version for row in rows_of(cast)[2:]}


def test_what_a_transaction_sees_is_not_kept(cast):
    kept = Kept(read_settings)

    def exceptions():
        return len(kept.of(rows_of(cast), since=SINCE)[int(cast.dupont)].exceptions)

    with transaction.atomic():
        closed(cast)
        assert exceptions() == 1
        transaction.set_rollback(True)
    assert exceptions() == 0
    other_week(cast)  # it gives the version that was taken back
    assert exceptions() == 0


def test_an_earlier_day_than_was_asked_for_is_read(cast):
    kept = Kept(read_settings)
    closed(cast)
    far = SINCE + timedelta(days=300)
    assert kept.of(rows_of(cast), since=far)[int(cast.dupont)].exceptions == ()
    for since in (SINCE, far):  # what was read from an earlier day on is there for a later one
        assert len(kept.of(rows_of(cast), since=since)[int(cast.dupont)].exceptions) == 1
    book = books(rows_of(cast), starts=MONDAY + timedelta(days=300))[cast.dupont]
    assert book.exceptions == ()


def test_those_not_asked_for_the_longest_go(cast):
    names = [opened(cast.cabinet.id, cast.cabinet.doctor, f"Dr {number}", by=cast.claire) for number in range(3)]
    rows, kept = seen(names, by=cast.claire), Kept(read_settings, most=2)
    for row in rows:
        kept.of([row], since=SINCE)
    assert [queries(lambda row=row: kept.of([row], since=SINCE)) for row in (rows[2], rows[1], rows[0])] == [0, 0, 4]


def refused_again(cast, refusal):
    told = {"agenda": cast.dupont, "starts_at": after(0), "booking": cast.booking(patient=cast.jeanne)}
    with pytest.raises(refusal):
        appointments.book(key=cast.key(), by=cast.claire, at=NOON, **told)


def test_a_refusal_asks_little_and_a_booking_no_more_than_it_writes(cast):
    def booked(minutes):
        told = {"agenda": cast.dupont, "starts_at": after(minutes), "booking": cast.booking()}
        appointments.book(key=cast.key(), by=cast.claire, at=NOON, **told)

    KEPT.of(rows_of(cast), since=SINCE)
    assert queries(lambda: booked(0)) <= 25  # on PostgreSQL rooms and equipment are locked too
    assert queries(lambda: refused_again(cast, SlotAlreadyTaken)) <= 7
    closed(cast)
    refused_again(cast, SlotRefused)
    assert queries(lambda: refused_again(cast, SlotRefused)) <= 7


class TestLook:
    """What was judged before the lock holds under it, as long as nothing has changed."""

    @pytest.fixture
    def look(self, cast):
        row = seen([cast.dupont], by=cast.claire)[0]
        made = Look(row=row, wish=Wish(reason=cast.consultation), starts=after(0), at=NOON)
        made.look()
        return made

    def under_lock(self, look):
        fresh = Agenda.objects.select_related("client", "house").get(pk=look.row.pk)
        with CaptureQueriesContext(connection) as asked:
            return look.under_lock(fresh), len(asked)

    def test_it_is_not_judged_again_while_nothing_changes(self, cast, look):
        assert self.under_lock(look) == (judged(look.row, look.wish, starts=after(0), at=NOON), 0)

    def test_who_came_between_is_seen(self, cast, look):
        told = {"agenda": cast.dupont, "starts_at": after(10), "booking": cast.booking()}
        appointments.book(key=cast.key(), by=cast.claire, at=NOON, **told)
        with pytest.raises(SlotAlreadyTaken):
            self.under_lock(look)

    def test_a_day_that_was_closed_between_is_seen(self, cast, look):
        closed(cast)
        with pytest.raises(SlotRefused):
            self.under_lock(look)

    def test_a_slot_with_a_device_is_judged_again(self, cast):
        row = seen([cast.dupont], by=cast.claire)[0]
        look = Look(row=row, wish=Wish(reason=cast.tracing), starts=after(0), at=NOON)
        look.look()
        told = {"agenda": cast.lemaire, "starts_at": after(0), "booking": cast.booking(reason=cast.tracing)}
        appointments.book(key=cast.key(), by=cast.claire, at=NOON, **told)
        with pytest.raises(SlotAlreadyTaken):
            self.under_lock(look)
