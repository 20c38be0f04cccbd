# SPDX-License-Identifier: AGPL-3.0-or-later
"""Behind the secret link of an appointment: what was booked, the file for a calendar, another moment, or none."""

from datetime import timedelta
from email.utils import parseaddr
from typing import Any, TypedDict
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from permanence.agenda.interop.invitation import Invitation, Method, as_calendar
from permanence.agenda.operations import public_visits
from permanence.agenda.place_words import place_of_visit
from permanence.agenda.queries import public
from permanence.agenda.queries.moving import wish_to_move
from permanence.agenda.queries.public import PageView, VisitView
from permanence.agenda.refusals import ChangedMeanwhile, NotNow, SlotAlreadyTaken, SlotRefused
from permanence.agenda.rules.kinds import VisitReason
from permanence.agenda.rules.states import AppointmentState
from permanence.booking import offered, parts
from permanence.booking.choosing import asked_of
from permanence.booking.qr import qr_svg

NEWS = timedelta(minutes=30)
"""How long it is said that it was moved: the patient keeps this address, with all that stands in it."""


@require_safe
@parts.public_view
def show(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """What was booked; from when it was moved, just after he moved it."""
    page, visit = _behind(slug, token)
    return _shown(
        request,
        "visit",
        page,
        visit,
        token,
        qr=qr_svg(_link(page, token)),
        moved_from=_moved_from(request, page, visit),
    )


@require_safe
@parts.public_view
def calendar(request: HttpRequest, slug: str, token: str) -> HttpResponse:  # noqa: ARG001 - a view
    """The appointment as a file for the patient's own calendar; nothing of the reason is in it."""
    page, visit = _behind(slug, token)
    found = visit.appointment
    entry = Invitation(
        method=Method.PUBLISH,
        appointment=found.appointment,
        revision=found.revision,
        changed_at=found.state_at,
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        summary=_("Appointment: %(practice)s") % {"practice": page.client.name},
        place=place_of_visit(found, house=page.by.house).line,
        link=_link(page, token),
        organizer=parseaddr(settings.PERMANENCE.mail_from)[1],
        organizer_name=page.client.name,
        is_cancelled=found.state is AppointmentState.CANCELLED,
    )
    answer = HttpResponse(as_calendar(entry), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'attachment; filename="appointment.ics"'
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@parts.public_view
def cancel(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """Asks once more; POST cancels the appointment that the page showed, and no other one."""
    page, visit = _behind(slug, token)
    status, failed = 200, ""
    if request.method == "POST":
        if visit.appointment.state is AppointmentState.CANCELLED:
            return _to(page, token)
        try:
            public_visits.cancel_visit(slug=slug, token=token, at=parts.now(), **_sent(request))
        except ChangedMeanwhile:
            page, visit = _behind(slug, token)
            status, failed = 409, _changed()
        else:
            return _to(page, token)
    if not visit.may_change:
        return _to(page, token)
    return _shown(request, "cancel", page, visit, token, status=status, failed=failed)


@require_http_methods(["GET", "HEAD", "POST"])
@parts.public_view
def move(request: HttpRequest, slug: str, token: str) -> HttpResponse:
    """A week of other times; POST takes one for the appointment that the page showed, and no other one."""
    page, visit, reason = _to_move(slug, token)
    if request.method != "POST":
        return _times(request, page, visit, token)
    starts = parts.read_moment(request.POST.get("starts", ""))
    if starts is None:
        return _times(request, page, visit, token, failed=_("Choose a time."), status=422)
    try:
        moved = public_visits.move_visit(slug=slug, token=token, starts_at=starts, at=parts.now(), **_sent(request))
    except ChangedMeanwhile:
        page, visit, _reason = _to_move(slug, token)
        return _times(request, page, visit, token, failed=_changed(), status=409)
    except SlotAlreadyTaken:
        words = _("Somebody has just taken this time. Your appointment stays as it was.")
        return _times(request, page, visit, token, failed=words, status=409)
    except SlotRefused as refusal:
        words = offered.public_causes(page, refusal.causes, reason=reason.name, at=parts.now())
        return _times(request, page, visit, token, failed=words, status=409)
    return _to(page, token, was=request.POST.get("was", "")[:40], now=moved.revision)


class _Sent(TypedDict):
    """What every act of these pages says beside its moment."""

    key: str
    revision: str
    address: str


def _sent(request: HttpRequest) -> _Sent:
    said = {name: request.POST.get(name, "") for name in ("key", "revision")}
    return _Sent(key=said["key"], revision=said["revision"], address=parts.address_of(request))


def _changed() -> str:
    return _("Your appointment has changed since this page was opened. This is how it is now; nothing was changed.")


def _behind(slug: str, token: str) -> tuple[PageView, VisitView]:
    visit = public.visit(slug=slug, token=token, at=parts.now())
    return visit.page, visit


def _to_move(slug: str, token: str) -> tuple[PageView, VisitView, VisitReason]:
    """Raises NotNow where he cannot move it by himself."""
    page, visit = _behind(slug, token)
    if not visit.may_change or visit.offer is None or visit.reason is None:
        raise NotNow(visit.appointment.appointment)
    return page, visit, visit.reason


def _times(
    request: HttpRequest, page: PageView, visit: VisitView, token: str, *, failed: str = "", status: int = 200
) -> HttpResponse:
    at, found = parts.now(), visit.appointment
    day = request.GET.get("day", "") or found.starts_at.astimezone(parts.zone_of(page)).date().isoformat()
    assert visit.offer is not None  # noqa: S101 - the caller looked
    wish = wish_to_move(found, by=page.by)
    week = offered.week(page, [visit.offer], wish, asked=day, at=at, without=found)
    return _shown(request, "move", page, visit, token, status=status, week=week, failed=failed)


def _shown(
    request: HttpRequest, template: str, page: PageView, visit: VisitView, token: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    at = parts.now()
    return parts.shown(
        request,
        template,
        page,
        at=at,
        status=status,
        visit=visit,
        token=token,
        whom=visit.agenda.recipient_name,
        when=parts.moment_words(visit.appointment.starts_at, parts.zone_of(page)),
        is_cancelled=visit.appointment.state is AppointmentState.CANCELLED,
        place=place_of_visit(visit.appointment, house=page.by.house),
        link=_link(page, token),
        again=_again(page, visit),
        key=parts.fresh_key(),
        **more,
    )


def _again(page: PageView, visit: VisitView) -> str:
    """Where he books another one with the same practitioner, for the same reason where it is booked online; "" where
    nothing of his is.
    """
    if visit.offer is None:
        return ""
    if visit.reason is None:
        return reverse("booking:page", kwargs={"slug": page.slug})
    asked = asked_of(page, visit.offer.agenda.id, visit.reason.id, is_new=visit.is_new, instead="")
    query = urlencode({"for": asked.chosen, "new": int(asked.is_new)})
    return f"{reverse('booking:times', kwargs={'slug': page.slug})}?{query}"


def _link(page: PageView, token: str) -> str:
    path = reverse("booking:visit", kwargs={"slug": page.slug, "token": token})
    return f"{settings.PERMANENCE.web_url}{path}"


def _to(page: PageView, token: str, **said: str | int) -> HttpResponse:
    link = reverse("booking:visit", kwargs={"slug": page.slug, "token": token})
    return HttpResponseRedirect(f"{link}?{urlencode(said)}" if said else link, status=303)


def _moved_from(request: HttpRequest, page: PageView, visit: VisitView) -> str:
    """From when it was moved, in words, as the address says after that; "" once that is no news any more or anything
    else was said of it, and where it stands as it stood.
    """
    was, found = parts.read_moment(request.GET.get("was", "")), visit.appointment
    if was is None or was == found.starts_at or request.GET.get("now") != str(found.revision):
        return ""
    if found.state is not AppointmentState.BOOKED or parts.now() - found.state_at >= NEWS:
        return ""
    return parts.moment_words(was, parts.zone_of(page))
