# SPDX-License-Identifier: AGPL-3.0-or-later
"""The first two pages: for what, and when. Looking at them changes nothing; choosing a time takes it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from permanence.agenda.operations import public_forms
from permanence.agenda.queries import public
from permanence.agenda.queries.public import FormView, Offer, PageView, holder_of
from permanence.agenda.refusals import ActKeyTaken, FormUnknown, PageUnknown, SlotAlreadyTaken, SlotRefused
from permanence.agenda.rules.kinds import Asker, VisitReason
from permanence.agenda.rules.wishes import Wish
from permanence.booking import offered, parts
from permanence.foundation import moments

ANYBODY = "any"
"""In place of an agenda: whoever is free first."""
UNFOLDED = 8
"""Of several practitioners with more reasons than this together, each unfolds his own."""
ALMOST_A_MINUTE = timedelta(seconds=59)
"""Until when it is kept is said by the minute: at that minute the time is free."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the first page asked: with whom, for what, and whether he comes for the first time.

    Several `offers`: whoever is free first.
    """

    offers: tuple[Offer, ...]
    reason: VisitReason
    is_new: bool
    instead: str

    def wish(self, holder: str = "") -> Wish:
        """As the rules have it."""
        return Wish(reason=self.reason.id, is_new=self.is_new, asked_by=Asker.ONLINE, holder=holder)

    @property
    def is_open(self) -> bool:
        """Whether he left open with whom."""
        return len(self.offers) > 1

    @property
    def chosen(self) -> str:
        """As the first page sends it."""
        return f"{ANYBODY if self.is_open else self.offers[0].agenda.id}-{self.reason.id}"

    @property
    def minutes(self) -> int:
        """How long the visit is."""
        return self.reason.length(is_new=self.is_new)


@require_safe
@parts.public_view
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """For what, with whom, and whether he has been there."""
    page = public.page(slug)
    answer = _page(request, page, instead=request.GET.get("instead", "")[:40])
    if page.found:
        answer["X-Robots-Tag"] = "index, nofollow"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@parts.public_view
def times(request: HttpRequest, slug: str) -> HttpResponse:
    """A week of times; POST takes one."""
    page = public.page(slug)
    sent = request.POST if request.method == "POST" else request.GET
    try:
        asked = _asked(page, sent.get("for", ""), sent.get("new", ""), sent.get("instead", ""))
    except PageUnknown:
        words = _("Choose what you come for, and whether you have been here before.")
        return _page(request, page, status=422, failed=words)
    return _take(request, page, asked) if request.method == "POST" else shown_times(request, page, asked)


def shown_times(
    request: HttpRequest,
    page: PageView,
    asked: Asked,
    *,
    failed: str = "",
    near: datetime | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of times. `near`: offer the next three from there first."""
    at = parts.now()
    day = request.GET.get("day", "") or (
        "" if near is None else near.astimezone(parts.zone_of(page)).date().isoformat()
    )
    own = _kept(page, asked.instead)
    wish = asked.wish(holder_of(asked.instead) if asked.instead else "")
    return parts.shown(
        request,
        "times",
        page,
        at=at,
        status=status,
        asked=asked,
        week=offered.week(page, asked.offers, wish, asked=day, at=at, kept=own if _is_same(own, asked) else None),
        nearest=() if near is None else offered.nearest(page, asked.offers, wish, near=near, at=at),
        place=parts.place_asked(page, asked.reason),
        key=parts.fresh_key(),
        failed=failed,
    )


def gone(
    request: HttpRequest,
    page: PageView,
    asked: Asked,
    refusal: SlotRefused,
    *,
    starts: datetime,
    begun: FormView | None = None,
) -> HttpResponse:
    """Somebody was faster, or the rules say no: in words, with the next three times. `begun`: the form of the same page
    that keeps this very time.
    """
    if isinstance(refusal, SlotAlreadyTaken) and begun is not None:
        until = moments.hour(begun.held_until + ALMOST_A_MINUTE, parts.zone_of(page))
        words = _("This time is kept for a booking begun on this page: continue it, or wait until %(hour)s.")
        words %= {"hour": until}
    elif isinstance(refusal, SlotAlreadyTaken):
        words = _("Somebody has just taken this time. Here are the next ones.")
    else:
        words = offered.public_causes(page, refusal.causes, reason=asked.reason.name, at=parts.now())
    return shown_times(request, page, asked, failed=words, near=starts, status=409)


