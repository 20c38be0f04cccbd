# SPDX-License-Identifier: AGPL-3.0-or-later
"""Behind the link of an offer of the waiting list: a slot that is kept for one who waits, taken or declined.

Looking changes nothing, for scanners of mails look too. The link is the key: nobody makes one who has not ours.
"""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.agenda.operations import offer_answers
from permanence.agenda.place_words import place_of
from permanence.agenda.queries import offers
from permanence.agenda.queries.offers import OfferPage
from permanence.agenda.refusals import (
    AddressMissing,
    AgendaBusy,
    OfferOver,
    OfferUnknown,
    PatientDeceased,
    QuestionsUnanswered,
    SlotRefused,
)
from permanence.agenda.rules.waiting import OfferState, OfferWay
from permanence.booking import parts
from permanence.clients import queries as clients
from permanence.clients.forwarding import number_to_call
from permanence.countries.emergency import emergency_rule
from permanence.dispatch.reminder_queries import contact_rule
from permanence.dispatch.sms_operations import LANGUAGES, language_for
from permanence.foundation import moments

LATER = {"give_up": True, "keep": False}


@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, link: str) -> HttpResponse:
    """The slot, and until when it is kept: taken or declined. 404 for a link that is not ours, 410 once it is over."""
    at = parts.now()
    try:
        page = offers.behind(link)
    except OfferUnknown:
        return _nothing(request)
    language = _language(request, page)
    with translation.override(language):
        if request.method != "POST":
            return _shown(request, page, language, at=at, status=410 if _is_over(page, at) else 200)
        try:
            return _answer(request, page, language, at=at)
        except OfferOver:
            return _shown(request, offers.behind(link), language, at=at, status=409)
        except (SlotRefused, PatientDeceased):
            words = _("This is not possible any more. Nothing was changed: please call your practice.")
            return _shown(request, page, language, at=at, status=409, failed=words)
        except (QuestionsUnanswered, AddressMissing):
            words = _("Something is asked before this visit is booked: please call us to make this appointment.")
            return _shown(request, page, language, at=at, status=409, failed=words)
        except AgendaBusy:
            words = _("Many are booking at this moment. Nothing was changed: please try again.")
            return _shown(request, page, language, at=at, status=503, failed=words)


def _answer(request: HttpRequest, page: OfferPage, language: str, *, at: datetime) -> HttpResponse:
    """Do what a button says. Raises OfferOver, QuestionsUnanswered, AddressMissing, SlotRefused, PatientDeceased,
    AgendaBusy.
    """
    act, later = request.POST.get("act", ""), LATER.get(request.POST.get("later", ""))
    is_open = _is_open(page, at)
    if act == "decline":
        offer_answers.decline(offer=page.offer.offer, by=page.by, at=at)
    elif act == "take":
        if page.later is not None and later is None and is_open:
            words = _("Say first what becomes of your other appointment.")
            return _shown(request, page, language, at=at, status=422, failed=words)
        if page.place_untold and is_open and not _names_practice(page):
            offer_answers.note_way(offer=page.offer.offer, way=OfferWay.PHONE, by=page.by, at=at)
            words = _("We tell you by telephone where this visit is: please call us to make this appointment.")
            return _shown(request, page, language, at=at, status=409, failed=words)
        offer_answers.take(offer=page.offer.offer, gives_up_later=later, by=page.by, at=at)
    else:
        return _shown(request, page, language, at=at, status=422, failed=_("Take it, or decline it."))
    again = reverse("booking:offer", args=[page.link])
    return HttpResponseRedirect(f"{again}?lang={language}", status=303)


def _language(request: HttpRequest, page: OfferPage) -> str:
    """The one he chose on the page, else the one he is written to in."""
    asked = request.GET.get("lang", "")
    return asked if asked in LANGUAGES else language_for(page.person, _account(page))


def _account(page: OfferPage) -> clients.ClientView:
    return clients.client(house=page.by.house, client=page.offer.client)


def _names_practice(page: OfferPage) -> bool:
    return contact_rule(house=page.by.house, client=page.offer.client).names_practice


def _is_over(page: OfferPage, at: datetime) -> bool:
    """Whether nobody can take it any more, and nobody did."""
    state = page.offer.state
    return state in {OfferState.LAPSED, OfferState.WITHDRAWN} or (state is OfferState.OPEN and not _is_open(page, at))


def _is_open(page: OfferPage, at: datetime) -> bool:
    return page.offer.state is OfferState.OPEN and at < page.offer.expires_at


def _place(page: OfferPage, at: datetime, *, named: bool) -> str:
    """Where he would go, or goes now that he took it: then with the link of a visit by video, as long as that is not
    over; "" once the offer is.
    """
    taken = page.offer.state is OfferState.TAKEN
    if not taken and not _is_open(page, at):
        return ""
    link = page.video_link if taken and at < page.offer.ends_at else ""
    return place_of(page.way, page.site, link, house=page.by.house, client=page.offer.client).told(named=named)


def _shown(
    request: HttpRequest, page: OfferPage, language: str, *, at: datetime, status: int, failed: str = ""
) -> HttpResponse:
    account, offer = _account(page), page.offer
    zone = ZoneInfo(account.time_zone)
    named = _names_practice(page)
    same_day = offer.expires_at.astimezone(zone).date() == at.astimezone(zone).date()
    until = moments.hour(offer.expires_at, zone) if same_day else parts.moment_words(offer.expires_at, zone)
    context: dict[str, Any] = {
        "offer": offer,
        "link": page.link,
        "is_over": _is_over(page, at),
        "is_open": _is_open(page, at),
        "who": account.name if named else page.house_name,
        "when": parts.moment_words(offer.starts_at, zone),
        "place": _place(page, at, named=named),
        "until": until,
        "later": "" if page.later is None else parts.moment_words(page.later, zone),
        "gives_up": page.gives_up,
        "failed": failed,
        "frame": {"phone": number_to_call(house=page.by.house, client=offer.client, named=named)},
        "lang": language,
        "emergency": emergency_rule(account.country, on=at.astimezone(zone).date()).numbers,
    }
    with timezone.override(zone):
        return _render(request, context, status=status)


def _nothing(request: HttpRequest) -> HttpResponse:
    return _render(request, {"unknown": True, "lang": translation.get_language()}, status=404)


def _render(request: HttpRequest, context: dict[str, Any], *, status: int) -> HttpResponse:
    answer = render(request, "booking/offer.html", {**context, "languages": LANGUAGES}, status=status)
    answer["X-Robots-Tag"] = "noindex, nofollow"
    return answer
