# SPDX-License-Identifier: AGPL-3.0-or-later
"""A day of the public page on which nobody consults is not said to be taken by others."""

import re
from datetime import timedelta

import pytest

from permanence.agenda.models import VisitReason
from permanence.agenda.operations import appointments, blocks
from permanence.clients import absences
from tests.rooms.agenda_cast import MONDAY, after
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import Visitor, cast, clock, jeanne
from tests.rooms.test_public_booking import any_times, practice

__all__ = ["cast", "clock", "jeanne", "practice"]

pytestmark = pytest.mark.django_db
DAY = re.compile(r'<section class="dayslots dayslots--none"><h2>([^<]+)</h2><p class="muted">([^<]+)</p>')
FULL, NO_CONSULTATION, CLOSED = "Complet", "Pas de consultation ce jour-là", "Le cabinet est fermé ce jour-là"
TOO_SOON = "Cet horaire est trop proche pour être réservé ici. Appelez-nous"


def away(cast, since, until, *, recipient):
    absences.announce_absence(
        client=cast.cabinet.id, recipient=recipient, starts=since, ends=until, words="", by=cast.marc, at=NOON,
        announced_by=cast.marc.person,
    )  # fmt: skip


def take_all(cast, agenda, minutes):
    for each in minutes:
        booked = {"key": cast.key(), "agenda": agenda, "booking": cast.booking(), "starts_at": after(each)}
        appointments.book(**booked, by=cast.claire, at=NOON)


def said(visitor, days=1):
    """Of the first days of the week that have no times."""
    return [words for _day, words in DAY.findall(visitor.text())][:days]


MORNING, AFTERNOON = range(0, 240, 20), range(360, 600, 20)


def test_while_the_doctor_is_away_no_day_is_said_to_be_full(jeanne, cast):
    away(cast, MONDAY - timedelta(hours=8), MONDAY + timedelta(days=5), recipient=cast.cabinet.doctor)
    jeanne.times()
    assert said(jeanne, 5) == [NO_CONSULTATION] * 5


def test_while_the_whole_practice_is_away_it_is_closed(jeanne, cast):
    away(cast, MONDAY - timedelta(hours=8), MONDAY + timedelta(hours=15), recipient=None)
    jeanne.times()
    assert said(jeanne) == [CLOSED]


def test_a_day_of_which_he_is_away_a_half_and_the_other_is_taken_is_full(jeanne, cast):
    away(cast, after(180), MONDAY + timedelta(hours=15), recipient=cast.cabinet.doctor)
    take_all(cast, cast.dupont, range(0, 180, 20))
    jeanne.times()
    assert said(jeanne) == [FULL]


def test_a_day_that_he_keeps_for_something_else_is_no_day_of_consultation(jeanne, cast):
    span = {"starts_at": after(0), "ends_at": after(600)}
    blocks.block(key=cast.key(), agenda=cast.dupont, words="congrès", by=cast.claire, at=NOON, **span)
    jeanne.times()
    assert said(jeanne) == [NO_CONSULTATION]
    assert "congrès" not in jeanne.text()


def test_with_whoever_is_free_first_a_day_is_full_where_one_consults_and_is_taken(jeanne, cast, practice):
    away(cast, MONDAY - timedelta(hours=8), MONDAY + timedelta(days=1, hours=15), recipient=cast.cabinet.doctor)
    take_all(cast, cast.lemaire, [*MORNING, *AFTERNOON])
    any_times(jeanne, cast, day="2026-11-30")
    assert said(jeanne) == [FULL]


def notice(cast, clock, hours, *, at):
    VisitReason.objects.filter(pk=int(cast.consultation)).update(notice=hours * 60)
    clock.at = at


ALL_TODAY = MONDAY - timedelta(hours=8), MONDAY + timedelta(hours=15)


@pytest.mark.parametrize("hours", [4, 24])
@pytest.mark.parametrize("everybody", [False, True])
def test_within_the_notice_nobody_is_asked_to_call_for_a_day_on_which_nobody_consults(
    jeanne, cast, clock, hours, everybody
):
    away(cast, *ALL_TODAY, recipient=None if everybody else cast.cabinet.doctor)
    notice(cast, clock, hours, at=after(-30))
    jeanne.times()
    assert said(jeanne) == [CLOSED if everybody else NO_CONSULTATION]


def test_within_the_notice_he_calls_for_the_half_day_of_which_the_doctor_is_there(jeanne, cast, clock):
    away(cast, after(300), MONDAY + timedelta(hours=15), recipient=cast.cabinet.doctor)
    notice(cast, clock, 24, at=after(-30))
    jeanne.times()
    assert said(jeanne) == [TOO_SOON]


def test_the_last_minutes_of_an_opening_are_no_consultation_on_a_day_on_which_he_is_away(jeanne, cast):
    away(cast, MONDAY - timedelta(hours=8), after(590), recipient=cast.cabinet.doctor)
    jeanne.times()
    assert said(jeanne) == [NO_CONSULTATION]


@pytest.mark.parametrize(("language", "words"), [("en", "No consultation on this day"), ("de", "Keine Sprechstunde")])
def test_it_is_said_in_the_patients_language(cast, clock, language, words):
    away(cast, MONDAY - timedelta(hours=8), MONDAY + timedelta(hours=15), recipient=cast.cabinet.doctor)
    visitor = Visitor(cast, clock, language=language)
    visitor.times()
    assert [each.startswith(words) for each in said(visitor)] == [True]
