# SPDX-License-Identifier: AGPL-3.0-or-later
"""Tables of the client accounts. Every row carries its house and, below the client itself, its client."""

from permanence.clients.models.account import CLOCK, Client, Line, PortalUser, Reason, Recipient
from permanence.clients.models.agendas import ExternalAgenda
from permanence.clients.models.approvals import EntryChange, Proposal, ProposalMail
from permanence.clients.models.directory import Contact, ImportDraft, Quarantine, Site
from permanence.clients.models.endings import PlannedEnd
from permanence.clients.models.forwarding import E164, ForwardingCode
from permanence.clients.models.hours import HoursException, WeeklyOpening
from permanence.clients.models.instructions import Instruction, InstructionAcknowledgement
from permanence.clients.models.scripts import RedFlagRemark, RedFlagValidation, Script
from permanence.clients.models.spoken import SPOKEN_LIMIT, Absence, Announcement, Greeting
from permanence.clients.models.training import Training

__all__ = (
    "CLOCK",
    "E164",
    "SPOKEN_LIMIT",
    "Absence",
    "Announcement",
    "Client",
    "Contact",
    "EntryChange",
    "ExternalAgenda",
    "ForwardingCode",
    "Greeting",
    "HoursException",
    "ImportDraft",
    "Instruction",
    "InstructionAcknowledgement",
    "Line",
    "PlannedEnd",
    "PortalUser",
    "Proposal",
    "ProposalMail",
    "Quarantine",
    "Reason",
    "Recipient",
    "RedFlagRemark",
    "RedFlagValidation",
    "Script",
    "Site",
    "Training",
    "WeeklyOpening",
)
