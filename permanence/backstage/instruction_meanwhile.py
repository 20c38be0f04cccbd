# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two people at one instruction: what the second did not touch stays as the first left it, and all else is compared."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.db.models import Q
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from permanence.clients.instructions import InstructionView
from permanence.clients.models import Instruction
from permanence.countries.numbers import spell_international
from permanence.kernel.phone import PhoneNumber


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """A field that the other changed, or that is not the same: what stands now, and what is in the form.

    `kept`: hers is that of the other, since she had not touched it.
    """

    what: str
    now: str
    mine: str
    kept: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """`data`: what was sent, with what the other changed in the place of what was not touched. `apart`: all but the
    words, which stand beside each other whole."""

    data: dict[str, str]
    apart: tuple[Apart, ...]


def version_of(last: Instruction, version: int | None) -> Instruction | None:
    """That version of the same instruction; None where there never was one."""
    if version is None:
        return None
    root = last.root_id or last.pk
    rows = Instruction.objects.for_client(last.client_id).filter(Q(pk=root) | Q(root=root))
    return rows.filter(version=version).select_related("recipient").first()


def meanwhile(
    form: Any, names: Iterable[str], *, last: Instruction, began_from: Instruction | None, typed: dict[str, Any]
) -> Meanwhile:
    """What the fields of these names become. `last`: the version that stands now; `began_from`: the one that was on the
    page, None where it is not known, and then nothing is taken over; `typed`: the fields as they were understood."""
    data, apart = form.data.dict(), []
    for name in names:
        theirs, hers = getattr(last, name), typed.get(name)
        seen = theirs if began_from is None else getattr(began_from, name)
        if name in typed and _same(hers, theirs) and _same(theirs, seen):
            continue
        kept = name in typed and _same(hers, seen) and not _same(theirs, seen)
        if kept:
            _put(data, form, name)
        if name == "text":
            continue
        now, mine = _words(form, name, theirs), _words(form, name, hers) if name in typed else _sent(form, name)
        apart.append(Apart(what=capfirst(str(form.fields[name].label)), now=now, mine=now if kept else mine, kept=kept))
    return Meanwhile(data=data, apart=tuple(apart))


def views_apart(now: InstructionView, seen: InstructionView) -> tuple[Apart, ...]:
    """What is not the same in two versions, but for the words; moments on the clock of the page."""
    both = (
        (name, getattr(now, name), getattr(seen, name)) for name in ("starts_at", "ends_at", "priority", "acknowledge")
    )
    about = (
        ("recipient", now.recipient_name, seen.recipient_name),
        ("line", spelt(now.scope.line), spelt(seen.scope.line)),
        ("reason", now.reason_label, seen.reason_label),
        ("caller", spelt(now.scope.caller), spelt(seen.scope.caller)),
    )
    return tuple(
        Apart(what=capfirst(_label(name)), now=_plain(theirs), mine=_plain(hers), kept=False)
        for name, theirs, hers in (*both, *about)
        if theirs != hers
    )


def _label(name: str) -> str:
    return str(getattr(Instruction._meta.get_field(name), "verbose_name", name))


def _plain(value: bool | int | str | datetime | None) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")
    return "–" if value in {None, ""} else str(value)


def _same(one: Any, other: Any) -> bool:
    """Whether both are one value, as far as a field holds it: lines end alike, and moments are of whole seconds."""
    return bool(_held(one) == _held(other))


def _held(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\r\n", "\n")
    return value.replace(microsecond=0) if isinstance(value, datetime) else value


def _put(data: dict[str, str], form: Any, name: str) -> None:
    """What stands now, as the page would send it."""
    field, value = form[name], form.initial.get(name)
    widget = field.field.widget
    if isinstance(widget, forms.MultiWidget):
        parts = enumerate(zip(widget.widgets, widget.decompress(value) or (), strict=True))
        data.update({f"{field.html_name}_{number}": each.format_value(part) or "" for number, (each, part) in parts})
    elif isinstance(widget, forms.CheckboxInput) and not value:
        data.pop(field.html_name, None)
    else:
        data[field.html_name] = "on" if value is True else "" if value is None else str(value)


def _words(form: Any, name: str, value: Any) -> str:
    """A value as a person reads it, moments on the clock of the page."""
    if isinstance(value, bool | datetime):
        return _plain(value)
    if name == "recipient":
        return str(value or form.fields[name].empty_label)
    if name == "caller" and value:
        return spelt(value)
    choices = dict(getattr(form.fields[name], "choices", ()))
    return str(choices.get(value, "–" if value in {None, ""} else value))


def _sent(form: Any, name: str) -> str:
    """What was sent and not understood."""
    sent = form[name].data
    parts = sent if isinstance(sent, list | tuple) else [sent]
    return " ".join(str(each) for each in parts if each) or "–"


def spelt(number: str) -> str:
    """A number as it is read; what is none stays as it is."""
    try:
        return spell_international(PhoneNumber(number))
    except ValueError:
        return number
