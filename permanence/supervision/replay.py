# SPDX-License-Identifier: AGPL-3.0-or-later
"""One call, with each card as it was shown; and which instructions are not read yet, by whom."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.agenda import call_words
from permanence.calls import queries as calls_of
from permanence.calls import shown
from permanence.clients import instructions
from permanence.foundation import access, dates, moments
from permanence.foundation.rules import Role
from permanence.foundation.who import Who, supervisor_only, who
from permanence.kernel.system import SystemClock
from permanence.reception.card import CardInstruction
from permanence.reception.events import ShownAbsence
from permanence.reception.table import AgendaEntry
from permanence.supervision import words
from permanence.supervision.filters import read_asked
from permanence.supervision.rows import drawn_calls, spelt, when

_CLOCK = SystemClock()

type ReadWhen = Mapping[tuple[str, int, str], datetime]
"""When versions were read, by (instruction, version, secretary)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnInstruction:
    """An instruction of a card; `when`: since when it held, on the house's clock.

    `reading`: whether she had read it when the card came, "" where nobody was asked to; `was_read`: she had.
    """

    entry: CardInstruction
    when: str
    until: str
    reading: str
    was_read: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAbsence:
    """An absence of a card."""

    entry: ShownAbsence
    starts: str
    ends: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnCard:
    """One card: at whom it rang, when, why, how that ended, and what it showed.

    `open_until`: as the card said it, on the client's clock; `agendas`: each with whose it was.
    """

    card: shown.ShownCard
    when: str
    end: str
    why: tuple[str, ...]
    instructions: tuple[DrawnInstruction, ...]
    absences: tuple[DrawnAbsence, ...]
    flags_day: str
    open_until: str
    agendas: tuple[tuple[AgendaEntry, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnFlag:
    """A red flag of the call and what became of it, in words."""

    label: str
    what: str
    by: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnReading:
    """A version that is to be read: who has, when, and who has not."""

    view: instructions.InstructionView
    when: str
    line: str
    caller: str
    read: tuple[tuple[str, str], ...]
    missing: tuple[str, ...]


@never_cache
@require_safe
@supervisor_only
def call(request: HttpRequest, call: str) -> HttpResponse:
    """One call of the house, and every card that was shown for it."""
    by = who(request)
    row = calls_of.one_call(house=by.house, call=call)
    if row is None:
        raise Http404(call)
    access.demand(by, client=row.client, subject=f"calls.call:{call}")
    zone = calls_of.zone_of(house=by.house)
    cards = shown.cards_of(house=by.house, call=call)
    wanted = {(each.id, each.version) for card in cards for each in card.instructions if each.acknowledge}
    read = instructions.read_when(house=by.house, wanted=wanted) if wanted else {}
    acts = call_words.acts_of_calls(house=by.house, calls=[call])
    context = {
        "each": drawn_calls([row], zone=zone, acts=acts)[0],
        "flags": [_flag(flag, zone) for flag in shown.red_flags_of(house=by.house, call=call)],
        "cards": [_card(card, read, zone) for card in cards],
        "asked": read_asked(request.GET),
    }
    return render(request, "supervision/call.html", {**context, **_nav(by)})


@never_cache
@require_safe
@supervisor_only
def to_read(request: HttpRequest) -> HttpResponse:
    """The instructions that every secretary is to read: who has, and who has not."""
    by = who(request)
    zone = calls_of.zone_of(house=by.house)
    found = instructions.readings(house=by.house, at=_CLOCK.now())
    waiting = sorted((each for each in found if by.may_see(each.view.client)), key=lambda each: not each.missing)
    context = {"readings": [_reading(each, zone) for each in waiting], "house": by.house}
    template = "supervision/readings.html" if request.GET.get("part") == "list" else "supervision/instructions.html"
    return render(request, template, {**context, **_nav(by)})


def _nav(by: Who) -> dict[str, Any]:
    return {"is_secretary": Role.SECRETARY in by.roles, "is_owner": Role.OWNER in by.roles}


def _card(card: shown.ShownCard, read: ReadWhen, zone: ZoneInfo) -> DrawnCard:
    return DrawnCard(
        card=card,
        when=when(card.offered_at, zone),
        end=words.ended_words(card.how, card.secretary_name),
        why=words.chosen_words(card.why),
        instructions=tuple(_instruction(card, each, read, zone) for each in card.instructions),
        absences=tuple(
            DrawnAbsence(entry=each, starts=_moment(each.starts_ms, zone), ends=_moment(each.ends_ms, zone))
            for each in card.absences
        ),
        flags_day=_day(card.script),
        open_until=_hour(card),
        agendas=_agendas(card.parts),
    )


def _instruction(card: shown.ShownCard, each: CardInstruction, read: ReadWhen, zone: ZoneInfo) -> DrawnInstruction:
    at = read.get((each.id, each.version, card.secretary))
    return DrawnInstruction(
        entry=each,
        when=_moment(each.since_ms, zone),
        until=_moment(each.until_ms, zone),
        reading=_read_words(card, at, zone) if each.acknowledge else "",
        was_read=at is not None and at <= card.offered_at,
    )


def _read_words(card: shown.ShownCard, at: datetime | None, zone: ZoneInfo) -> str:
    """What she had read when the card came; the card itself is no reading."""
    name = card.secretary_name
    if at is None:
        return _("not read yet by %(name)s") % {"name": name}
    said = (
        _("read by %(name)s, %(when)s")
        if at <= card.offered_at
        else _("not read yet by %(name)s; read later, %(when)s")
    )
    return said % {"name": name, "when": when(at, zone)}


def _hour(card: shown.ShownCard) -> str:
    """The hour at which the line was to close, on the client's clock; "" where the card said none."""
    if card.open_until_ms is None:
        return ""
    return moments.hour(datetime.fromtimestamp(card.open_until_ms / 1000, UTC), ZoneInfo(card.time_zone))


def _agendas(parts: shown.PartsView | None) -> tuple[tuple[AgendaEntry, str], ...]:
    if parts is None or parts.agendas is None:
        return ()
    names = {} if parts.form is None else {each.id: each.name for each in parts.form.recipients}
    return tuple((each, names.get(each.recipient, "")) for each in parts.agendas)


def _day(script: shown.ScriptView | None) -> str:
    """The day on which the red flags of a card were validated."""
    if script is None or not script.validated_date:
        return ""
    return dates.say(date.fromisoformat(script.validated_date), dates.Form.WHOLE)


def _flag(flag: shown.FlagView, zone: ZoneInfo) -> DrawnFlag:
    return DrawnFlag(
        label=flag.label, what=words.flag_words(flag.what, flag.cause), by=flag.by, when=when(flag.at, zone)
    )


def _reading(each: instructions.Reading, zone: ZoneInfo) -> DrawnReading:
    return DrawnReading(
        view=each.view,
        when=when(each.view.written_at, zone),
        line=spelt(each.view.scope.line),
        caller=spelt(each.view.scope.caller),
        read=tuple((one.name, when(one.at, zone)) for one in each.read),
        missing=each.missing,
    )


def _moment(ms: int | None, zone: ZoneInfo) -> str:
    return when(datetime.fromtimestamp(ms / 1000, UTC), zone) if ms else ""
