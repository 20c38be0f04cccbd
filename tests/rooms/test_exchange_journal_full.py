# SPDX-License-Identifier: AGPL-3.0-or-later
"""The journal on a disk that is full: what waits has its place, and nothing is told as kept before it is kept."""

import contextlib
import errno
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.engine.exchange import journal as journal_module
from permanence.engine.exchange.journal import Journal
from permanence.kernel.fast_json import encode
from tests.rooms.test_exchange_journal import Synced, event, names, opened

REAL_WRITE, REAL_OPEN = os.write, os.open


def _full(_fd: int, _data: bytes) -> int:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _no_new_file(path: str | Path, flags: int, *rest: int) -> int:
    if flags & os.O_CREAT:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return REAL_OPEN(path, flags, *rest)


@contextlib.contextmanager
def full_disk(*, new_files: bool = False) -> Iterator[None]:
    """`new_files`: a file can be made, but nothing be written into it."""
    with mock.patch.object(os, "write", _full), mock.patch.object(os, "open", REAL_OPEN if new_files else _no_new_file):
        yield


def test_a_record_that_waits_has_its_position_and_is_not_told_as_kept(tmp_path: Path) -> None:
    synced = Synced()
    journal = opened(tmp_path, on_synced=synced)
    journal.append(event(1))
    before = journal.position
    assert synced.wait_for(before)
    with full_disk():
        journal.append(event(2))
        waiting = journal.position
        journal.keep("call/a", {"state": "talking"})
        assert journal.position > waiting > before
        assert journal.synced == before
        assert journal.durable_sequence == 1
    journal.check_room()
    assert synced.wait_for(journal.position)
    assert journal.synced >= waiting
    assert journal.durable_sequence == 2
    journal.close()


def test_a_disk_that_is_full_at_the_start_is_written_when_there_is_room(tmp_path: Path) -> None:
    first = opened(tmp_path)
    first.append(event(1))
    first.keep("call/a", {"x": 1})
    first.close()
    synced = Synced()
    with full_disk():
        journal = opened(tmp_path, on_synced=synced)
        journal.check_room()
        assert not journal.accepting
        before = journal.position
        journal.append(event(2))
        journal.keep("call/b", {"x": 2})
        assert journal.synced <= before
        assert journal.durable_sequence == 1
    journal.check_room()
    assert journal.accepting
    assert synced.wait_for(journal.position)
    assert journal.durable_sequence == 2
    again = opened(tmp_path)
    assert [found for _, found in again.events_after(0)] == [event(1), event(2)]
    assert again.states == {"call/a": {"x": 1}, "call/b": {"x": 2}}
    assert again.next_sequence == 3


def test_a_backlog_too_long_keeps_every_event_and_the_last_states(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "MAX_BACKLOG", 3)
    synced = Synced()
    journal = opened(tmp_path, on_synced=synced)
    with full_disk():
        for number in range(10):
            journal.write((encode(event(number)),), {"call/a": {"turn": number}, f"call/{number}": {"x": 1}})
            journal.keep("call/c", {"turn": number})
        waiting = journal.position
    with full_disk(new_files=True), mock.patch.object(os, "write", REAL_WRITE):
        journal.check_room()
    assert synced.wait_for(waiting)
    assert journal.accepting
    assert journal.durable_sequence == 10
    expected = {f"call/{number}": {"x": 1} for number in range(10)} | {"call/a": {"turn": 9}, "call/c": {"turn": 9}}
    again = opened(tmp_path)
    assert [found for _, found in again.events_after(0)] == [event(number) for number in range(10)]
    assert again.states == expected
    journal.close()


def test_states_that_wait_for_a_segment_are_not_told_as_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "MAX_BACKLOG", 1)
    synced = Synced()
    journal = opened(tmp_path, on_synced=synced)
    assert synced.wait_for(journal.position)
    with full_disk():
        journal.append(event(1))
        journal.keep("call/a", {"x": 1})
    lost = journal.position
    with mock.patch.object(os, "open", _no_new_file):  # room for what waits, none for a new file
        journal.check_room()
        journal.keep("call/b", {"x": 2})
        assert not journal.accepting
        assert journal.synced < lost
    journal.check_room()
    assert synced.wait_for(journal.position)
    assert opened(tmp_path).states == {"call/a": {"x": 1}, "call/b": {"x": 2}}
    journal.close()


