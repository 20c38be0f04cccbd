# SPDX-License-Identifier: AGPL-3.0-or-later
"""The client changes the phrase with which the secretary answers in his name."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.clients import operations
from permanence.clients import queries as clients
from permanence.clients.greetings import GreetingTie
from permanence.clients.proving import SaidContradicts, save_proved, try_out
from permanence.clients.rules.spoken import ALWAYS, usual_phrases, when_of
from permanence.clients.said_words import ChangeWords, change_words
from permanence.foundation.who import Who, portal_only
from permanence.kernel.system import SystemClock
from permanence.portal.account import ChangedSince, back, basis, demand_basis, own
from permanence.reception.greeting import NAME
from permanence.reception.table import GreetingEntry
from permanence.staff import queries as staff

_CLOCK = SystemClock()
LIMIT = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """The phrase in one of the client's languages: as it is written, and as a secretary says it. "" where none is.

    `apart`: there are others in that language, for certain lines, days or hours, which come before it.
    """

    language: str
    text: str
    said: str
    apart: int


def phrases(house: str, greetings: Sequence[GreetingEntry], languages: tuple[str, ...]) -> tuple[Phrase, ...]:
    """One for each of the client's languages, in his order, then those of other languages."""
    written = usual_phrases(greetings)
    others = Counter(each.language for each in greetings if when_of(each) != ALWAYS)
    speakers = staff.secretaries(house=house)
    return tuple(
        Phrase(
            language=each,
            text=written.get(each, ""),
            said=_said(speakers, each, written.get(each, "")),
            apart=others[each],
        )
        for each in dict.fromkeys((*languages, *written))
    )


def said(house: str, language: str, text: str) -> str:
    """The phrase as a secretary who speaks the language says it; with the sign for her name where there is none yet."""
    return _said(staff.secretaries(house=house), language, text) if NAME in text else text


def _said(speakers: Sequence[staff.SecretaryView], language: str, text: str) -> str:
    able = [each.name for each in speakers if language in each.languages]
    return text.replace(NAME, able[0].split(" ", 1)[0]) if able else text


def _usual(client: str, language: str, *, by: Who, at: datetime) -> str:
    """The phrase that stands there now, "" for none."""
    file = clients.client_file(house=by.house, client=client, at=at)
    return usual_phrases(file.greetings).get(language, "")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def edit(request: HttpRequest, client: str, language: str) -> HttpResponse:
    """The phrase in one language. POST `step=check` shows how it sounds; `step=save` saves it."""
    by, view = own(request, client)
    at = _CLOCK.now()
    file = clients.client_file(house=by.house, client=client, at=at)
    kept = usual_phrases(file.greetings)
    if language not in view.languages and language not in kept:
        raise Http404
    now = kept.get(language, "")
    text = " ".join(request.POST.get("text", "").split()) if request.method == "POST" else now
    failed = changed = ""
    change: ChangeWords | None = None
    if request.method == "POST":
        if not text:
            failed = _("Write what the secretary says.")
        elif len(text) > LIMIT:
            failed = _("At most %(limit)s characters.") % {"limit": LIMIT}
        else:
            saves, given = request.POST.get("step") == "save", request.POST.get("basis", "")

            def change_phrase() -> None:
                demand_basis(given, basis((_usual(client, language, by=by, at=at),)))
                operations.set_greeting(client=client, language=language, text=text, by=by, at=at)

            try:
                found = (save_proved if saves else try_out)(client=client, change=change_phrase, by=by, at=at)
            except ChangedSince:
                now = _usual(client, language, by=by, at=at)
                changed = _("Somebody else has changed the phrase meanwhile.")
            except GreetingTie as tie:
                failed = _("Another phrase holds at the same moments: “%(text)s” Yours is not kept.") % {"text": tie}
            except SaidContradicts as refusal:
                change, failed = change_words(refusal.found), _("Yours is not kept.")
            else:
                if saves:
                    return back(client, "greeting")
                change = change_words(found)
    context = {
        "client": view,
        "tab": "line",
        "language": language,
        "text": text,
        "said": said(by.house, language, text),
        "name_sign": NAME,
        "now": now,
        "basis": basis((now,)),
        "limit": LIMIT,
        "shown": request.method == "POST" and (not failed or change is not None),
        "change": change,
        "failed": failed,
        "changed": changed,
    }
    return render(request, "portal/greeting.html", context, status=422 if failed else 409 if changed else 200)
