# SPDX-License-Identifier: AGPL-3.0-or-later
"""The weekdays that a new patient is told are those on which some hours would take him, for that, by that way."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from permanence.agenda.rules.admission import against_opening, new_patient_days
from permanence.agenda.rules.kinds import Asker, Opening, OpeningKind, VisitReason
from permanence.agenda.rules.openings import OpenSpan
from permanence.agenda.rules.why_not import NotReleased
from permanence.agenda.rules.wishes import Wish
from tests.rules.agenda.house import TUESDAY, on, weber
from tests.rules.agenda.made import books

REASON = VisitReason(id="r", client="c", name="", minutes=30)
HERE = Opening(id="here", agenda="weber", weekday=1, opens="08:00", until="12:00")
ONLINE = Wish(reason="r", is_new=True, asked_by=Asker.ONLINE)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(made=books())
def test_a_day_is_named_where_an_opening_has_nothing_against_him(made):
    book, wish, day, at = made
    reason, new = book.reasons[0], replace(wish, is_new=True, reason=book.reasons[0].id)
    taking = set()
    for each in book.openings:
        span = OpenSpan(opening=each, day=day, starts=on("08:00", TUESDAY), ends=on("12:00", TUESDAY))
        if all(isinstance(why, NotReleased) for why in against_opening(span, reason, new, new_days=(), at=at)):
            taking.add(each.weekday)
    assert new_patient_days(book, reason, new) == tuple(sorted(taking))


@pytest.mark.parametrize(
    "other",
    [
        {"kind": OpeningKind.HOME_VISIT},
        {"kind": OpeningKind.TELE},
        {"kind": OpeningKind.WALK_IN},
        {"kind": OpeningKind.SAME_DAY, "released_at": "07:30", "online": False},
        {"reasons": ("s",)},
        {"new_patients": False},
    ],
    ids="-".join,
)
def test_hours_that_are_for_others_name_no_day(other):
    book = weber(openings=(HERE, replace(HERE, id="other", weekday=4, **other)), reasons=(REASON,))
    assert new_patient_days(book, REASON, ONLINE) == (1,)
