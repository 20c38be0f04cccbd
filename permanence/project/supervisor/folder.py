# SPDX-License-Identifier: AGPL-3.0-or-later
"""The data folder of a house: its parts, its keys (mode 0600), and the lock that only one supervisor can hold."""

import base64
import fcntl
import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from permanence.kernel.clock import Entropy
from permanence.kernel.refusals import Refusal
from permanence.project import config
from permanence.telephony import spool

PARTS = ("keys", "run", "journal", "table", "prompts", "spool", "audio", "log", "mail")
STATUS_FILE = "house.json"


class HouseRunning(Refusal):
    """Another supervisor holds this data folder."""

    code = "house_running"


class Lock:
    """The advisory lock `run/lock` (flock(2)): it goes with the process that holds it, whatever ends that process."""

    def __init__(self, data: Path) -> None:
        self._path = data / "run" / "lock"
        self._file: int | None = None

    def take(self) -> None:
        """Raises HouseRunning, naming the holder, when the lock is held."""
        opened = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(opened, 20).decode(errors="replace").strip()
            os.close(opened)
            raise HouseRunning(f"This house is already running (process {holder or 'unknown'}).") from error
        os.ftruncate(opened, 0)
        os.write(opened, str(os.getpid()).encode())
        self._file = opened

    def release(self) -> None:
        """Lets another supervisor start."""
        if self._file is not None:
            os.close(self._file)
            self._file = None


def is_running(data: Path) -> bool:
    """Whether a supervisor holds the lock of this data folder."""
    path = data / "run" / "lock"
    try:
        opened = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(opened)
    return False


def make_parts(data: Path) -> None:
    """Makes the data folder (0700) and its parts, keeping what is there."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    for part in PARTS:
        (data / part).mkdir(mode=0o700, exist_ok=True)


def make_keys(data: Path, entropy: Entropy) -> None:
    """Makes the keys that are missing, readable by their owner alone; an existing key is never touched."""
    keys = data / "keys"
    _secret(keys / "ticket.key", entropy.token(32))
    _secret(keys / "django.key", base64.urlsafe_b64encode(entropy.token(48)))
    if not (keys / spool.PUBLIC_KEY).exists():
        make_spool_key(data)


def make_spool_key(data: Path) -> str:
    """A new pair of keys for the spool, of which media uses the public one from the next recording on; gives its id.

    The private one is written first: no recording is ever sealed for a key that is not on the disk.
    """
    private, public = spool.make_pair()
    key = spool.key_id(public)
    _secret(data / "keys" / spool.private_key_file(key), private)
    _secret(data / "keys" / spool.PUBLIC_KEY, public, replace=True)
    return key.hex()


def _secret(path: Path, content: bytes, *, replace: bool = False) -> None:
    if path.exists() and not replace:
        return
    fresh = path.with_suffix(".new")
    opened = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(opened, content)
        os.fsync(opened)
    finally:
        os.close(opened)
    fresh.replace(path)  # a key is whole or absent, even after a power cut
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def sockets_folder(data: Path) -> Path:
    """Where the Unix sockets go: `data/run`, or a private folder under the system's temporary one when too long."""
    name = hashlib.sha256(str(data).encode()).hexdigest()[:12]
    runtime = os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir()
    chosen = config.run_folder(data, fallback=Path(runtime) / f"permanence-{os.getuid()}-{name}")
    chosen.mkdir(mode=0o700, parents=True, exist_ok=True)
    state = chosen.stat()
    if state.st_uid != os.getuid() or state.st_mode & 0o077:
        raise Refusal(f"{chosen} must belong to this user alone (mode 0700).")
    return chosen


def write_status(data: Path, status: Mapping[str, Any]) -> None:
    """Publishes what runs (`run/house.json`), for `./run phone`, `doctor` and the like."""
    path = data / "run" / STATUS_FILE
    fresh = path.with_suffix(".new")
    fresh.write_text(json.dumps(status, indent=1), encoding="utf-8")
    fresh.chmod(0o600)
    fresh.replace(path)


def read_status(data: Path) -> dict[str, Any] | None:
    """What the running supervisor published, or None when no house runs on this folder."""
    if not is_running(data):
        return None
    try:
        status = json.loads((data / "run" / STATUS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return status if isinstance(status, dict) else None


def forget_status(data: Path) -> None:
    """Removes `run/house.json`: nothing runs any more."""
    (data / "run" / STATUS_FILE).unlink(missing_ok=True)
