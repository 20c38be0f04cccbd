# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong in a form, gathered for the top of its page: each fault in words, and where it is mended."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from django.utils.text import capfirst
from django.utils.translation import gettext


class Wrong(NamedTuple):
    """One fault. `anchor`: the id of its field, "" where it is of none; `where`: what the field is called."""

    anchor: str
    where: str
    text: str


def part_of(whole: str, part: str) -> str:
    """A field as it is called within its group: "Recipient 2: e-mail"."""
    return gettext("%(whole)s: %(part)s") % {"whole": whole, "part": part}


def wrong_in(form: Any, called: Callable[[str], str] | None = None) -> list[Wrong]:
    """The faults of a form, of no field first, then in the order of its fields."""
    found = [Wrong("", "", str(text)) for text in form.non_field_errors()]
    for bound in form:
        name = called(bound.name) if called else str(bound.label)
        anchor = bound.id_for_label or bound.auto_id
        found += [Wrong(anchor, str(capfirst(name)), str(text)) for text in bound.errors]
    return found


def wrong_in_lines(inlines: Iterable[Any]) -> list[Wrong]:
    """The faults of the admin's inline tables: each line by its number, as it stands in its table."""
    found: list[Wrong] = []
    for each in inlines:
        table, lines = str(capfirst(each.formset.model._meta.verbose_name_plural)), each.formset
        found += [Wrong(f"{lines.prefix}-group", table, str(text)) for text in lines.non_form_errors()]
        for number, form in enumerate(lines.forms, start=1):
            if not form.errors:
                continue
            line = gettext("%(table)s, line %(number)d") % {"table": table, "number": number}
            for fault in wrong_in(form):
                where = part_of(line, fault.where) if fault.where else line
                found.append(Wrong(fault.anchor or f"{lines.prefix}-group", where, fault.text))
    return found
