# SPDX-License-Identifier: AGPL-3.0-or-later
"""The spool for the tests: its keys, recordings sealed as media seals them, and opened as the worker opens them."""

from pathlib import Path

from permanence.project.supervisor.folder import make_spool_key
from permanence.telephony import spool


def make_keys(data: Path) -> None:
    """The pair of keys of a data folder."""
    (data / "keys").mkdir(mode=0o700, parents=True, exist_ok=True)
    make_spool_key(data)


def write(data: Path, file: str, audio: bytes) -> Path:
    """A recording in the spool, a block a second; the keys are made when there are none."""
    if not (data / "keys" / spool.PUBLIC_KEY).exists():
        make_keys(data)
    public = (data / "keys" / spool.PUBLIC_KEY).read_bytes()
    (data / "spool").mkdir(mode=0o700, exist_ok=True)
    seconds = range(0, len(audio), 8000)
    parts = (spool.seal_block(audio[at : at + 8000], public=public, file=file, index=at // 8000) for at in seconds)
    (data / "spool" / file).write_bytes(b"".join(parts))
    return data / "spool" / file


def opened(data: Path, file: str) -> bytes:
    """The audio of a recording."""
    sealed = (data / "spool" / file).read_bytes()
    return spool.open_file(
        sealed, file=file, private=lambda key: (data / "keys" / spool.private_key_file(key)).read_bytes()
    )
