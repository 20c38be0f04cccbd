# SPDX-License-Identifier: AGPL-3.0-or-later
"""A proposal in plain words: what it is, what would change, and the part of the card as the secretary would see it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from permanence.clients import instructions
from permanence.clients.approval_queries import ProposalView
from permanence.clients.models import Contact
from permanence.clients.queries import ClientFile
from permanence.clients.rules.approvals import URGENT_PRIORITY, ProposalKind, ProposalState
from permanence.clients.rules.script import RedFlag
from permanence.clients.script_queries import red_flags_of
from permanence.countries.numbers import spell_number
from permanence.foundation import dates, moments
from permanence.kernel.phone import PhoneNumber
from permanence.reception import markup
from permanence.reception.table import AbsenceEntry, ContactEntry

STATES = {
    ProposalState.WAITING: gettext_lazy("waits"),
    ProposalState.APPROVED: gettext_lazy("approved"),
    ProposalState.REFUSED: gettext_lazy("refused"),
    ProposalState.TAKEN_BACK: gettext_lazy("taken back"),
    ProposalState.OVERTAKEN: gettext_lazy("overtaken"),
    ProposalState.LAPSED: gettext_lazy("lapsed"),
}
MEANWHILE = gettext_lazy(
    "What it changes was changed meanwhile. Nothing was done; make the change again if it is wanted."
)
CAUSES = {
    "author_gone": gettext_lazy("Who made it may no longer change anything here. Nothing was done."),
    "replacement_away": gettext_lazy("The one to whom urgent calls would go is away himself at that time."),
    "directory_full": gettext_lazy("The card can hold no more."),
    "recipient_unknown": gettext_lazy("A person it names receives messages no longer. Nothing was done."),
    "doctor_unknown": gettext_lazy("A person it names receives messages no longer. Nothing was done."),
    "script_refused": gettext_lazy("The script is not sound any more. Nothing was done."),
}
"""Why it was overtaken, by the code of the refusal; any other: `MEANWHILE`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing that would change; "" is nothing there."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A proposal as a page draws it. `differences` only while it waits; one of the others is the part of the card.

    `lines` are sentences of a part that has no form of its own; `gone`: it would stand there no longer.
    """

    view: ProposalView
    title: str
    state: str
    cause: str
    made: str
    lapses: str
    decided: str
    differences: tuple[Difference, ...] = ()
    contact: ContactEntry | None = None
    blocks: tuple[markup.Block, ...] = ()
    lines: tuple[str, ...] = ()
    red_flags: tuple[RedFlag, ...] = ()
    gone: bool = False


def shown(view: ProposalView, file: ClientFile, *, house: str, at: datetime) -> Shown:
    """The proposal in words, against what holds now (`file`). Two queries at most."""
    zone = ZoneInfo(file.view.time_zone)
    title, part = _PARTS[view.kind](view.body, file, house, zone)
    differences = part.pop("differences", ())
    cause = view.cause
    if view.state is ProposalState.OVERTAKEN:
        cause = str(CAUSES.get(view.cause, MEANWHILE))
    return Shown(
        view=view,
        title=title,
        state=str(STATES[view.state]),
        cause=cause,
        made=moments.day_and_hour(view.made_at, zone, now=at),
        lapses=moments.day_and_hour(view.lapses_at, zone, now=at),
        decided="" if view.decided_at is None else moments.day_and_hour(view.decided_at, zone, now=at),
        differences=tuple(each for each in differences if each.before != each.after) if view.waits else (),
        **part,
    )


type Part = tuple[str, dict[str, Any]]
type Body = Mapping[str, Any]


def _contact(body: Body, file: ClientFile, _house: str, _zone: ZoneInfo) -> Part:
    numbers = tuple(body["numbers"])
    spelled = tuple(spell_number(PhoneNumber(each), country=file.view.country) for each in numbers)
    after = ContactEntry(
        name=body["name"],
        function=body["function"],
        numbers=numbers,
        shown=spelled,
        number_for=body["number_for"],
        may_say=body["may_say"],
    )
    before = next((each for each in file.contacts if each.name == body["instead_of"]), None)
    return _("Directory: %(name)s") % {"name": after.name}, {"contact": after, "differences": _entries(before, after)}


def _contact_removed(body: Body, file: ClientFile, _house: str, _zone: ZoneInfo) -> Part:
    before = next((each for each in file.contacts if each.name == body["name"]), None)
    title = _("Directory: %(name)s is removed") % {"name": body["name"]}
    return title, {"contact": before, "gone": True, "differences": _entries(before, None)}


def _entries(before: ContactEntry | None, after: ContactEntry | None) -> tuple[Difference, ...]:
    given = {key: str(words) for key, words in Contact.NUMBER_FOR}

    def facts(one: ContactEntry | None) -> tuple[str, ...]:
        if one is None:
            return ("",) * 5
        return one.name, one.function, ", ".join(one.shown), given.get(one.number_for, ""), one.may_say

    labels = (
        _("Name"),
        _("Function"),
        _("Numbers"),
        _("The number may be given to"),
        _("What may be told, and to whom"),
    )
    sides = zip(labels, facts(before), facts(after), strict=True)
    return tuple(Difference(label=label, before=old, after=new) for label, old, new in sides)


def _instruction(body: Body, file: ClientFile, house: str, zone: ZoneInfo) -> Part:
    names = {each.id: each.name for each in file.recipients}
    held = _held(body, file, house) if body["instruction"] else None
    urgent = {True: _("urgent"), False: _("not urgent")}
    old = ("", "", "", "", "")
    if held is not None:
        old = (
            held.text,
            urgent[held.priority >= URGENT_PRIORITY],
            held.recipient_name or _("everybody"),
            day_hour(held.starts_at, zone),
            day_hour(held.ends_at, zone),
        )
    moment = {name: datetime.fromisoformat(body[name]) if body[name] else None for name in ("starts_at", "ends_at")}
    new = (
        body["text"],
        urgent[body["priority"] >= URGENT_PRIORITY],
        names.get(body["recipient"], "") or _("everybody"),
        day_hour(moment["starts_at"], zone),
        day_hour(moment["ends_at"], zone),
    )
    labels = (_("Instruction"), _("Urgency"), _("About whom"), _("from"), _("until"))
    sides = zip(labels, old, new, strict=True)
    title = _("Urgent instruction") if held is None else _("Change of an urgent instruction")
    differences = tuple(Difference(label=label, before=one, after=two) for label, one, two in sides)
    return title, {"blocks": markup.blocks(body["text"]), "differences": differences}


def _retirement(body: Body, file: ClientFile, house: str, _zone: ZoneInfo) -> Part:
    held = _held(body, file, house)
    differences = (Difference(label=_("Instruction"), before=held.text if held else "", after=""),)
    part = {"blocks": markup.blocks(held.text) if held else (), "gone": True, "differences": differences}
    return _("End of an urgent instruction"), part


def _held(body: Body, file: ClientFile, house: str) -> instructions.InstructionView | None:
    try:
        return instructions.current(house=house, client=file.view.id, instruction=body["instruction"])
    except instructions.InstructionUnknown:
        return None


def _urgent_to(body: Body, file: ClientFile, _house: str, _zone: ZoneInfo) -> Part:
    name = _name(file, body["urgent_to"])
    held = next((each for each in file.absences if each.id == body["absence"]), None)
    difference = Difference(label=_("What is urgent goes to"), before=_("nobody"), after=name)
    lines = () if held is None else absence_lines(replace(held, urgent_to=body["urgent_to"]), file)
    return _("Absence: urgent to %(name)s") % {"name": name}, {"lines": lines, "differences": (difference,)}


def _absence_over(body: Body, file: ClientFile, _house: str, _zone: ZoneInfo) -> Part:
    held = next((each for each in file.absences if each.id == body["absence"]), None)
    if held is None:
        return _("End of an absence"), {"gone": True}
    title = _("End of the absence of %(name)s") % {"name": _name(file, held.recipient) or file.view.name}
    before = _name(file, held.urgent_to)
    difference = Difference(label=_("What is urgent goes to"), before=before, after=_("as without an absence"))
    return title, {"lines": absence_lines(held, file), "gone": True, "differences": (difference,)}


def absence_lines(held: AbsenceEntry, file: ClientFile) -> tuple[str, ...]:
    """An absence in sentences: who, from when to when, to whom what is urgent goes, what is said."""
    zone = ZoneInfo(file.view.time_zone)
    times = {"starts": day_hour(held.starts, zone), "ends": day_hour(held.ends, zone)}
    urgent = _name(file, held.urgent_to)
    return (
        _("%(name)s is away.") % {"name": _name(file, held.recipient) or file.view.name},
        _("From %(starts)s to %(ends)s") % times,
        *((_("urgent to %(name)s") % {"name": urgent},) if urgent else ()),
        f"«\u00a0{held.words}\u00a0»",
    )


def _name(file: ClientFile, recipient: str) -> str:
    return next((each.name for each in file.recipients if each.id == recipient), "")


def _duty_contact(body: Body, _file: ClientFile, _house: str, _zone: ZoneInfo) -> Part:
    before, after = body["was"][2], body["duty_contact"]
    answer = {True: _("yes"), False: _("no")}
    differences = (
        Difference(label=_("Duty contact"), before=before, after=after),
        Difference(label=_("Voice messages"), before=answer[body["was"][0]], after=answer[body["voice_message"]]),
    )
    return _("Duty contact"), {"lines": (after or _("nobody"),), "differences": differences}


def _red_flags(body: Body, file: ClientFile, _house: str, _zone: ZoneInfo) -> Part:
    names = {each.id: each.name for each in file.recipients}
    after = red_flags_of(body["red_flags"])
    before: tuple[RedFlag, ...] = ()
    if file.script is not None:
        before = red_flags_of(orjson.dumps(orjson.loads(file.script.text).get("red_flags", [])).decode())
    words = {
        "name": names.get(body["doctor"], ""),
        "day": dates.say(date.fromisoformat(body["validated"]), dates.Form.WHOLE),
    }
    labels = [", ".join(each.label for each in flags) for flags in (before, after)]
    difference = Difference(label=_("Red flags"), before=labels[0], after=labels[1])
    title = _("Red flags, validated by %(name)s on %(day)s") % words
    return title, {"red_flags": plain_flags(after), "differences": (difference,)}


def plain_flags(flags: Iterable[RedFlag]) -> tuple[RedFlag, ...]:
    """With words that stand for any ending as a person reads them."""
    return tuple(replace(each, words=tuple(map(_any_ending, each.words))) for each in flags)


def _any_ending(word: str) -> str:
    return f"{word.removesuffix('*')}…" if word.endswith("*") else word


def day_hour(moment: datetime | None, zone: ZoneInfo) -> str:
    """The moment on a clock, as a sentence says it; "" for none."""
    if moment is None:
        return ""
    local = moment.astimezone(zone)
    return _("%(day)s, %(hour)s") % {"day": dates.say(local, dates.Form.NAMED), "hour": moments.hour(moment, zone)}


_PARTS = {
    ProposalKind.CONTACT: _contact,
    ProposalKind.CONTACT_REMOVED: _contact_removed,
    ProposalKind.INSTRUCTION: _instruction,
    ProposalKind.RETIREMENT: _retirement,
    ProposalKind.URGENT_TO: _urgent_to,
    ProposalKind.ABSENCE_OVER: _absence_over,
    ProposalKind.DUTY_CONTACT: _duty_contact,
    ProposalKind.RED_FLAGS: _red_flags,
}
