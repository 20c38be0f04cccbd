# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every public page shares: its frame, its clock, what it says when it will not, no robots."""

from collections.abc import Callable
from datetime import date, datetime
from functools import wraps
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any, Concatenate
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from permanence.agenda.place_words import Place, place_of
from permanence.agenda.queries import public
from permanence.agenda.queries.public import PageView
from permanence.agenda.rules.kinds import VisitReason
from permanence.countries.emergency import emergency_rule
from permanence.foundation import dates, moments
from permanence.kernel.clock import Clock
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy

CLOCK: Clock = SystemClock()
ENTROPY = SystemEntropy()
TRAP = "website"
"""A field that no person sees: who fills it in is a robot."""

type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponse]


class Robot(Refusal):
    """The field that no person sees was filled in, or the form came back faster than anybody writes."""

    code = "robot"


def public_view[**P](view: View[P]) -> View[P]:
    """An open page: never kept in a cache, hidden from search engines, and every refusal a page of its own."""

    @never_cache
    @sensitive_post_parameters()
    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        try:
            answer = view(request, *args, **kwargs)
        except Refusal as refusal:
            answer = refused(request, str(kwargs.get("slug", "")), refusal)
        answer.headers.setdefault("X-Robots-Tag", "noindex, nofollow")
        return answer

    return guarded


def now() -> datetime:
    """The present moment."""
    return CLOCK.now()


def fresh_key() -> str:
    """An id for the act of a page."""
    return new_id(now(), ENTROPY)


def address_of(request: HttpRequest) -> str:
    """From where somebody asks: the address, of IPv6 the network of a subscriber (/64), who has all of it."""
    said = str(request.META.get("REMOTE_ADDR", ""))
    try:
        found = ip_address(said.partition("%")[0])
    except ValueError:
        return said
    if isinstance(found, IPv4Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((int(found), 64), strict=False))


def language_of() -> str:
    """The language of the page, two letters."""
    return (translation.get_language() or settings.LANGUAGE_CODE)[:2]


def zone_of(page: PageView) -> ZoneInfo:
    """The clock of the practice."""
    return ZoneInfo(page.client.time_zone)


def read_moment(text: str) -> datetime | None:
    """A moment as our own page wrote it; None for anything else."""
    try:
        moment = datetime.fromisoformat(text[:40])
    except ValueError:
        return None
    return moment if moment.tzinfo is not None and 2000 < moment.year < 2200 else None


def frame(page: PageView, *, at: datetime) -> dict[str, Any]:
    """What the frame of a page shows."""
    alone = page.offers[0].agenda if len(page.offers) == 1 else None
    today = at.astimezone(zone_of(page)).date()
    return {
        "page": page,
        "who": alone.recipient_name if alone is not None else page.client.name,
        "practice": page.client.name,
        "emergency": emergency_rule(page.client.country, on=today).numbers,
        "languages": settings.LANGUAGES,
        "trap": TRAP,
    }


def place_asked(page: PageView, reason: VisitReason, site: str = "") -> Place:
    """Where a visit would be. The link of one by video is for those alone who are booked."""
    only = reason.sites[0] if len(reason.sites) == 1 else ""
    return place_of(reason.way, site or only, "", house=page.by.house, client=page.client.id)


def shown(
    request: HttpRequest, template: str, page: PageView, *, at: datetime, status: int = 200, **more: Any
) -> HttpResponse:
    """A page in its frame, on the practice's clock."""
    with timezone.override(zone_of(page)):
        return render(request, f"booking/{template}.html", frame(page, at=at) | more, status=status)


def day_words(day: date) -> str:
    """A day as a heading says it: "Monday 30 November"."""
    return dates.say(day, dates.Form.NAMED)


def moment_words(at: datetime, zone: ZoneInfo) -> str:
    """Day and hour of a visit: "Monday 30 November, 8:20"."""
    day = day_words(at.astimezone(zone).date())
    return _("%(day)s, %(hour)s") % {"day": day, "hour": moments.hour(at, zone)}


def refused(request: HttpRequest, slug: str, refusal: Refusal) -> HttpResponse:
    """What a page says when it will not: in words, and what to do now."""
    status, said = {
        "form_unknown": (410, _("The time for this form is over. Nothing was booked: please begin again.")),
        "form_incomplete": (409, _("Something is missing in this form. Please begin again.")),
        "too_many_knocks": (429, _("Too many requests for the moment. Please try again later, or call us.")),
        "too_many_holds": (429, _("Too many requests for the moment. Please try again later, or call us.")),
        "agenda_busy": (503, _("Many are booking at this moment. Nothing was changed: please try again.")),
        "robot": (422, _("This could not be sent. Please go back, and try again in a moment.")),
        "act_key_malformed": (409, _("This page is out of date. Please begin again.")),
        "act_key_taken": (409, _("This page is out of date. Please begin again.")),
        "not_now": (409, _("This appointment can be changed no longer. Please call us.")),
        "patient_deceased": (409, _("This appointment can be changed no longer. Please call us.")),
        "link_over": (410, _("This visit is over: its link shows nothing any more.")),
    }.get(refusal.code, (404, _("There is nothing at this address. Please check the link, or call the practice.")))
    try:
        page = public.page(slug)
    except Refusal:
        return render(request, "booking/nothing.html", {"said": said, "languages": settings.LANGUAGES}, status=status)
    return shown(request, "refused", page, at=now(), status=status, said=said)


def no_robot(request: HttpRequest) -> None:
    """Raises Robot."""
    if request.POST.get(TRAP, ""):
        raise Robot
