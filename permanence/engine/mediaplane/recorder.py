# SPDX-License-Identifier: AGPL-3.0-or-later
"""Recordings of callers: placed in time by the media thread, sealed, written and synced by a thread of its own.

What is written is sealed with the public key of the folder of keys (`telephony.spool`), a block a second: this process
cannot read a recording, not even one of its own.
"""

import os
import queue
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from permanence.telephony import spool
from permanence.telephony.media.g711 import ALAW_SILENCE, SAMPLES_PER_SECOND

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,127}\Z")
_BLOCK = SAMPLES_PER_SECOND  # one write a second
_DRIFT = 1600  # samples: more than 200 ms away from real time the position is taken from the clock again
_SILENCE = bytes([ALAW_SILENCE])

OnRecorded = Callable[[str, str, float, str], None]
"""Called by the writing thread with leg, file, seconds and "" or why it failed."""


def is_file_name(name: str) -> bool:
    """Whether a name may be a file of the spool: one plain name, no folder, not hidden."""
    return _NAME.match(name) is not None


class Recording:
    """What one leg says, silence where nothing came. `put` and `close` are called by the media thread."""

    def __init__(self, writer: "Writer", leg: str, file: str, max_s: float) -> None:
        self.leg, self.file = leg, file
        self._writer = writer
        self._limit = int(max_s * SAMPLES_PER_SECOND)
        self._buffer = bytearray()
        self._base = 0
        self._offset: int | None = None
        self._start: float | None = None

    def put(self, timestamp: int, payload: bytes, now: float) -> None:
        """One packet of A-law, at the place its timestamp gives it, held to real time within 200 ms."""
        if self._start is None:
            self._start = now
        expected = int((now - self._start) * SAMPLES_PER_SECOND)
        position = expected
        if self._offset is not None:
            position = (timestamp + self._offset) & 0xFFFFFFFF
            if not -_DRIFT < position - expected < _DRIFT:
                self._offset = None
                position = expected
        if self._offset is None:
            self._offset = (position - timestamp) & 0xFFFFFFFF
        at = position - self._base
        if at < 0 or position >= self._limit:
            return
        if at > len(self._buffer):
            self._buffer += _SILENCE * (at - len(self._buffer))
        self._buffer[at : at + len(payload)] = payload
        if len(self._buffer) >= 2 * _BLOCK:  # one block stays back for packets that come late
            self._write(len(self._buffer) - _BLOCK)

    def over(self, now: float) -> bool:
        """Whether the limit is reached."""
        return self._start is not None and (now - self._start) * SAMPLES_PER_SECOND >= self._limit

    def close(self) -> None:
        """Hand the rest over; the writing thread tells when it is on the disk."""
        del self._buffer[max(0, self._limit - self._base) :]
        self._write(len(self._buffer))
        self._writer.close(self, self._base / SAMPLES_PER_SECOND)

    def _write(self, size: int) -> None:
        if size:
            self._writer.write(self, bytes(self._buffer[:size]))
            del self._buffer[:size]
            self._base += size


@dataclass(slots=True)
class _File:
    """A file being written: how many blocks and bytes of audio stand in it, and the key the next are sealed with."""

    descriptor: int
    public: bytes
    blocks: int
    samples: int


class Writer:
    """The writing thread: the media thread never waits for a disk or a cipher. `keys` is the folder of keys."""

    def __init__(self, folder: Path, keys: Path, tell: OnRecorded) -> None:
        self._folder = folder
        self._keys = keys
        self._tell = tell
        self._jobs: queue.SimpleQueue[tuple[Recording, bytes, float] | None] = queue.SimpleQueue()
        self._open: dict[Recording, _File] = {}
        self._failed: dict[Recording, str] = {}
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    def start(self, leg: str, file: str, max_s: float) -> Recording:
        """A new recording; its file is made at once, so that an empty one exists too; an older one is appended to."""
        recording = Recording(self, leg, file, max_s)
        self.write(recording, b"")
        return recording

    def write(self, recording: Recording, audio: bytes) -> None:
        """Append."""
        self._jobs.put((recording, audio, -1.0))

    def close(self, recording: Recording, seconds: float) -> None:
        """Sync, close and tell."""
        self._jobs.put((recording, b"", seconds))

    def stop(self) -> None:
        """Write what waits, then end the thread."""
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (job := self._jobs.get()) is not None:
            recording, audio, seconds = job
            if recording not in self._failed:
                try:
                    self._append(recording, audio, last=seconds >= 0)
                except OSError as error:
                    self._failed[recording] = error.strerror or str(error)
            if seconds >= 0:
                file = self._open.pop(recording, None)
                if file is not None:
                    # The whole file: a recording that was begun again after a restart goes on where it was.
                    seconds = file.samples / SAMPLES_PER_SECOND
                    os.close(file.descriptor)
                self._tell(recording.leg, recording.file, seconds, self._failed.pop(recording, ""))

    def _append(self, recording: Recording, audio: bytes, *, last: bool) -> None:
        file = self._open.get(recording)
        if file is None:
            file = self._open[recording] = self._opened(recording.file)
        if audio:
            block = spool.seal_block(audio, public=file.public, file=recording.file, index=file.blocks)
            view = memoryview(block)
            while view:
                view = view[os.write(file.descriptor, view) :]
            file.blocks += 1
            file.samples += len(audio)
        if last:
            os.fsync(file.descriptor)
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)  # its entry too must survive a power cut
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _opened(self, name: str) -> _File:
        """The file, new or begun before; a block that a crash cut off is taken away. Without a key nothing is kept."""
        try:
            public = (self._keys / spool.PUBLIC_KEY).read_bytes()
        except FileNotFoundError as error:
            raise OSError(error.errno, f"no key to seal with: {spool.PUBLIC_KEY}") from error
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(self._folder / name, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        whole = list(spool.blocks(os.pread(descriptor, os.fstat(descriptor).st_size, 0)))
        os.ftruncate(descriptor, whole[-1].end if whole else 0)
        return _File(descriptor, public, len(whole), sum(block.samples for block in whole))
