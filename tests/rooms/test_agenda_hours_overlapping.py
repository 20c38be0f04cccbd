# SPDX-License-Identifier: AGPL-3.0-or-later
"""New hours laid over hours that stand: both hold, and whoever sets them is told which, by the owner's and the doctor's
pages alike.
"""

from html import unescape

import pytest
from django.urls import reverse

from permanence.agenda.queries import agendas
from permanence.agenda.rules.kinds import OpeningKind
from tests.rooms.sent_form import sent_form
from tests.rooms.test_agenda_day_differs import Weber

pytestmark = pytest.mark.django_db
SAID = "These hours lie over others that stand"


@pytest.fixture(params=[False, True], ids=["owner", "doctor"])
def weber(cast, browser_of, request):
    made = Weber(cast, browser_of, portal=request.param)
    made.week(made.opening(0, "08:00", "12:00"), made.opening(1, "08:00", "12:00", kind=OpeningKind.TELE))
    return made


def laid(weber, do, opening="new", status=200, **typed):
    """The page after hours were typed and a button pressed."""
    name = "portal_agenda_opening" if weber.portal else "accounts:agenda-opening"
    address = reverse(name, args=[weber.cast.weber, weber.agenda, opening])
    given = sent_form(weber.browser.get(address), field="hours") | typed | {"do": do}
    answer = weber.browser.post(address, given, follow=True, headers={"accept-language": "en"})
    assert answer.status_code == status
    return unescape(answer.content.decode())


def test_new_hours_over_standing_ones_are_told_before_and_after_they_are_saved(weber):
    typed = {"days": ["0", "1", "2"], "hours": "11-13"}
    for step in ("check", "save"):
        page = laid(weber, step, **typed)
        assert f"{SAID}: Monday 08:00–12:00 (no new patients, not online); Tuesday 08:00–12:00 (video" in page
    week = agendas.week_openings(by=weber.cast.marc, agenda=weber.agenda)
    assert len(week) == 5  # they are kept: told, not refused


def test_hours_beside_standing_ones_and_those_that_are_changed_lie_over_nothing(weber):
    for step in ("check", "save"):
        assert SAID not in laid(weber, step, days=["0"], hours="12-14")
    [first, *_] = agendas.week_openings(by=weber.cast.marc, agenda=weber.agenda)
    assert SAID not in laid(weber, "save", opening=first.id, hours="8-11")


def test_of_two_hours_in_one_field_that_overlap_both_are_said(weber):
    page = laid(weber, "check", status=422, days=["0"], hours="8-12, 10-14")
    assert "These hours overlap: 8:00-12:00 and 10:00-14:00." in page
