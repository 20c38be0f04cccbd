# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every phrase of the client, also those of certain lines, days and hours; and what is said at any moment he asks."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.clients import announcements, phrase_operations
from permanence.clients import queries as clients
from permanence.clients import said as clients_said
from permanence.clients.greetings import GreetingImpossible, GreetingTie, GreetingUnknown
from permanence.clients.hours_words import overlap_said
from permanence.clients.phrase_operations import PhraseChanged, PhraseTaken, phrase_mark
from permanence.clients.proving import NotSeen, SaidContradicts, save_proved, save_seen, try_out
from permanence.clients.queries import ClientView, LineUnknown
from permanence.clients.rules.coverage import said_at
from permanence.clients.rules.spoken import GreetingWhen
from permanence.clients.rules.week import WHOLE_DAY, HoursUnclear, read_day, write_day
from permanence.clients.said_shown import said_shown
from permanence.clients.said_words import ChangeWords, change_words, day_choices, language_name, when_words
from permanence.foundation.who import Who, portal_only
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.portal.account import own
from permanence.portal.entries import NEW, typed_line
from permanence.portal.first_look import first_look
from permanence.portal.greetings import LIMIT, said
from permanence.portal.moment_fields import read_moment, write_moment
from permanence.reception.greeting import CHOSEN, NAME
from permanence.reception.table import GreetingEntry
from permanence.staff import queries as staff

