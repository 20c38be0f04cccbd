# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appointments and busy times of another product come in as CSV or as a calendar (iCalendar).

What they would bring, line by line or event by event; then for good.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.agenda.interop.brought import Brought, is_calendar, lines_of
from permanence.agenda.interop.dav_words import EVENT_WORDS
from permanence.agenda.operations.importing import ImportReport, LineFault, import_lines
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import EventRefused
from permanence.agenda.rules.imports import ALIASES, MOST_LINES, NEEDED, ImportLine, Spelling, headings, read_line
from permanence.agenda.setting_forms import Choices
from permanence.agenda.setting_pages import choices_of
from permanence.agenda.words import Names, sentence
from permanence.backstage.account_views import doors
from permanence.backstage.agenda_views import agenda_of
from permanence.backstage.sheets import FileUnreadable, Sheet, decoded, read_sheet
from permanence.callers.words import person_words
from permanence.dispatch.reminder_queries import contact_rule
from permanence.foundation import moments
from permanence.foundation.who import owner_only, who
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
FAULTS_SHOWN = NEWCOMERS_SHOWN = RECOGNISED_SHOWN = 100
FAULTS: dict[str, str | Promise] = {
    "date_unreadable": _("This is no day: write it as 24.12.2026 or 2026-12-24."),
    "time_unreadable": _("This is no hour: write it as 14:30."),
    "time_skipped": _("This hour does not exist on that day: the clocks go forward."),
    "length_impossible": _("Begin and length are multiples of five minutes, twelve hours at most."),
    "reason_unknown": _("No visit reason of the client is called so."),
    "reason_ambiguous": _("Several visit reasons are called so: write it with its accents, as it stands here."),
    "patient_ambiguous": _("Several patients are called so: write the birth date."),
    "patient_deceased": _("This patient has died: nothing is booked for him."),
    "already_taken": _("Something stands there already."),
    "too_many_cells": _("The line has more cells than the table has columns."),
    "birth_date_unreadable": _("This is no birth date."),
    "birth_date_impossible": _("This is no birth date."),
    "birth_date_in_future": _("This birth date is still to come."),
    "number_unreadable": _("This is no telephone number of the client's country."),
    "span_impossible": _("Busy time lasts 31 days at most."),
    "length": _("An appointment begins and lasts multiples of five minutes, twelve hours at most."),
    "zone": _("Its time zone is not known."),
    "twice": _("Its identifier is there twice."),
}
OF_THE_NAME = frozenset({"patient_ambiguous", "patient_deceased"})
"""The cell is the name, which the line says already."""
UNREADABLE: dict[str, str | Promise] = {
    "too_large": _("The file is too large."),
    "empty": _("Choose a file with a table in it."),
    "workbook": _("This is a workbook: save it as CSV first."),
    "encoding": _("Save the file as CSV with UTF-8."),
    "too_many_lines": _("The file has too many lines: bring it in in parts."),
    "column_missing": _("A column is missing: %(about)s."),
    "column_twice": _("A column is there twice: %(about)s."),
    "column_unknown": _("This column is not known: %(about)s. Rename or delete it."),
    "calendar_malformed": _("This calendar cannot be read."),
    "calendar_no_event": _("There is no event in it."),
    "calendar_too_large": _("The file is too large."),
    "calendar_too_many": _("The calendar has too many events, or they repeat too often: bring it in in parts."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultLine:
    """One line that does not come in, in words. `about`: its name, day and hour, "" where it has none."""

    line: int
    about: str
    words: str
    value: str


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@owner_only
def bring_in(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """A file; what it would bring; the same again for good."""
    by, at = who(request), CLOCK.now()
    row, view = agenda_of(by, client, agenda)
    choices = choices_of(by=by, client=str(row.pk))
    context: dict[str, Any] = {
        "client": row,
        "agenda": view,
        "columns": ALIASES,
        "most": MOST_LINES,
        "reasons": choices.reasons,
        **doors(by),
    }
    template = "backstage/accounts/agenda_import.html"
    if request.method != "POST":
        return render(request, template, context)
    try:
        text = _text(request)
        reason = choices.reasons.get(request.POST.get("visits", ""), "")
        brought = _calendar(text, reason, view=view, choices=choices, at=at) if is_calendar(text) else None
        lines, spelling = _lines(_sheet(text), zone=view.time_zone) if brought is None else _times(brought)
    except FileUnreadable as unreadable:
        words = UNREADABLE.get(unreadable.code, _("The file cannot be read."))
        return render(request, template, {**context, "refused": str(words) % {"about": unreadable.about}}, status=422)
    without = request.POST.get("without_faulty") == "1"
    writes = request.POST.get("do") == "save" and (without or not spelling)
    report = import_lines(agenda=view.id, lines=lines, by=by, at=at, write=writes, without_faulty=without)
    report.faults = sorted((*spelling, *report.faults), key=lambda each: each.line)
    if report.written:
        messages.success(request, _said(report))
        return redirect("accounts:agenda", row.pk, view.id)
    told = _teller(view, at, choices=choices)
    recognised = _recognised(report, on=at.astimezone(ZoneInfo(view.time_zone)).date())
    shown = {
        "report": report,
        "said": _said(report),
        "faults": [told(each) for each in report.faults[:FAULTS_SHOWN]],
        "more": max(len(report.faults) - FAULTS_SHOWN, 0),
        "rule": contact_rule(house=by.house, client=str(row.pk)),
        "newcomers": report.newcomers[:NEWCOMERS_SHOWN],
        "more_newcomers": max(len(report.newcomers) - NEWCOMERS_SHOWN, 0),
        "recognised": recognised[:RECOGNISED_SHOWN],
        "more_recognised": max(len(recognised) - RECOGNISED_SHOWN, 0),
        "unticked": bool(report.faults) and request.POST.get("do") == "save",
        "text": text,
        "brought": brought,
        "visits": request.POST.get("visits", ""),
    }
    return render(request, template, {**context, **shown}, status=422 if report.faults else 200)


def _text(request: HttpRequest) -> str:
    """What is in the file, or was looked at before. Raises FileUnreadable: also for one that could be looked at, but
    not sent once more to be brought in (Django's DATA_UPLOAD_MAX_MEMORY_SIZE).
    """
    brought: Any = request.FILES.get("file")
    if brought is not None:
        text = brought.read()
        if len(text) > 9 * settings.DATA_UPLOAD_MAX_MEMORY_SIZE // 10:
            raise FileUnreadable("too_large")
        return decoded(text)
    return decoded(request.POST.get("text", "").encode())


def _calendar(text: str, reason: str, *, view: AgendaView, choices: Choices, at: datetime) -> Brought:
    """Raises FileUnreadable."""
    try:
        return lines_of(text, zone=view.time_zone, at=at, reason=reason, reasons=choices.reasons.values())
    except EventRefused as refused:
        raise FileUnreadable(f"calendar_{refused}") from refused


def _times(brought: Brought) -> tuple[list[ImportLine], list[LineFault]]:
    return list(brought.lines), [
        LineFault(line=each.number, code=each.code, value=each.words[:80], starts=each.starts)
        for each in brought.unread
    ]


def _sheet(text: str) -> Sheet:
    """Raises FileUnreadable."""
    sheet = read_sheet(text, known=headings(), needed=())
    columns = [name for name, words in ALIASES.items() for each in sheet.columns if each in words]
    twice = next((each for each in columns if columns.count(each) > 1), None)
    if twice is not None:
        raise FileUnreadable("column_twice", twice)
    missing = next((each for each in NEEDED if each not in columns), None)
    if missing is not None:
        raise FileUnreadable("column_missing", missing)
    if len(sheet.lines) > MOST_LINES:
        raise FileUnreadable("too_many_lines", str(MOST_LINES))
    return sheet


def _lines(sheet: Sheet, *, zone: str) -> tuple[list[ImportLine], list[LineFault]]:
    lines = list[ImportLine]()
    faults = [LineFault(line=each.line, code=each.code, value=each.value) for each in sheet.faults]
    for number, cells in sheet.lines:
        read = read_line(number, cells, zone=zone)
        if isinstance(read, Spelling):
            faults.append(LineFault(line=number, code=read.code, value=read.value, said=read.said))
        else:
            lines.append(read)
    return lines, faults


def _teller(view: AgendaView, at: datetime, *, choices: Choices) -> Callable[[LineFault], FaultLine]:
    zone = ZoneInfo(view.time_zone)
    names = Names(reasons=choices.reasons, resources=choices.rooms, sites=choices.sites)

    def told(fault: LineFault) -> FaultLine:
        words = str(FAULTS.get(fault.code) or EVENT_WORDS.get(fault.code) or _("This line cannot come in."))
        if fault.why:
            words = sentence(fault.why[0], names=names, zone=zone, at=at)
        when = "" if fault.starts is None else moments.day_and_hour(fault.starts, zone, now=at)
        about = fault.said or ", ".join(filter(None, (fault.name, when)))
        return FaultLine(
            line=fault.line, about=about, words=words, value="" if fault.code in OF_THE_NAME else fault.value
        )

    return told


def _recognised(report: ImportReport, *, on: date) -> list[str]:
    """Each name as the file has it, and for whom it is taken, once."""
    return list(dict.fromkeys(f"{each.written} → {person_words(each.patient, on)}" for each in report.recognised))


def _said(report: ImportReport) -> str:
    parts = [
        ngettext("%(n)d appointment", "%(n)d appointments", report.appointments) % {"n": report.appointments},
        ngettext("%(n)d busy time", "%(n)d busy times", report.blocks) % {"n": report.blocks},
        ngettext("%(n)d new patient", "%(n)d new patients", report.new_patients) % {"n": report.new_patients},
    ]
    if report.moved:
        parts.append(
            gettext("%(n)d there already, %(moved)d of them not at this time")
            % {"n": report.known, "moved": report.moved}
        )
    elif report.known:
        parts.append(gettext("%(n)d there already") % {"n": report.known})
    return ", ".join(parts)
