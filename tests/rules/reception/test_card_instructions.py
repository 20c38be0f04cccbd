# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which instructions stand on a card, in which order, what the events say of it, and why the call came to her."""

import json
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.kernel.events import from_plain, to_plain
from permanence.reception import decisions as decided
from permanence.reception import events
from permanence.reception.events import Reason, ShownInstruction
from permanence.reception.instructions import in_order, instructions_for, instructions_in_force, is_new
from permanence.reception.table import InstructionEntry, read_slice, write_slice
from tests.rules.reception.house import AOIFE, CLAIRE, DUPONT, MAUD, START, Desk, client, codes

DAY = timedelta(days=1)
LINES = ("+35220000101", "+35220000102")
CALLERS = ("+352621000147", "+33600000000")

days = st.integers(-3, 3).map(lambda number: START + number * DAY)
entries = st.lists(
    st.builds(
        InstructionEntry,
        id=st.just("?"),
        version=st.just(1),
        text=st.just("t"),
        author=st.just("Dr Weber"),
        written_at=days,
        starts=st.none() | days,
        ends=st.none() | days,
        priority=st.integers(0, 2),
        line=st.sampled_from(("", *LINES)),
        caller=st.sampled_from(("", *CALLERS)),
        recipient=st.sampled_from(("", "5")),
        reason=st.sampled_from(("", "renewal")),
    ),
    max_size=6,
).map(lambda found: tuple(replace(entry, id=str(number)) for number, entry in enumerate(found)))


@given(entries, days, st.sampled_from(LINES), st.none() | st.sampled_from(CALLERS), st.none() | days)
def test_an_instruction_is_shown_when_and_only_when_it_is_about_this_call(found, at, line, caller, seen_at):
    def about_this_call(entry: InstructionEntry) -> bool:
        begun = entry.starts is None or entry.starts <= at
        over = entry.ends is not None and entry.ends <= at
        here = entry.line in {"", line}
        his = entry.caller == "" or (caller is not None and entry.caller == caller)
        return begun and not over and here and his

    shown = instructions_for(found, at=at, line=line, caller=caller, seen_at=seen_at)
    assert {entry.id for entry in shown} == {entry.id for entry in found if about_this_call(entry)}
    assert len(shown) == len({entry.id for entry in shown})
    for before, after in pairwise(shown):
        assert is_new(before, seen_at) >= is_new(after, seen_at)
        if is_new(before, seen_at) == is_new(after, seen_at):
            assert before.priority >= after.priority
            assert before.priority > after.priority or before.written_at >= after.written_at
    assert shown == instructions_for(reversed(found), at=at, line=line, caller=caller, seen_at=seen_at)
    held = instructions_in_force(found, at=at)
    of_all = instructions_for([replace(entry, line="", caller="") for entry in found], at=at)
    assert [entry.id for entry in held] == [entry.id for entry in of_all]
    assert [entry.id for entry in in_order(found) if entry in held] == [entry.id for entry in held]


@pytest.mark.parametrize(
    ("written", "starts", "new"),
    [
        (START - 2 * DAY, None, False),
        (START + DAY, None, True),
        (START - 2 * DAY, START + DAY, True),
        (START - 2 * DAY, START - DAY, False),
    ],
)
def test_what_began_to_hold_since_her_last_call_is_new_to_her(written: datetime, starts: datetime | None, new: bool):
    entry = InstructionEntry(id="1", version=1, text="t", author="Dr", written_at=written, starts=starts)
    assert is_new(entry, START) is new


def test_the_slice_of_an_earlier_release_is_read():
    entry = InstructionEntry(id="1", version=1, text="t", author="Dr", written_at=START)
    plain = json.loads(json.dumps(write_slice(client("10", instructions=(entry,)))))
    for name in ("recipient", "recipient_name", "line", "reason", "reason_label", "caller", "acknowledge"):
        del plain["instructions"][0][name]
    assert read_slice(plain) == client("10", instructions=(entry,))


def test_the_events_of_an_earlier_release_are_read():
    offered = {"house": "demo", "at": START.isoformat(), "call": "a", "client": "10", "offer": "o", "secretary": "1"}
    old = {"type": "CallOffered", **offered, "seat": "s", "until_ms": 1, "why": [{"code": "longest_ready"}]}
    read = events.ENGINE_EVENTS.read({**old, "greeting": "Bonjour", "shown": ["1:2"]})
    assert isinstance(read, events.CallOffered)
    assert (read.shown, read.instructions, read.why) == (("1:2",), (), (Reason(code="longest_ready"),))


def told_desk(**scope: str) -> Desk:
    """A desk at which Dupont has two instructions, the second of that scope."""
    desk = Desk()
    entry = InstructionEntry(id="7", version=3, text="Toujours", author="Dr", written_at=START - DAY, priority=1)
    scoped = InstructionEntry(id="8", version=1, text="Seulement", author="Dr", written_at=START - DAY, **scope)  # type: ignore[arg-type]
    desk.republish(lambda held: replace(held, instructions=(scoped, entry)), DUPONT)
    desk.sits(CLAIRE)
    return desk


