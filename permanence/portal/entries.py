# SPDX-License-Identifier: AGPL-3.0-or-later
"""One contact or one site in the portal: typed, looked at as on the card, saved; who comes second sees both."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from permanence.clients import approvals, directory_operations
from permanence.clients.directory_operations import DirectoryFull, EntryChanged, EntryTaken, EntryUnfit, EntryUnknown
from permanence.clients.directory_queries import Held, held_contacts, held_sites
from permanence.clients.directory_rules import MOST_NUMBERS, Lift, NumberFor, mark_of
from permanence.clients.queries import ClientView
from permanence.clients.rules.approvals import ProposalKind
from permanence.countries.numbers import NotANumber, parse_number, spell_number
from permanence.foundation.who import Who, portal_only
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.portal.account import own
from permanence.portal.directory import FAILED, to_directory
from permanence.reception.table import ContactEntry, SiteEntry

_CLOCK = SystemClock()
_ENTROPY = SystemEntropy()
NEW = "new"
LIMITS = {
    "contact": {"name": 120, "function": 80, "may_say": 300},
    "site": {"name": 80, "address": 300, "access": 300, "parking": 200, "floor": 40, "hours": 200},
}
"""Characters of each text, as the tables have them."""
NO_MARK = mark_of(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """Which form: of a "contact" or a "site", of which client, at which address, of which row (None: a new one)."""

    what: str
    view: ClientView
    key: str
    held: Held[Any] | None


class NumberUnclear(Refusal):
    """What was typed is no telephone number; the text is its reason."""

    code = "number_unclear"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def contact(request: HttpRequest, client: str, contact: str) -> HttpResponse:
    """One contact, or "new". POST `step=check` shows him as on the card; `step=save` saves, or has it wait."""
    by, view = own(request, client)
    held = _find(held_contacts(house=by.house, client=client), contact)
    typed, form = _typed_contact(request, held), Form(what="contact", view=view, key=contact, held=held)
    if request.method != "POST":
        if held is None and contact != NEW:
            raise Http404
        return _page(request, form, typed)
    return _answer(request, form, typed, by=by)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@portal_only
def site(request: HttpRequest, client: str, site: str) -> HttpResponse:
    """One site, or "new"; as `contact`."""
    by, view = own(request, client)
    held = _find(held_sites(house=by.house, client=client), site)
    typed, form = _typed_site(request, held), Form(what="site", view=view, key=site, held=held)
    if request.method != "POST":
        if held is None and site != NEW:
            raise Http404
        return _page(request, form, typed)
    return _answer(request, form, typed, by=by)


@require_POST
@portal_only
def remove_contact(request: HttpRequest, client: str, contact: str) -> HttpResponse:
    """The directory has him no longer, if he is still as the page showed him."""
    by, view = own(request, client)
    held = _find(held_contacts(house=by.house, client=client), contact)
    if held is None:
        raise Http404
    form = Form(what="contact", view=view, key=contact, held=held)
    body = {"name": held.entry.name, "began_from": request.POST.get("mark", "")}
    kind, at = ProposalKind.CONTACT_REMOVED, _CLOCK.now()
    try:
        waits = approvals.submit(client=client, kind=kind, body=body, by=by, at=at, entropy=_ENTROPY)
    except (EntryChanged, EntryUnknown):
        return _page(request, form, _of_contact(held.entry), changed=True)
    except approvals.TooManyWaiting as refusal:
        failed = str(FAILED[type(refusal)])
        return _page(request, form, _of_contact(held.entry), failed=failed)
    return to_directory(client, "waits" if waits else "removed")


@require_POST
@portal_only
def remove_site(request: HttpRequest, client: str, site: str) -> HttpResponse:
    """The client has that site no longer, if it is still as the page showed it."""
    by, view = own(request, client)
    held = _find(held_sites(house=by.house, client=client), site)
    if held is None:
        raise Http404
    mark, form = request.POST.get("mark", ""), Form(what="site", view=view, key=site, held=held)
    try:
        directory_operations.remove_site(client=client, name=held.entry.name, began_from=mark, by=by, at=_CLOCK.now())
    except (EntryChanged, EntryUnknown):
        return _page(request, form, asdict(held.entry), changed=True)
    return to_directory(client, "removed")


def _answer(request: HttpRequest, form: Form, typed: dict[str, Any], *, by: Who) -> HttpResponse:
    """To a form that was sent."""
    held, client = form.held, form.view.id
    if held is None and form.key != NEW:  # removed while it was written on
        gone = _("It was removed while you wrote. Your words stand below: saved again, they are a new entry.")
        return _page(request, replace(form, key=NEW), typed, failed=gone)
    mark = request.POST.get("mark", "")
    try:
        shown = _entry(form.what, typed, form.view)
        if mark != (held.mark if held else NO_MARK):
            return _page(request, form, typed, shown=shown, changed=True)
        if request.POST.get("step") != "save":
            return _page(request, form, typed, shown=shown)
        waits = _save(form, shown, mark, by=by)
    except EntryChanged:
        found: Any = held_contacts if form.what == "contact" else held_sites
        later: Any = _find(found(house=by.house, client=client), form.key)
        return _page(request, replace(form, key=form.key if later else NEW, held=later), typed, changed=True)
    except (NumberUnclear, EntryUnfit, EntryTaken, EntryUnknown, DirectoryFull, approvals.TooManyWaiting) as refusal:
        return _page(request, form, typed, failed=_why(refusal))
    return to_directory(client, "waits" if waits else "saved")


def _save(form: Form, entry: Any, mark: str, *, by: Who) -> str:
    """The id of the proposal that waits, "" when it is saved."""
    at, client = _CLOCK.now(), form.view.id
    instead_of = form.held.entry.name if form.held else ""
    if form.what == "site":
        directory_operations.put_site(client=client, site=entry, instead_of=instead_of, began_from=mark, by=by, at=at)
        return ""
    body = {name: value for name, value in asdict(entry).items() if name != "shown"}
    body |= {"instead_of": instead_of, "began_from": mark}
    kind = ProposalKind.CONTACT
    return approvals.submit(client=client, kind=kind, body=body, by=by, at=at, entropy=_ENTROPY)


def _find[E: SiteEntry | ContactEntry](rows: Sequence[Held[E]], key: str) -> Held[E] | None:
    return next((each for each in rows if each.id == key), None)


def _typed_contact(request: HttpRequest, held: Held[ContactEntry] | None) -> dict[str, Any]:
    if request.method != "POST":
        return _of_contact(held.entry if held else ContactEntry(name=""))
    found: dict[str, Any] = {name: typed_line(request, name) for name in ("name", "function", "may_say", "number_for")}
    found["numbers"] = [each.strip() for each in request.POST.getlist("numbers")][: MOST_NUMBERS + 1]
    return found


def _of_contact(entry: ContactEntry) -> dict[str, Any]:
    return {**asdict(entry), "numbers": list(entry.shown)}


def _typed_site(request: HttpRequest, held: Held[SiteEntry] | None) -> dict[str, Any]:
    if request.method != "POST":
        return asdict(held.entry if held else SiteEntry(name=""))
    return {name: typed_line(request, name) for name in (*LIMITS["site"], "lift")}


def typed_line(request: HttpRequest, name: str) -> str:
    """What was typed, on one line."""
    return " ".join(request.POST.get(name, "").replace("\x00", "").split())


def _entry(what: str, typed: dict[str, Any], view: ClientView) -> Any:
    """What was typed as the card has it. Raises EntryUnfit, NumberUnclear, DirectoryFull."""
    for name, limit in LIMITS[what].items():
        if len(typed[name]) > limit or (name == "name" and not typed[name]):
            raise EntryUnfit(name)
    if what == "site":
        if typed["lift"] not in set(Lift):
            raise EntryUnfit("lift")
        return SiteEntry(**typed)
    if typed["number_for"] not in set(NumberFor):
        raise EntryUnfit("number_for")
    if len([each for each in typed["numbers"] if each]) > MOST_NUMBERS:
        raise DirectoryFull(typed["name"])
    numbers = []
    for text in filter(None, typed["numbers"]):
        try:
            numbers.append(parse_number(text, country=view.country))
        except NotANumber as error:
            raise NumberUnclear(text[:40]) from error
    found = list(dict.fromkeys(numbers))
    shown = tuple(spell_number(each, country=view.country) for each in found)
    entry = ContactEntry(**{**typed, "numbers": tuple(str(each) for each in found)})
    return replace(entry, shown=shown)


def _why(refusal: Refusal) -> str:
    """The refusal in plain words."""
    if isinstance(refusal, NumberUnclear):
        return _("“%(number)s” is no telephone number.") % {"number": str(refusal)}
    if isinstance(refusal, EntryUnfit):
        return _("Write a name.") if str(refusal) == "name" else _("Something is too long, or none of the choices.")
    if isinstance(refusal, EntryTaken):
        return _("Another entry has that name.")
    if isinstance(refusal, EntryUnknown):
        return _("It was removed while you wrote.")
    return str(FAILED.get(type(refusal), FAILED[DirectoryFull]))


def _page(
    request: HttpRequest,
    form: Form,
    typed: dict[str, Any],
    *,
    shown: Any = None,
    failed: str = "",
    changed: bool = False,
) -> HttpResponse:
    held = form.held
    context = {
        "client": form.view,
        "tab": "line",
        "key": form.key,
        "held": held,
        "theirs": held.entry if held is not None and changed else None,
        "mark": held.mark if held is not None else NO_MARK,
        "typed": typed,
        "limits": LIMITS[form.what],
        "shown": shown,
        "failed": failed,
        "changed": changed,
    }
    if form.what == "contact":
        context["numbers"] = [*typed["numbers"], *[""] * MOST_NUMBERS][:MOST_NUMBERS]
    return render(request, f"portal/{form.what}.html", context, status=422 if failed else 409 if changed else 200)
