# SPDX-License-Identifier: AGPL-3.0-or-later
"""The slices of the routing table on the exchange's disk: one JSON file a slice, replaced atomically."""

import json
import os
import re
from pathlib import Path

from permanence.kernel.fast_json import encode
from permanence.kernel.refusals import Refusal
from permanence.reception.table import ClientSlice, HouseSlice, RoutingTable, read_slice, write_slice

_SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}\Z")
MAX_SLICE = 512 << 10
"""Octets of a client's slice: its card, which is no larger, has to fit in one record of the journal with its call."""
_HOUSE_FILE = "house.json"


class UnusableSlice(Refusal):
    """The slice cannot be kept: its shape, its house or its client is not what the table holds."""

    code = "unusable_slice"


class SliceStore:
    """Keeps the slices in a folder and knows the table they make."""

    def __init__(self, folder: Path) -> None:
        """Reads what is there. A file that cannot be read is left alone and named in `unreadable`."""
        self._folder = folder
        self.unreadable: list[str] = []
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found: list[HouseSlice | ClientSlice] = []
        for path in sorted(folder.glob("*/*.json")):
            try:
                found.append(read_slice(json.loads(path.read_bytes())))
            except (ValueError, TypeError, KeyError):
                self.unreadable.append(f"{path.parent.name}/{path.name}")
        self.table = RoutingTable.holding(found)

    def publish(self, data: dict[str, object]) -> HouseSlice | ClientSlice:
        """Puts the slice behind `data` on the disk and into the table. Raises UnusableSlice.

        An older version than the one held changes nothing.
        """
        try:
            entry = read_slice(data)
        except (ValueError, TypeError, KeyError) as error:
            raise UnusableSlice(f"not a slice: {error}") from error
        if isinstance(entry, ClientSlice) and len(encode(write_slice(entry))) > MAX_SLICE:
            raise UnusableSlice(f"the slice has more than {MAX_SLICE >> 10} KiB: its texts are too long")
        path = self._path(entry.house, entry.client if isinstance(entry, ClientSlice) else None)
        self._refuse_foreign_lines(entry)
        after = self.table.put(entry)
        if after is not self.table:
            _replace(path, json.dumps(write_slice(entry), ensure_ascii=False).encode())
            self.table = after
            self._readable_again(path)
        return entry

    def withdraw(self, house: str, client: str) -> None:
        """Removes the client from the disk and the table. Raises UnusableSlice for an impossible name."""
        path = self._path(house, client)
        path.unlink(missing_ok=True)
        self._readable_again(path)
        self.table = self.table.without(house, client)

    def _refuse_foreign_lines(self, entry: HouseSlice | ClientSlice) -> None:
        if isinstance(entry, HouseSlice):
            return
        for line in entry.lines:
            owner = self.table.lines.get(line)
            if owner is not None and owner[0] != entry.house:
                raise UnusableSlice(f"the line {line} belongs to another house")

    def _readable_again(self, path: Path) -> None:
        name = f"{path.parent.name}/{path.name}"
        self.unreadable = [one for one in self.unreadable if one != name]

    def _path(self, house: str, client: str | None) -> Path:
        if not _SAFE.match(house) or (client is not None and not _SAFE.match(client)):
            raise UnusableSlice("house and client are short identifiers")
        return self._folder / house / (_HOUSE_FILE if client is None else f"client-{client}.json")


def _replace(path: Path, data: bytes) -> None:
    """Writes `data` beside `path`, syncs it, and puts it in its place in one step."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_suffix(".new")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(fd, "wb", closefd=False) as file:
            file.write(data)
        os.fsync(fd)
    finally:
        os.close(fd)
    os.replace(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
