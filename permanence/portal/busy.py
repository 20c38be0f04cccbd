# SPDX-License-Identifier: AGPL-3.0-or-later
"""The practitioner keeps a time of his day free of patients, and gives it back."""

import contextlib
from datetime import date
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.agenda.operations import blocks
from permanence.agenda.queries import blocks as busy
from permanence.agenda.queries.books import check_day
from permanence.agenda.queries.views import AgendaView
from permanence.agenda.refusals import AgendaBusy, BlockUnknown, SlotAlreadyTaken, SpanImpossible, WordsTooLong
from permanence.agenda.rules.busy import MIDNIGHT, busy_span
from permanence.agenda.rules.states import Door
from permanence.agenda.why_words import sentences
from permanence.clients.rules.typed_moments import read_hour
from permanence.foundation import moments
from permanence.foundation.who import Who, portal_only
from permanence.kernel.ids import new_id
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.agenda import BUSY, READS, day_page, reached
from permanence.portal.days import back_to_day, read_day, to_day

_CLOCK, _ENTROPY = SystemClock(), SystemEntropy()
MOST_SAID = 4
"""So many of the things that stand in the way are said one by one."""


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def block(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """Busy from an hour until another on the day of `?day=`, or all of it; what is booked there stays and is said.
    Looked at, as after a refusal, the address leads to the day.
    """
    by, view, found = reached(request, client, agenda)
    at, typed = _CLOCK.now(), request.POST
    day = _day(request)
    if request.method in READS:
        return to_day(found) if day is None else back_to_day(request, found, day, part="busy")
    whole = typed.get("whole") == "1"
    starts, until = (0, MIDNIGHT) if whole else (read_hour(typed.get("from", "")), read_hour(typed.get("until", "")))
    words = typed.get("words", "").strip()
    if day is None or starts is None or until is None:
        return day_page(request, by, view, found, refused=_("Write from when and until when: 12:30."))
    if not words:
        return day_page(request, by, view, found, refused=_("Write why: the secretaries read it."))
    begins, ends = busy_span(day=day, starts=starts, until=until, zone=found.time_zone)
    try:
        blocks.block(
            key=typed.get("key", ""),
            agenda=found.id,
            starts_at=begins,
            ends_at=ends,
            words=words,
            door=Door.PORTAL,
            by=by,
            at=at,
        )
    except Refusal as refusal:
        return day_page(request, by, view, found, refused=_why(refusal, found, by=by))
    return back_to_day(request, found, day, part="busy")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def unblock(request: HttpRequest, client: str, agenda: str, block: str) -> HttpResponse:
    """The time is free again, and offered at once to who waits; pressed twice, it is free already. Looked at, the
    address leads to the day.
    """
    by, view, found = reached(request, client, agenda)
    at = _CLOCK.now()
    try:
        kept = busy.block(by=by, block=block, removed=True)
    except BlockUnknown as unknown:
        raise Http404(block) from unknown
    if kept.agenda != found.id:
        raise Http404(block)
    day = kept.starts_at.astimezone(ZoneInfo(found.time_zone)).date()
    if request.method in READS:
        return back_to_day(request, found, day, part="busy")
    try:
        with contextlib.suppress(BlockUnknown):
            blocks.unblock(key=new_id(at, _ENTROPY), block=kept.block, by=by, at=at)
    except AgendaBusy as refusal:
        return day_page(request, by, view, found, day=day, refused=_why(refusal, found, by=by))
    return back_to_day(request, found, day, part="busy")


def _day(request: HttpRequest) -> date | None:
    day = read_day(request.GET.get("day", ""))
    if day is None:
        return None
    with contextlib.suppress(SpanImpossible):
        check_day(day)
        return day
    return None


def _why(refusal: Refusal, found: AgendaView, *, by: Who) -> str:
    """Why it is not busy now, in words."""
    if isinstance(refusal, SlotAlreadyTaken):
        return _(
            "There is something at that time already (%(there)s):"
            " choose another time, or ask your secretaries to move it first."
        ) % {"there": ", ".join(_there(refusal, found, by=by))}
    said = {
        SpanImpossible: _("It ends after it begins: write the hours, 12:30."),
        WordsTooLong: _("These words are too long."),
        AgendaBusy: str(BUSY),
    }
    return said.get(type(refusal), _("It could not be saved. Look at it again."))


def _there(refusal: SlotAlreadyTaken, found: AgendaView, *, by: Who) -> list[str]:
    """From when until when something stands there, the first few; in words where its hours are not known."""
    zone, said = ZoneInfo(found.time_zone), list[str]()
    for each in refusal.causes:
        starts, until = getattr(each, "starts", None), getattr(each, "until", None)
        if starts is not None and until is not None:
            said.append(f"{moments.clock(starts, zone)}–{moments.clock_until(until, zone)}")
        else:
            said += sentences(by, found, [each], at=_CLOCK.now())
    said = list(dict.fromkeys(said))
    more = len(said) - MOST_SAID
    if more <= 0:
        return said
    return [*said[:MOST_SAID], ngettext("and %(n)s more", "and %(n)s more", more) % {"n": more}]
