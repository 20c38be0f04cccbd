# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client's agendas in the calendars of his people: which addresses and devices there are, one more, one less.

Supervisors and owners alike: who lost a telephone calls the house. A secret is shown on the answer to the form that
made it and nowhere else.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from permanence.agenda.feed_words import refused_words
from permanence.agenda.interop import devices, feeds
from permanence.agenda.interop.for_others import owners
from permanence.agenda.queries import agendas
from permanence.agenda.refusals import AgendaUnknown, DeviceUnknown, FeedUnknown
from permanence.backstage.account_views import client_or_404, doors
from permanence.clients.models import Client
from permanence.foundation import moments
from permanence.foundation.who import Who, supervisor_only, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy

CLOCK, CHANCE = SystemClock(), SystemEntropy()
DEVICE = "device"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@supervisor_only
def page(request: HttpRequest, client: str) -> HttpResponse:
    """All that are good. POST makes one, for whom `for` says ("person:device" or "person:agenda"), and shows it."""
    by = who(request)
    row = client_or_404(by, client)
    if request.method != "POST":
        return _page(request, by, row)
    person, _colon, what = request.POST.get("for", "").partition(":")
    owner = next((each for each in owners(client=str(row.pk), by=by) if each.id == person), None)
    if owner is None:
        return _page(request, by, row, refused=_("Choose for whom it is."))
    try:
        secret = _made(request, by, row, person=person, what=what)
    except AgendaUnknown:
        return _page(request, by, row, refused=_("Choose for whom it is."))
    except Refusal as refusal:
        return _page(request, by, row, refused=refused_words(refusal))
    if what == DEVICE:
        return _page(request, by, row, password=secret, login=owner.login)
    return _page(request, by, row, address=request.build_absolute_uri(reverse("calendar_feed", args=[secret])))


@require_POST
@supervisor_only
def revoke_device(request: HttpRequest, client: str, device: str) -> HttpResponse:
    """A telephone was lost, or is used no more."""
    by = who(request)
    row = client_or_404(by, client)
    try:
        devices.revoke_device(client=str(row.pk), device=device, by=by, at=CLOCK.now())
    except DeviceUnknown as unknown:
        raise Http404 from unknown
    return _revoked(request, row)


@require_POST
@supervisor_only
def revoke_feed(request: HttpRequest, client: str, agenda: str, feed: str) -> HttpResponse:
    """An address gives nothing any more."""
    by = who(request)
    row = client_or_404(by, client)
    if agendas.client_of(by=by, agenda=agenda) != str(row.pk):
        raise Http404("no such agenda")
    try:
        feeds.revoke_feed(agenda=agenda, feed=feed, by=by, at=CLOCK.now())
    except FeedUnknown as unknown:
        raise Http404 from unknown
    return _revoked(request, row)


def _made(request: HttpRequest, by: Who, row: Client, *, person: str, what: str) -> str:
    """The secret of a new password, or of a new address of the agenda `what`."""
    label, at = request.POST.get("label", ""), CLOCK.now()
    if what == DEVICE:
        return devices.make_device(
            client=str(row.pk), label=label, names=False, person=person, by=by, at=at, entropy=CHANCE
        )[1]
    return feeds.make_feed(agenda=what, label=label, names=False, person=person, by=by, at=at, entropy=CHANCE)[1]


def _revoked(request: HttpRequest, row: Client) -> HttpResponse:
    messages.success(request, _("It is revoked: it gives nothing any more."))
    return redirect("accounts:agendas-given", row.pk)


def _page(request: HttpRequest, by: Who, row: Client, *, refused: str = "", **shown: str) -> HttpResponse:
    client, at, zone = str(row.pk), CLOCK.now(), ZoneInfo(row.time_zone)
    names = {each.id: each.name for each in agendas.agendas(by=by, client=client, active_only=False)}
    made_devices, made_feeds = devices.every_device(client=client, by=by), feeds.feeds(agendas=list(names), by=by)
    context = {
        "client": row,
        "devices": [(each, _when(each.made_at, zone, at)) for each in made_devices],
        "feeds": [(each, names[each.agenda], _when(each.made_at, zone, at)) for each in made_feeds],
        "owners": owners(client=client, by=by),
        "refused": refused,
        "label": request.POST.get("label", "") if refused else "",
        "chosen": request.POST.get("for", "") if refused else "",
        "label_limit": feeds.LABEL_LIMIT,
        "server": request.build_absolute_uri(reverse("dav")),
        **shown,
        **doors(by),
    }
    return render(request, "backstage/accounts/agenda_given.html", context, status=422 if refused else 200)


def _when(moment: datetime, zone: ZoneInfo, at: datetime) -> str:
    return moments.day_and_hour(moment, zone, now=at)
