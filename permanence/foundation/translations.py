# SPDX-License-Identifier: AGPL-3.0-or-later
"""Compiles the catalogues of `locale/`: this house needs no gettext tool, polib writes the .mo files at set-up."""

import os
from pathlib import Path

import polib


def compile_catalogues(folder: Path) -> tuple[Path, ...]:
    """Compiles every `<language>/LC_MESSAGES/*.po` under `folder` whose `.mo` is missing or older; gives what it wrote.

    Raises OSError when a file cannot be read or written, ValueError (with line) when a catalogue is malformed.
    """
    written = []
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns >= source.stat().st_mtime_ns:
            continue
        try:
            catalogue = polib.pofile(str(source), encoding="utf-8")
        except OSError as error:
            # polib raises OSError for a malformed line; a missing file cannot be: it was just listed.
            raise ValueError(str(error)) from error
        # Beside, then in place: a process that reads the catalogue meanwhile sees the old one whole.
        beside = target.with_suffix(f".mo.{os.getpid()}")
        catalogue.save_as_mofile(str(beside))
        beside.replace(target)
        written.append(target)
    return tuple(written)
