# SPDX-License-Identifier: AGPL-3.0-or-later
"""The portal's pages. GET and HEAD never change anything: neither a mail scanner nor a browser that fetches ahead can.

That a message was read is told by the page itself (`portal/read.js`), once it is visible, by POST; without script the
acknowledgement says it. A message that is not of the person's clients, or not of his house, is not there (404).
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.clients import queries as clients
from permanence.foundation.who import Who, portal_only, who
from permanence.kernel.ids import new_id
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.messaging import operations as messaging
from permanence.messaging import queries as messages
from permanence.messaging.rules import TEXT_LIMIT, MessageIdMalformed, TextMissing, TextTooLong
from permanence.portal import ranges
from permanence.portal.approvals import awaited
from permanence.portal.booked import booked_for
from permanence.portal.rows import letter, replies

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()


@never_cache
@require_safe
@portal_only
def inbox(request: HttpRequest) -> HttpResponse:
    """The person's messages: what waits first, then newest first. `?part=list` gives the list alone."""
    by, at = who(request), _CLOCK.now()
    access = clients.portal_access(house=by.house, person=by.person)
    found = messages.messages_for_person(by.house, by.person, at, access)
    letters = [letter(row, person=by.person, at=at) for row in found]
    waiting = sum(not each.is_final and each.row.is_mine for each in letters)
    waits = awaited(by, access, at=at)
    context = {
        "tab": "messages",
        "letters": letters,
        "booked": booked_for(by, access, at=at),
        "waiting": waiting,
        "several": len(access) > 1,
        "client": access[0].client if len(access) == 1 else None,
        "awaited": waits,
        "approvals_waiting": len(waits),
        "topics": " ".join(f"client/{each.client.id}/{of}" for each in access for of in ("messages", "elsewhere")),
    }
    part = request.GET.get("part") == "list"
    return render(request, "portal/list.html" if part else "portal/inbox.html", context)


@never_cache
@require_safe
@portal_only
def message(request: HttpRequest, message: str) -> HttpResponse:
    """One message, whole."""
    return _page(request, who(request), message)


@never_cache
@require_safe
@portal_only
def audio(request: HttpRequest, message: str) -> HttpResponse:
    """What the caller spoke, as a WAV file; listening changes nothing."""
    by = who(request)
    found = messages.recording_for_person(by.house, by.person, message)
    if found is None:
        raise Http404
    return ranges.answer(found, request.headers.get("Range", ""), content_type="audio/wav")


@require_POST
@portal_only
def read(request: HttpRequest, message: str) -> HttpResponse:
    """The page says that it was shown to the signed-in person; gives the boxes as they are now."""
    by, at = who(request), _CLOCK.now()
    try:
        found = messaging.mark_read(house=by.house, message=message, by=by, at=at)
    except messaging.NoSuchMessage as refusal:
        raise Http404 from refusal
    return render(request, "portal/track.html", {"letter": letter(found, person=by.person, at=at)})


@require_POST
@portal_only
def acknowledge(request: HttpRequest, message: str) -> HttpResponse:
    """The button: this person acknowledges, then sees the message again."""
    by = who(request)
    try:
        messaging.acknowledge(house=by.house, message=message, by=by, at=_CLOCK.now())
    except messaging.NoSuchMessage as refusal:
        raise Http404 from refusal
    return _see_other(reverse("portal_message", args=[message]))


@require_POST
@portal_only
def answer(request: HttpRequest, message: str) -> HttpResponse:
    """Writes to the secretary; what was typed comes back with the reason when it cannot be kept."""
    by = who(request)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    try:
        messaging.answer(
            house=by.house,
            message=message,
            answer=request.POST.get("answer", ""),
            by=by,
            at=_CLOCK.now(),
            text=text,
        )
    except messaging.NoSuchMessage as refusal:
        raise Http404 from refusal
    except TextMissing:
        return _page(request, by, message, failed=_("Write what the secretary should know."))
    except TextTooLong:
        limit = {"limit": TEXT_LIMIT}
        return _page(request, by, message, text=text, failed=_("At most %(limit)s characters.") % limit)
    except (MessageIdMalformed, messaging.MessageIdTaken):
        return _page(request, by, message, text=text, failed=_("This page is out of date. Send your answer again."))
    return _see_other(reverse("portal_message", args=[message]) + "#answers")


def _page(request: HttpRequest, by: Who, key: str, *, text: str = "", failed: str = "") -> HttpResponse:
    at = _CLOCK.now()
    found = messages.message_for_person(by.house, by.person, key, at)
    if found is None:
        raise Http404
    context: dict[str, Any] = {
        "tab": "messages",
        "letter": letter(found, person=by.person, at=at),
        "message": found,
        "replies": replies(found, at=at),
        "answer_key": new_id(at, _ENTROPY),
        "typed": text,
        "failed": failed,
        "limit": TEXT_LIMIT,
    }
    return render(request, "portal/message.html", context, status=422 if failed else 200)


def _see_other(address: str) -> HttpResponse:
    """Go on by GET (RFC 9110, 15.4.4): a reload of the next page repeats nothing."""
    return HttpResponseRedirect(address, status=303)
