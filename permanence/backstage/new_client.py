# SPDX-License-Identifier: AGPL-3.0-or-later
"""A new client: pick a template, a name and a country; read what was filled in, change it, save; then set him up.

Nothing is kept before the second page is saved: going back, or closing it, leaves nothing behind.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language, gettext, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.backstage.account_views import doors
from permanence.backstage.new_client_forms import EMPTY, FilledForm, PickForm, PlaceForm
from permanence.backstage.unsaved import in_words
from permanence.backstage.wrong import wrong_in
from permanence.clients.new_client_operations import Contradiction, Opened, open_new_client
from permanence.clients.operations import NameTaken
from permanence.clients.rules.client_templates import CLIENT_TEMPLATES, ClientTemplate, client_template
from permanence.clients.rules.script_templates import Beginning, template, title
from permanence.clients.said_words import finding_words
from permanence.clients.script_operations import ScriptRefused
from permanence.foundation.models import House
from permanence.foundation.who import Who, owner_only, who
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
NO_LINE = "no_line"
"""The gap that every new client has, and that the page he is led to asks for first."""


class Card(NamedTuple):
    """A template as it is offered: what it is called, for whom, and what it brings."""

    code: str
    title: str
    about: str
    brings: tuple[str, ...]
    chosen: bool


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@owner_only
def new(request: HttpRequest) -> HttpResponse:
    """The templates; with one chosen and a name, what it fills in; saved, the page on which the client is set up."""
    by = who(request)
    if request.method != "POST":
        picked = PickForm(request.GET or None, initial=_usual(by))
        if not picked.is_valid():
            return _pick(request, by, picked)
        return _page(request, by, _filled(picked, name=picked.cleaned_data["name"]), status=200)
    place = PlaceForm(request.POST)
    if not place.is_valid():
        return _pick(request, by, PickForm(request.POST))
    form = _filled(place, request.POST, name=request.POST.get("name", "").strip()[:120])
    if form.is_valid():
        try:
            opened = open_new_client(wanted=form.wanted(), by=by, at=CLOCK.now())
        except NameTaken:
            form.add_error("name", gettext("Another client of the house has this name."))
        except Contradiction as contradiction:
            return _page(request, by, form, status=422, found=in_words(contradiction.proof))
        except ScriptRefused:
            form.add_error("script", gettext("The script would have nobody to tell: begin with a draft."))
        else:
            _tell(request, opened, form.cleaned_data["name"])
            return HttpResponseRedirect(reverse("onboarding:page", args=(opened.client,)) + "#number", status=303)
    return _page(request, by, form, status=422)


def _filled(place: PlaceForm, data: Any = None, *, name: str) -> FilledForm:
    given = place.cleaned_data
    return FilledForm(data, code=given["template"], country=given["country"], language=given["language"], name=name)


def _usual(by: Who) -> dict[str, str]:
    house = House.objects.get(pk=by.house_key)
    return {"country": house.country, "language": house.language, "template": CLIENT_TEMPLATES[0]}


def _pick(request: HttpRequest, by: Who, form: PickForm) -> HttpResponse:
    chosen = form["template"].value()
    cards = [_card(code, chosen) for code in CLIENT_TEMPLATES]
    context = {"form": form, "cards": cards, "nothing": chosen == EMPTY, **doors(by)}
    return render(request, "backstage/accounts/new.html", context, status=422 if form.errors else 200)


def _card(code: str, chosen: str) -> Card:
    read = get_language() or "en"
    made = client_template(code, language=read, name="")
    return Card(code, title(code, read), made.about, tuple(_brings(made)), code == chosen)


def _brings(made: ClientTemplate) -> list[str]:
    """What comes with the template, counted."""
    beginning = Beginning(language="en", country="LU", recipients=(), on=CLOCK.now().date())
    script = template(made.script, beginning)
    counted: list[tuple[int, str]] = [
        (len(made.reasons), ngettext("%(count)d reason", "%(count)d reasons", len(made.reasons))),
        (len(made.instructions), ngettext("%(count)d instruction", "%(count)d instructions", len(made.instructions))),
        (
            len(script.questions),
            ngettext("a script of %(count)d question", "a script of %(count)d questions", len(script.questions)),
        ),
        (
            len(script.red_flags),
            ngettext(
                "%(count)d red flag to be validated", "%(count)d red flags to be validated", len(script.red_flags)
            ),
        ),
    ]
    return [words % {"count": count} for count, words in counted if count]


def _page(request: HttpRequest, by: Who, form: FilledForm, *, status: int, found: tuple[Any, ...] = ()) -> HttpResponse:
    context: Mapping[str, Any] = {
        "form": form,
        "found": found,
        "wrong": wrong_in(form, form.called) if form.errors else (),
        "title": title(form.code, get_language() or "en") if form.code else "",
        **doors(by),
    }
    return render(request, "backstage/accounts/new_filled.html", context, status=status)


def _tell(request: HttpRequest, opened: Opened, name: str) -> None:
    messages.success(request, gettext("%(name)s is a prospect until you say otherwise.") % {"name": name})
    for each in opened.proof.gaps:
        if each.code != NO_LINE:
            messages.warning(request, finding_words(each, opened.proof.coverage.client).text)
