# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the test of a trunk chooses, and how it says what the carrier did."""

from datetime import UTC, datetime

import pytest

from permanence.kernel.events import to_plain
from permanence.project import trunk_test
from permanence.reception.table import HouseSlice, RoutingTable, TrunkEntry
from permanence.telephony import events

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def table(*names):
    trunks = tuple(TrunkEntry(name=name, addresses=("192.0.2.1",), country="FR") for name in names)
    house = HouseSlice(house="h", version=1, name="H", language="fr", secretaries=(), trunks=trunks)
    return RoutingTable({"h": house}, {}, {"+33199001234": ("h", "1"), "+33199009999": ("other", "2")})


def test_the_only_trunk_and_a_line_of_the_house_are_chosen():
    assert trunk_test.choose(table("carrier"), "h", None, None) == ("carrier", "+33199001234")


@pytest.mark.parametrize(
    ("names", "trunk", "caller", "words"),
    [
        ((), None, None, "no trunk"),
        (("a", "b"), None, None, "--trunk a or b"),
        (("a",), "c", None, "no trunk 'c'"),
        (("a",), "a", "+33199009999", "no line of the house"),
    ],
)
def test_what_is_missing_is_said(names, trunk, caller, words):
    with pytest.raises(trunk_test.CannotTest, match=words):
        trunk_test.choose(table(*names), "h", trunk, caller)


def plain(event):
    return {"type": type(event).__name__, **to_plain(event)}


def ended(**fields):
    base = {"house": "h", "at": AT, "dial": "d", "by": "system", "why": "done"}
    return plain(events.DialEnded(**{**base, **fields}))


def test_every_event_of_a_call_of_ours_is_a_sentence():
    started = events.DialStarted(house="h", at=AT, dial="d", trunk="carrier", number="+33199000000")
    progressed = events.DialProgressed(house="h", at=AT, dial="d", status=183, early_media=True)
    answered = events.DialAnswered(house="h", at=AT, dial="d", payload_type=8)
    assert trunk_test.words(plain(started)) == "INVITE sent over carrier to +33199000000"
    assert trunk_test.words(plain(progressed)) == "the carrier says 183, with sound before the answer"
    assert trunk_test.words(plain(answered)) == "answered, G.711 A-law"
    assert "refused with 403: Forbidden" in trunk_test.words(ended(by="carrier", why="Forbidden", status=403))


@pytest.mark.parametrize(("answered", "heard", "works"), [(None, False, False), (1, False, False), (1, True, True)])
def test_a_trunk_works_when_it_answers_and_sound_comes_back(answered, heard, works):
    assert trunk_test.works(ended(answered_at_ms=answered, heard=heard)) is works
