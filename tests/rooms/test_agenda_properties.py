# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whatever is done in whatever order: what blocks never overlaps, and everything that stands has what it occupies."""

from datetime import timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from permanence.agenda.models import Appointment, Block, Occupancy, SlotHold
from permanence.agenda.operations import appointments, blocks, holds, setting, visits
from permanence.agenda.queries import days
from permanence.agenda.rules.states import AppointmentState, CancelCause
from permanence.kernel.refusals import Refusal
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast, openings, reason
from tests.rooms.messaging_cast import NOON

ACTS = (
    "book",
    "book",
    "hold",
    "from_hold",
    "move",
    "cancel",
    "block",
    "unblock",
    "overbook",
    "arrive",
    "no_show",
    "wait",
)
acts = st.lists(
    st.tuples(
        st.sampled_from(ACTS),
        st.integers(0, 24),  # five minutes each from eight o'clock
        st.integers(0, 1),  # which agenda
        st.integers(0, 4),  # which reason
        st.integers(0, 9),  # which of those that stand
    ),
    max_size=30,
)


class World:
    """Two agendas that share a device; the second one takes three at a time. Some visits take both."""

    def __init__(self):
        self.cast = make_agenda_cast()
        week = openings(self.cast.lemaire, [(0, "08:00", "12:00")], capacity=3)
        setting.set_openings(agenda=self.cast.lemaire, openings=week, by=self.cast.claire, at=NOON)
        self.agendas = (self.cast.dupont, self.cast.lemaire)
        client, by = self.cast.cabinet.id, self.cast.claire
        self.combined = tuple(
            reason(client, f"À deux, {other}", 20, by=by, also=other, after=5) for other in reversed(self.agendas)
        )
        self.reasons = (self.cast.consultation, self.cast.tracing, self.cast.class_of_three, *self.combined)
        self.at = NOON
        self.refused = set()

    def act(self, name, slot, agenda, reason, which):
        """Do it; gives whether it was done."""
        try:
            getattr(self, name)(after(slot * 5), self.agendas[agenda], self.reasons[reason], which)
        except Refusal as refusal:
            self.refused.add(refusal.code)
            return False
        return True

    def _by(self):
        return {"key": self.cast.key(), "by": self.cast.claire, "at": self.at}

    @staticmethod
    def _one(rows, which):
        found = list(rows.order_by("pk"))
        return found[which % len(found)].key if found else "nothing-of-that-kind"

    def _visit(self, which):
        return self._one(Appointment.objects.all(), which)

    def book(self, starts, agenda, reason, which):
        appointments.book(agenda=agenda, starts_at=starts, booking=self.cast.booking(reason=reason), **self._by())

    def hold(self, starts, agenda, reason, which):
        holds.hold_slot(agenda=agenda, reason=reason, starts_at=starts, call=f"call-{which % 3}", **self._by())

    def from_hold(self, starts, agenda, reason, which):
        row = SlotHold.objects.filter(ended_at=None).order_by("pk").first()
        if row is not None:
            booking = self.cast.booking(reason=str(row.reason_id), call=row.call)
            place = {"agenda": str(row.agenda_id), "starts_at": row.starts_at, "hold": row.key}
            appointments.book(booking=booking, **place, **self._by())

    def move(self, starts, agenda, reason, which):
        appointments.move(appointment=self._visit(which), agenda=agenda, starts_at=starts, **self._by())

    def cancel(self, starts, agenda, reason, which):
        appointments.cancel(appointment=self._visit(which), cause=CancelCause.PATIENT, **self._by())

    def block(self, starts, agenda, reason, which):
        blocks.block(agenda=agenda, starts_at=starts, ends_at=starts + timedelta(minutes=5 * which + 5), **self._by())

    def unblock(self, starts, agenda, reason, which):
        blocks.unblock(block=self._one(Block.objects.all(), which), **self._by())

    def overbook(self, starts, agenda, reason, which):
        booking = self.cast.booking(reason=reason)
        appointments.overbook(agenda=agenda, starts_at=starts, booking=booking, cause="urgence", **self._by())

    def arrive(self, starts, agenda, reason, which):
        visits.mark_arrived(appointment=self._visit(which), **self._by())

    def no_show(self, starts, agenda, reason, which):
        visits.mark_no_show(appointment=self._visit(which), **{**self._by(), "at": MONDAY + timedelta(hours=5)})

    def wait(self, starts, agenda, reason, which):
        self.at += timedelta(seconds=50)

    def check(self):
        """What must hold after every act."""
        rows = list(Occupancy.objects.all())
        blocking = [row for row in rows if row.blocking]
        for number, one in enumerate(blocking):
            for other in blocking[:number]:
                same = (one.agenda_id, one.resource_id) == (other.agenda_id, other.resource_id)
                meet = one.starts_at < other.ends_at and other.starts_at < one.ends_at
                beside = one.place_until <= other.place_from or other.place_until <= one.place_from
                together = one.shared_by_id is not None and one.shared_by_id == other.shared_by_id
                assert not (same and meet and not beside and not together)
        self._later_over_earlier(rows)
        for visit in Appointment.objects.all():
            of_visit = [row for row in rows if row.appointment_id == visit.pk]
            if visit.state == AppointmentState.CANCELLED:
                assert of_visit == []
                continue
            own = [row for row in of_visit if row.agenda_id is not None]
            assert sorted(row.agenda_id for row in own) == sorted(filter(None, (visit.agenda_id, visit.also_id)))
            used = [row for row in of_visit if row.resource_id is not None]
            needs = [(int(self.cast.ecg), 0, 5)] if str(visit.reason_id) == self.cast.tracing else []
            assert [(row.resource_id, row.before, row.after) for row in used] == needs
            for taken in (*own, *used):
                assert taken.starts_at + timedelta(minutes=taken.before) == visit.starts_at
                assert taken.ends_at - timedelta(minutes=taken.after) == visit.ends_at
                assert taken.blocking != (bool(visit.overbook_cause) and taken.agenda_id == visit.agenda_id)
        held = {row.hold_id for row in rows if row.hold_id}
        open_holds = SlotHold.objects.filter(ended_at=None)
        assert held == set(open_holds.values_list("pk", flat=True))
        with_device = {row.hold_id for row in rows if row.hold_id and row.resource_id == int(self.cast.ecg)}
        assert with_device == set(open_holds.filter(reason=int(self.cast.tracing)).values_list("pk", flat=True))
        assert {row.block_id for row in rows if row.block_id} == set(
            Block.objects.filter(removed_at=None).values_list("pk", flat=True)
        )

    def _later_over_earlier(self, rows):
        """Whatever stands where something stood before it is a visit with a cause; the agenda of Dr Lemaire has three
        places, which the database counts, and nothing is overbooked there.
        """
        own = sorted((row for row in rows if row.agenda_id == int(self.agendas[0])), key=lambda row: row.pk)
        for number, later in enumerate(own):
            for earlier in own[:number]:
                meet = later.starts_at < earlier.ends_at and earlier.starts_at < later.ends_at
                assert not (meet and later.blocking)


