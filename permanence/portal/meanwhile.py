# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two people at one instruction: all that is not the same in theirs and yours, the words that differ marked."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from permanence.clients.rules.approvals import is_urgent_instruction
from permanence.clients.rules.difference import Part, side_by_side
from permanence.reception.table import InstructionEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """One thing that is not the same: what stands there now, and what was typed; () is nothing."""

    label: str
    theirs: tuple[Part, ...]
    mine: tuple[Part, ...]


def apart(held: InstructionEntry, kept: dict[str, Any], typed: dict[str, Any], names: dict[str, str]) -> list[Apart]:
    """What differs between the version that stands there and what was typed.

    `kept` is that version as the form would show it, `names` those of the recipients and reasons by their ids.
    """
    answer = {True: _("yes"), False: _("no")}

    def facts(one: dict[str, Any], *, urgent: bool) -> tuple[str, ...]:
        return (
            one["text"],
            answer[urgent],
            names.get(one["recipient"], one["recipient"]) or _("everybody"),
            one["line"] or _("every line"),
            names.get(one["reason"], one["reason"]) or _("every reason"),
            one["caller"] or _("every caller"),
            answer[one["acknowledge"]],
            one["starts"],
            one["ends"],
        )

    labels = (
        _("Instruction"),
        _("urgent: it stands above the others"),
        _("About whom"),
        _("Line"),
        _("Reason"),
        _("Caller"),
        _("every secretary says that she has read it"),
        pgettext("moment", "From"),
        pgettext("moment", "Until"),
    )
    theirs, mine = facts(kept, urgent=is_urgent_instruction(held.priority)), facts(typed, urgent=typed["urgent"])
    found = []
    for label, one, other in zip(labels, theirs, mine, strict=True):
        if one != other:
            left, right = side_by_side(one, other)
            found.append(Apart(label=label, theirs=left, mine=right))
    return found