Act = tuple[str, int]
acts = st.lists(
    st.tuples(st.sampled_from(("event", "state", "gone", "full", "room", "ack")), st.integers(0, 3)), max_size=25
)


@given(acts=acts, most=st.integers(1, 4), segment=st.sampled_from((300, 100_000)))
def test_whatever_happens_what_is_synced_is_in_the_files(
    tmp_path_factory: pytest.TempPathFactory, acts: list[Act], most: int, segment: int
) -> None:
    """Oracle: a copy of the folder, opened anew, holds at least what stood at every position that counts as synced."""
    folder = tmp_path_factory.mktemp("journal")
    synced = Synced()
    events = 0
    states: dict[str, int] = {}
    then: list[tuple[int, int, dict[str, int]]] = []  # position, events, states
    with mock.patch.object(journal_module, "MAX_BACKLOG", most), contextlib.ExitStack() as disk:
        journal = opened(folder, on_synced=synced, segment_bytes=segment)
        for turn, (act, number) in enumerate(acts):
            if act == "event":
                events = journal.append(event(turn))
            elif act == "state":
                journal.keep(f"call/{number}", turn)
                states[f"call/{number}"] = turn
            elif act == "gone":
                journal.keep(f"call/{number}", None)
                states.pop(f"call/{number}", None)
            elif act == "full":
                disk.enter_context(full_disk())
            elif act == "room":
                disk.close()
                journal.check_room()
            else:
                journal.acknowledge(journal.durable_sequence)
            then.append((journal.position, events, dict(states)))
            reached = journal.synced
            copy = _copy(folder, turn)
            told = max((one for one in then if one[0] <= reached), default=(0, 0, {}), key=lambda one: one[0])
            with contextlib.closing(_read(copy)) as read:
                assert read.next_sequence - 1 >= max(told[1], journal.durable_sequence)
                later = [one[2] for one in then if one[0] >= told[0]]
                for name in {name for one in later for name in one}:
                    assert read.states.get(name) in [one.get(name) for one in later]
        disk.close()
        journal.check_room()
        assert synced.wait_for(journal.position)
        journal.close()
    with contextlib.closing(_read(folder)) as last:
        assert (last.next_sequence - 1, last.states) == (events, states)


def _copy(folder: Path, turn: int) -> Path:
    copy = folder.parent / f"{folder.name}-copy" / str(turn)
    with mock.patch.object(os, "write", REAL_WRITE), mock.patch.object(os, "open", REAL_OPEN):
        shutil.copytree(folder, copy)
    return copy


def _read(folder: Path) -> Journal:
    with mock.patch.object(os, "write", REAL_WRITE), mock.patch.object(os, "open", REAL_OPEN):
        return opened(folder)


class Cut(BaseException):
    """The power goes."""


def _write_until_the_cut(journal: Journal) -> None:
    for number in range(20):
        journal.append(event(number))
        journal.acknowledge(journal.next_sequence - 1)


@pytest.mark.parametrize("step", ["fdatasync", "replace"])
def test_a_power_cut_while_a_segment_begins_costs_no_state(tmp_path: Path, step: str) -> None:
    real = getattr(os, step)

    def cut(*given: object) -> None:
        if threading.current_thread() is threading.main_thread():  # the syncer's own syncs go on
            raise Cut
        real(*given)

    journal = opened(tmp_path, segment_bytes=600)
    for number in range(6):
        journal.keep(f"call/{number}", {"x": number})
    with mock.patch.object(os, step, cut), pytest.raises(Cut):
        _write_until_the_cut(journal)
    again = opened(tmp_path, segment_bytes=600)
    assert again.states == {f"call/{number}": {"x": number} for number in range(6)}
    assert again.torn_bytes == 0
    assert again.append(event(99)) == again.next_sequence - 1
    again.close()


def test_an_old_segment_stays_until_the_new_one_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lame(fd: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    journal = opened(tmp_path, segment_bytes=600)
    journal.keep("call/a", {"x": 1})
    monkeypatch.setattr(os, "fdatasync", lame)
    for number in range(8):
        journal.append(event(number))
        journal.acknowledge(number + 1)
    assert names(tmp_path) == ["00000001.journal"]
    assert not journal.accepting
