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
from permanence.agenda.models.calendars import OtherBusy, OtherCalendar, OtherEntry
from permanence.agenda.models.call_acts import CallAct
from permanence.agenda.models.days import Delay, FollowUp
from permanence.agenda.models.elsewhere import BookedElsewhere
from permanence.agenda.models.interface import InterfaceToken
from permanence.agenda.models.interop import CalendarDevice, CalendarFeed, CalendarObject, CalendarState
from permanence.agenda.models.newcomers import Newcomer
from permanence.agenda.models.public import PublicForm, PublicKnock, PublicMail, PublicPage
from permanence.agenda.models.setting import Agenda, OpeningException, OpeningPattern, Resource, VisitReason
from permanence.agenda.models.waiting import FreedTime, SlotOffer, WaitingPlace

__all__ = (
    "Agenda",
    "AgendaAct",
    "Appointment",
    "Block",
    "BookedElsewhere",
    "CalendarDevice",
    "CalendarFeed",
    "CalendarObject",
    "CalendarState",
    "CallAct",
    "Delay",
    "FollowUp",
    "FollowedMerge",
    "FreedTime",
    "InterfaceToken",
    "Newcomer",
    "Occupancy",
    "OpeningException",
    "OpeningPattern",
    "OtherBusy",
    "OtherCalendar",
    "OtherEntry",
    "PublicForm",
    "PublicKnock",
    "PublicMail",
    "PublicPage",
    "Resource",
    "Series",
    "SlotHold",
    "SlotOffer",
    "VisitReason",
    "WaitingPlace",
)
