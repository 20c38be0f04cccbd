# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the agendas needed for a while is deleted when it has had its time, and nothing that is still needed."""

from datetime import timedelta

import pytest

from permanence.agenda import tasks
from permanence.agenda.models import AgendaAct, Appointment, SlotHold, SlotOffer
from permanence.agenda.operations import appointments, blocks, holds, sweeping
from permanence.agenda.refusals import ActKeyTaken
from permanence.foundation.models import AuditEntry
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.messaging_cast import NOON
from tests.rooms.waiting_cast import LATER, booked, cancelled, person, pursue, waits

pytestmark = pytest.mark.django_db
MOMENT = timedelta(microseconds=1)


@pytest.fixture
def cast(db, deliver_all):
    made = make_agenda_cast()
    deliver_all(NOON)
    return made


def held(cast, minutes, *, at=NOON):
    slot = {"agenda": cast.dupont, "reason": cast.consultation, "starts_at": after(minutes), "by": cast.claire}
    return holds.hold_slot(key=cast.key(), at=at, **slot).hold


def test_exactly_what_is_older_goes_with_its_count(cast):
    old = held(cast, 0)
    holds.release_hold(hold=old, by=cast.claire, at=NOON)
    young = held(cast, 20, at=NOON + MOMENT)
    holds.release_hold(hold=young, by=cast.claire, at=NOON + MOMENT)
    standing = held(cast, 40)
    assert sweeping.sweep(at=NOON + sweeping.KEPT) == {"acts": 0, "holds": 0}
    notes = AuditEntry.objects.count()
    assert tasks.sweep_acts(at=NOON + sweeping.KEPT + MOMENT) == {"acts": 2, "holds": 1}
    assert set(SlotHold.objects.values_list("key", flat=True)) == {young, standing}
    assert AgendaAct.objects.count() == 1
    assert AuditEntry.objects.count() == notes
    assert tasks.sweep_acts(at=NOON + sweeping.KEPT + MOMENT) == {"acts": 0, "holds": 0}


def test_a_few_at_a_time_the_oldest_first(cast):
    for number in range(5):
        holds.release_hold(hold=held(cast, 20 * number), by=cast.claire, at=NOON + number * MOMENT)
    at = NOON + 2 * sweeping.KEPT
    assert [sweeping.sweep(at=at, limit=2) for _ in range(4)] == [
        {"acts": 2, "holds": 2},
        {"acts": 2, "holds": 2},
        {"acts": 1, "holds": 1},
        {"acts": 0, "holds": 0},
    ]


def test_the_hold_of_an_offer_says_who_was_offered_what(cast, deliver_all):
    visit = booked(cast, MONDAY)
    waits(cast, person(cast, "First"))
    cancelled(cast, visit)
    pursue(deliver_all, LATER)
    offer = SlotOffer.objects.get()
    pursue(deliver_all, offer.expires_at)
    sweeping.sweep(at=LATER + 2 * sweeping.KEPT)
    assert SlotHold.objects.filter(pk=offer.hold_id).exists()


def test_an_act_of_long_ago_is_not_done_again_but_refused(cast):
    """Its id is swept; the row that came of it has the same one."""
    key, span = cast.key(), {"starts_at": MONDAY, "ends_at": after(20)}
    visit = booked(cast, after(60))
    block = {"key": key, "agenda": cast.dupont, "words": "", "by": cast.claire, "at": NOON, **span}
    blocks.block(**block)
    blocks.unblock(key=cast.key(), block=key, by=cast.claire, at=NOON)
    sweeping.sweep(at=NOON + 2 * sweeping.KEPT)
    assert not AgendaAct.objects.exists()
    with pytest.raises(ActKeyTaken):
        blocks.block(**block)
    appointments.move(
        key=cast.key(),
        appointment=visit.appointment,
        agenda=cast.dupont,
        starts_at=after(120),
        by=cast.claire,
        at=NOON,
    )
    with pytest.raises(ActKeyTaken):
        appointments.book(
            key=visit.appointment,
            agenda=cast.dupont,
            starts_at=after(60),
            booking=cast.booking(),
            by=cast.claire,
            at=NOON,
        )
    assert Appointment.objects.count() == 1
