# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions about client accounts; the scripts of their calls stand in modules of their own (`script*`)."""

from permanence.clients.rules.account import (
    ClientKind,
    ClientState,
    InstructionStretch,
    InstructionVersion,
    RecipientKind,
    Sector,
    next_colour,
    stretches,
)

__all__ = (
    "ClientKind",
    "ClientState",
    "InstructionStretch",
    "InstructionVersion",
    "RecipientKind",
    "Sector",
    "next_colour",
    "stretches",
)
