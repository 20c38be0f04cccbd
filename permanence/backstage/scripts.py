# SPDX-License-Identifier: AGPL-3.0-or-later
"""The scripts in the back office: one page a client to write, try, publish and have the red flags validated."""

import dataclasses
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.backstage import flag_warnings, second_person, supervised
from permanence.backstage.script_page_words import OFFER, OUTLINE, PREVIEW
from permanence.backstage.site import OwnPage, site
from permanence.backstage.unsaved import Unsaved
from permanence.clients import queries, remark_operations, script_mending
from permanence.clients import script_operations as acts
from permanence.clients import script_queries as scripts
from permanence.clients.remark_queries import remark_waits, remarks_waiting
from permanence.clients.rules import RecipientKind
from permanence.clients.rules.approvals import REMARK_LIMIT, ProposalKind
from permanence.clients.rules.script import SIZE_LIMIT, Fault, read_text
from permanence.clients.rules.script_templates import TEMPLATES, title
from permanence.clients.rules.typed_moments import read_typed
from permanence.clients.script_words import fault_words
from permanence.clients.unflagged import new_flags, why_unflagged_now
from permanence.clients.validation_queries import validations_so_far
from permanence.foundation import access, dates
from permanence.foundation.who import Who, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
MEANWHILE = gettext_lazy("Somebody changed this meanwhile: open the page again and look at what stands there now.")
REFUSALS = {
    "script_changed": gettext_lazy(
        "Somebody wrote another version meanwhile. Yours is still below; compare, then save."
    ),
    "script_unknown": gettext_lazy("There is no such version."),
    "template_unknown": gettext_lazy("There is no such template."),
    "doctor_unknown": gettext_lazy("Choose the practitioner who validated the red flags."),
    "date_ahead": gettext_lazy("The day of the validation lies ahead."),
    "red_flags_changed": gettext_lazy("The red flags have changed since: look at them again with the doctor."),
    "remark_over": gettext_lazy("Somebody answered this remark meanwhile."),
    "words_missing": gettext_lazy("Write your answer in a few words."),
    "nothing_asked": gettext_lazy("Choose what is to be done."),
}


class NothingAsked(Refusal):
    """The form names no act of this page, or lacks what the act needs."""

    code = "nothing_asked"


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """Every client and his script, and the places where the words of `q` stand."""
    by, sought = who(request), request.GET.get("q", "")[:120]
    house = by.house
    states = scripts.states(house=house)
    context = {
        "title": _("Scripts"),
        "sought": sought,
        "remarks": remarks_waiting(house=house, only=by.clients),
        "places": scripts.search(house=house, text=sought, only=by.clients),
        "rows": [(each, states.get(each.id)) for each in queries.clients(house=house) if by.may_see(each.id)],
        "script_pages": True,
    }
    return TemplateResponse(request, "backstage/scripts.html", {**site.each_context(request), **context})


@require_http_methods(["GET", "HEAD", "POST"])
def script(request: HttpRequest, client: str) -> HttpResponse:
    """The script of one client."""
    by = who(request)
    view = _client(by, client)
    supervised.owner_writes(request)
    refused: list[str] = []
    if request.method == "POST":
        try:
            return _done(request, by, client)
        except Refusal as refusal:
            refused = _said(refusal)
        except Unsaved as unsaved:  # as many changes wait for a second person as there may
            refused = [unsaved.refused]
    typed = request.POST.get("text") if refused else None
    page = _page(request, by, view, typed=typed)
    context = {**site.each_context(request), **page, "refused": refused, "looks": supervised.reads(request)}
    return TemplateResponse(request, "backstage/script.html", context, status=422 if refused else 200)


@require_POST
def check(request: HttpRequest, client: str) -> HttpResponse:
    """What stands in the way of publishing a text being written, and what would put it in order; keeps nothing."""
    by = who(request)
    _client(by, client)
    text = request.POST.get("text", "")[: SIZE_LIMIT + 1]
    today = CLOCK.now().date()
    found = acts.check(house=by.house, client=client, text=text, on=today)
    reply: dict[str, object] = {"faults": [fault_words(each) for each in found]}
    if found:
        reply["offer"] = dataclasses.asdict(script_mending.offer(house=by.house, client=client, text=text, on=today))
    return JsonResponse(reply)


PAGES = (
    OwnPage("scripts/", overview, "scripts"),
    OwnPage("scripts/<str:client>/", script, "script"),
    OwnPage("scripts/<str:client>/check", check, "script_check"),
)


def _done(request: HttpRequest, by: Who, client: str) -> HttpResponse:
    """Does what the form asks; leads back to the page. Raises what the operations refuse with, and NothingAsked."""
    words: dict[str, tuple[Callable[..., Any], Any]] = {
        "begin": (_begin, gettext_lazy("The script stands below as a draft.")),
        "save": (_save, gettext_lazy("The draft is kept.")),
        "publish": (_publish, gettext_lazy("The script is published: the next call runs it.")),
        "validate": (_validate, gettext_lazy("The red flags are in force.")),
        "answer": (_answer, gettext_lazy("The doctor reads your answer in the portal; the list waits for him again.")),
    }
    act, said = words.get(request.POST.get("act", ""), (None, ""))
    if act is None:
        raise NothingAsked
    before = validations_so_far(house=by.house, client=client)
    act(request, by, client)
    if act is _validate and validations_so_far(house=by.house, client=client) == before:
        return HttpResponseRedirect(reverse("backstage:script", args=[client]))  # it waits, and a message says so
    if act is _validate and not _holds(by, client):
        said = gettext_lazy("The red flags are validated. They are in force once this version is published.")
    waits = _once_published(by, client) if act is _publish else ""
    messages.success(request, f"{said} {waits}".strip())
    return HttpResponseRedirect(reverse("backstage:script", args=[client]))


