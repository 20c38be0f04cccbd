# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor's day on his telephone: busy time that lasts beyond the day says what it takes of that day."""

import re
from datetime import timedelta
from html import unescape
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse

from permanence.agenda.operations import blocks
from permanence.agenda.rules.busy import MIDNIGHT, busy_span
from permanence.agenda.rules.states import Door
from permanence.clients import absences
from permanence.portal import agenda
from tests.rooms.agenda_cast import MONDAY, after, make_agenda_cast
from tests.rooms.conftest import SignedInBrowser
from tests.rooms.http_server import serving
from tests.rooms.messaging_cast import NOON
from tests.rooms.test_agenda_other_calendars import Product, add, event, look

PARIS = "Europe/Paris"
HOURS = re.compile(r'<span class="muted visits__hours">(.*?)</span>\s*<a ', re.DOTALL)
LINE = re.compile(r'visits__time"><strong>([^<]*)</strong>(?:<span class="muted">([^<]*)</span>)?')
FIRST = MONDAY.astimezone(ZoneInfo(PARIS)).date()
"""The Monday on which the cast's week begins."""


@pytest.fixture
def cast(db, monkeypatch):
    monkeypatch.setattr(agenda, "_CLOCK", SimpleNamespace(now=lambda: NOON))
    return make_agenda_cast()


def said_of(cast, day, *, language="fr"):
    """What stands before each line of a day: from when, until when."""
    address = reverse("portal_day_of", args=[cast.cabinet.id, cast.dupont])
    page = SignedInBrowser(cast.dr_dupont).get(f"{address}?day={day.isoformat()}", HTTP_ACCEPT_LANGUAGE=language)
    assert page.status_code == 200
    return [tuple(map(unescape, each)) for each in LINE.findall(page.content.decode())]


def keep_free(cast, day, *, starts=0, until=MIDNIGHT):
    begins, ends = busy_span(day=day, starts=starts, until=until, zone=PARIS)
    span = {"starts_at": begins, "ends_at": ends, "words": "Congrès", "door": Door.PORTAL}
    blocks.block(key=cast.key(), agenda=cast.dupont, by=cast.dr_dupont, at=NOON, **span)


@pytest.mark.parametrize(("language", "words"), [("fr", "toute la journée"), ("de", "ganztägig"), ("en", "all day")])
def test_a_calendars_event_over_days_says_of_each_day_what_it_takes(cast, language, words):
    # From Monday at ten until Wednesday at nine.
    with serving(Product(event("congress", after(120), 2 * MIDNIGHT - 60))) as server:
        add(cast, server)
        assert look() == 1
    said = [said_of(cast, FIRST + timedelta(days=ahead), language=language) for ahead in range(4)]
    assert said == [[("10:00", "24:00")], [(words, "")], [("00:00", "09:00")], []]


def test_a_whole_day_of_a_calendar_and_one_kept_free_here_are_whole_days(cast):
    monday, _over = busy_span(day=FIRST, starts=0, until=MIDNIGHT, zone=PARIS)
    with serving(Product(event("holiday", monday, MIDNIGHT))) as server:
        add(cast, server)
        assert look() == 1
    keep_free(cast, FIRST + timedelta(days=1))
    keep_free(cast, FIRST + timedelta(days=2), until=MIDNIGHT - 1)
    whole = [("toute la journée", "")]
    said = [said_of(cast, FIRST + timedelta(days=ahead)) for ahead in range(3)]
    assert said == [whole, whole, [("00:00", "23:59")]]


def test_the_day_on_which_clocks_change_is_one_whole_day(cast):
    changes = FIRST.replace(year=2027, month=3, day=28)  # 23 hours long in Paris
    keep_free(cast, changes)
    assert said_of(cast, changes) == [("toute la journée", "")]
    assert said_of(cast, changes + timedelta(days=1)) == []


def head_of(cast, day):
    """What stands at the head of a day, and whether he may book from there."""
    address = reverse("portal_day_of", args=[cast.cabinet.id, cast.dupont])
    page = SignedInBrowser(cast.dr_dupont).get(f"{address}?day={day.isoformat()}", HTTP_ACCEPT_LANGUAGE="en")
    shown = page.content.decode()
    return " ".join(re.sub(r"<[^>]+>", "", HOURS.search(shown)[1]).split()), f"/book?day={day.isoformat()}" in shown


def is_away(cast, starts, ends):
    who = {"announced_by": cast.dr_dupont.person, "by": cast.dr_dupont, "recipient": cast.cabinet.doctor}
    absences.announce_absence(client=cast.cabinet.id, starts=starts, ends=ends, words="Absente.", at=NOON, **who)


def test_the_head_of_a_day_leaves_out_what_he_is_away_for(cast):
    assert head_of(cast, FIRST) == ("08:00–12:00, 14:00–18:00 by appointment", True)
    # From Monday at half past ten until Tuesday at three.
    is_away(cast, after(150), after(31 * 60))
    assert head_of(cast, FIRST) == ("08:00–10:30 by appointment", True)
    assert head_of(cast, FIRST + timedelta(days=1)) == ("15:00–18:00 by appointment", True)


def test_on_a_day_on_which_he_is_away_its_head_says_so_and_offers_no_booking(cast):
    is_away(cast, after(0), after(10 * 60))
    assert head_of(cast, FIRST) == ("away on this day", False)
    keep_free(cast, FIRST + timedelta(days=1))
    assert head_of(cast, FIRST + timedelta(days=1)) == ("busy all day", False)
    assert head_of(cast, FIRST + timedelta(days=6)) == ("closed", True)
