# SPDX-License-Identifier: AGPL-3.0-or-later
"""The agendas that the client keeps on another house's site: looked at as on the card, changed, removed."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from permanence.clients import external_agendas as operations
from permanence.clients import queries as clients
from permanence.clients.agenda_queries import held_agendas
from permanence.clients.agenda_words import LINK_FAULTS
from permanence.clients.directory_queries import Held
from permanence.clients.queries import ClientView
from permanence.clients.rules.agenda_links import (
    LINK_LIMIT,
    PRODUCT_LIMIT,
    PRODUCTS,
    REMARK_LIMIT,
    LinkUnfit,
    read_link,
)
from permanence.foundation.who import Who, portal_only
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.portal.account import own
from permanence.portal.entries import NEW, NO_MARK, typed_line
from permanence.reception.table import AgendaEntry, RecipientEntry

_CLOCK = SystemClock()
LIMITS = {"product": PRODUCT_LIMIT, "link": LINK_LIMIT, "remark": REMARK_LIMIT}
"""Characters of each text."""
SAVED = {"saved": gettext_lazy("It is saved."), "removed": gettext_lazy("It is removed.")}
REMOVED = gettext_lazy("It was removed while you wrote. Your words stand below: saved again, they are a new entry.")
WHY = {
    "product": gettext_lazy("Write the agenda’s name, such as Doctolib."),
    "remark": gettext_lazy("Something is too long, or none of the choices."),
    "recipient": gettext_lazy("Choose among the persons of the list."),
}
"""What does not fit, by the field that `AgendaUnfit` names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The form of one agenda: of which client, at which address, of which row (None: a new one), and whose it may be.

    `recipients` are the client's, who receive messages.
    """

    view: ClientView
    key: str
    held: Held[AgendaEntry] | None
    recipients: tuple[RecipientEntry, ...]


@never_cache
@require_safe
@portal_only
def overview(request: HttpRequest, client: str) -> HttpResponse:
    """All of them, as the secretary sees them."""
    by, view = own(request, client)
    file = clients.client_file(house=by.house, client=client, at=_CLOCK.now())
    found = held_agendas(house=by.house, client=client)
    context = {
        "client": view,
        "tab": "line",
        "agendas": [(each.id, each.entry, _whose(each.entry, file.recipients)) for each in found],
        "said": SAVED.get(request.GET.get("said", ""), ""),
    }
    return render(request, "portal/elsewhere.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def edit(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """One of them, or "new". POST `step=check` shows it as on the card; `step=save` saves it."""
    by, form = _form(request, client, agenda)
    if request.method == "POST":
        return _answer(request, form, by=by)
    if form.held is None and agenda != NEW:
        raise Http404(agenda)
    return _page(request, form, _facts(form.held))


@require_POST
@portal_only
def remove(request: HttpRequest, client: str, agenda: str) -> HttpResponse:
    """The client has that agenda no longer, if it is still as the page showed it."""
    by, form = _form(request, client, agenda)
    held = form.held
    if held is None:
        raise Http404(agenda)
    mark = request.POST.get("mark", "")
    try:
        whose, at = held.entry.recipient, _CLOCK.now()
        operations.remove_agenda(client=client, recipient=whose, began_from=mark, by=by, at=at)
    except (operations.AgendaChanged, operations.AgendaUnknown):
        return _page(request, form, _facts(held), changed=True)
    return _to_list(client, "removed")


def _form(request: HttpRequest, client: str, agenda: str) -> tuple[Who, Form]:
    """Raises Http404, NotHers."""
    by, view = own(request, client)
    file = clients.client_file(house=by.house, client=client, at=_CLOCK.now())
    held = _find(held_agendas(house=by.house, client=client), agenda)
    return by, Form(view=view, key=agenda, held=held, recipients=file.recipients)


def _answer(request: HttpRequest, form: Form, *, by: Who) -> HttpResponse:
    """To a form that was sent."""
    typed = {name: typed_line(request, name) for name in ("recipient", *LIMITS)}
    if form.held is None and form.key != NEW:
        return _page(request, replace(form, key=NEW), typed, failed=str(REMOVED))
    mark, client = request.POST.get("mark", ""), form.view.id
    try:
        shown = _entry(typed, form)
        if mark != (form.held.mark if form.held else NO_MARK):
            return _page(request, form, typed, shown=shown, changed=True)
        if request.POST.get("step") != "save":
            return _page(request, form, typed, shown=shown)
        instead_of, at = form.held.id if form.held else "", _CLOCK.now()
        operations.put_agenda(client=client, **typed, instead_of=instead_of, began_from=mark, by=by, at=at)
    except operations.AgendaChanged:
        later = _find(held_agendas(house=by.house, client=client), form.key)
        return _page(request, replace(form, key=form.key if later else NEW, held=later), typed, changed=True)
    except (LinkUnfit, operations.AgendaUnfit, operations.AgendaTaken, operations.AgendaUnknown) as refusal:
        return _page(request, form, typed, failed=_why(refusal))
    return _to_list(client, "saved")


def _entry(typed: dict[str, str], form: Form) -> AgendaEntry:
    """What was typed as the card has it. Raises AgendaUnfit, AgendaTaken, LinkUnfit."""
    for name in ("product", "remark"):
        if len(typed[name]) > LIMITS[name] or (name == "product" and not typed[name]):
            raise operations.AgendaUnfit(name)
    if typed["recipient"] and typed["recipient"] not in {each.id for each in form.recipients}:
        raise operations.AgendaUnfit("recipient")
    link = read_link(typed["link"])
    return AgendaEntry(**{**typed, "link": link.text}, host=link.host)


def _facts(held: Held[AgendaEntry] | None) -> dict[str, Any]:
    return asdict(held.entry) if held is not None else dict.fromkeys(("recipient", *LIMITS), "")


def _find(rows: Sequence[Held[AgendaEntry]], key: str) -> Held[AgendaEntry] | None:
    return next((each for each in rows if each.id == key), None)


def _whose(entry: AgendaEntry, recipients: Sequence[RecipientEntry]) -> str:
    return next((each.name for each in recipients if each.id == entry.recipient), "")


def _why(refusal: Refusal) -> str:
    """The refusal in plain words."""
    if isinstance(refusal, LinkUnfit):
        return str(LINK_FAULTS[refusal.code])
    if isinstance(refusal, operations.AgendaTaken):
        return _("There is an agenda for the same already: change that one.")
    if isinstance(refusal, operations.AgendaUnfit):
        return str(WHY.get(str(refusal), WHY["remark"]))
    return str(REMOVED)


def _to_list(client: str, said: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('portal_elsewhere', args=[client])}?said={said}#t-page", status=303)


def _page(
    request: HttpRequest,
    form: Form,
    typed: dict[str, Any],
    *,
    shown: AgendaEntry | None = None,
    failed: str = "",
    changed: bool = False,
) -> HttpResponse:
    held = form.held
    theirs = held.entry if held is not None and changed else None
    context = {
        "client": form.view,
        "tab": "line",
        "key": form.key,
        "held": held,
        "theirs": theirs,
        "their_name": "" if theirs is None else _whose(theirs, form.recipients),
        "mark": held.mark if held is not None else NO_MARK,
        "typed": typed,
        "limits": LIMITS,
        "products": PRODUCTS,
        "recipients": form.recipients,
        "shown": shown,
        "shown_name": "" if shown is None else _whose(shown, form.recipients),
        "failed": failed,
        "changed": changed,
    }
    return render(request, "portal/elsewhere_one.html", context, status=422 if failed else 409 if changed else 200)
