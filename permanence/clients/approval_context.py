# SPDX-License-Identifier: AGPL-3.0-or-later
"""A change that waits, in its whole context: the part of the card as it is, and as it will be once it is approved.

What will be is no guess: it is what the operation made of the client, in a transaction that was undone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo

import orjson
from django.utils.translation import gettext as _

from permanence.clients.approval_queries import ProposalView
from permanence.clients.approval_words import absence_lines, day_hour, plain_flags
from permanence.clients.queries import ClientFile
from permanence.clients.rules.approvals import URGENT_PRIORITY, ProposalKind
from permanence.clients.rules.script import RedFlag
from permanence.clients.script_queries import red_flags_of
from permanence.reception import markup
from permanence.reception.table import ContactEntry, InstructionEntry

SHOWN_WHOLE = 8
"""Rows of a part of the card that is shown whole; of a longer one what changes and its neighbours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRow:
    """One row of the card: a contact, an instruction (`blocks`), a red flag, or sentences. `changed`: it is not on
    the other side. `badges` and `meta` stand above and below.
    """

    contact: ContactEntry | None = None
    blocks: tuple[markup.Block, ...] = ()
    flag: RedFlag | None = None
    lines: tuple[str, ...] = ()
    badges: tuple[str, ...] = ()
    meta: tuple[str, ...] = ()
    changed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """The part of the card before or after: its rows in their order, and how many others stand there unchanged."""

    rows: tuple[CardRow, ...]
    others: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The part of the card that changes, by its name. `after` None: the change cannot be made any more."""

    name: str
    before: Side
    after: Side | None


def in_context(view: ProposalView, now: ClientFile, then: ClientFile | None) -> Context:
    """The part of the card that the proposal changes: as it is (`now`), and as it will be (`then`)."""
    name, read = _PARTS[view.kind]
    before = read(now, view, False)
    after = None if then is None else read(then, view, True)
    return Context(
        name=str(name()),
        before=_side(before, after or ()),
        after=None if after is None else _side(after, before),
    )


def _side(rows: Sequence[CardRow], others: Sequence[CardRow]) -> Side:
    marked = [replace(each, changed=each not in others) for each in rows]
    if len(marked) <= SHOWN_WHOLE:
        return Side(rows=tuple(marked), others=0)
    near = {place for at, each in enumerate(marked) if each.changed for place in (at - 1, at, at + 1)}
    shown = tuple(each for place, each in enumerate(marked) if place in near)
    return Side(rows=shown, others=len(marked) - len(shown))


type Read = Callable[[ClientFile, ProposalView, bool], list[CardRow]]


def _contacts(file: ClientFile, _view: ProposalView, _then: bool) -> list[CardRow]:
    return [CardRow(contact=each) for each in file.contacts]


def _instructions(file: ClientFile, _view: ProposalView, _then: bool) -> list[CardRow]:
    zone = ZoneInfo(file.view.time_zone)
    return [_instruction(each, zone) for each in file.instructions]


def _instruction(entry: InstructionEntry, zone: ZoneInfo) -> CardRow:
    urgent = (_("urgent"),) if entry.priority >= URGENT_PRIORITY else ()
    read = (_("to be read by every secretary"),) if entry.acknowledge else ()
    about = tuple(filter(None, (entry.recipient_name, entry.reason_label, entry.line, entry.caller)))
    times = (
        _("from %(moment)s") % {"moment": day_hour(entry.starts, zone)} if entry.starts else "",
        _("until %(moment)s") % {"moment": day_hour(entry.ends, zone)} if entry.ends else "",
    )
    return CardRow(blocks=entry.blocks, badges=(*urgent, *about, *read), meta=(*filter(None, times), entry.author))


def _absences(file: ClientFile, _view: ProposalView, _then: bool) -> list[CardRow]:
    return [CardRow(lines=absence_lines(each, file)) for each in file.absences]


def _red_flags(file: ClientFile, view: ProposalView, then: bool) -> list[CardRow]:
    """Those of the script in force; then those of the list that would be validated, draft or not."""
    text = view.body["red_flags"] if then else "[]"
    if not then and file.script is not None:
        text = orjson.dumps(orjson.loads(file.script.text).get("red_flags", [])).decode()
    return [CardRow(flag=each) for each in plain_flags(red_flags_of(text))]


def _duty_contact(_file: ClientFile, view: ProposalView, then: bool) -> list[CardRow]:
    body = view.body
    taken, name = (body["voice_message"], body["duty_contact"]) if then else (body["was"][0], body["was"][2])
    words = _("Voice messages are taken.") if taken else _("No voice messages are taken.")
    return [CardRow(lines=(name or _("nobody"),)), CardRow(lines=(words,))]


_PARTS: dict[ProposalKind, tuple[Callable[[], str], Read]] = {
    ProposalKind.CONTACT: (lambda: _("Directory"), _contacts),
    ProposalKind.CONTACT_REMOVED: (lambda: _("Directory"), _contacts),
    ProposalKind.INSTRUCTION: (lambda: _("Instructions"), _instructions),
    ProposalKind.RETIREMENT: (lambda: _("Instructions"), _instructions),
    ProposalKind.URGENT_TO: (lambda: _("Absences"), _absences),
    ProposalKind.ABSENCE_OVER: (lambda: _("Absences"), _absences),
    ProposalKind.DUTY_CONTACT: (lambda: _("Duty contact"), _duty_contact),
    ProposalKind.RED_FLAGS: (lambda: _("Red flags"), _red_flags),
}
