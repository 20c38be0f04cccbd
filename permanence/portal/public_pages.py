# SPDX-License-Identifier: AGPL-3.0-or-later
"""The doctor opens his agenda to patients who book by themselves, with the reasons he offers, and closes it again."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.agenda.operations import public_pages
from permanence.agenda.queries import agendas
from permanence.agenda.queries.public import settings_of
from permanence.agenda.rules.kinds import Asker
from permanence.clients import queries as clients
from permanence.clients.queries import ClientView
from permanence.foundation.who import Who, portal_only
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.portal.account import own
from permanence.portal.waiting import is_doctor

_CLOCK = SystemClock()
FIELD_LIMIT = 100
PRACTICE = "practice"
"""In place of an agenda: the page of all of them, that leads to what each practitioner opened himself."""


@portal_only
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, client: str) -> HttpResponse:
    """The client's agendas, each with its page; POST sets one, of the practitioner whose agenda it is."""
    by, view = own(request, client)
    doctor = _doctor(by, view.id)
    if request.method != "POST":
        return _page(request, by, view, doctor=doctor)
    if not doctor:
        raise PermissionDenied("a practitioner opens his agenda")
    sent = {name: request.POST.get(name, "")[:FIELD_LIMIT].strip() for name in ("agenda", "slug", "phone")}
    try:
        if sent["agenda"] != PRACTICE:
            agenda = agendas.agenda(by=by, agenda=sent["agenda"])
            if agenda.recipient != doctor:
                raise PermissionDenied("another practitioner's agenda")
        public_pages.set_page(
            client=view.id,
            agenda="" if sent["agenda"] == PRACTICE else sent["agenda"],
            slug=sent["slug"].lower(),
            active="active" in request.POST,
            found="found" in request.POST,
            reasons=[] if sent["agenda"] == PRACTICE else request.POST.getlist("reason")[:FIELD_LIMIT],
            phone=sent["phone"],
            by=by,
            at=_CLOCK.now(),
        )
    except Refusal as refusal:
        return _page(request, by, view, doctor=doctor, failed=_why(refusal), sent=sent)
    return HttpResponseRedirect(f"{reverse('portal_public', args=[view.id])}?saved=1#t-page", status=303)


def _page(
    request: HttpRequest,
    by: Who,
    view: ClientView,
    *,
    doctor: str,
    failed: str = "",
    sent: dict[str, str] | None = None,
) -> HttpResponse:
    pages = {each.agenda: each for each in settings_of(by=by, client=view.id)}
    online = [each for each in agendas.reasons(by=by, client=view.id) if Asker.ONLINE in each.bookable_by]
    typed = sent or {}
    shown: list[dict[str, Any]] = []
    kept = agendas.agendas(by=by, client=view.id)
    for each in (*([None] if len(kept) > 1 else []), *kept):
        page = pages.get("" if each is None else each.id)
        mine = typed if typed.get("agenda") == (PRACTICE if each is None else each.id) else {}
        chosen = set(request.POST.getlist("reason")) if mine else set(page.reasons if page else ())
        shown.append(
            {
                "id": PRACTICE if each is None else each.id,
                "name": view.name if each is None else each.name,
                "is_practice": each is None,
                "is_own": bool(doctor) if each is None else each.recipient == doctor,
                "active": "active" in request.POST if mine else page is not None and page.active,
                "is_on": page is not None and page.active,
                "found": "found" in request.POST if mine else page is not None and page.found,
                "slug": mine.get("slug", page.slug if page else ""),
                "phone": mine.get("phone", page.phone if page else ""),
                "link": request.build_absolute_uri(reverse("booking:page", args=[page.slug])) if page else "",
                "reasons": [{"reason": one, "chosen": one.id in chosen} for one in online],
            }
        )
    context = {"client": view, "shown": shown, "failed": failed, "saved": "saved" in request.GET}
    return render(request, "portal/public.html", context | {"tab": "line"}, status=422 if failed else 200)


def _doctor(by: Who, client: str) -> str:
    """As which practitioner of this client he signs in: the recipient's id, "" for none."""
    found = clients.portal_access(house=by.house, person=by.person)
    return next(
        (each.recipient.id for each in found if each.client.id == client and each.recipient and is_doctor(each)), ""
    )


def _why(refusal: Refusal) -> str:
    if refusal.code == "setting_impossible" and refusal.why == "reasons":
        return _("Choose at least one reason that patients may book.")
    return {
        "setting_impossible": _("Write the address with 3 to 60 small letters, figures and dashes."),
        "name_taken": _("Another page has this address. Choose another one."),
        "number_unreadable": _("Write a telephone number, in figures."),
    }.get(refusal.code, _("This could not be saved. Please look at it again."))
