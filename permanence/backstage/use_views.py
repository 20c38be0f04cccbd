# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where each recipient of a client is used: scripts, instructions, absences, agendas, the portal, the directory."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.agenda.queries.agendas import agendas
from permanence.backstage.account_views import doors
from permanence.backstage.cells import spelt_moment
from permanence.clients import queries, uses
from permanence.clients.uses import Use, UseKind
from permanence.foundation import access
from permanence.foundation.who import supervisor_only, who
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
KINDS = {
    UseKind.SCRIPT: pgettext_lazy("use", "in the script"),
    UseKind.INSTRUCTION: pgettext_lazy("use", "an instruction only for him"),
    UseKind.ABSENCE: pgettext_lazy("use", "is away"),
    UseKind.URGENT: pgettext_lazy("use", "takes what is urgent meanwhile"),
    UseKind.EXTERNAL_AGENDA: pgettext_lazy("use", "external agenda"),
    UseKind.PORTAL_USER: pgettext_lazy("use", "reads in the portal"),
    UseKind.CONTACT: pgettext_lazy("use", "the same name in the directory"),
}
AGENDA = pgettext_lazy("use", "agenda")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One place in words: what it is, what it says, when, and the page on which it is changed."""

    kind: str
    words: str
    when: str
    address: str


@never_cache
@require_safe
@supervisor_only
def page(request: HttpRequest, client: str) -> HttpResponse:
    """Every recipient of the client and where he stands. Ten queries."""
    by = who(request)
    access.demand(by, client=client, subject=f"clients.client:{client}")
    try:
        found = uses.where_used(house=by.house, client=client, at=CLOCK.now())
    except queries.ClientUnknown as unknown:
        raise Http404 from unknown
    zone = ZoneInfo(found.client.time_zone)
    rows = {each.id: [_row(use, client, zone) for use in places] for each, places in found.recipients}
    for agenda in agendas(by=by, client=client):
        address = reverse("accounts:agenda", args=[client, agenda.id])
        row = Row(kind=str(AGENDA), words=agenda.name, when="", address=address)
        rows.setdefault(agenda.recipient, []).append(row)
    context = {
        "client": found.client,
        "recipients": [(each, rows[each.id]) for each, _places in found.recipients],
        **doors(by),
    }
    return render(request, "backstage/accounts/uses.html", context)


def _row(use: Use, client: str, zone: ZoneInfo) -> Row:
    when = ""
    if use.starts is not None and use.ends is not None:
        when = f"{spelt_moment(use.starts, zone)} – {spelt_moment(use.ends, zone)}"
    words = gettext("%(words)s (draft)") % {"words": use.words} if use.draft else use.words
    return Row(kind=str(KINDS[use.kind]), words=words, when=when, address=_address(use, client))


def _address(use: Use, client: str) -> str:
    """The page on which that place is changed."""
    if use.kind is UseKind.SCRIPT:
        return reverse("backstage:script", args=[client])
    if use.kind is UseKind.INSTRUCTION:
        return reverse("backstage:clients_instruction_change", args=[use.id])
    if use.kind is UseKind.PORTAL_USER:
        return reverse("backstage:foundation_person_change", args=[use.id])
    part = {UseKind.EXTERNAL_AGENDA: "agendas", UseKind.CONTACT: "directory"}.get(use.kind, "days")
    return reverse("backstage:clients_client_change", args=[client]) + f"?part={part}"