class TestAnyOrder(TestCase):
    """Random acts on a small day, so that most of them meet."""

    @settings(max_examples=30, suppress_health_check=[HealthCheck.too_slow])
    @given(acts)
    @example([("book", 0, 0, 0, 0), ("overbook", 0, 0, 0, 0), ("cancel", 0, 0, 0, 0), ("block", 0, 0, 0, 3)])
    @example([("book", 0, 0, 0, 0), ("overbook", 2, 0, 0, 0), ("block", 4, 0, 0, 0), ("move", 12, 0, 0, 0)])
    def test_nothing_overlaps_and_nothing_is_lost(self, wanted):
        world = World()
        for act in wanted:
            world.act(*act)
            world.check()
        assert not world.refused & {"refused", "agenda_busy"}
        shown = days.day(by=world.cast.claire, agendas=world.agendas, day=MONDAY.date(), at=world.at)
        standing = Appointment.objects.exclude(state="cancelled")
        twice = standing.filter(also__isnull=False).count()
        assert sum(len(each.appointments) for each in shown) == standing.count() + twice

    def test_a_device_that_was_lost_is_seen(self):
        world = World()
        assert world.act("book", 0, 0, 1, 0)
        assert world.act("hold", 12, 0, 1, 0)
        world.check()
        for of in ("appointment", "hold"):
            before = transaction.savepoint_create()
            assert Occupancy.objects.exclude(resource=None).exclude(**{of: None}).delete()[0] == 1
            with pytest.raises(AssertionError):
                world.check()
            transaction.savepoint_rollback(before)
        world.check()

    def test_what_covers_an_overbooked_visit_is_seen(self):
        world = World()
        for act in (("book", 0, 0, 0, 0), ("overbook", 2, 0, 0, 0), ("cancel", 0, 0, 0, 0), ("block", 12, 0, 0, 0)):
            assert world.act(*act)
            world.check()
        moved = {"starts_at": after(20), "ends_at": after(25)}
        assert Occupancy.objects.filter(block__isnull=False).update(**moved) == 1
        with pytest.raises(AssertionError):
            world.check()
