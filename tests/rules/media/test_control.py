# SPDX-License-Identifier: AGPL-3.0-or-later
"""The control messages: what is written is read back, and nothing else is read."""

import dataclasses
import json
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony.media import control
from permanence.telephony.media.control_wire import (
    MESSAGE_LIMIT,
    ControlError,
    command_from_json,
    command_to_json,
    event_to_json,
    living_from_result,
    matrix_is_square,
    message_from_json,
    reply_to_json,
)
from permanence.telephony.media.living import Living, LivingLeg, LivingLine

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**50), 2**50),
    float: st.floats(allow_nan=False, allow_infinity=False, width=32),
    bool: st.booleans(),
    str | None: st.none() | TEXT,
    int | None: st.none() | st.integers(0, 65535),
    tuple[str, ...]: st.lists(TEXT, max_size=4).map(tuple),
    tuple[tuple[float, ...], ...]: st.lists(st.lists(st.floats(0, 4), max_size=3).map(tuple), max_size=3).map(tuple),
}


def some(kinds: tuple[type[Any], ...]) -> st.SearchStrategy[Any]:
    return st.one_of(
        st.builds(
            kind, **{one.name: VALUES[get_type_hints(kind)[one.name]] for one in dataclasses.fields(kind) if one.name}
        )
        for kind in kinds
    )


@given(some(control.COMMANDS), st.none() | st.integers(0, 2**40))
def test_commands_survive_the_wire(command: control.MediaCommand, request: int | None) -> None:
    line = command_to_json(command, request)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert command_from_json(line) == (command, request)


@given(some(control.EVENTS))
def test_events_survive_the_wire(event: control.MediaEvent) -> None:
    assert message_from_json(event_to_json(event)) == event


@pytest.mark.parametrize("kinds", [control.COMMANDS, control.EVENTS])
def test_every_name_is_used_once(kinds: tuple[type[Any], ...]) -> None:
    assert len({kind.NAME for kind in kinds} - {""}) == len(kinds)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b"\xff",
        b"nul",
        b'{"command": "no such"}',
        b'{"command": ["plug"]}',
        b'{"command": "plug", "line": "a"}',
        b'{"command": "plug", "line": "a", "leg": 3}',
        b'{"command": "plug", "line": "a", "leg": null}',
        b'{"command": "mute", "line": "a", "on": 1}',
        b'{"command": "open_leg", "leg": "a", "port": true}',
        b'{"command": "open_leg", "leg": "a", "port": 1e999}',
        b'{"command": "record", "leg": "a", "file": "b", "max_s": NaN}',
        b'{"command": "mix", "mix": "a", "parties": "ab", "matrix": []}',
        b'{"command": "status", "id": -1}',
        b'{"command": "status", "id": "1"}',
        b'{"command": "close_leg", "leg": "\\ud800"}',
        b"[" * 60000,
        b'{"command": "close_leg", "leg": "' + b"x" * MESSAGE_LIMIT + b'"}',
        b'{"command": "close_leg", "leg": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_no_command(line: bytes) -> None:
    with pytest.raises(ControlError):
        command_from_json(line)


def test_a_newer_version_may_say_more() -> None:
    assert command_from_json(b'{"command": "unplug", "line": "a", "gently": true}') == (control.Unplug(line="a"), None)
    assert message_from_json(b'{"event": "line_sang", "line": "a"}') is None


def test_replies_survive_the_wire() -> None:
    for reply in (
        control.Reply(id=3, ok=True, result={"answer": "v=0"}),
        control.Reply(id=4, ok=False, code="unknown", why="unknown"),
    ):
        assert message_from_json(reply_to_json(reply)) == reply


def test_what_lives_survives_the_wire() -> None:
    living = Living(
        instance="ab",
        lines=(LivingLine(line="l", state="up", leg="g", loss=0.5),),
        legs=(LivingLeg(leg="g", port=10000, heard=True, recording="x.alaw"),),
    )
    assert living_from_result(json.loads(json.dumps(dataclasses.asdict(living)))) == living
    with pytest.raises(ControlError):
        living_from_result({"instance": "a", "lines": [3], "legs": []})
    with pytest.raises(ControlError):
        living_from_result({})


@pytest.mark.parametrize(
    ("parties", "matrix", "good"),
    [
        (("a", "b"), ((0.0, 1.0), (1.0, 0.0)), True),
        (("a", "b"), ((0.0, 1.0),), False),
        (("a", "b"), ((0.0, 1.0), (1.0,)), False),
        (("a", "a"), ((0.0, 1.0), (1.0, 0.0)), False),
        (("a",), ((5.0,),), False),
        (("a",), ((-1.0,),), False),
        ((), (), False),
    ],
)
def test_matrices(parties: tuple[str, ...], matrix: tuple[tuple[float, ...], ...], good: bool) -> None:
    assert matrix_is_square(control.Mix(mix="m", parties=parties, matrix=matrix)) is good
