# SPDX-License-Identifier: AGPL-3.0-or-later
"""The callers of the demonstration come with the volumes and hours of the trade."""

import collections
import hashlib
import itertools

import pytest

from permanence.kernel.phone import PhoneNumber
from permanence.project import demo_callers
from permanence.project.demo_cast import NUMBERS


class Seeded:
    """The same chance at every run."""

    def __init__(self):
        self.count = 0

    def token(self, size):
        self.count += 1
        return hashlib.sha256(str(self.count).encode()).digest()[:size]


def test_a_day_has_all_its_calls_and_the_published_peaks():
    assert sum(demo_callers.HOURS.values()) == pytest.approx(1.0)
    assert max(demo_callers.HOURS, key=demo_callers.HOURS.get) == 9
    day = sum(demo_callers.HOURS[hour] for hour in (9, 10, 11, 14, 15, 16, 17, 18))
    assert day == pytest.approx(0.77)
    assert demo_callers.calls_an_hour(3, 9, 1.0) == pytest.approx(13.2)
    assert demo_callers.calls_an_hour(3, 3, 1.0) == 0


def test_a_day_of_callers_follows_the_curve_of_the_day_whatever_its_speed():
    for speed in (1.0, 60.0):
        gaps = itertools.islice(demo_callers.gaps(8, 40.0, Seeded(), speed=speed), 12_000)
        moments = itertools.takewhile(lambda at: at < 12, (at * speed / 3600 for at in itertools.accumulate(gaps)))
        by_hour = collections.Counter(8 + int(moment) for moment in moments)
        assert by_hour.total() == pytest.approx(len(NUMBERS) * 40 * 40, rel=0.05)
        for hour, share in demo_callers.HOURS.items():
            assert by_hour[hour] / by_hour.total() == pytest.approx(share, abs=0.015), hour


def test_the_day_begins_at_the_asked_hour_and_the_night_is_left_out():
    gaps = itertools.islice(demo_callers.gaps(19, 400.0, Seeded(), speed=3600.0), 4_000 * len(NUMBERS))
    moments = [at for at in itertools.accumulate(gaps) if at < 3]
    evening, morning, peak = (sum(hour <= at < hour + 1 for at in moments) for hour in range(3))
    assert evening == pytest.approx(len(NUMBERS) * 16_000 * demo_callers.HOURS[19], rel=0.1)
    assert morning == pytest.approx(evening, rel=0.1)
    assert peak > 1.6 * morning


def test_callers_come_to_every_line_some_withholding_their_number():
    coming = list(itertools.islice(demo_callers.callers(itertools.repeat(30.0), Seeded()), 4000))
    assert {caller.gap for caller in coming} == {30.0}
    assert sum(caller.talk for caller in coming) / 4000 == pytest.approx(137.0, rel=0.1)
    assert {caller.number for caller in coming} == {number for _, number in NUMBERS}
    assert sum(caller.anonymous for caller in coming) / 4000 == pytest.approx(0.1, abs=0.03)
    assert {PhoneNumber(caller.caller).e164[:8] for caller in coming} == {"+3363998"}
    assert len(PhoneNumber(coming[0].caller).e164) == 12


@pytest.mark.parametrize(
    ("heard", "answered"),
    [
        (("speech",), True),
        (("music", "place", "music"), False),
        (("music", "silence"), True),
        (("closing", "tone", "silence"), False),
    ],
)
def test_only_a_person_counts_as_an_answer(heard, answered, capsys):
    caller, answer = next(demo_callers.callers([1.0], Seeded())), demo_callers.Answer()
    for step, detail in (("answered", "127.0.0.1:10018"), *(("hears", word) for word in heard)):
        answer.hears(caller, step, detail)
    said = capsys.readouterr().out
    assert answer.person.is_set() is answered
    assert said.count("a secretary answers") == answered
    assert "connected" in said
    assert "10018" not in said


def test_callers_prefer_the_lines_that_are_said():
    coming = itertools.islice(demo_callers.callers(itertools.repeat(1.0), Seeded(), lines=lambda: NUMBERS[:1]), 50)
    assert {caller.number for caller in coming} == {NUMBERS[0][1]}
