# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client's recorded announcements: listened to, and which one callers hear when. The house records and chooses."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from permanence.clients import announcements
from permanence.clients.announcements import AnnouncementView
from permanence.clients.said_words import when_words
from permanence.foundation import moments
from permanence.foundation.who import portal_only
from permanence.messaging.recordings import wav
from permanence.portal import ranges
from permanence.portal.account import own
from permanence.portal.greetings import said


@dataclass(frozen=True, slots=True, kw_only=True)
class With:
    """A greeting with which it is heard, before the music: as it is said, and when it holds in words."""

    text: str
    when: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One announcement as the page lists it; `length` as figures ("0:12")."""

    view: AnnouncementView
    length: str
    greetings: tuple[With, ...]


@never_cache
@require_safe
@portal_only
def overview(request: HttpRequest, client: str) -> HttpResponse:
    """Those that callers hear and those that are kept for later; what was withdrawn is the house's."""
    by, view = own(request, client)
    rules = announcements.greetings_by_id(house=by.house, client=client)
    rows = [
        Heard(
            view=each,
            length=moments.length(each.seconds),
            greetings=tuple(
                With(text=said(by.house, each.language, rules[key].text), when=when_words(rules[key]))
                for key in each.greetings
                if key in rules
            ),
        )
        for each in _living(by.house, client)
    ]
    context = {
        "client": view,
        "tab": "line",
        "heard": [each for each in rows if each.view.heard],
        "kept": [each for each in rows if not each.view.heard],
    }
    return render(request, "portal/announcements.html", context)


@never_cache
@require_safe
@portal_only
def audio(request: HttpRequest, client: str, announcement: str) -> HttpResponse:
    """What callers hear, as a WAV file; listening changes nothing."""
    by, _view = own(request, client)
    if announcement not in {each.id for each in _living(by.house, client)}:
        raise Http404(announcement)
    found = announcements.audio(house=by.house, client=client, announcement=announcement)
    return ranges.answer(wav(found), request.headers.get("Range", ""), content_type="audio/wav")


def _living(house: str, client: str) -> tuple[AnnouncementView, ...]:
    found = announcements.announcements(house=house, client=client)
    return tuple(each for each in found if each.withdrawn_at is None)