@pytest.mark.parametrize(
    ("scope", "ringing", "shown"),
    [
        ({}, {}, ["7", "8"]),
        ({"line": LINES[0]}, {"called_line": LINES[0]}, ["7", "8"]),
        ({"line": LINES[0]}, {"called_line": LINES[1]}, ["7"]),
        ({"caller": CALLERS[0]}, {"caller": CALLERS[0]}, ["7", "8"]),
        ({"caller": CALLERS[0]}, {"caller": CALLERS[1]}, ["7"]),
        ({"caller": CALLERS[0]}, {"caller": CALLERS[0], "masked": True}, ["7"]),
        ({"caller": CALLERS[0]}, {}, ["7"]),
        ({"caller": CALLERS[0], "line": LINES[0]}, {"caller": CALLERS[0], "called_line": LINES[1]}, ["7"]),
        ({"recipient": "5", "reason": "renewal"}, {}, ["7", "8"]),
    ],
)
def test_the_line_and_the_number_shown_choose(scope, ringing, shown):
    desk = told_desk(**scope)
    desk.rings("a", **ringing)
    assert [entry.id for entry in desk.named(decided.Offer)[0].card.instructions] == shown


def test_the_event_says_what_was_shown_and_how_it_was_marked():
    desk = told_desk(recipient="5", recipient_name="Dr Dupont", reason="renewal", reason_label="Ordonnance")
    desk.rings("a")
    offered = desk.told(events.CallOffered)[0]
    assert (offered.shown, offered.name) == (("7:3", "8:1"), "Client 11")
    assert offered.instructions == (
        ShownInstruction(id="7", version=3, is_new=False, author="Dr"),
        ShownInstruction(id="8", version=1, is_new=False, author="Dr", recipient="Dr Dupont", reason="Ordonnance"),
    )
    assert from_plain(events.CallOffered, to_plain(offered)) == offered


def test_a_call_that_rings_again_after_a_restart_is_told_with_what_it_shows_then():
    desk = told_desk()
    desk.rings("a")
    desk.republish(lambda held: replace(held, instructions=held.instructions[:1]), DUPONT)
    desk.restart()
    desk.sits(CLAIRE, ready=False)
    offers = [each.shown for each in desk.events if isinstance(each, events.CallOffered)]
    assert offers == [("7:3", "8:1"), ("8:1",)]
    shown = [each.card for each in desk.decisions if isinstance(each, decided.Offer)][-1]
    desk.do("answer", CLAIRE, "a")
    assert desk.named(decided.Connect)[0].card == shown


# why she


def why(desk: Desk) -> list[Reason]:
    offer = desk.named(decided.Offer)[0]
    assert offer.card.why == offer.why
    return list(offer.why)


def test_the_only_one_who_is_ready_is_told_so():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.sits(MAUD)
    desk.rings("a")
    assert why(desk) == [Reason(code="only_ready"), Reason(code="speaks", detail="fr")]


def test_the_longest_ready_is_told_since_when():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.forward(42)
    desk.sits(AOIFE)
    desk.rings("a")
    assert why(desk)[0] == Reason(code="longest_ready", detail="42")


def test_who_becomes_free_is_told_how_long_the_caller_waited():
    desk = Desk()
    desk.rings("a")
    desk.forward(9)
    desk.sits(CLAIRE)
    assert why(desk)[0] == Reason(code="waited", detail="9")


@pytest.mark.parametrize(("how", "act"), [("declined", "decline"), ("missed", "")])
def test_who_gets_it_after_another_is_told_after_whom(how, act):
    desk = Desk()
    desk.sits(CLAIRE)
    desk.forward(5)
    desk.sits(AOIFE)
    desk.rings("a")
    if act:
        desk.do(act, CLAIRE, "a")
    else:
        desk.forward(13)
    assert why(desk)[-1] == Reason(code="offer_ended", detail=how, name="Secretary 1")


def test_it_is_remembered_while_the_caller_waits_and_over_a_restart():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    desk.do("decline", CLAIRE, "a")
    desk.restart()
    desk.sits(AOIFE)
    assert codes(desk.named(decided.Offer)[0]) == ["waited", "speaks", "offer_ended"]
    assert why(desk)[-1] == Reason(code="offer_ended", detail="declined", name="Secretary 1")


def test_her_own_refusal_is_no_colleagues():
    desk = Desk()
    desk.sits(CLAIRE)
    desk.rings("a")
    desk.do("decline", CLAIRE, "a")
    desk.do("ready", CLAIRE)
    assert codes(desk.named(decided.Offer)[0]) == ["waited", "speaks"]


def test_a_call_kept_by_an_earlier_release_is_read():
    desk = Desk()
    desk.rings("a")
    for name in ("passed_by", "passed_how"):
        del desk.states["call/a"][name]
    desk.restart()
    desk.sits(CLAIRE)
    assert desk.offered(CLAIRE) == "a"


def test_what_must_be_read_and_she_has_not_stands_first_whatever_is_new():
    fields = {"version": 1, "text": "t", "author": "Dr", "written_at": START - 9 * DAY, "acknowledge": True}
    unread = InstructionEntry(id="1", **fields, readers=("2",))  # type: ignore[arg-type]
    read = InstructionEntry(id="2", **fields, readers=("1", "2"))  # type: ignore[arg-type]
    new = InstructionEntry(id="3", version=1, text="t", author="Dr", written_at=START, priority=99)
    made = (new, read, unread)

    def order(reader: str | None) -> list[str]:
        found = instructions_for(made, at=START + DAY, seen_at=START - DAY, reader=reader)
        return [each.id for each in found]

    assert order("1") == ["1", "3", "2"]
    assert order("2") == order(None) == ["3", "1", "2"]
