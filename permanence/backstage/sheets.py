# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables as files that spreadsheets open: read with their usual accidents, written so that no cell is computed.

Written: UTF-8 with a byte order mark, semicolons in French and German (whose spreadsheets take the comma for a decimal
point). Read: UTF-8, or UTF-16 with its mark, with semicolons, commas or tabs. A cell that a spreadsheet would compute
gets an apostrophe in front (OWASP, CSV injection), which reading takes away again.
"""

import codecs
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from permanence.clients.bulk_rules import Fault
from permanence.kernel.refusals import Refusal

MOST_BYTES = 8 * 1024 * 1024
MOST_LINES = 20_000
_FORMULA = frozenset("=+-@|%＝＋－＠")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_OTHER_FILES = (
    (b"PK\x03\x04", "workbook"),
    (b"\xd0\xcf\x11\xe0", "workbook"),
    (b"%PDF", "other_file"),
    (b"\x89PNG", "other_file"),
    (b"\xff\xd8\xff", "other_file"),
    (b"GIF8", "other_file"),
    (b"\x1f\x8b", "other_file"),
    (b"RIFF", "other_file"),
    (b"ID3", "other_file"),
    (b"OggS", "other_file"),
    (b"<!DOCTYPE", "other_file"),
    (b"<html", "other_file"),
)


class FileUnreadable(Refusal):
    """The whole file cannot be read; `code` says why, `about` which line or column it is about."""

    def __init__(self, code: str, about: str = "") -> None:
        super().__init__(about)
        self.code = code
        self.about = about


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The lines of a table under the names of their columns; empty lines are left out, `faults` are those of cells."""

    columns: tuple[str, ...]
    lines: tuple[tuple[int, Mapping[str, str]], ...]
    faults: tuple[Fault, ...] = ()


def decoded(raw: bytes) -> str:
    """The text of a file. Raises FileUnreadable: too_large, empty, workbook, other_file, encoding, binary."""
    if len(raw) > MOST_BYTES:
        raise FileUnreadable("too_large")
    if not raw.strip():
        raise FileUnreadable("empty")
    for beginning, code in _OTHER_FILES:
        if raw.startswith(beginning):
            raise FileUnreadable(code)
    encoding = next((name for mark, name in _MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise FileUnreadable("encoding", str(raw.count(b"\n", 0, error.start) + 1)) from error
    if "\x00" in text:
        raise FileUnreadable("binary")
    return text


def read_sheet(text: str, *, known: Sequence[str], needed: Sequence[str]) -> Sheet:
    """The table in `text`; its first line names columns out of `known`, each once, `needed` among them.

    Raises FileUnreadable: column_unknown, column_twice, column_missing, quotes, too_many_lines.
    """
    delimiter = _delimiter(text, known)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found: list[tuple[int, Mapping[str, str]]] = []
    faults: list[Fault] = []
    columns: tuple[str, ...] = ()
    try:
        for number, cells in enumerate(reader, start=1):
            cleaned = [unguarded(cell.strip()) for cell in cells]
            if not any(cleaned):
                continue
            if not columns:
                columns = _head(cleaned, known, needed)
                continue
            if len(found) >= MOST_LINES:
                raise FileUnreadable("too_many_lines", str(MOST_LINES))
            extra = next(filter(None, cleaned[len(columns) :]), "")
            if extra:
                faults.append(Fault(line=number, code="too_many_cells", value=extra))
                continue
            padded = cleaned[: len(columns)] + [""] * (len(columns) - len(cleaned))
            found.append((number, dict(zip(columns, padded, strict=True))))
    except csv.Error as error:
        raise FileUnreadable("quotes", str(reader.line_num)) from error
    if not columns:
        raise FileUnreadable("empty")
    return Sheet(columns=columns, lines=tuple(found), faults=tuple(faults))


def write_sheet(columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, language: str) -> str:
    """The table as text with its byte order mark."""
    text = io.StringIO(newline="")
    text.write("\ufeff")
    delimiter = ";" if language.partition("-")[0] in {"fr", "de"} else ","
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([guarded(row.get(column, "")) for column in columns])
    return text.getvalue()


def guarded(cell: str) -> str:
    """The cell so that no spreadsheet computes it."""
    return f"'{cell}" if _computed(cell) else cell


def unguarded(cell: str) -> str:
    """The inverse of `guarded`; an apostrophe that guards nothing stays."""
    return cell[1:] if cell.startswith("'") and _computed(cell[1:]) else cell


def _computed(cell: str) -> bool:
    return cell.lstrip("' \t\r\n\u00a0")[:1] in _FORMULA


def _delimiter(text: str, known: Sequence[str]) -> str:
    """The one with which the first line names most of the known columns."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    names = set(known)

    def fitting(delimiter: str) -> int:
        return len(names & {cell.strip().strip('"').strip().lower() for cell in head.split(delimiter)})

    return max((";", ",", "\t"), key=fitting)


def _head(cells: Sequence[str], known: Sequence[str], needed: Sequence[str]) -> tuple[str, ...]:
    names = [cell.lower() for cell in cells]
    while names and not names[-1]:
        names.pop()
    for name in names:
        if name not in known:
            raise FileUnreadable("column_unknown", name[:60])
        if names.count(name) > 1:
            raise FileUnreadable("column_twice", name)
    for name in needed:
        if name not in names:
            raise FileUnreadable("column_missing", name)
    return tuple(names)
