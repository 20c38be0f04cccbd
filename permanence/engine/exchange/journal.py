# SPDX-License-Identifier: AGPL-3.0-or-later
"""The exchange's journal: the engine's events in their order, and the state from which a dead exchange is rebuilt.

Two kinds of facts are kept. **Events** get a sequence number and stay until the house has acknowledged them.
**States** are named values (`call/<id>`, `seat/<house>/<secretary>`): the last value of a name counts, None removes it.
A new segment repeats the living states, so a segment whose events are all acknowledged can be deleted.

A record is in the kernel's hands before `write` returns, hence survives the death of the process; the
syncer brings it to the disk within 20 ms, hence it survives a power cut. What is announced to a person as kept waits
for `synced`. When the disk is full nothing is lost: records wait in a backlog, `accepting` turns false (the exchange
refuses new calls with 503) and every later record tries the backlog first. A record has its position from the moment
it is accepted, so that `synced` passes it only once it is written and synced, however long it waited. Of a backlog
that grew too long the events alone wait on: the states are all in memory, and the next segment begins with them.
"""

import os
import shutil
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from permanence.engine.exchange import segments
from permanence.engine.exchange.syncer import Syncer
from permanence.kernel.clock import Clock
from permanence.kernel.fast_json import decode, encode

SEGMENT_BYTES = 8 << 20
MINIMUM_FREE_BYTES = 32 << 20
RECENT_EVENTS = 4096
MAX_BACKLOG = 100_000
CRASHES_BEFORE_ASIDE = 3


