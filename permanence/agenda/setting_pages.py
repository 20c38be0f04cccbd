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

from permanence.agenda.day_form import DayForm
from permanence.agenda.operations import reasons as reason_acts
from permanence.agenda.operations import setting
from permanence.agenda.operations.closing import Leaving
from permanence.agenda.operations.marks import compare, mark_of_day, mark_of_reason, mark_of_setting
from permanence.agenda.operations.week import change_opening, changed_week, mark_of
from permanence.agenda.queries import agendas, effect
from permanence.agenda.queries.closing import Closing, closing
from permanence.agenda.queries.effect import Change
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.queries.waiting import offer_minutes
from permanence.agenda.reason_form import ReasonForm
from permanence.agenda.refusals import ChangedMeanwhile, OpeningUnknown
from permanence.agenda.rules.follow_ups import ASKED, Onwards, Wanted
from permanence.agenda.rules.kinds import Opening, OpeningException
from permanence.agenda.rules.openings import overlapped
from permanence.agenda.setting_forms import AgendaForm, Choices, OpeningForm
from permanence.agenda.setting_words import DayLine, DrawnEffect, day_line, drawn, overlap_words, refusal_words
from permanence.clients.directory_queries import site_names
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal

NEW = "new"


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the page shows: the form, what it would bring (after a look), what was refused; `done` sends back.

    `mark` tells what was seen. `gone`: it was looked at what taking it away brings. `is_new`: nothing is there yet.
    `closing`: whom it meets that the agenda is closed. `day`: a day that was looked at, in words. `otherwise`: what in
    the form is otherwise than what somebody else has kept meanwhile, by name. `notice`: what is to be known of what may
    well be so, in words; `overlapped`: the ids of the standing openings of which it tells.
    """

    form: Any
    effect: DrawnEffect | None = None
    mark: str = ""
    refused: str = ""
    done: str = ""
    gone: bool = False
    is_new: bool = False
    closing: Closing | None = None
    day: DayLine | None = None
    otherwise: tuple[Any, ...] = ()
    notice: str = ""
    overlapped: tuple[str, ...] = ()

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
    """One opening of the week, or a new one; one that is posted and was taken away meanwhile is new. Raises
    OpeningUnknown.
    """
    week = agendas.week_openings(by=by, agenda=agenda.id)
    kept = None if opening == NEW else next((each for each in week if each.id == opening), None)
    if kept is None and opening != NEW and post is None:
        raise OpeningUnknown(opening[:40])
    choices, instead_of = choices_of(by=by, client=agenda.client), "" if kept is None else kept.id
    mark = mark_of(week)
    form = OpeningForm(post, choices=choices, opening=kept)
    if post is None:
        return Page(form=form, mark=mark, is_new=kept is None)
    step, seen = post.get("do", ""), str(post.get("mark", ""))
    gone = step in {"gone", "remove"} and kept is not None
    if not gone and not form.is_valid():
        return Page(form=form, mark=seen, is_new=kept is None)
    try:
        openings = () if gone else form.openings(agenda.id)
        beside = _overlap(week, instead_of, openings, choices, since=at.astimezone(ZoneInfo(agenda.time_zone)).date())
        if step in {"save", "remove"}:
            change_opening(agenda=agenda.id, instead_of=instead_of, openings=openings, mark=seen, by=by, at=at)
            return Page(form=form, done="removed" if gone else "opening", **beside)
        compare(mark, seen, of=agenda.id)
        wanted = changed_week(week, instead_of=instead_of, openings=openings)
    except Refusal as refusal:
        return _refused(form, refusal, mark=mark, is_new=kept is None)
    shown = _effect(agenda, effect.with_week(wanted), choices, by=by, at=at)
    form = OpeningForm(None, choices=choices, opening=kept) if gone else form
    return Page(form=form, effect=shown, mark=mark, gone=gone, is_new=kept is None, **beside)


def _overlap(
    week: Sequence[Opening], instead_of: str, openings: Sequence[Opening], choices: Choices, *, since: date
) -> dict[str, Any]:
    """Over which openings these lie that take the place of one: what a page tells of it."""
    found = overlapped(openings, [each for each in week if each.id != instead_of], since=since)
    return {"notice": overlap_words(found, choices=choices), "overlapped": tuple(each.id for each in found)}


def day_page(post: Mapping[str, Any] | None, *, agenda: AgendaView, day: date | None, by: Who, at: datetime) -> Page:
    """One day that differs, or (None) a new one."""
    today = at.astimezone(ZoneInfo(agenda.time_zone)).date()
    known = () if day is None else agendas.kept_day(by=by, agenda=agenda.id, day=day)
    kept = next(iter(known), None)
    choices = choices_of(by=by, client=agenda.client)
    week = agendas.week_openings(by=by, agenda=agenda.id)
    form = DayForm(post, choices=choices, today=today, week=week, exception=kept, day=day)
    mark, is_new = mark_of_day(known), kept is None
    if post is None:
        return Page(form=form, mark=mark, is_new=is_new)
    step, seen = post.get("do", ""), str(post.get("mark", ""))
    gone = step in {"gone", "remove"} and kept is not None
    if not gone and not form.is_valid():
        return Page(form=form, mark=seen, is_new=is_new)
    value: OpeningException | None = None
    try:
        if kept is None or not gone:
            value = form.value(agenda.id)
            setting.check_openings(agenda=agenda.id, openings=value.openings, by=by)
            mark = mark_of_day(agendas.kept_day(by=by, agenda=agenda.id, day=value.date))
        when = kept.date if value is None and kept is not None else form.cleaned_data["day"]
        if step in {"save", "remove"}:
            return _day_saved(form, value, agenda=agenda.id, when=when, mark=seen, by=by, at=at)
        compare(mark, seen, of=agenda.id)
    except Refusal as refusal:
        return _refused(form, refusal, mark=mark, is_new=is_new)
    shown = _effect(agenda, effect.with_day(when, value), choices, by=by, at=at)
    if value is None:
        form = DayForm(None, choices=choices, today=today, week=week, exception=kept)
        return Page(form=form, effect=shown, mark=mark, gone=True)
    said = day_line(value, choices=choices)
    return Page(form=form.looked_at(), effect=shown, mark=mark, is_new=is_new, day=said)


def _day_saved(
    form: DayForm, value: OpeningException | None, *, agenda: str, when: date, mark: str, by: Who, at: datetime
) -> Page:
    """The day is so; None: as the week says again. Raises as the operations."""
    if value is None:
        setting.clear_exception(agenda=agenda, day=when, mark=mark, by=by, at=at)
        return Page(form=form, done="removed")
    setting.set_exception(
        agenda=agenda,
        day=when,
        kind=value.kind,
        openings=value.openings,
        label=value.label,
        mark=mark,
        by=by,
        at=at,
    )
    return Page(form=form, done="day")


def agenda_page(post: Mapping[str, Any] | None, *, agenda: AgendaView, by: Who, at: datetime) -> Page:
    """The agenda itself: what it is called, its step, holidays, how often it may be overbooked."""
    rule = agenda.setting
    kept: dict[str, Any] = {
        "name": agenda.name,
        "step": rule.step,
        "overbookings_per_day": rule.overbookings_per_day,
        "closed_on_holidays": rule.closed_on_holidays,
        "offer_minutes": offer_minutes(by=by, agenda=agenda.id),
        "active": agenda.active,
    }
    form, mark = AgendaForm(post, initial=kept), mark_of_setting(**kept)
    if post is None:
        return Page(form=form, mark=mark)
    seen = str(post.get("mark", ""))
    if not form.is_valid():
        return Page(form=form, mark=seen)
    given = dict(form.cleaned_data)
    closes = agenda.active and not given["active"]
    met = closing(by=by, agenda=agenda.id, at=at) if closes else None
    try:
        if post.get("do") == "save":
            given["overbookings_per_day"] = given["overbookings_per_day"] or 0
            setting.change_agenda(agenda=agenda.id, **given, leaving=leaving_of(post), mark=seen, by=by, at=at)
            return Page(form=form, done="agenda")
        compare(mark, seen, of=agenda.id)
    except Refusal as refusal:
        return _refused(form, refusal, mark=mark, closing=met)
    change = effect.with_setting(step=given["step"], closed_on_holidays=given["closed_on_holidays"])
    shown = None if closes else _effect(agenda, change, choices_of(by=by, client=agenda.client), by=by, at=at)
    return Page(form=form, effect=shown, mark=mark, closing=met)


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
    is_new, mark = kept is None, "" if kept is None else mark_of_reason(kept)
    if post is None:
        return Page(form=form, mark=mark, is_new=is_new)
    seen = None if is_new else str(post.get("mark", ""))
    if not form.is_valid():
        return Page(form=form, mark=seen or "", is_new=is_new)
    try:
        value = form.value(client)
        if post.get("do") == "save":
            reason_acts.set_reason(client=client, reason=value, mark=seen, by=by, at=at)
            return Page(form=form, done="reason")
        compare(mark, seen, of=reason)
    except Refusal as refusal:
        return _refused(form, refusal, mark=mark, is_new=is_new)
    found = effect.effect(
        by=by,
        agendas=[each.id for each in agendas.agendas(by=by, client=client)],
        change=effect.with_reason(value),
        at=at,
        reason=value.id or NEW,
        also=value.also,
    )
    shown = drawn(found, choices=choices, zone=ZoneInfo(zone), at=at)
    return Page(form=form, effect=shown, mark=mark, is_new=is_new)


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


def _refused(form: Any, refusal: Refusal, *, mark: str, **more: Any) -> Page:
    """The page again, as what is kept now; where somebody else changed it, with what is otherwise in this form."""
    otherwise: tuple[Any, ...] = ()
    if isinstance(refusal, ChangedMeanwhile) and not more.get("is_new"):
        otherwise = tuple(form.fields[name].label for name in form.changed_data)
    return Page(form=form, mark=mark, refused=refusal_words(refusal), otherwise=otherwise, **more)


def _effect(agenda: AgendaView, change: Change, choices: Choices, *, by: Who, at: datetime) -> DrawnEffect:
    found = effect.effect(by=by, agendas=[agenda.id], change=change, at=at)
    return drawn(found, choices=choices, zone=ZoneInfo(agenda.time_zone), at=at)
