# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with a file or with one of its lines, in the words of the page."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from permanence.backstage.sheets import FileUnreadable
from permanence.clients.bulk_found import LineFound
from permanence.clients.bulk_rules import Fault
from permanence.clients.said_words import FindingWords, change_words

FILES = {
    "no_file": _("Choose a file."),
    "too_large": _("The file is larger than 8 MB."),
    "empty": _("The file is empty."),
    "workbook": _("This is a workbook. Save the sheet as CSV (UTF-8) and bring that file."),
    "other_file": _("This is no table: neither CSV nor vCard."),
    "binary": _("This is no text file."),
    "encoding": _("Line %(about)s is not written in UTF-8. Save the sheet as CSV (UTF-8)."),
    "quotes": _("Line %(about)s has quotation marks that do not close."),
    "column_unknown": _("The first line names a column that is not known: “%(about)s”."),
    "column_twice": _("The first line names a column twice: %(about)s."),
    "column_missing": _("The first line does not name the column %(about)s."),
    "too_many_lines": _("There are more than %(about)s lines. Bring them in several files."),
    "no_card": _("There is no vCard in this file."),
    "draft_gone": _("No checked file waits any more. Bring it again."),
    "busy": _("Somebody changed the same clients at this moment. Check the file again."),
}
LINES = {
    "needed": _("must not be empty"),
    "too_long": _("is too long: “%(value)s”"),
    "too_many_cells": _("more cells than columns: “%(value)s”"),
    "not_a_choice": _("“%(value)s” is none of the words for it"),
    "not_in_range": _("“%(value)s” is no number that fits"),
    "not_yes_or_no": _("“%(value)s” is neither yes nor no"),
    "not_a_day": _("“%(value)s” is no day; write 2026-01-31"),
    "not_a_language": _("“%(value)s”: write fr, en or de, with commas between them"),
    "not_a_time_zone": _("“%(value)s” is no time zone, such as Europe/Paris"),
    "not_a_number": _("“%(value)s” is no telephone number"),
    "too_many_numbers": _("more than four numbers: “%(value)s”"),
    "hours_overlap": _("these hours overlap: “%(value)s”"),
    "hours_unclear": _("“%(value)s” is no hours; write 8-12, 14-18"),
    "approval_needed": _("“%(value)s”: an urgent path, which a second person approves; change it on the client's page"),
    "name_twice": _("the same name stands in line %(value)s"),
    "recipient_unknown": _("the client has no recipient “%(value)s”"),
    "link_not_https": _("“%(value)s” does not begin with https://"),
    "link_secret": _("a name or a password stands in the link"),
    "link_host": _("“%(value)s” leads to no site by its name"),
    "link_malformed": _("“%(value)s” is no link"),
    "client_unknown": _("the house has no client “%(value)s”"),
    "directory_full": _("a client has %(value)s at most"),
    "state_ended": _("a contract is ended, or taken up again, on the client's own page"),
    "consent_missing": _("voice messages of a health client need the day of the agreement and a duty contact"),
    "contract_backwards": _("the contract ends before it begins"),
    "line_taken": _("%(value)s belongs to another client"),
    "line_of_ended": _("%(value)s: the contract of this client has ended; his numbers come back when it is taken up"),
    "line_rests": _("%(value)s is in quarantine"),
    "said_contradicts": _("what is said would contradict itself: %(value)s"),
    "too_many_patient_numbers": _("more than six numbers: “%(value)s”"),
    "field_unfit": _("“%(value)s” cannot stand there"),
    "birth_date_unreadable": _("“%(value)s” is no date"),
    "birth_date_impossible": _("nobody alive was born on “%(value)s”"),
    "birth_date_in_future": _("“%(value)s” is still to come"),
    "line_twice": _("%(value)s is given to two clients in this file"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFault:
    """One row of the report."""

    line: int
    column: str
    words: str


def file_words(error: FileUnreadable) -> str:
    """Why the whole file cannot be read."""
    return str(FILES[error.code]) % {"about": error.about}


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFinding:
    """What the proof says of the client of one line. `stood`: before this file already."""

    line: int
    name: str
    words: FindingWords
    stood: bool


def found_words(proved: Iterable[LineFound]) -> list[ShownFinding]:
    """What the lines leave to be said or contradict, besides what keeps them from being saved; line by line."""
    return [
        ShownFinding(line=each.line, name=each.found.client.name, words=words, stood=stood)
        for each in sorted(proved, key=lambda each: each.line)
        for change in (change_words(each.found),)
        for some, stood in ((change.gaps, False), (change.standing, True))
        for words in some
    ]


def line_words(fault: Fault) -> ShownFault:
    """What is wrong in one line."""
    return ShownFault(line=fault.line, column=fault.column, words=str(LINES[fault.code]) % {"value": fault.value})