def _holds(by: Who, client: str) -> bool:
    """Whether what was validated last is in force."""
    valid = scripts.last_validation(house=by.house, client=client)
    return valid is not None and valid == _in_force(by, client, scripts.versions(house=by.house, client=client))


def _in_force(by: Who, client: str, rows: tuple[scripts.ScriptVersion, ...]) -> scripts.Validation | None:
    """The validation that the telephone has; None before anything is published."""
    published = next((read_text(each.text)[0] for each in rows if each.in_force), None)
    if published is None:
        return None
    return scripts.validation_in_force(house=by.house, client=client, script=published)


def _begin(request: HttpRequest, by: Who, client: str) -> None:
    code, language = request.POST.get("template", ""), request.POST.get("language", "")
    acts.begin_from_template(
        client=client, code=code, language=language, after=_number(request, "after"), by=by, at=CLOCK.now()
    )


def _save(request: HttpRequest, by: Who, client: str) -> int:
    text = request.POST.get("text", "")
    return acts.write_draft(client=client, text=text, after=_number(request, "after"), by=by, at=CLOCK.now())


def _publish(request: HttpRequest, by: Who, client: str) -> None:
    """The version named, else what stands in the page: saved first when it differs from the newest version."""
    if "version" in request.POST:
        acts.publish(client=client, version=_number(request, "version"), by=by, at=CLOCK.now())
        return
    acts.publish_text(
        client=client, text=request.POST.get("text", ""), after=_number(request, "after"), by=by, at=CLOCK.now()
    )


def _validate(request: HttpRequest, by: Who, client: str) -> None:
    typed = read_typed(f"{request.POST.get('validated', '')} 00:00", now=CLOCK.now().replace(tzinfo=None))
    if typed is None:
        raise NothingAsked("validated")
    body = {
        "version": _number(request, "version"),
        "red_flags": request.POST.get("red_flags", ""),
        "doctor": request.POST.get("doctor", ""),
        "validated": typed.date().isoformat(),
        "last": validations_so_far(house=by.house, client=client),
    }
    second_person.submit(request, client=client, kind=ProposalKind.RED_FLAGS, body=body)


def _answer(request: HttpRequest, by: Who, client: str) -> None:
    """To a doctor's remark."""
    words = request.POST.get("words", "")
    remark_operations.answer(client=client, remark=request.POST.get("remark", ""), words=words, by=by, at=CLOCK.now())


def _page(request: HttpRequest, by: Who, view: queries.ClientView, *, typed: str | None) -> dict[str, Any]:
    rows = scripts.versions(house=by.house, client=view.id)
    asked = request.GET.get("version", "")
    shown = next((each for each in rows if str(each.version) == asked), rows[0] if rows else None)
    text = typed if typed is not None else shown.text if shown else ""
    read = read_text(text)[0] if text else None
    found = acts.check(house=by.house, client=view.id, text=text, on=CLOCK.now().date()) if text else ()
    own = queries.recipients(house=by.house, client=view.id)
    uses = scripts.uses_of_recipients(house=by.house, client=view.id)
    last = scripts.last_validation(house=by.house, client=view.id)
    valid = _in_force(by, view.id, rows)
    seen = [each.red_flags for each in (last, valid) if each is not None]
    return {
        "title": _("Script of %(client)s") % {"client": view.name},
        "script_pages": True,
        "client": view,
        "versions": rows,
        "shown": shown,
        "newest": rows[0].version if rows else 0,
        "text": text,
        "faults": _sentences(found),
        "script": read,
        "templates": [(code, title(code, by.language)) for code in TEMPLATES],
        "languages": view.languages,
        "recipients": [{"id": each.id, "name": each.name} for each in own],
        "doctors": [each for each in own if each.kind == RecipientKind.PRACTITIONER],
        "uses": [(each, uses[each.id]) for each in own if each.id in uses],
        "valid": valid,
        "unflagged": _unflagged(by, view, rows),
        "ahead": last if last != valid else None,
        "seen": read is not None and read.red_flags in seen,
        "remark": remark_waits(house=by.house, client=view.id),
        "remark_limit": REMARK_LIMIT,
        "last": last is not None and read is not None and last.red_flags == read.red_flags,
        "red_flags": acts.red_flags_text(read) if read else "",
        "today": dates.say(CLOCK.now().date(), dates.Form.FIGURES),
        "chosen": {name: request.POST.get(name, "") for name in ("doctor", "validated")},
        "words": {key: str(words) for key, words in {**PREVIEW, **OUTLINE, **OFFER}.items()},
    }


def _once_published(by: Who, client: str) -> str:
    return flag_warnings.once_published(new_flags(house=by.house, client=client, at=CLOCK.now()))


def _unflagged(by: Who, view: queries.ClientView, rows: tuple[scripts.ScriptVersion, ...]) -> str:
    """That no red flag warns in his calls, once a script is published; "" where one does."""
    if not any(each.in_force for each in rows):
        return ""
    return flag_warnings.warning(why_unflagged_now(view, house=by.house, at=CLOCK.now()))


def _sentences(faults: tuple[Fault, ...]) -> list[str]:
    return [fault_words(each) for each in faults]


def _said(refusal: Refusal) -> list[str]:
    """The refusal in sentences."""
    if isinstance(refusal, acts.ScriptRefused):
        return _sentences(refusal.faults)
    return [str(REFUSALS.get(refusal.code, MEANWHILE))]


def _client(by: Who, client: str) -> queries.ClientView:
    access.demand(by, client=client, subject=f"clients.client:{client}")
    try:
        return queries.client(house=by.house, client=client)
    except queries.ClientUnknown as unknown:
        raise Http404(client) from unknown


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise NothingAsked(name)
    return int(text)
