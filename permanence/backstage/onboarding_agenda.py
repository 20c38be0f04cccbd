# SPDX-License-Identifier: AGPL-3.0-or-later
"""The step "Agenda" of setting up a client: what his agenda lacks before a visit can be booked, and where it is said.

It is there for who receives patients, and for whoever has an agenda here already. Calls are answered without it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.translation import gettext as _

from permanence.agenda import setting_pages
from permanence.agenda.queries.begun import begun
from permanence.agenda.queries.views import AgendaView
from permanence.clients.queries import ClientFile
from permanence.foundation.rules import Role
from permanence.foundation.who import Who


class AgendaStep(NamedTuple):
    """What the step says. `does`: the words of its link, `url` where it leads; the owner alone changes agendas."""

    done: bool
    words: str
    does: str
    url: str
    waits_for_owner: bool = False


def agenda_step(file: ClientFile, *, by: Who, at: datetime) -> AgendaStep | None:
    """The step for this client, whom `by` sees; None for one who keeps no agenda. One query."""
    view = file.view
    found = begun(by=by, client=view.id, today=at.astimezone(ZoneInfo(view.time_zone)).date())
    all_of_them = reverse("accounts:agendas", args=(view.id,))
    if found.bookable:
        words = _("Visits are booked in: %(names)s.") % {"names": _names(found.opened)}
        return AgendaStep(True, words, _("His agendas"), all_of_them)
    if not found.agendas and not view.health:
        return None
    owner = Role.OWNER in by.roles
    if not found.agendas:
        if file.agendas:
            sites = ", ".join(dict.fromkeys(each.product for each in file.agendas))
            words = _("His agenda is on another site (%(sites)s): the secretary books there.") % {"sites": sites}
            return AgendaStep(True, words, _("His agendas"), all_of_them)
        words, does, url = _("No agenda yet: nothing is booked here for this client."), _("Open an agenda"), all_of_them
    elif not found.opened:
        words = _("Open at no hour yet: %(names)s.") % {"names": _names(found.agendas)}
        does = _("Say when it is open")
        url = reverse("accounts:agenda-opening", args=(view.id, found.agendas[0].id, setting_pages.NEW))
    else:
        words, does = _("No visit reason yet: nothing can be booked."), _("Add a reason")
        url = reverse("accounts:agenda-reason", args=(view.id, setting_pages.NEW))
    if owner:
        return AgendaStep(False, words, does, url)
    return AgendaStep(False, words, _("His agendas"), all_of_them, waits_for_owner=True)


def _names(agendas: Sequence[AgendaView]) -> str:
    return ", ".join(each.name for each in agendas)
