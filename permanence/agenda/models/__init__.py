# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the agendas."""

from permanence.agenda.models.appointments import (
    AgendaAct,
    Appointment,
    Block,
    FollowedMerge,
    Occupancy,
    Series,
    SlotHold,
)
from permanence.agenda.models.elsewhere import BookedElsewhere
from permanence.agenda.models.interface import InterfaceToken
from permanence.agenda.models.setting import Agenda, OpeningException, OpeningPattern, Resource, VisitReason

__all__ = (
    "Agenda",
    "AgendaAct",
    "Appointment",
    "Block",
    "BookedElsewhere",
    "FollowedMerge",
    "InterfaceToken",
    "Occupancy",
    "OpeningException",
    "OpeningPattern",
    "Resource",
    "Series",
    "SlotHold",
    "VisitReason",
)
