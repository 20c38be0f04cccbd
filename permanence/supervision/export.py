# SPDX-License-Identifier: AGPL-3.0-or-later
"""The calls of one client and month as a CSV file that a spreadsheet opens by double click.

UTF-8 with a byte order mark; semicolons in French and German, whose spreadsheets take the comma for a decimal point. A
cell that a spreadsheet would take for a formula is given an apostrophe in front (OWASP, CSV injection): caller names
come from the network.
"""

import csv
import io
from collections.abc import Iterable
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from permanence.agenda.call_words import ByCall, ToldAct
from permanence.agenda.elsewhere_queries import CountedActs
from permanence.agenda.rules.elsewhere import ActElsewhere
from permanence.calls.queries import CallRow
from permanence.supervision import words

BYTE_ORDER_MARK = "\ufeff"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def calls_csv(found: Iterable[CallRow], *, zone: ZoneInfo, language: str, acts: ByCall | None = None) -> str:
    """The whole file as text. Days and times are the house's; durations are seconds. `acts`: by call."""
    rows = ([*_cells(row, zone), *_acts((acts or {}).get(row.call, ()))] for row in found)
    return _table(_head(), rows, language=language)


def appointments_csv(counted: Iterable[tuple[str, CountedActs]], *, language: str) -> str:
    """How many acts in external agendas each client had, by his name."""
    head = [_("Client"), _("Booked"), _("Moved"), _("Cancelled")]
    rows = ([name, str(each.booked), str(each.moved), str(each.cancelled)] for name, each in counted)
    return _table(head, rows, language=language)


def _table(head: list[str], rows: Iterable[list[str]], *, language: str) -> str:
    text = io.StringIO()
    text.write(BYTE_ORDER_MARK)
    delimiter = ";" if language.partition("-")[0] in {"fr", "de"} else ","
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
    return text.getvalue()


def guarded(cell: str) -> str:
    """The cell so that no spreadsheet computes it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _head() -> list[str]:
    return [
        _("Day"),
        _("Time"),
        _("Client"),
        _("Line"),
        _("Caller"),
        _("Name shown"),
        _("Wait (s)"),
        _("Talk (s)"),
        _("Secretary"),
        _("Outcome"),
        _("Abandoned"),
        _("Why it ended"),
        _("Voice message (s)"),
        _("Call"),
        _("Appointments booked"),
        _("Appointments moved"),
        _("Appointments cancelled"),
    ]


def _cells(row: CallRow, zone: ZoneInfo) -> list[str]:
    local = row.arrived_at.astimezone(zone)
    return [
        f"{local:%Y-%m-%d}",
        f"{local:%H:%M:%S}",
        words.client_words(row),
        row.called_line,
        row.caller or words.caller_words(row),
        row.display,
        _seconds(row.wait_ms),
        _seconds(row.talked_ms),
        row.secretary_name,
        words.outcome_words(row.outcome),
        _("yes") if row.abandoned else _("no"),
        words.end_words(row),
        "" if row.voice_seconds is None else str(round(row.voice_seconds)),
        row.call,
    ]


def _acts(acts: tuple[ToldAct, ...]) -> list[str]:
    """How many of each kind; empty where there was none."""
    counts = [sum(each.act is kind for each in acts) for kind in ActElsewhere]
    return [str(count) if count else "" for count in counts]


def _seconds(milliseconds: int | None) -> str:
    return "" if milliseconds is None else str(milliseconds // 1000)
