# SPDX-License-Identifier: AGPL-3.0-or-later
"""How an instruction gets its next version: no row is ever changed."""

from datetime import datetime
from typing import Any

from permanence.clients.acts import changed
from permanence.clients.instruction_fields import InstructionChanged
from permanence.clients.instructions import InstructionUnknown
from permanence.clients.models import Client, Instruction
from permanence.clients.rules.approvals import is_urgent_instruction
from permanence.clients.urgent_paths import demand_second
from permanence.foundation import live
from permanence.foundation.who import Who

_KEPT_BY_VERSIONS = ("text", "priority", "recipient_id", "line", "reason", "caller", "acknowledge")


def next_version(
    row: Client, instruction: str, *, by: Who, at: datetime, changes: dict[str, Any], began_from: int | None
) -> int:
    """Write the version after the last; gives its number.

    Raises InstructionUnknown, InstructionChanged, ApprovalNeeded.
    """
    root = int(instruction)
    series = Instruction.objects.for_client(row)
    last = series.filter(root_id=root).order_by("-version").first() or series.filter(pk=root, root=None).first()
    if last is None or last.retired:
        raise InstructionUnknown(instruction)
    if began_from is not None and began_from != last.version:
        raise InstructionChanged(f"begun from version {began_from}, the last is {last.version}")
    new = Instruction(house_id=row.house_id, client=row, root_id=root, version=last.version + 1, written_at=at)
    for name, value in {**{name: getattr(last, name) for name in _KEPT_BY_VERSIONS}, **changes}.items():
        setattr(new, name, value)
    if is_urgent_instruction(last.priority):
        demand_second(row, by=by)
    new.save()
    instruction_changed(new, action="instruction.retired" if new.retired else "instruction.revised", by=by, at=at)
    return new.version


def instruction_changed(row: Instruction, *, action: str, by: Who, at: datetime) -> None:
    """Note and announce it, and have the lists of what is to be read fetched again. Raises ApprovalNeeded."""
    if is_urgent_instruction(row.priority):
        demand_second(row.client, by=by)
    detail = {"instruction": row.root_id or row.pk, "version": row.version}
    changed(client=str(row.client_id), action=action, by=by, at=at, detail=detail)
    live.touch(f"house/{by.house}/instructions", house_key=by.house_key, at=at)
