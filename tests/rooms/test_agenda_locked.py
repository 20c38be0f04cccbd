# SPDX-License-Identifier: AGPL-3.0-or-later
"""Another writer keeps the database, or the agenda, for longer than anybody waits: the act says so by its name."""

from contextlib import contextmanager

import pytest
from django.db import connection

from permanence.agenda.models import SlotHold
from permanence.agenda.operations import holds
from permanence.agenda.refusals import AgendaBusy
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.messaging_cast import NOON

SHORT = {"sqlite": ("SELECT 1", "SELECT 1"), "postgresql": ("SET lock_timeout = '20ms'", "RESET lock_timeout")}
"""That our own connection does not wait, and then again as before. A database in memory never waits."""
KEEP = {"sqlite": ("BEGIN IMMEDIATE",), "postgresql": ("BEGIN", "SELECT id FROM agenda_agenda FOR UPDATE")}


@pytest.fixture
def cast(transactional_db):
    return make_agenda_cast()


@contextmanager
def agendas_kept_by_another():
    short, again = SHORT[connection.vendor]
    connection.cursor().execute(short)
    other = connection.copy()
    for order in KEEP[other.vendor]:
        other.cursor().execute(order)
    try:
        yield
    finally:
        other.cursor().execute("ROLLBACK")
        other.connection.close()  # Django leaves those of a database in memory open
        connection.cursor().execute(again)


def test_a_hold_that_cannot_be_given_back_now_is_refused_by_name_and_stands(cast):
    slot = {"agenda": cast.dupont, "reason": cast.consultation, "starts_at": after(0), "by": cast.claire}
    kept = holds.hold_slot(key=cast.key(), at=NOON, **slot)
    with agendas_kept_by_another(), pytest.raises(AgendaBusy):
        holds.release_hold(hold=kept.hold, by=cast.claire, at=NOON)
    assert SlotHold.objects.get(key=kept.hold).ended_at is None
    holds.release_hold(hold=kept.hold, by=cast.claire, at=NOON)
