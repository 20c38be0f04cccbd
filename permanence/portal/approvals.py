# SPDX-License-Identifier: AGPL-3.0-or-later
"""What waits for a second person: seen by both, approved, refused with a cause, or taken back by who made it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from permanence.clients import approval_queries, approvals, validation_queries
from permanence.clients import queries as clients
from permanence.clients.approval_context import in_context
from permanence.clients.approval_queries import ProposalView
from permanence.clients.approval_words import Shown, shown
from permanence.clients.queries import ClientFile, PortalAccess
from permanence.clients.rules.approvals import CAUSE_LIMIT, ProposalState
from permanence.foundation.who import Who, portal_only, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock
from permanence.portal.account import own
from permanence.portal.waiting import is_doctor

_CLOCK = SystemClock()
SAID = {
    "approved": gettext_lazy("It is approved and holds from the next call on."),
    "refused": gettext_lazy("It is refused; who made it sees your reason."),
    "taken_back": gettext_lazy("It is taken back."),
    "overtaken": gettext_lazy("It could not be done; the reason stands below."),
}
REFUSALS = {
    approvals.ProposalOver: gettext_lazy("It was decided meanwhile, or has lapsed."),
    approvals.SamePerson: gettext_lazy("You made this change yourself: another person approves it."),
    approvals.NotTheAuthor: gettext_lazy("Only who made the change takes it back."),
    approvals.CauseMissing: gettext_lazy("Say in a few words why you refuse."),
}


@never_cache
@require_safe
@portal_only
def overview(request: HttpRequest) -> HttpResponse:
    """Everything that waits at his clients, and what was decided lately. `?part=list` gives the list alone."""
    by, at = who(request), _CLOCK.now()
    access = clients.portal_access(house=by.house, person=by.person)
    found = approval_queries.proposals(house=by.house, clients=[each.client.id for each in access], at=at)
    files = {key: clients.client_file(house=by.house, client=key, at=at) for key in {each.client for each in found}}
    rows = [_shown(each, files[each.client], by=by, at=at) for each in found]
    flags = [
        (each, listed, is_doctor(each))
        for each in access
        for listed in validation_queries.flag_lists(house=by.house, client=each.client.id, at=at)
        if listed.waits
    ]
    context = {
        "tab": "approvals",
        "client": access[0].client if len(access) == 1 else None,
        "several": len(access) > 1,
        "flags": flags,
        "validates": any(may for _access, _listed, may in flags),
        "others": [each for each in rows if each.view.waits and each.view.author != by.person],
        "mine": [each for each in rows if each.view.waits and each.view.author == by.person],
        "over": [each for each in rows if not each.view.waits],
        "topics": " ".join(f"client/{each.client.id}/approvals" for each in access),
    }
    part = request.GET.get("part") == "list"
    return render(request, "portal/approvals_list.html" if part else "portal/approvals.html", context)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited:
    """One thing that waits for the signed-in person's word, and the page where he gives it."""

    words: str
    address: str


def awaited(by: Who, access: Sequence[PortalAccess], *, at: datetime) -> tuple[Awaited, ...]:
    """For the portal's first page: red flags to validate, then changes of others, the oldest first."""
    waiting, scripted = approval_queries.may_wait(house=by.house, clients=[each.client.id for each in access], at=at)
    flags = [
        Awaited(
            words=_("Red flags to validate: %(name)s") % {"name": each.client.name},
            address=reverse("portal_flags", args=[each.client.id]),
        )
        for each in access
        if is_doctor(each)
        and each.client.id in scripted
        and validation_queries.count_unvalidated(house=by.house, client=each.client.id, at=at)
    ]
    found = approval_queries.proposals(house=by.house, clients=waiting, at=at) if waiting else ()
    waits = [each for each in found if each.waits and each.author != by.person]
    files = {key: clients.client_file(house=by.house, client=key, at=at) for key in {each.client for each in waits}}
    changes = [
        Awaited(
            words=_("To approve: %(what)s") % {"what": _shown(each, files[each.client], by=by, at=at).title},
            address=reverse("portal_approval", args=[each.id]),
        )
        for each in waits
    ]
    return (*flags, *changes)


@never_cache
@require_safe
@portal_only
def one(request: HttpRequest, proposal: str) -> HttpResponse:
    """One of them: what changes, how the card will look, and what he can do about it."""
    by, at = who(request), _CLOCK.now()
    return _page(request, by, _own(request, by, proposal, at=at), at=at)


@require_POST
@portal_only
def approve(request: HttpRequest, proposal: str) -> HttpResponse:
    """He stands for it too: it is done."""

    def act(client: str, by: Who, at: datetime) -> str:
        return approvals.approve(client=client, proposal=proposal, by=by, at=at).value

    return _done(request, proposal, act)


@require_POST
@portal_only
def refuse(request: HttpRequest, proposal: str) -> HttpResponse:
    """He does not, and says why."""

    def act(client: str, by: Who, at: datetime) -> str:
        approvals.refuse(client=client, proposal=proposal, cause=request.POST.get("cause", ""), by=by, at=at)
        return ProposalState.REFUSED.value

    return _done(request, proposal, act)


@require_POST
@portal_only
def take_back(request: HttpRequest, proposal: str) -> HttpResponse:
    """Who made it does not want it any more."""

    def act(client: str, by: Who, at: datetime) -> str:
        approvals.take_back(client=client, proposal=proposal, by=by, at=at)
        return ProposalState.TAKEN_BACK.value

    return _done(request, proposal, act)


def _done(request: HttpRequest, key: str, act: Callable[[str, Who, datetime], str]) -> HttpResponse:
    by, at = who(request), _CLOCK.now()
    found = _own(request, by, key, at=at)
    try:
        said = act(found.client, by, at)
    except tuple(REFUSALS) as refusal:
        return _page(request, by, _own(request, by, key, at=at), at=at, failed=_why(refusal))
    return HttpResponseRedirect(f"{reverse('portal_approval', args=[key])}?said={said}#t-page", status=303)


def _own(request: HttpRequest, by: Who, key: str, *, at: datetime) -> ProposalView:
    """A proposal at one of his clients. Raises Http404, NotHers for one of another client of the house."""
    found = approval_queries.proposal(house=by.house, proposal=key, at=at)
    if found is None:
        raise Http404(key)
    own(request, found.client)
    return found


def _shown(view: ProposalView, file: ClientFile, *, by: Who, at: datetime) -> Shown:
    return shown(view, file, house=by.house, at=at)


def _page(request: HttpRequest, by: Who, view: ProposalView, *, at: datetime, failed: str = "") -> HttpResponse:
    file = clients.client_file(house=by.house, client=view.client, at=at)
    later = approvals.look_ahead(client=view.client, proposal=view.id, by=by, at=at) if view.waits else None
    context = {
        "tab": "approvals",
        "client": file.view,
        "shown": _shown(view, file, by=by, at=at),
        "whole": in_context(view, file, later) if view.waits else None,
        "is_mine": view.author == by.person,
        "limit": CAUSE_LIMIT,
        "cause": request.POST.get("cause", "")[:CAUSE_LIMIT],
        "said": SAID.get(request.GET.get("said", ""), ""),
        "failed": failed,
    }
    return render(request, "portal/approval.html", context, status=422 if failed else 200)


def _why(refusal: Refusal) -> str:
    return str(REFUSALS.get(type(refusal), _("This cannot be done.")))
