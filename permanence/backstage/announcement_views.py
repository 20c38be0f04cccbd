# SPDX-License-Identifier: AGPL-3.0-or-later
"""The recorded announcements of a client: heard, brought or recorded, put where callers hear them, withdrawn.

Supervisors listen, owners change. A file is converted before anything is kept; a refusal keeps nothing.
"""

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.backstage.account_views import client_or_404, doors
from permanence.backstage.announcement_words import NO_FILE, RECORDER, refusal_words
from permanence.backstage.cells import spelt_moment
from permanence.clients import announcement_operations as acts
from permanence.clients import announcements
from permanence.clients.models import SPOKEN_LIMIT, Client
from permanence.clients.said_words import language_name, when_words
from permanence.countries.emergency import LANGUAGES
from permanence.foundation.audio.conversion import converted
from permanence.foundation.audio.refusals import LARGEST, LONGEST_S, TOO_LARGE, AudioRefused
from permanence.foundation.who import owner_only, supervisor_only, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.messaging.recordings import wav

CLOCK = SystemClock()


class NoFile(Refusal):
    """The form brought none."""

    code = NO_FILE


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A greeting with which it can be heard: `text` said by the secretary, `when` in words, `held`: it is heard."""

    greeting: str
    text: str
    when: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One announcement as the page shows it."""

    view: announcements.AnnouncementView
    language_name: str
    seconds: int
    made: str
    withdrawn: str
    places: tuple[Place, ...]

    @property
    def uses(self) -> tuple[Place, ...]:
        """The greetings with which it is heard."""
        return tuple(each for each in self.places if each.held)


@never_cache
@require_safe
@supervisor_only
def page(request: HttpRequest, client: str) -> HttpResponse:
    """All of them, and the form for another one."""
    return _page(request, client_or_404(who(request), client))


@never_cache
@require_POST
@owner_only
def add(request: HttpRequest, client: str) -> HttpResponse:
    """A file, or a recording, becomes an announcement that nobody hears yet."""
    by = who(request)
    row = client_or_404(by, client)
    asked = {name: request.POST.get(name, "") for name in ("language", "text", "instead_of")}
    brought: Any = request.FILES.get("sound")
    try:
        if brought is None:
            raise NoFile
        if brought.size > LARGEST:
            raise AudioRefused(TOO_LARGE)
        acts.check_words(text=asked["text"], language=asked["language"])
        audio = converted(brought.read())
        acts.add_announcement(
            client=str(row.pk),
            **asked,
            audio=audio,
            by_microphone=request.POST.get("by_microphone") == "1",
            by=by,
            at=CLOCK.now(),
        )
    except Refusal as refusal:
        return _page(request, row, asked=asked, refused=refusal_words(refusal))
    if asked["instead_of"]:
        messages.success(request, _("It is heard from now on where the other one was heard."))
    else:
        messages.success(request, _("It is kept. Listen to it, then say where callers hear it."))
    return redirect("accounts:announcements", row.pk)


@never_cache
@require_POST
@owner_only
def uses(request: HttpRequest, client: str, announcement: str) -> HttpResponse:
    """Where callers hear it."""
    by = who(request)
    row = client_or_404(by, client)
    try:
        acts.set_uses(
            client=str(row.pk),
            announcement=announcement,
            closing=request.POST.get("closing") == "1",
            unanswered=request.POST.get("unanswered") == "1",
            greetings=request.POST.getlist("greeting"),
            by=by,
            at=CLOCK.now(),
        )
    except Refusal as refusal:
        return _refused(request, row, announcement, refusal)
    messages.success(request, _("It is changed for the next call."))
    return redirect("accounts:announcements", row.pk)


@never_cache
@require_POST
@owner_only
def withdraw(request: HttpRequest, client: str, announcement: str) -> HttpResponse:
    """Callers hear it no more."""
    by = who(request)
    row = client_or_404(by, client)
    try:
        acts.withdraw_announcement(client=str(row.pk), announcement=announcement, by=by, at=CLOCK.now())
    except Refusal as refusal:
        return _refused(request, row, announcement, refusal)
    messages.success(request, _("Callers hear it no more. It stays in the list of those withdrawn."))
    return redirect("accounts:announcements", row.pk)


@never_cache
@require_safe
@supervisor_only
def audio(request: HttpRequest, client: str, announcement: str) -> HttpResponse:
    """What callers hear, as a WAV file."""
    by = who(request)
    row = client_or_404(by, client)
    try:
        found = announcements.audio(house=by.house, client=str(row.pk), announcement=announcement)
    except announcements.AnnouncementUnknown as unknown:
        raise Http404 from unknown
    return HttpResponse(wav(found), content_type="audio/wav")


def _refused(request: HttpRequest, row: Client, announcement: str, refusal: Refusal) -> HttpResponse:
    """The page with the reason; one that this client never had is not there."""
    known = {each.id for each in announcements.announcements(house=who(request).house, client=str(row.pk))}
    if announcement not in known:
        raise Http404("no such announcement")
    return _page(request, row, refused=refusal_words(refusal))


def _page(request: HttpRequest, row: Client, *, asked: dict[str, str] | None = None, refused: str = "") -> HttpResponse:
    by = who(request)
    zone = ZoneInfo(row.time_zone)
    rules = announcements.greetings_by_id(house=by.house, client=str(row.pk))
    found = [
        Row(
            view=each,
            language_name=language_name(each.language),
            seconds=max(round(each.seconds), 1),
            made=spelt_moment(each.made_at, zone),
            withdrawn="" if each.withdrawn_at is None else spelt_moment(each.withdrawn_at, zone),
            places=tuple(
                Place(greeting=key, text=rule.text, when=when_words(rule), held=key in each.greetings)
                for key, rule in rules.items()
                if rule.language == each.language
            ),
        )
        for each in announcements.announcements(house=by.house, client=str(row.pk))
    ]
    spoken = [code for code in row.languages if code in LANGUAGES]
    context = {
        "client": row,
        "health": row.sector == "health",
        "rows": [each for each in found if not each.withdrawn],
        "withdrawn": [each for each in found if each.withdrawn],
        "languages": [(code, language_name(code)) for code in dict.fromkeys((*spoken, *LANGUAGES))],
        "asked": asked or {},
        "refused": refused,
        "limit": SPOKEN_LIMIT,
        "largest": LARGEST,
        "longest": LONGEST_S,
        "words": {key: str(words) for key, words in RECORDER.items()},
    }
    return render(
        request, "backstage/accounts/announcements.html", {**context, **doors(by)}, status=422 if refused else 200
    )
