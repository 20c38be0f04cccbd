# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions about client accounts, on their arguments alone."""

from permanence.clients.rules.account import (
    EVERYTHING,
    INSTRUCTION_LIMIT,
    ClientKind,
    ClientState,
    InstructionStretch,
    InstructionVersion,
    RecipientKind,
    Scope,
    Sector,
    next_colour,
    stretches,
)

__all__ = (
    "EVERYTHING",
    "INSTRUCTION_LIMIT",
    "ClientKind",
    "ClientState",
    "InstructionStretch",
    "InstructionVersion",
    "RecipientKind",
    "Scope",
    "Sector",
    "next_colour",
    "stretches",
)
