# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the pages on which an agenda is set do, the same in the back office and in the portal: read, look, save.

`post` is None when the page is only shown. Its `do`: "check" looks at what it would bring, "save" saves, "gone" looks
at what taking it away would bring, "remove" takes it away. Nothing is written but by the operations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from permanence.agenda.operations import reasons as reason_acts
from permanence.agenda.operations import setting
from permanence.agenda.operations.closing import Leaving
from permanence.agenda.operations.week import change_opening, changed_week, mark_of
from permanence.agenda.queries import agendas, effect
from permanence.agenda.queries.closing import Closing, closing
from permanence.agenda.queries.effect import Change
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.queries.waiting import offer_minutes
from permanence.agenda.reason_form import ReasonForm
from permanence.agenda.refusals import OpeningUnknown
from permanence.agenda.rules.follow_ups import ASKED, Onwards, Wanted
from permanence.agenda.setting_forms import AgendaForm, Choices, DayForm, OpeningForm
from permanence.agenda.setting_words import DrawnEffect, drawn, refusal_words
from permanence.clients.directory_queries import site_names
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal

NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page shows: the form, what it would bring (after a look), what was refused; `done` sends back.

    `mark` tells what was seen. `gone`: it was looked at what taking it away brings. `is_new`: nothing is there yet.
    `closing`: whom it meets that the agenda is closed.
    """

    form: Any
    effect: DrawnEffect | None = None
    mark: str = ""
    refused: str = ""
    done: str = ""
    gone: bool = False
    is_new: bool = False
    closing: Closing | None = None

    @property
    def status(self) -> int:
        """Of the answer."""
        return 422 if self.refused or (self.form.is_bound and self.form.errors) else 200


def choices_of(*, by: Who, client: str) -> Choices:
    """What the forms of a client may name."""
    return Choices(
        reasons={each.id: each.name for each in agendas.reasons(by=by, client=client)},
        resources=agendas.resources(by=by, client=client),
        sites=site_names(house=by.house_key, client=int(client)),
        agendas=agendas.agendas(by=by, client=client),
    )


def opening_page(post: Mapping[str, Any] | None, *, agenda: AgendaView, opening: str, by: Who, at: datetime) -> Page:
    """One opening of the week, or a new one. Raises OpeningUnknown."""
    week = agendas.week_openings(by=by, agenda=agenda.id)
    kept = None if opening == NEW else next((each for each in week if each.id == opening), None)
    if kept is None and opening != NEW:
        raise OpeningUnknown(opening[:40])
    choices, instead_of = choices_of(by=by, client=agenda.client), "" if kept is None else kept.id
    mark = mark_of(week)
    form = OpeningForm(post, choices=choices, opening=kept)
    if post is None:
        return Page(form=form, mark=mark, is_new=kept is None)
    step, seen = post.get("do", ""), str(post.get("mark", ""))
    gone = step in {"gone", "remove"} and kept is not None
    if not gone and not form.is_valid():
        return Page(form=form, mark=mark, is_new=kept is None)
    try:
        openings = () if gone else form.openings(agenda.id)
        if step in {"save", "remove"}:
            change_opening(agenda=agenda.id, instead_of=instead_of, openings=openings, mark=seen, by=by, at=at)
            return Page(form=form, done="removed" if gone else "opening")
        wanted = changed_week(week, instead_of=instead_of, openings=openings)
    except Refusal as refusal:
        return Page(form=form, mark=mark, refused=refusal_words(refusal), is_new=kept is None)
    shown = _effect(agenda, effect.with_week(wanted), choices, by=by, at=at)
    form = OpeningForm(None, choices=choices, opening=kept) if gone else form
    return Page(form=form, effect=shown, mark=mark, gone=gone, is_new=kept is None)


def day_page(post: Mapping[str, Any] | None, *, agenda: AgendaView, day: date | None, by: Who, at: datetime) -> Page:
    """One day that differs, or (None) a new one."""
    today = at.astimezone(ZoneInfo(agenda.time_zone)).date()
    known = agendas.days_that_differ(by=by, agenda=agenda.id, first=day) if day is not None else ()
    kept = next((each for each in known if each.date == day), None)
    choices = choices_of(by=by, client=agenda.client)
    form = DayForm(post, choices=choices, today=today, exception=kept)
    if day is not None and kept is None:
        form.initial["day"] = day
    if post is None:
        return Page(form=form, is_new=kept is None)
    step = post.get("do", "")
    gone = step in {"gone", "remove"} and kept is not None
    if not gone and not form.is_valid():
        return Page(form=form, is_new=kept is None)
    try:
        if gone and kept is not None:
            change, when = effect.with_day(kept.date, None), kept.date
        else:
            value = form.value(agenda.id)
            change, when = effect.with_day(value.date, value), value.date
            setting.check_openings(agenda=agenda.id, openings=value.openings, by=by)
        if step == "remove":
            setting.clear_exception(agenda=agenda.id, day=when, by=by, at=at)
            return Page(form=form, done="removed")
        if step == "save":
            setting.set_exception(
                agenda=agenda.id,
                day=value.date,
                kind=value.kind,
                openings=value.openings,
                label=value.label,
                by=by,
                at=at,
            )
            return Page(form=form, done="day")
    except Refusal as refusal:
        return Page(form=form, refused=refusal_words(refusal), is_new=kept is None)
    form = DayForm(None, choices=choices, today=today, exception=kept) if gone else form
    return Page(form=form, effect=_effect(agenda, change, choices, by=by, at=at), gone=gone, is_new=kept is None)


def agenda_page(post: Mapping[str, Any] | None, *, agenda: AgendaView, by: Who, at: datetime) -> Page:
    """The agenda itself: what it is called, its step, holidays, how often it may be overbooked."""
    rule = agenda.setting
    form = AgendaForm(
        post,
        initial={
            "name": agenda.name,
            "step": rule.step,
            "overbookings_per_day": rule.overbookings_per_day,
            "closed_on_holidays": rule.closed_on_holidays,
            "offer_minutes": offer_minutes(by=by, agenda=agenda.id),
            "active": agenda.active,
        },
    )
    if post is None or not form.is_valid():
        return Page(form=form)
    given = dict(form.cleaned_data)
    closes = agenda.active and not given["active"]
    met = closing(by=by, agenda=agenda.id, at=at) if closes else None
    if post.get("do") == "save":
        given["overbookings_per_day"] = given["overbookings_per_day"] or 0
        try:
            setting.change_agenda(agenda=agenda.id, **given, leaving=leaving_of(post), by=by, at=at)
        except Refusal as refusal:
            return Page(form=form, refused=refusal_words(refusal), closing=met)
        return Page(form=form, done="agenda")
    change = effect.with_setting(step=given["step"], closed_on_holidays=given["closed_on_holidays"])
    shown = None if closes else _effect(agenda, change, choices_of(by=by, client=agenda.client), by=by, at=at)
    return Page(form=form, effect=shown, closing=met)


def leaving_of(post: Mapping[str, Any]) -> Leaving:
    """What was said of those whom the end of an agenda meets; nothing where it is no word of ours."""
    wanted, onwards = str(post.get("wanted", "")), str(post.get("onwards", ""))
    return Leaving(
        wanted=Wanted(wanted) if wanted in ASKED else None,
        words=str(post.get("words", "")),
        onwards=Onwards(onwards) if onwards in set(Onwards) else None,
    )


def reason_page(post: Mapping[str, Any] | None, *, client: str, zone: str, reason: str, by: Who, at: datetime) -> Page:
    """One reason of a client, or a new one. Raises VisitReasonUnknown."""
    kept = None if reason == NEW else agendas.reason(by=by, client=client, reason=reason)
    choices = choices_of(by=by, client=client)
    form = ReasonForm(post, choices=choices, reason=kept)
    if post is None or not form.is_valid():
        return Page(form=form, is_new=kept is None)
    try:
        value = form.value(client)
        if post.get("do") == "save":
            reason_acts.set_reason(client=client, reason=value, by=by, at=at)
            return Page(form=form, done="reason")
    except Refusal as refusal:
        return Page(form=form, refused=refusal_words(refusal), is_new=kept is None)
    found = effect.effect(
        by=by,
        agendas=[each.id for each in agendas.agendas(by=by, client=client)],
        change=effect.with_reason(value),
        at=at,
        reason=value.id or NEW,
        also=value.also,
    )
    return Page(form=form, effect=drawn(found, choices=choices, zone=ZoneInfo(zone), at=at), is_new=kept is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetirePage:
    """A reason about to go: what would take its place, and for whom."""

    plan: reason_acts.Retirement | None
    others: Sequence[tuple[str, str]]
    replacement: str
    refused: str = ""
    done: str | Promise = ""


def retire_page(post: Mapping[str, Any] | None, *, client: str, reason: str, by: Who, at: datetime) -> RetirePage:
    """Look at what retiring brings, then retire. Raises VisitReasonUnknown."""
    agendas.reason(by=by, client=client, reason=reason)
    others = [(each.id, each.name) for each in agendas.reasons(by=by, client=client) if each.id != reason]
    replacement = "" if post is None else str(post.get("replacement", ""))
    asked: dict[str, Any] = {"client": client, "reason": reason, "replacement": replacement, "by": by, "at": at}
    try:
        if post is not None and post.get("do") == "save":
            reason_acts.retire_reason(**asked)
            return RetirePage(plan=None, others=others, replacement=replacement, done="retired")
        plan = reason_acts.plan_retirement(**asked)
    except Refusal as refusal:
        plan = reason_acts.plan_retirement(**{**asked, "replacement": ""})
        return RetirePage(plan=plan, others=others, replacement="", refused=refusal_words(refusal))
    return RetirePage(plan=plan, others=others, replacement=replacement)


def _effect(agenda: AgendaView, change: Change, choices: Choices, *, by: Who, at: datetime) -> DrawnEffect:
    found = effect.effect(by=by, agendas=[agenda.id], change=change, at=at)
    return drawn(found, choices=choices, zone=ZoneInfo(agenda.time_zone), at=at)