class Journal:
    """One writer, one folder. Not thread-safe: every method belongs to the exchange's loop thread."""

    def __init__(
        self,
        folder: Path,
        clock: Clock,
        *,
        on_synced: Callable[[int], None] = lambda _position: None,
        segment_bytes: int = SEGMENT_BYTES,
        minimum_free_bytes: int = MINIMUM_FREE_BYTES,
    ) -> None:
        """Opens the folder (created when missing), repairs a torn tail, and reads the states and the events' place.

        `on_synced` is called from the syncer's thread. Raises `segments.UnreadableSegment` or OSError.
        """
        self._folder = folder
        self.clock = clock
        self._segment_bytes = segment_bytes
        self._minimum_free = minimum_free_bytes
        self._states: dict[str, bytes] = {}  # the JSON of each
        self.next_sequence = 1
        self.acknowledged = 0
        self.position = 0
        self.torn_bytes = 0
        self.failure = ""
        self._sync_failure = ""
        self._recent: deque[tuple[int, bytes]] = deque(maxlen=RECENT_EVENTS)
        self._backlog: deque[tuple[int, int, bytes]] = deque()  # (position, sequence of its last event or 0, record)
        self._needs_segment = False  # states wait in memory alone: the next segment brings them to the disk
        self._written_events: deque[tuple[int, int]] = deque()  # (position, sequence) not yet known to be synced
        self._durable = 0
        self._last_of_segment: dict[int, int] = {}
        self._fd = -1
        self._size = 0
        self._number = 0
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._read()
        self._syncer = Syncer(clock, on_synced, self._sync_failed)
        self._needs_segment = not self._open_segment()

    @property
    def accepting(self) -> bool:
        """Whether new calls may begin: records reach the disk and there is room left."""
        return not self._backlog and not self._needs_segment and not self.failure

    @property
    def synced(self) -> int:
        """The position up to which every record is on the disk."""
        return self._syncer.synced

    @property
    def durable_sequence(self) -> int:
        """The last event that is on the disk: what may be told to the house."""
        while self._written_events and self._written_events[0][0] <= self._syncer.synced:
            self._durable = self._written_events.popleft()[1]
        return self._durable

    @property
    def sync_p99_ms(self) -> float:
        """How long a sync takes, milliseconds: 99 of the last hundred took no longer (of the last 2,048)."""
        ordered = sorted(self._syncer.durations_s)
        return round(ordered[len(ordered) * 99 // 100] * 1000, 3) if ordered else 0.0

    @property
    def states(self) -> dict[str, Any]:
        """Every living state, read anew."""
        return {name: decode(value) for name, value in self._states.items()}

    def append(self, event: dict[str, Any]) -> int:
        """Writes one engine event; returns its sequence (from 1, never reused in this folder)."""
        self.write((encode(event),), {})
        return self.next_sequence - 1

    def keep(self, name: str, value: Any) -> None:
        """Writes the state `name`; None removes it. Writing what is already kept costs nothing."""
        self.write((), {name: value})

    def write(self, events: Iterable[bytes], states: Mapping[str, Any]) -> None:
        """What one turn brought, as one record in one write: `events`, each as its JSON, then `states` by name.

        A state of None is removed; one that is already kept so is not written. Raises ValueError for a state or an
        event that is too large, TypeError for what JSON cannot say: then nothing is written, and nothing has happened.
        """
        events = tuple(events)
        encoded = [(name, None if value is None else encode(value)) for name, value in states.items()]
        for event in events:
            if len(event) > segments.MAX_VALUE:
                raise ValueError(f"an event of {len(event)} bytes is over the limit")
        for name, data in encoded:
            if data is not None and len(name) + len(data) > segments.MAX_VALUE:
                raise ValueError(f"a state of {len(data)} bytes is over the limit")
        parts: list[bytes] = []
        last = 0
        for event in events:
            last = self.next_sequence
            self.next_sequence += 1
            self._recent.append((last, event))
            parts.append(b'{"k":"event","n":%d,"e":%b}' % (last, event))
        if last:
            self._last_of_segment[self._number] = last
        kept = self._states
        for name, data in encoded:
            if data is None:
                if kept.pop(name, None) is not None:
                    parts.append(segments.state(name, b"null"))
            elif kept.get(name) != data:
                kept[name] = data
                parts.append(segments.state(name, data))
        if parts:
            self._write_parts(parts, last)

    def acknowledge(self, sequence: int) -> None:
        """The house holds every event up to `sequence`: they may be dropped."""
        sequence = min(sequence, self.next_sequence - 1)
        if sequence <= self.acknowledged:
            return
        self.acknowledged = sequence
        self._write_parts([encode({"k": "ack", "n": sequence})], 0)
        self._drop_old_segments()

    def skip_to(self, sequence: int) -> None:
        """The next event gets `sequence` or more (after a journal was set aside)."""
        if sequence > self.next_sequence:
            self.next_sequence = sequence
            self._write_parts([encode({"k": "base", "n": sequence, "a": self.acknowledged})], 0)
            for name, value in self._states.items():
                self._write_parts([segments.state(name, value)], 0)

    def events_after(self, sequence: int, limit: int = 500) -> list[tuple[int, dict[str, Any]]]:
        """Up to `limit` events after `sequence`, in order; those already dropped are not among them."""
        return [(number, decode(event)) for number, event in self.written_after(sequence, limit)]

    def written_after(self, sequence: int, limit: int = 500) -> list[tuple[int, bytes]]:
        """The same, each event as its JSON."""
        if self._recent and self._recent[0][0] <= sequence + 1:
            first = bisect_right(self._recent, sequence, key=lambda pair: pair[0])
            return list(islice(self._recent, first, first + limit))
        if sequence + 1 >= self.next_sequence:
            return []
        found: list[tuple[int, bytes]] = []
        for path in segments.segment_paths(self._folder):
            last = self._last_of_segment.get(int(path.stem), 0)
            if last <= sequence:
                continue
            for record, _ in segments.scan(path.read_bytes()):
                if record.get("k") == "event" and record["n"] > sequence:
                    found.append((record["n"], encode(record["e"])))
                    if len(found) >= limit:
                        return found
        return found

    def check_room(self) -> None:
        """Looks at the disk (call it about once a second): too little room closes the door to new calls."""
        self._flush_backlog()
        free = shutil.disk_usage(self._folder).free
        if self._sync_failure:
            self.failure = self._sync_failure
        elif free < self._minimum_free:
            self.failure = f"{free >> 20} MiB left on the journal's disk"
        elif not self._backlog and not self._needs_segment:
            self.failure = ""

    def close(self) -> None:
        """Writes and syncs what is left."""
        self._flush_backlog()
        self._syncer.close()

    # -- writing ---------------------------------------------------------------------------------------------------

    def _write_parts(self, parts: list[bytes], last: int) -> None:
        """The records of one turn as one, or into the backlog. `last`: the sequence of the last event, 0 for none."""
        if sum(map(len, parts)) < segments.MAX_TURN:
            self._write_or_keep(parts, last)
            return
        for part in parts:
            self._write_or_keep([part], decode(part).get("n", 0))

    def _write_or_keep(self, parts: list[bytes], sequence: int) -> None:
        data = segments.pack_turn(parts)
        self._flush_backlog()
        self.position += 1
        if not self._backlog and not self._needs_segment and self._write_bytes(data):
            self._is_written(self.position, sequence)
            if self._size >= self._segment_bytes:
                self._open_segment()
        elif len(self._backlog) < MAX_BACKLOG:
            self._backlog.append((self.position, sequence, data))
        else:
            self._needs_segment = True
            events = [part for part in parts if part.startswith(segments.EVENT)]
            if events:
                self._backlog.append((self.position, sequence, segments.pack_turn(events)))

    def _flush_backlog(self) -> None:
        if self._fd < 0 and not self._open_segment():
            return
        while self._backlog:
            position, sequence, data = self._backlog[0]
            if not self._write_bytes(data):
                return
            self._backlog.popleft()
            self._is_written(position, sequence)
        if self._needs_segment:
            self._open_segment()

    def _is_written(self, position: int, sequence: int) -> None:
        """The record of that position is in the file. Where states are missing before it, it is not told as synced."""
        if sequence:
            self._written_events.append((position, sequence))
        if not self._needs_segment:
            self._syncer.written(self._fd, position)

    def _write_bytes(self, data: bytes) -> bool:
        """All of `data`, or nothing: a partial write is cut off again."""
        if self._fd < 0:
            return False
        done = 0
        try:
            while done < len(data):
                done += os.write(self._fd, data[done:])
        except OSError as error:
            self.failure = f"the journal cannot be written: {error.strerror}"
            os.ftruncate(self._fd, self._size)
            return False
        self._size += done
        return True

    def _open_segment(self) -> bool:
        """A new segment that begins with where the events stand and with every living state; whether it is there.

        Only while no record waits, or at the beginning: then the states are those after what waits, which follows.
        """
        number = self._number + 1
        base = encode({"k": "base", "n": self.next_sequence, "a": self.acknowledged})
        states = (segments.state(name, value) for name, value in self._states.items())
        data = segments.MAGIC + b"".join(segments.pack(record) for record in (base, *states))
        fd = self._begin(segments.segment_path(self._folder, number), data)
        if fd < 0:
            return False
        self._fd, self._size = fd, len(data)
        self._number = number
        self._last_of_segment[number] = self.next_sequence - 1
        if not self._backlog:
            self._needs_segment = False
            self.position += 1
        if not self._needs_segment:
            self._syncer.written(fd, self._backlog[0][0] - 1 if self._backlog else self.position)
        _sync_path(self._folder)
        self._drop_old_segments()
        return True

    def _begin(self, path: Path, data: bytes) -> int:
        """The descriptor of a new segment whose beginning is on the disk, whole; -1 where it cannot be had. Under its
        own name it is never half there: what stands in it replaces all the states before it."""
        fresh, fd = path.with_suffix(".new"), -1
        try:
            fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND, 0o600)
            done = 0
            while done < len(data):
                done += os.write(fd, data[done:])
            os.fdatasync(fd)
            os.replace(fresh, path)
        except OSError as error:
            self.failure = f"no new segment: {error.strerror}"
            if fd >= 0:
                os.close(fd)
                fresh.unlink(missing_ok=True)
            return -1
        return fd

    def _drop_old_segments(self) -> None:
        """Deletes, oldest first, the segments that hold nothing unacknowledged."""
        for path in segments.segment_paths(self._folder):
            number = int(path.stem)
            if number >= self._number or self._last_of_segment.get(number, 0) > self.acknowledged:
                return
            path.unlink(missing_ok=True)
            self._last_of_segment.pop(number, None)

    def _sync_failed(self, error: OSError) -> None:
        # After a failed sync the kernel may hold written pages for clean: only a restart tells what is on the disk.
        self._sync_failure = self.failure = f"the journal cannot be synced: {error.strerror}"

    # -- reading at the start ----------------------------------------------------------------------------------------

    def _read(self) -> None:
        paths = segments.segment_paths(self._folder)
        for path in paths:
            data = path.read_bytes()
            whole = segments.believable_length(data)
            if whole < len(data):
                self.torn_bytes += len(data) - whole
                os.truncate(path, whole)
            for record, _ in segments.scan(data[:whole]):
                self._apply(record)
            self._number = int(path.stem)
            self._last_of_segment[self._number] = self.next_sequence - 1
        self._durable = self.next_sequence - 1
        if paths:
            _sync_path(paths[-1])

    def _apply(self, record: dict[str, Any]) -> None:
        kind = record.get("k")
        if kind == "event":
            self.next_sequence = record["n"] + 1
            self._recent.append((record["n"], encode(record["e"])))
        elif kind == "state":
            if record["v"] is None:
                self._states.pop(record["s"], None)
            else:
                self._states[record["s"]] = encode(record["v"])
        elif kind == "ack":
            self.acknowledged = max(self.acknowledged, record["n"])
        elif kind == "base":
            self.next_sequence = max(self.next_sequence, record["n"])
            self.acknowledged = max(self.acknowledged, record["a"])
            self._states.clear()


def _sync_path(path: Path) -> None:
    """Brings a file or a folder to the disk."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
