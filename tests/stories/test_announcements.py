# SPDX-License-Identifier: AGPL-3.0-or-later
"""Stories of a recorded announcement: before the music, and as closing words."""

from dataclasses import replace
from datetime import UTC, datetime

from permanence.reception.table import ClosingWords
from tests.stories import cast
from tests.stories.world import World

SUNDAY = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
WELCOME, CLOSED = "a" * 64, "b" * 64


def weber_with_announcements():
    greetings = tuple(replace(each, announcement=WELCOME, announcement_s=9) for each in cast.weber().greetings)
    words = ClosingWords(language="fr", prompts=(CLOSED,), occasions=("closed", "max_wait"))
    return replace(cast.weber(), greetings=greetings, closing=(words,), version=2)


def sounds(world: World, caller, seconds: int) -> list[str]:
    """What he hears, each sound once, looking twice a second."""
    found: list[str] = []
    for _ in range(seconds * 2):
        if not found or found[-1] != caller.sound:
            found.append(caller.sound)
        world.forward(0.5)
    return found


def test_a_caller_who_waits_hears_it_before_the_music() -> None:
    world = World(clients=(weber_with_announcements(), cast.dupont(), cast.atlas()))
    caller, other = world.caller().dials(cast.WEBER_LINE), world.caller("+33612345678").dials(cast.DUPONT_LINE)
    assert sounds(world, caller, 60) == ["ringing", WELCOME, "fr/place-1", "music", "fr/place-1", "music"]
    assert other.hears("music")
    world.claire.sits_down()
    world.claire.answers()
    assert caller.hears("Claire")


def test_it_ends_at_once_when_she_answers() -> None:
    world = World(clients=(weber_with_announcements(),))
    caller = world.caller().dials(cast.WEBER_LINE)
    world.forward(10.5)
    assert caller.hears(WELCOME)
    world.claire.sits_down()
    assert caller.hears(WELCOME)
    world.claire.answers()
    assert caller.hears("Claire")
    world.forward(20)
    assert caller.hears("Claire")


def test_it_goes_on_when_the_exchange_dies() -> None:
    world = World(clients=(weber_with_announcements(),))
    caller = world.caller().dials(cast.WEBER_LINE)
    world.forward(10.5)
    world.kill_exchange()
    world.start_exchange()
    assert caller.hears(WELCOME)
    world.forward(5)
    assert caller.hears("music")


def test_a_closed_health_client_says_the_emergency_sentence_first() -> None:
    world = World(SUNDAY, clients=(weber_with_announcements(),))
    caller = world.caller().dials(cast.WEBER_LINE)
    assert sounds(world, caller, 8) == ["fr/emergency-112", f"{CLOSED}/fr/closed", "silence"]
    assert caller.state == "over"


def test_after_the_longest_wait_too() -> None:
    world = World(clients=(weber_with_announcements(),))
    caller = world.caller().dials(cast.WEBER_LINE)
    world.forward(179)
    assert sounds(world, caller, 8)[-3:] == ["fr/emergency-112", f"{CLOSED}/fr/busy", "silence"]