_CLOCK = SystemClock()
SAVED = {"saved": gettext_lazy("The phrase is saved."), "removed": gettext_lazy("It is said no longer.")}
REFUSALS: dict[type[Refusal], Any] = {
    PhraseTaken: gettext_lazy("There is a phrase for the same line, days and hours already: change that one."),
    LineUnknown: gettext_lazy("Choose among the lines of the list."),
    GreetingImpossible: gettext_lazy("Choose at least one day, and hours that have a beginning and an end."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form of one phrase: of which client, with which lines, at which address, of which rule (None: a new one)."""

    view: ClientView
    lines: tuple[str, ...]
    key: str
    held: GreetingEntry | None


@never_cache
@require_safe
@portal_only
def overview(request: HttpRequest, client: str) -> HttpResponse:
    """All phrases with their lines, days and hours. `?at=` and `?line=`: what is said at that moment."""
    by, view = own(request, client)
    at, zone = _CLOCK.now(), ZoneInfo(view.time_zone)
    typed = request.GET.get("at", "").strip()[:60]
    asked = read_moment(typed, zone, at=at) if typed else at
    entry = clients_said.client_at(house=by.house, client=client, at=at)
    line = request.GET.get("line", "")
    line = line if line in entry.lines else next(iter(entry.lines), "")
    failed = ""
    if asked is None:
        failed = _("Write day and hour, such as 24/12 14:00.")
    elif typed and asked.replace(second=59) < at:
        failed = _("Ask about a moment that is still to come.")
    shown = None
    if asked is not None and not failed:
        found = said_at(entry, line=line, at=asked)
        speaker = next((each.name for each in staff.secretaries(house=by.house)), NAME)
        recorded = announcements.texts(house=by.house, client=client)
        shown = said_shown(found, entry, name=speaker, recorded=recorded)
    rules = announcements.greetings_by_id(house=by.house, client=client)
    context = {
        "client": view,
        "tab": "line",
        "phrases": [(key, each, language_name(each.language), when_words(each)) for key, each in rules.items()],
        "lines": entry.lines,
        "line": line,
        "typed": typed or write_moment(at, zone),
        "failed": failed,
        "shown": shown,
        "asked": bool(typed),
        "said": SAVED.get(request.GET.get("said", ""), ""),
    }
    return render(request, "portal/phrases.html", context, status=422 if failed else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def edit(request: HttpRequest, client: str, phrase: str) -> HttpResponse:
    """One phrase, or "new". POST `step=check` shows how it sounds and what it brings; `step=save` saves it."""
    by, form = _form(request, client, phrase)
    if request.method != "POST":
        if form.held is None and phrase != NEW:
            raise Http404(phrase)
        return _page(request, form, _kept(form))
    typed = _typed(request, form)
    if form.held is None and phrase != NEW:
        gone = _("It was removed while you wrote. Your words stand below: saved again, they are a new entry.")
        return _page(request, replace(form, key=NEW), typed, failed=gone)
    try:
        when = _when(typed)
    except HoursUnclear as unclear:
        failed = overlap_said(unclear) or _("Write the hours as 18:00-22:00; empty: at every hour.")
        return _page(request, form, typed, failed=failed)
    if failed := _failed(form, typed):
        return _page(request, form, typed, failed=failed)
    return _save(request, form, typed, when, by=by, at=_CLOCK.now())


@require_POST
@portal_only
def remove(request: HttpRequest, client: str, phrase: str) -> HttpResponse:
    """It is said no longer, if it is still as the page showed it; what that brings is told first, once."""
    by, form = _form(request, client, phrase)
    if form.held is None:
        raise Http404(phrase)
    mark, at = request.POST.get("mark", ""), _CLOCK.now()

    def change() -> None:
        phrase_operations.remove_phrase(client=client, phrase=phrase, began_from=mark, by=by, at=at)

    try:
        save_seen(client=client, change=change, seen=request.POST.get("seen", ""), by=by, at=at)
    except GreetingUnknown as refusal:
        raise Http404(phrase) from refusal
    except PhraseChanged:
        _by, later = _form(request, client, phrase)
        return _page(request, later, _kept(later), changed=True)
    except (SaidContradicts, NotSeen) as told:
        again = _("Say it no longer all the same")
        return first_look(request, form.view, told.found, again=again, carried={"mark": mark})
    return _to_list(client, "removed")


def _save(
    request: HttpRequest, form: Form, typed: dict[str, Any], when: GreetingWhen, *, by: Who, at: datetime
) -> HttpResponse:
    saves, client = request.POST.get("step") == "save", form.view.id
    given: dict[str, Any] = {"client": client, "text": typed["text"], "when": when, "by": by, "at": at}

    def change() -> None:
        if form.held is None:
            phrase_operations.add_phrase(**given, language=typed["language"])
        else:
            mark = request.POST.get("mark", "")
            phrase_operations.change_phrase(**given, phrase=form.key, began_from=mark)

    try:
        found = (save_proved if saves else try_out)(client=client, change=change, by=by, at=at)
    except (PhraseChanged, GreetingUnknown):
        _by, later = _form(request, client, form.key)
        return _page(request, later if later.held else replace(later, key=NEW), typed, changed=True)
    except GreetingTie as tie:
        failed = _("Another phrase holds at the same moments: “%(text)s” Yours is not kept.") % {"text": tie}
        return _page(request, form, typed, failed=failed)
    except SaidContradicts as refusal:
        return _page(request, form, typed, when=when, change=change_words(refusal.found))
    except tuple(REFUSALS) as refusal:
        return _page(request, form, typed, failed=str(REFUSALS[type(refusal)]))
    if saves:
        return _to_list(client, "saved")
    return _page(request, form, typed, when=when, change=change_words(found))


def _form(request: HttpRequest, client: str, phrase: str) -> tuple[Who, Form]:
    """Raises Http404, NotHers."""
    by, view = own(request, client)
    lines = clients.client_file(house=by.house, client=client, at=_CLOCK.now()).lines
    held = announcements.greetings_by_id(house=by.house, client=client).get(phrase)
    return by, Form(view=view, lines=tuple(lines), key=phrase, held=held)


def _kept(form: Form) -> dict[str, Any]:
    """What is kept, as the form shows it; an empty one for a new phrase."""
    held = form.held or GreetingEntry(language=form.view.languages[0] if form.view.languages else "fr", text="")
    return {
        "language": held.language,
        "text": held.text,
        "line": held.line,
        "day_type": held.day_type,
        "weekdays": [str(day) for day in held.weekdays],
        "hours": write_day(((held.opens, held.until),)) if held.opens else "",
    }


def _typed(request: HttpRequest, form: Form) -> dict[str, Any]:
    found: dict[str, Any] = {name: typed_line(request, name) for name in ("text", "line", "day_type", "hours")}
    found["language"] = form.held.language if form.held is not None else typed_line(request, "language")
    found["weekdays"] = [day for day in dict.fromkeys(request.POST.getlist("weekdays")) if day in set("0123456")]
    return found


def _when(typed: dict[str, Any]) -> GreetingWhen:
    """Where and when it holds, as it was typed. Raises HoursUnclear."""
    spans = read_day(typed["hours"][:60])
    if len(spans) > 1:
        raise HoursUnclear(typed["hours"])
    opens, until = spans[0] if spans and spans[0] != WHOLE_DAY else ("", "")
    days = tuple(sorted(int(day) for day in typed["weekdays"])) if typed["day_type"] == CHOSEN else ()
    return GreetingWhen(line=typed["line"], day_type=typed["day_type"], weekdays=days, opens=opens, until=until)


def _failed(form: Form, typed: dict[str, Any]) -> str:
    if form.held is None and typed["language"] not in form.view.languages:
        return _("Choose the language in which it is spoken.")
    if not typed["text"]:
        return _("Write what the secretary says.")
    if len(typed["text"]) > LIMIT:
        return _("At most %(limit)s characters.") % {"limit": LIMIT}
    return ""


def _to_list(client: str, what: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('portal_phrases', args=[client])}?said={what}#t-page", status=303)


def _page(
    request: HttpRequest,
    form: Form,
    typed: dict[str, Any],
    *,
    when: GreetingWhen | None = None,
    failed: str = "",
    changed: bool = False,
    change: ChangeWords | None = None,
) -> HttpResponse:
    by, held = own(request, form.view.id)[0], form.held
    days, weekdays = day_choices()
    context = {
        "client": form.view,
        "tab": "line",
        "key": form.key,
        "held": held,
        "theirs": when_words(held) if held is not None and changed else "",
        "mark": phrase_mark(held),
        "typed": typed,
        "limit": LIMIT,
        "lines": form.lines,
        "languages": [(code, language_name(code)) for code in form.view.languages],
        "language": typed["language"],
        "name_sign": NAME,
        "days": days,
        "weekdays": weekdays,
        "said": said(by.house, typed["language"], typed["text"]),
        "when": "" if when is None else when_words(_entry(typed, when)),
        "shown": change is not None,
        "change": change,
        "failed": failed,
        "changed": changed,
    }
    refused = bool(failed) or (change is not None and bool(change.conflicts))
    return render(request, "portal/phrase.html", context, status=422 if refused else 409 if changed else 200)


def _entry(typed: dict[str, Any], when: GreetingWhen) -> GreetingEntry:
    return GreetingEntry(
        language=typed["language"],
        text=typed["text"],
        line=when.line,
        day_type=when.day_type,
        weekdays=when.weekdays,
        opens=when.opens,
        until=when.until,
    )
