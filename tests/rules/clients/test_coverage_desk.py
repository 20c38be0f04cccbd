# SPDX-License-Identifier: AGPL-3.0-or-later
"""The proof of what is said against the desk itself: a call that comes at a moment is treated as was proved for it."""

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given

from permanence.clients.rules.coverage import cover, said_at
from permanence.reception import decisions
from permanence.reception.absence import ANNOUNCE, ANSWER, TREATMENTS, VOICE_MESSAGE
from permanence.reception.decisions import CloseCall, Decided, Decision, RingBack
from permanence.reception.desk import Reception
from permanence.reception.table import ClientSlice, RoutingTable
from tests.rules.clients.test_coverage import FEW, HOUR, LONG, MINUTE, START, absence, changed, situations
from tests.rules.reception.house import Counter, house_slice

LATER = {
    decisions.StartMusic,
    decisions.AnnouncePlace,
    decisions.Offer,
    decisions.WithdrawOffer,
    decisions.Connect,
    decisions.KeepCaller,
    decisions.Replug,
    decisions.PresenceIs,
    decisions.QueueIs,
}
"""What the desk decides of a caller who is being answered, and of those who answer."""


def fate(decided: Decided) -> tuple[str, str]:
    """What became of a call on its arrival: its treatment, and the reason of the closing words."""
    (first,) = [each for each in decided.decisions if type(each) not in LATER]
    if isinstance(first, RingBack):
        return ANSWER, ""
    assert isinstance(first, CloseCall)
    return VOICE_MESSAGE if first.voice_message else ANNOUNCE, first.reason


def desk_of(entry: ClientSlice) -> Reception:
    return Reception(entry.house, RoutingTable.holding([house_slice({"1": ("fr",)}), entry]), entropy=Counter())


def arrives(desk: Reception, entry: ClientSlice, call: str, at: datetime) -> tuple[str, str]:
    found = fate(desk.call_arrived(call, client=entry.client, called_line=next(iter(entry.lines), ""), at=at))
    desk.call_gone(call, at=at)
    return found


def test_the_desk_decides_nothing_of_which_the_proof_knows_nothing() -> None:
    """A new decision of the desk is sorted here: a treatment of its own is one that the proof has to know."""
    assert set(Decision.__value__.__args__) == LATER | {RingBack, CloseCall}
    assert set(TREATMENTS) == {ANSWER, ANNOUNCE, VOICE_MESSAGE}


@given(situations())
@FEW
def test_a_call_is_treated_as_was_proved_for_its_moment(situation: tuple[ClientSlice, datetime]) -> None:
    entry, starts = situation
    desk = desk_of(entry)
    for number, segment in enumerate(cover(entry, starts=starts, until=starts + LONG).segments):
        for place, at in enumerate((segment.starts, segment.ends - MINUTE)):
            if segment.starts <= at:
                proved = segment.treatment.kind, segment.treatment.reason
                assert arrives(desk, entry, f"c{number}-{place}", at) == proved
                said = said_at(entry, line="", at=at).treatment
                assert (said.kind, said.reason) == proved


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, ANSWER),
        ({"state": "suspended"}, ANNOUNCE),
        ({"absences": (absence("1", START, hours=4, treatment=ANNOUNCE),)}, ANNOUNCE),
        ({"absences": (absence("1", START, hours=4, treatment=VOICE_MESSAGE),), "sector": "other"}, VOICE_MESSAGE),
        ({"absences": (absence("1", START, hours=4, treatment=ANSWER),)}, ANSWER),
    ],
)
def test_each_treatment_is_reached(more: dict[str, Any], kind: str) -> None:
    entry = changed(**more)
    at = START + 2 * HOUR
    assert arrives(desk_of(entry), entry, "c", at)[0] == said_at(entry, line="", at=at).treatment.kind == kind