def asked_of(page: PageView, agenda: str, reason: str, *, is_new: bool, instead: str) -> Asked:
    """What a form asks for; `agenda`: ANYBODY for whoever is free first. Raises PageUnknown."""
    offers = page.offering(reason) if agenda == ANYBODY else (page.offer(agenda),)
    return Asked(offers=offers, reason=offers[0].reason(reason), is_new=is_new, instead=instead)


def _page(
    request: HttpRequest, page: PageView, *, status: int = 200, instead: str = "", failed: str = ""
) -> HttpResponse:
    reasons = sum(len(each.reasons) for each in page.offers)
    folded = len(page.offers) > 1 and reasons > UNFOLDED
    return parts.shown(
        request,
        "page",
        page,
        at=parts.now(),
        status=status,
        instead=instead,
        failed=failed,
        folded=folded,
    )


def _take(request: HttpRequest, page: PageView, asked: Asked) -> HttpResponse:
    sent = request.POST
    parts.no_robot(request)
    chosen = offered.chosen_of(sent.get("starts", ""), asked.offers)
    if chosen is None:
        return shown_times(request, page, asked, failed=_("Choose a time."), status=422)
    offer, starts = chosen
    own = _kept(page, asked.instead)
    if own is not None and _is_same(own, asked) and (own.agenda, own.starts_at) == (offer.agenda.id, starts):
        return HttpResponseRedirect(reverse("booking:form", kwargs={"slug": page.slug, "key": own.key}), status=303)
    begin = partial(
        public_forms.begin,
        slug=page.slug,
        agenda=offer.agenda.id,
        reason=asked.reason.id,
        starts_at=starts,
        is_new=asked.is_new,
        language=parts.language_of(),
        address=parts.address_of(request),
        at=parts.now(),
        instead=asked.instead,
    )
    before = ""
    try:
        try:
            form = begin(key=sent.get("key", ""))
        except ActKeyTaken:  # an old page, in a second tab or another's hands: neither refused nor shown that form
            before = sent.get("key", "")
            form = begin(key=parts.fresh_key())
    except SlotRefused as refusal:
        begun = _keeping(page, before)
        if begun is not None and (begun.agenda, begun.starts_at) != (offer.agenda.id, starts):
            begun = None
        return gone(request, page, asked, refusal, starts=starts, begun=begun)
    return HttpResponseRedirect(reverse("booking:form", kwargs={"slug": page.slug, "key": form.key}), status=303)


def _kept(page: PageView, key: str) -> FormView | None:
    """His form whose time is still kept for him, by the key that his own link carries; None where there is none.

    Only while it does not say who he is: the address of the times may be sent to somebody else. Raises PageUnknown.
    """
    form = _keeping(page, key)
    return None if form is None or form.mail else form


def _keeping(page: PageView, key: str) -> FormView | None:
    """The form of that key while its time is kept; None for none. Raises PageUnknown."""
    if not key:
        return None
    at = parts.now()
    try:
        form = public.form(slug=page.slug, key=key, at=at)
    except FormUnknown:
        return None
    return None if form.booked or form.held_until <= at else form


def _is_same(own: FormView | None, asked: Asked) -> bool:
    """Whether the time that is kept is one of those that are asked for."""
    agendas = {each.agenda.id for each in asked.offers}
    return own is not None and (own.reason, own.is_new) == (asked.reason.id, asked.is_new) and own.agenda in agendas


def _asked(page: PageView, chosen: str, new: str, instead: str) -> Asked:
    agenda, _dash, reason = chosen[:60].partition("-")
    if new not in {"0", "1"}:
        raise PageUnknown("new")
    return asked_of(page, agenda, reason, is_new=new == "1", instead=instead[:40])
