# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person's form opens to her: in words beside the boxes and once it is saved; never nothing at all."""

from collections.abc import Mapping
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext as now
from django.utils.translation import gettext_lazy as _

from permanence.clients.models import PortalUser
from permanence.foundation.models import Person
from permanence.staff.models import Secretary

NOTHING = _(
    "With this she could open nothing: tick that she answers calls, supervisor or owner, choose whose messages she "
    "reads, or take away that she may sign in."
)
CONSOLE = _("the console: she takes calls")
SUPERVISION = _("supervision, the calls and the clients")
EVERYTHING = _("everything of the house, the back office too")
PORTAL = _("the portal of a client: his messages and his line")
OPENS = _("Opens {doors}.")
ANSWERS_CALLS = format_lazy(OPENS, doors=CONSOLE)
HELP = {"is_supervisor": format_lazy(OPENS, doors=SUPERVISION), "is_owner": format_lazy(OPENS, doors=EVERYTHING)}
"""Beside the boxes of the register."""
ANSWERING = ("languages", "sectors", "pools")
"""Only who answers calls has these: choosing one of them says it."""


def answers_calls(given: Mapping[str, Any], person: Person) -> bool:
    """Whether she is to answer calls: the box says it; for somebody who never did, what else was chosen says it too."""
    if given.get("answers_calls"):
        return True
    chosen = any(given.get(name) for name in ANSWERING)
    return chosen and not (person.pk and Secretary.objects.filter(person=person.pk).exists())


def opened(given: Mapping[str, Any], person: Person) -> list[str]:
    """What she opens by what stands in the form, in words; empty for nothing."""
    reads = bool(given.get("reads_for"))
    if not reads and person.pk:
        reads = PortalUser.objects.for_house(person.house_id).filter(person=person.pk, active=True).exists()
    doors = {
        CONSOLE: given.get("answers_calls"),
        SUPERVISION: given.get("is_supervisor") and not given.get("is_owner"),
        EVERYTHING: given.get("is_owner"),
        PORTAL: reads,
    }
    return [str(words) for words, held in doors.items() if held]


def told(given: Mapping[str, Any], person: Person) -> str:
    """What she opens from now on, as one sentence."""
    if not given.get("is_active"):
        return now("%(name)s may not sign in.") % {"name": person.name}
    doors = "; ".join(opened(given, person))
    return now("%(name)s opens: %(doors)s.") % {"name": person.name, "doors": doors}
