# SPDX-License-Identifier: AGPL-3.0-or-later
"""Events to JSON and back: every value that fits comes back, none that does not fit is taken."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.kernel import fast_json
from permanence.kernel.events import Event, EventCatalogue, from_plain, to_plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    code: str
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened(Event):
    names: tuple[str, ...] = ()
    details: tuple[Detail, ...] = ()
    counts: dict[str, int] | None = None
    moment: datetime | None = None


CATALOGUE = EventCatalogue(Happened)
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30))]))
TEXTS = st.text(st.characters(exclude_categories=()), max_size=12)  # lone surrogates too: octets that are no UTF-8
EVENTS = st.builds(
    Happened,
    house=TEXTS,
    at=MOMENTS,
    names=st.lists(TEXTS, max_size=3).map(tuple),
    details=st.lists(st.builds(Detail, code=TEXTS, share=st.floats(allow_nan=False, allow_infinity=False))).map(tuple),
    counts=st.none() | st.dictionaries(TEXTS, st.integers(-(2**53), 2**53), max_size=3),
    moment=st.none() | MOMENTS,
)


@given(event=EVENTS)
def test_an_event_comes_back(event: Happened) -> None:
    plain = CATALOGUE.write(event)
    assert plain == {"type": "Happened", "v": 1, **to_plain(event)}
    assert CATALOGUE.read(json.loads(json.dumps(plain))) == event
    assert fast_json.decode(fast_json.encode(plain)) == plain


def good() -> dict[str, Any]:
    return to_plain(Happened(house="demo", at=datetime(2026, 11, 24, tzinfo=UTC), names=("a", "b")))


@pytest.mark.parametrize(
    "change",
    [
        {"names": "ab"},
        {"names": {"a": 1}},
        {"names": None},
        {"names": ["a", 1]},
        {"details": "x"},
        {"details": ["x"]},
        {"counts": [["a", 1]]},
        {"counts": {"a": "1"}},
        {"house": 7},
        {"at": "yesterday"},
        {"at": 7},
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    assert from_plain(Happened, good()).names == ("a", "b")
    with pytest.raises((TypeError, ValueError, KeyError)):
        from_plain(Happened, {**good(), **change})


def test_a_text_is_not_a_list_of_texts() -> None:
    with pytest.raises(TypeError, match="expected a list, found str"):
        from_plain(Happened, {**good(), "names": "ab"})


@given(text=st.text(max_size=40))
def test_anything_is_json_or_a_value_error(text: str) -> None:
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(fast_json.NotJson):
            fast_json.decode(text)
        return
    try:
        found = fast_json.decode(text.encode())
    except ValueError:  # NaN and Infinity are no JSON (RFC 8259 section 6)
        assert "N" in text or "I" in text
    else:
        assert found == expected


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000, '"\\ud800', "[" * 100_000 + "\\u0041"])
def test_depth_is_no_crash(text: str) -> None:
    with pytest.raises(fast_json.NotJson):
        fast_json.decode(text)


def test_a_lone_surrogate_is_written_as_an_escape() -> None:
    assert fast_json.encode({"a": "\udcff"}) == b'{"a":"\\udcff"}'
    assert fast_json.decode(b'{"a":"\\udcff"}') == {"a": "\udcff"}
