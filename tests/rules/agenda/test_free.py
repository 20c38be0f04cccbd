# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is free is what the oracle says, minute by minute; what is refused has a cause."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, event, given, settings

from permanence.agenda.rules.free import explain, free_slots
from tests.rules.agenda.made import books
from tests.rules.agenda.oracle import Oracle, wall

FEW = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))


@FEW
@given(made=books())
def test_what_is_offered_is_free_and_what_is_refused_has_a_cause(made):
    book, wish, day, at = made
    oracle = Oracle(book, wish, day=day, at=at)
    begin = wall(book.agenda.zone, day)[0][0]
    minutes = [each for each, _ in wall(book.agenda.zone, day) if (each - begin) % 5 == 0]
    wanted = [each for each in minutes if oracle.is_free(each)]
    event(f"free: {bool(wanted)}")
    slots = free_slots(book, wish, first=day, until=day + timedelta(days=1), at=at)
    assert [int(each.starts.timestamp() // 60) for each in slots] == wanted
    for each in sorted({*wanted, *minutes[:: 4 - (len(book.taken) % 2)]}):
        starts = datetime.fromtimestamp(each * 60, UTC)
        assert (explain(book, wish, starts=starts, at=at) == ()) == (each in wanted)
