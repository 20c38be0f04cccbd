# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client's page in parts, each a form of its own under a tab: what is not looked at is neither asked nor drawn."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from permanence.backstage.bases import AnyForm
from permanence.clients.models import (
    Absence,
    Client,
    Contact,
    ExternalAgenda,
    Greeting,
    HoursException,
    Instruction,
    Line,
    PortalUser,
    Reason,
    Recipient,
    Site,
)

PARAMETER = "part"
FIRST = ""
PARTS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    FIRST: (_("Account and hours"), ()),
    "lines": (_("Lines"), (Line,)),
    "days": (_("Days and absences"), (HoursException, Absence)),
    "greetings": (_("Greetings"), (Greeting,)),
    "instructions": (_("Instructions"), (Instruction,)),
    "directory": (_("Sites and directory"), (Site, Contact)),
    "messages": (_("Messages"), (Recipient, Reason, PortalUser)),
    "agendas": (_("External agendas"), (ExternalAgenda,)),
}
"""By the word in the address: the name of the tab, and whose rows stand on it. The first holds the client's fields."""


class PartForm(AnyForm):
    """None of the client's own fields: the rows of the part are all that is on the page."""

    week_changed = False

    class Meta:
        model = Client
        fields: tuple[str, ...] = ()


def part_of(request: HttpRequest) -> str:
    """The part that the address asks for; the first for a word that is none."""
    word = request.GET.get(PARAMETER, FIRST)
    return word if word in PARTS else FIRST


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """The tabs, that of the address marked."""
    here = part_of(request)
    return [
        {"address": f"?{PARAMETER}={word}" if word else "?", "name": name, "here": word == here}
        for word, (name, _models) in PARTS.items()
    ]
