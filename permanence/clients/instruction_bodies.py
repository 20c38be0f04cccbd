# SPDX-License-Identifier: AGPL-3.0-or-later
"""An instruction as every door submits it and as a proposal keeps it (`approval_acts` reads it)."""

from datetime import datetime
from typing import Any

from permanence.clients.rules import EVERYTHING, Scope


def instruction_body(
    *,
    text: str,
    priority: int,
    acknowledge: bool,
    scope: Scope = EVERYTHING,
    starts_at: datetime | None = None,
    ends_at: datetime | None = None,
    instruction: str = "",
    began_from: int | None = None,
) -> dict[str, Any]:
    """A new instruction; with `instruction` the next version of that one, begun from the version `began_from`."""
    return {
        "instruction": instruction,
        "text": text,
        "starts_at": None if starts_at is None else starts_at.isoformat(),
        "ends_at": None if ends_at is None else ends_at.isoformat(),
        "priority": priority,
        "recipient": scope.recipient,
        "line": scope.line,
        "reason": scope.reason,
        "caller": scope.caller,
        "acknowledge": acknowledge,
        "began_from": began_from,
    }
