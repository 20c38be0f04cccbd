# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door of the secret addresses: an agenda as an iCalendar file, for whoever knows the address."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from permanence.agenda.interop.feeds import read_feed
from permanence.agenda.refusals import FeedUnknown
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()


@require_safe
def feed(request: HttpRequest, secret: str) -> HttpResponse:
    """The file, or 304 for one who has it already (RFC 9110, 13.1.2); 404 for an address that is not good."""
    try:
        found = read_feed(secret=secret, at=_CLOCK.now())
    except FeedUnknown as refusal:
        raise Http404 from refusal
    answer = HttpResponse(content_type="text/calendar; charset=utf-8")
    if _known(request.headers.get("If-None-Match", ""), found.etag):
        answer.status_code = 304
        del answer["Content-Type"]
    else:
        answer.content = found.body
        answer["Content-Disposition"] = 'inline; filename="agenda.ics"'
    answer["ETag"] = found.etag
    answer["Cache-Control"] = "private, no-cache"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


def _known(header: str, etag: str) -> bool:
    """Whether the header names this ETag; the weak comparison."""
    return etag in {each.strip().removeprefix("W/") for each in header[:1000].split(",")} or header.strip() == "*"
