# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whom the secretary may name or call, and where the client is: seen as on the card, changed, taken back."""

from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.clients import entry_undo
from permanence.clients.approvals import TooManyWaiting
from permanence.clients.directory_operations import DirectoryFull, EntryChanged, EntryTaken, EntryUnknown
from permanence.clients.directory_queries import held_contacts, held_sites, last_changes
from permanence.foundation import moments
from permanence.foundation.who import portal_only
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import own

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
SAVED = {
    "saved": _("It is saved."),
    "removed": _("It is removed."),
    "undone": _("It is as it was before."),
    "waits": _("It waits for a second person and does not hold before."),
}
FAILED = {
    EntryChanged: _("Somebody has changed this entry since; look at it, then change it by hand."),
    EntryTaken: _("Another entry has that name now; change it by hand."),
    DirectoryFull: _("The card can hold no more."),
    TooManyWaiting: _("Too many changes wait for a second person: have some approved first."),
}


@never_cache
@require_safe
@portal_only
def overview(request: HttpRequest, client: str) -> HttpResponse:
    """The directory and the sites, and what was changed last."""
    return _page(request, client)


@require_POST
@portal_only
def undo(request: HttpRequest, client: str, change: str) -> HttpResponse:
    """What was there before that change is put back."""
    by, _view = own(request, client)
    try:
        waits = entry_undo.undo(client=client, change=change, by=by, at=_CLOCK.now(), entropy=_ENTROPY)
    except EntryUnknown as unknown:
        raise Http404 from unknown
    except tuple(FAILED) as refusal:
        return _page(request, client, failed=str(FAILED[type(refusal)]))
    return to_directory(client, "waits" if waits else "undone")


def _page(request: HttpRequest, client: str, *, failed: str = "") -> HttpResponse:
    by, view = own(request, client)
    at, zone = _CLOCK.now(), ZoneInfo(view.time_zone)
    changes = last_changes(house=by.house, client=client, at=at)
    context = {
        "client": view,
        "tab": "line",
        "contacts": held_contacts(house=by.house, client=client),
        "sites": held_sites(house=by.house, client=client),
        "changes": [(each, moments.day_and_hour(each.at, zone, now=at)) for each in changes],
        "said": SAVED.get(request.GET.get("saved", ""), ""),
        "waits": request.GET.get("saved") == "waits",
        "failed": failed,
    }
    return render(request, "portal/directory.html", context, status=409 if failed else 200)


def to_directory(client: str, saved: str) -> HttpResponseRedirect:
    """To the page of the directory, which says what was saved, by GET (RFC 9110, 15.4.4)."""
    return HttpResponseRedirect(f"{reverse('portal_directory', args=[client])}?saved={saved}#t-page", status=303)
