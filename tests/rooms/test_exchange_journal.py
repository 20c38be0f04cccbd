# SPDX-License-Identifier: AGPL-3.0-or-later
"""The journal on a real disk: what survives, what is repaired, what is dropped, what happens when the disk is full."""

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.engine.exchange import aside, segments
from permanence.engine.exchange.journal import Journal
from permanence.kernel.fast_json import encode
from permanence.kernel.system import SystemClock


class Synced:
    """Hears from the syncer's thread."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._position = 0

    def __call__(self, position: int) -> None:
        with self._condition:
            self._position = position
            self._condition.notify_all()

    def wait_for(self, position: int) -> bool:
        with self._condition:
            return self._condition.wait_for(lambda: self._position >= position, timeout=10)


def opened(folder: Path, **options: Any) -> Journal:
    return Journal(folder, SystemClock(), minimum_free_bytes=0, **options)


def event(number: int) -> dict[str, Any]:
    return {"type": "CallArrived", "v": 1, "call": f"c{number}"}


def names(folder: Path) -> list[str]:
    return [path.name for path in segments.segment_paths(folder)]


def test_events_and_states_are_there_after_a_kill(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    assert [journal.append(event(number)) for number in range(3)] == [1, 2, 3]
    journal.keep("call/a", {"state": "talking"})
    journal.keep("call/b", {"state": "ringing"})
    journal.keep("call/b", None)
    again = opened(tmp_path)  # the first one is not closed: that is the kill
    assert again.states == {"call/a": {"state": "talking"}}
    assert again.events_after(0) == [(number + 1, event(number)) for number in range(3)]
    assert again.append(event(9)) == 4
    assert again.torn_bytes == 0


@given(cut=st.integers(min_value=1, max_value=400))
def test_a_torn_tail_costs_only_what_is_torn(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = opened(folder)
    for number in range(8):
        journal.append(event(number))
    journal.close()
    path = segments.segment_paths(folder)[-1]
    data = path.read_bytes()
    path.write_bytes(data[: max(0, len(data) - cut)])
    again = opened(folder)
    kept = [sequence for sequence, _ in again.events_after(0)]
    assert kept == list(range(1, len(kept) + 1))
    whole = len(segments.pack(encode({"k": "event", "n": 1, "e": event(0)})))
    assert len(kept) == max(0, 8 - -(-cut // whole)) or len(data) - cut < whole
    again.append(event(99))
    again.close()
    last = opened(folder)
    assert [found for _, found in last.events_after(len(kept))] == [event(99)]
    last.close()


@given(at=st.integers(min_value=30, max_value=600), flip=st.integers(min_value=1, max_value=255))
def test_a_flipped_bit_is_never_believed(tmp_path_factory: pytest.TempPathFactory, at: int, flip: int) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = opened(folder)
    for number in range(8):
        journal.append(event(number))
    journal.close()
    path = segments.segment_paths(folder)[-1]
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= flip
    path.write_bytes(bytes(data))
    try:
        again = opened(folder)
    except segments.UnreadableSegment:
        return
    found = again.events_after(0)
    again.close()
    assert found == [(number + 1, event(number)) for number in range(len(found))]


def test_segments_rotate_and_go_when_acknowledged(tmp_path: Path) -> None:
    synced = Synced()
    journal = opened(tmp_path, segment_bytes=2000, on_synced=synced)
    journal.keep("call/living", {"state": "talking"})
    for number in range(200):
        journal.append(event(number))
    assert len(names(tmp_path)) > 5
    assert journal.events_after(0, 1000) == [(number + 1, event(number)) for number in range(200)]
    assert synced.wait_for(journal.position)
    journal.acknowledge(200)
    assert len(names(tmp_path)) == 1
    again = opened(tmp_path)
    assert again.states == {"call/living": {"state": "talking"}}
    assert (again.next_sequence, again.acknowledged) == (201, 200)
    assert again.append(event(1)) == 201


def test_events_older_than_memory_are_read_from_the_disk(tmp_path: Path) -> None:
    journal = opened(tmp_path, segment_bytes=50_000)
    for number in range(5000):
        journal.append(event(number))
    assert journal.events_after(0, 3) == [(1, event(0)), (2, event(1)), (3, event(2))]
    assert journal.events_after(4998) == [(4999, event(4998)), (5000, event(4999))]
    assert journal.events_after(5000) == []


def test_what_is_told_is_on_the_disk(tmp_path: Path) -> None:
    synced = Synced()
    journal = opened(tmp_path, on_synced=synced)
    journal.append(event(1))
    position = journal.position
    assert synced.wait_for(position)
    assert journal.synced >= position
    assert journal.durable_sequence == 1


def test_a_sync_that_hangs_keeps_back_what_is_not_durable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced, release = Synced(), threading.Event()
    journal = opened(tmp_path, on_synced=synced)
    assert synced.wait_for(journal.position)
    real = os.fdatasync
    monkeypatch.setattr(os, "fdatasync", lambda fd: release.wait(10) and real(fd))
    journal.append(event(1))
    assert journal.durable_sequence == 0
    release.set()
    assert synced.wait_for(journal.position)
    assert journal.durable_sequence == 1
    journal.close()


def test_a_full_disk_closes_the_door_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    journal = opened(tmp_path)
    journal.append(event(1))
    real = os.write

    def full(fd: int, data: bytes) -> int:
        if len(data) > 10:
            return real(fd, data[:10])  # a partial write, then nothing more
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "write", full)
    assert journal.append(event(2)) == 2
    journal.keep("call/a", {"state": "talking"})
    assert not journal.accepting
    assert "No space left" in journal.failure
    survivors = segments.segment_paths(tmp_path)[-1].read_bytes()
    assert segments.believable_length(survivors) == len(survivors)
    monkeypatch.setattr(os, "write", real)
    journal.check_room()
    assert journal.accepting
    journal.close()
    again = opened(tmp_path)
    assert [found for _, found in again.events_after(0)] == [event(1), event(2)]
    assert again.states == {"call/a": {"state": "talking"}}


def test_little_room_left_closes_the_door(tmp_path: Path) -> None:
    journal = Journal(tmp_path, SystemClock(), minimum_free_bytes=1 << 60)
    journal.check_room()
    assert not journal.accepting
    assert journal.append(event(1)) == 1  # what runs is still written
    journal.close()


def test_a_journal_that_crashed_three_times_is_set_aside_with_its_events(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    clock = SystemClock()

    def start() -> tuple[Journal, Path | None]:
        return aside.open_journal(folder, clock, lambda _position: None, Journal)

    journal, moved = start()
    assert moved is None
    aside.note_healthy(folder)
    journal.append(event(1))
    journal.append(event(2))
    journal.acknowledge(1)
    journal.keep("call/poison", {"x": 1})
    for _ in range(3):
        journal, moved = start()
        assert moved is None
        assert "call/poison" in journal.states
    journal, moved = start()
    assert moved == tmp_path / "journal-aside" / "1"
    assert journal.states == {}
    [(sequence, carried)] = journal.events_after(1)
    assert carried == event(2)
    assert sequence > 10_000
    assert names(moved) != []
    _, moved = start()
    assert moved is None


def test_a_journal_of_another_version_is_set_aside(tmp_path: Path) -> None:
    folder = tmp_path / "journal"
    folder.mkdir()
    segments.segment_path(folder, 1).write_bytes(b"PERMANENCE-JOURNAL 99\nwhatever")
    journal, moved = aside.open_journal(folder, SystemClock(), lambda _position: None, Journal)
    assert moved is not None
    assert journal.append(event(1)) > 0


def test_a_house_that_outlived_the_journal_gets_new_numbers(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.keep("call/a", {"x": 1})
    journal.skip_to(501)
    assert journal.append(event(1)) == 501
    again = opened(tmp_path)
    assert again.next_sequence == 502
    assert again.states == {"call/a": {"x": 1}}


@given(cut=st.integers(min_value=1, max_value=700))
def test_a_turn_is_believed_whole_or_not_at_all(tmp_path_factory: pytest.TempPathFactory, cut: int) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = opened(folder)
    for number in range(4):
        both = (encode(event(2 * number)), encode(event(2 * number + 1)))
        journal.write(both, {"call/a": {"turn": number}, f"call/{number}": {"turn": number}})
    journal.close()
    path = segments.segment_paths(folder)[-1]
    data = path.read_bytes()
    path.write_bytes(data[: max(0, len(data) - cut)])
    again = opened(folder)
    found = len(again.events_after(0))
    again.close()
    assert found % 2 == 0
    turns = found // 2
    assert again.states == (
        {f"call/{number}": {"turn": number} for number in range(turns)} | {"call/a": {"turn": turns - 1}}
        if turns
        else {}
    )


@pytest.mark.parametrize("which", ["event", "state"])
def test_a_turn_with_a_record_too_large_is_refused_whole(tmp_path: Path, which: str) -> None:
    journal = opened(tmp_path)
    large = "x" * (segments.MAX_VALUE + 1)
    before = journal.position
    events = (encode(event(1)), encode({"type": large if which == "event" else ""}))
    with pytest.raises(ValueError, match="over the limit"):
        journal.write(events, {"call/a": {"x": 1}, "call/b": large if which == "state" else ""})
    assert (journal.events_after(0), journal.states, journal.position) == ([], {}, before)  # nothing to be told either
    assert journal.append(event(2)) == 1
    journal.close()
    again = opened(tmp_path)
    assert again.events_after(0) == [(1, event(2))]
    assert again.states == {}
    again.close()


@given(size=st.integers(segments.MAX_VALUE - 40, segments.MAX_VALUE + 3))
def test_what_is_not_refused_is_written(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    folder = tmp_path_factory.mktemp("journal")
    journal = opened(folder)
    text = "x" * size
    try:
        journal.write((encode(text), encode(event(1))), {"call/a": text})
    except ValueError:
        expected: list[Any] = []
    else:
        expected = [text, event(1)]
    journal.close()
    again = opened(folder)
    assert [found for _, found in again.events_after(0)] == expected
    assert again.states == ({"call/a": text} if expected else {})
    again.close()


def test_a_turn_that_cannot_be_written_as_json_leaves_nothing(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    with pytest.raises(TypeError):
        journal.write((encode(event(1)),), {"call/a": {"x": 1}, "call/b": object()})
    assert (journal.events_after(0), journal.states) == ([], {})
    journal.write((encode(event(2)),), {"call/a": {"x": 1}})
    again = opened(tmp_path)
    assert again.events_after(0) == [(1, event(2))]
    assert again.states == {"call/a": {"x": 1}}


def test_a_state_nearly_too_large_is_kept_replaced_and_removed_like_any_other(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    large = "x" * (segments.MAX_TURN + 1)
    journal.keep("card/a", "before")
    journal.keep("card/a", large)
    journal.keep("card/b", large)
    assert journal.states == {"card/a": large, "card/b": large}
    journal.keep("card/b", None)
    assert opened(tmp_path).states == {"card/a": large}  # in the segment it begins, too
    assert opened(tmp_path).states == {"card/a": large}


def test_a_turn_too_large_for_one_record_is_written_in_several(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    half = "x" * (segments.MAX_RECORD // 2)
    journal.write((encode(event(1)), encode(event(2))), {"call/a": half, "call/b": half})
    journal.close()
    again = opened(tmp_path)
    assert [found for _, found in again.events_after(0)] == [event(1), event(2)]
    assert again.states == {"call/a": half, "call/b": half}
    again.close()


def test_the_version_before_is_read(tmp_path: Path) -> None:
    before = b"PERMANENCE-JOURNAL %d\n" % (segments.FORMAT_VERSION - 1)
    records = [{"k": "event", "n": 1, "e": event(1)}, {"k": "state", "s": "call/a", "v": {"x": 1}}]
    segments.segment_path(tmp_path, 1).write_bytes(
        before + b"".join(segments.pack(encode(record)) for record in records)
    )
    journal = opened(tmp_path)
    assert journal.events_after(0) == [(1, event(1))]
    assert journal.states == {"call/a": {"x": 1}}
    assert journal.torn_bytes == 0
    journal.close()


def test_the_states_of_a_journal_set_aside_are_read_as_far_as_they_go(tmp_path: Path) -> None:
    journal = opened(tmp_path)
    journal.keep("call/a", {"x": 1})
    journal.keep("call/b", {"x": 2})
    journal.keep("call/b", None)
    journal.close()
    segments.segment_path(tmp_path, 9).write_bytes(b"no segment")
    assert aside.states_of(tmp_path) == {"call/a": {"x": 1}}
