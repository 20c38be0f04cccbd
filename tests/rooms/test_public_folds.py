# SPDX-License-Identifier: AGPL-3.0-or-later
"""The public pages on a telephone: of much, the first stands there and the rest is one touch away, without a script."""

import re
from datetime import timedelta

import pytest

from permanence.agenda.operations import appointments
from permanence.booking import choosing, offered
from tests.rooms.agenda_cast import MONDAY, after, reason
from tests.rooms.messaging_cast import NOON
from tests.rooms.public_cast import SLUG, Visitor, cast, clock, jeanne, switch_on
from tests.rooms.test_public_booking import PRACTICE, any_times, practice

__all__ = ("cast", "clock", "jeanne", "practice")

DAY = re.compile(r'<fieldset class="dayslots">(.*?)</fieldset>', re.DOTALL)
PRACTITIONER = re.compile(
    r'<details class="fold"( open)?><summary><h2>([^<]+)</h2>.*?</summary>(.*?)</details>', re.DOTALL
)
VALUE = re.compile(r'name="(?:starts|for)" value="([^"]+)"')


def days_of(visitor):
    """Of each day the times that stand there, and those behind its fold."""
    return [
        (VALUE.findall(seen), VALUE.findall(folded))
        for seen, _fold, folded in (each.partition("<details") for each in DAY.findall(visitor.text()))
    ]


def summary(visitor):
    return re.sub(r"<[^>]+>", "", re.search(r"<summary>(.*?)</summary>", visitor.text(), re.DOTALL)[1])


def test_of_a_day_full_of_times_the_first_stand_there_and_none_is_lost(jeanne, cast):
    jeanne.times()
    found = days_of(jeanne)
    every = [after(hours * 60 + minutes).isoformat() for hours in (0, 6) for minutes in range(0, 240, 20)]
    assert found[0] == (every[: offered.FIRST], every[offered.FIRST :])
    assert [len(seen) + len(folded) for seen, folded in found] == [len(every)] * 5
    assert jeanne.take(9 * 60).status_code == 303  # behind the fold


def test_a_day_with_few_times_is_not_folded(jeanne, cast):
    for number in range(24 - offered.UNFOLDED):
        starts = MONDAY + timedelta(minutes=20 * number + 120 * (number >= 12))
        booked = {"key": cast.key(), "agenda": cast.dupont, "booking": cast.booking(), "starts_at": starts}
        appointments.book(**booked, by=cast.claire, at=NOON)
    jeanne.times()
    (few, none), (first, more) = days_of(jeanne)[:2]
    assert (len(few), none) == (offered.UNFOLDED, [])
    assert (len(first), len(more)) == (offered.FIRST, 24 - offered.FIRST)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("fr", "20 autres horaires, jusqu’à 17\u00a0h\u00a040 lundi 30 novembre"),
        ("de", "20 weitere Zeiten, bis 17:40\u00a0Uhr Montag, 30. November"),
        ("en", "20 more times, until 17:40 Monday 30 November"),
    ],
)
def test_the_fold_says_how_many_and_until_when(cast, clock, language, words):
    visitor = Visitor(cast, clock, language=language)
    visitor.times()
    assert summary(visitor) == words


def test_whoever_is_free_first_is_folded_too_and_one_who_moves_his_visit_finds_the_same(jeanne, cast, practice, clock):
    values = any_times(jeanne, cast, day="2026-11-30")
    found = days_of(jeanne)
    assert [each for seen, folded in found for each in seen + folded] == values
    assert {len(seen) for seen, _folded in found} == {offered.FIRST}
    visit = jeanne.book()
    jeanne.get(f"{visit}/move?day=2026-12-01")
    assert {len(seen) for seen, _folded in days_of(jeanne)} == {offered.FIRST}


def test_many_practitioners_stand_by_their_names_and_few_with_all_their_reasons(jeanne, cast, practice):
    jeanne.get(f"/rdv/{PRACTICE}/")
    assert PRACTITIONER.findall(jeanne.text()) == []
    names = [f"Contrôle {number}" for number in range(choosing.UNFOLDED // 2)]
    more = tuple(reason(cast.cabinet.id, each, 20, by=cast.claire) for each in names)
    for agenda, slug in ((cast.dupont, SLUG), (cast.lemaire, "dr-lemaire")):
        switch_on(cast, agenda=agenda, slug=slug, reasons=(cast.consultation, *more))
    jeanne.get(f"/rdv/{PRACTICE}/")
    text = jeanne.text()
    found = {tuple(VALUE.findall(inside)): is_open for is_open, _name, inside in PRACTITIONER.findall(text)}
    every = {cast.consultation, *more}
    assert {frozenset(each) for each in found} == {
        frozenset(f"{agenda}-{one}" for one in every) for agenda in (cast.dupont, cast.lemaire)
    }
    assert set(found.values()) == {""}  # whoever is free first is above, and can be chosen there
    assert len(VALUE.findall(text.partition("<details")[0])) == len(every)
    jeanne.get(f"/rdv/{SLUG}/")  # of one alone everything is shown
    assert PRACTITIONER.findall(jeanne.text()) == []
    failed = jeanne.get(f"/rdv/{PRACTICE}/times?for=nothing")
    assert failed.status_code == 422
    assert len(PRACTITIONER.findall(jeanne.text())) == 2


def test_where_nothing_is_shared_the_first_practitioner_is_open(jeanne, cast, practice):
    for agenda, slug, of in ((cast.dupont, SLUG, "D"), (cast.lemaire, "dr-lemaire", "L")):
        own = [f"{of} {number}" for number in range(choosing.UNFOLDED)]
        reasons = tuple(reason(cast.cabinet.id, each, 20, by=cast.claire) for each in own)
        switch_on(cast, agenda=agenda, slug=slug, reasons=reasons)
    jeanne.get(f"/rdv/{PRACTICE}/")
    assert [is_open for is_open, _name, _inside in PRACTITIONER.findall(jeanne.text())] == [" open", ""]
