# SPDX-License-Identifier: AGPL-3.0-or-later
"""A doctor's agenda in his own calendar: secret addresses to subscribe to, and passwords for telephones."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from permanence.agenda.feed_words import refused_words
from permanence.agenda.interop import devices, feeds
from permanence.agenda.interop.devices import DeviceView
from permanence.agenda.interop.feeds import FeedView
from permanence.agenda.interop.owners import own_agendas
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import AgendaUnknown, DeviceUnknown, FeedUnknown
from permanence.clients.queries import ClientView
from permanence.foundation import moments
from permanence.foundation.who import Who, portal_only
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import own

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedRow:
    """An address as the page shows it. `is_his`: whether names stand in it is his choice."""

    view: FeedView
    is_his: bool
    made: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """A device as the page shows it."""

    view: DeviceView
    made: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What is shown this once: the new address, or the new password."""

    address: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaRow:
    """One agenda with its addresses."""

    view: AgendaView
    feeds: tuple[FeedRow, ...]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def calendars(request: HttpRequest, client: str) -> HttpResponse:
    """His agendas and their addresses. POST makes an address and shows it this once."""
    by, view = own(request, client)
    at = _CLOCK.now()
    if request.method != "POST":
        return _page(request, by, view, at=at)
    agenda = request.POST.get("agenda", "")
    mine = own_agendas(client=client, by=by)
    if agenda not in {each.id for each in mine}:
        return _page(request, by, view, at=at, failed=_("Choose one of your agendas."))
    try:
        _made, secret = feeds.make_feed(
            agenda=agenda,
            label=request.POST.get("label", ""),
            names=_names(request),
            homes=_homes(request),
            by=by,
            at=at,
            entropy=_ENTROPY,
        )
    except Refusal as refusal:
        return _page(request, by, view, at=at, failed=refused_words(refusal))
    address = request.build_absolute_uri(reverse("calendar_feed", args=[secret]))
    return _page(request, by, view, at=at, shown=Shown(address=address))


@never_cache
@require_POST
@portal_only
def device(request: HttpRequest, client: str) -> HttpResponse:
    """A password for one telephone or program, shown this once."""
    by, view = own(request, client)
    at = _CLOCK.now()
    try:
        _made, secret = devices.make_device(
            client=client,
            label=request.POST.get("label", ""),
            names=_names(request),
            homes=_homes(request),
            by=by,
            at=at,
            entropy=_ENTROPY,
        )
    except AgendaUnknown:
        return _page(request, by, view, at=at, failed=_("No agenda of yours is kept here."))
    except Refusal as refusal:
        return _page(request, by, view, at=at, failed=refused_words(refusal))
    return _page(request, by, view, at=at, shown=Shown(password=secret))


@require_POST
@portal_only
def name_in_device(request: HttpRequest, client: str, device: str) -> HttpResponse:
    """Whether a telephone shows patients' names, and with them the addresses of visits at home."""
    by, _view = own(request, client)
    try:
        told = {"names": _names(request), "homes": _homes(request)}
        devices.name_in_device(client=client, device=device, by=by, at=_CLOCK.now(), **told)
    except DeviceUnknown as refusal:
        raise Http404(device) from refusal
    return _done(client, "named")


@require_POST
@portal_only
def name_in_feed(request: HttpRequest, client: str, feed: str) -> HttpResponse:
    """Whether an address shows patients' names, and with them the addresses of visits at home."""
    by, _view = own(request, client)
    try:
        agenda = _own_feed(client, feed, by).agenda
        told = {"names": _names(request), "homes": _homes(request)}
        feeds.name_in_feed(agenda=agenda, feed=feed, by=by, at=_CLOCK.now(), **told)
    except FeedUnknown as refusal:
        raise Http404(feed) from refusal
    return _done(client, "named")


@require_POST
@portal_only
def revoke_device(request: HttpRequest, client: str, device: str) -> HttpResponse:
    """A telephone was lost, or is used no more."""
    by, _view = own(request, client)
    try:
        devices.revoke_device(client=client, device=device, by=by, at=_CLOCK.now())
    except DeviceUnknown as refusal:
        raise Http404(device) from refusal
    return _done(client, "revoked")


@require_POST
@portal_only
def revoke(request: HttpRequest, client: str, feed: str) -> HttpResponse:
    """An address gives nothing any more."""
    by, _view = own(request, client)
    try:
        feeds.revoke_feed(agenda=_own_feed(client, feed, by).agenda, feed=feed, by=by, at=_CLOCK.now())
    except FeedUnknown as refusal:
        raise Http404(feed) from refusal
    return _done(client, "revoked")


def _own_feed(client: str, feed: str, by: Who) -> FeedView:
    mine = [each.id for each in own_agendas(client=client, by=by)]
    found = next((each for each in feeds.feeds(agendas=mine, by=by) if each.id == feed), None)
    if found is None:
        raise FeedUnknown(feed[:40])
    return found


def _names(request: HttpRequest) -> bool:
    return request.POST.get("names") == "1"


def _homes(request: HttpRequest) -> bool:
    return request.POST.get("homes") == "1"


def _done(client: str, what: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('portal_calendars', args=[client])}?{what}=1#t-page", status=303)


def _page(
    request: HttpRequest, by: Who, view: ClientView, *, at: datetime, failed: str = "", shown: Shown | None = None
) -> HttpResponse:
    mine = own_agendas(client=view.id, by=by)
    zone = ZoneInfo(view.time_zone)
    made = feeds.feeds(agendas=[each.id for each in mine], by=by)
    rows = [
        AgendaRow(
            view=each,
            feeds=tuple(
                FeedRow(
                    view=feed,
                    is_his=feed.person == by.person,
                    made=moments.day_and_hour(feed.made_at, zone, now=at),
                )
                for feed in made
                if feed.agenda == each.id
            ),
        )
        for each in mine
    ]
    context = {
        "client": view,
        "tab": "line",
        "agendas": rows,
        "failed": failed,
        "shown": shown or Shown(),
        "devices": tuple(
            DeviceRow(view=each, made=moments.day_and_hour(each.made_at, zone, now=at))
            for each in devices.devices(client=view.id, by=by)
        ),
        "server": request.build_absolute_uri(reverse("dav")),
        "host": request.get_host(),
        "email": request.user.get_username(),
        "revoked": request.GET.get("revoked") == "1" and request.method != "POST",
        "named": request.GET.get("named") == "1" and request.method != "POST",
        "label": request.POST.get("label", "") if failed else "",
        "chosen": request.POST.get("agenda", ""),
        "label_limit": feeds.LABEL_LIMIT,
    }
    return render(request, "portal/calendars.html", context, status=422 if failed else 200)
