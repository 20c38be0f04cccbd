# SPDX-License-Identifier: AGPL-3.0-or-later
"""What waits for a second person, on the client's page: a supervisor or the owner may be that person."""

from datetime import datetime

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from permanence.backstage.account_views import client_or_404, doors
from permanence.clients import approval_queries, approvals, queries
from permanence.clients.approval_context import in_context
from permanence.clients.approval_words import shown
from permanence.clients.rules.approvals import CAUSE_LIMIT, ProposalState
from permanence.foundation.who import Who, supervisor_only, who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
SAID = {
    ProposalState.APPROVED: gettext_lazy("It is approved and holds from the next call on."),
    ProposalState.REFUSED: gettext_lazy("It is refused; who made it sees your reason."),
    ProposalState.TAKEN_BACK: gettext_lazy("It is taken back."),
    ProposalState.OVERTAKEN: gettext_lazy("It could not be done; the reason stands below."),
}
REFUSALS = {
    approvals.ProposalOver: gettext_lazy("It was decided meanwhile, or has lapsed."),
    approvals.SamePerson: gettext_lazy("You made this change yourself: another person approves it."),
    approvals.NotTheAuthor: gettext_lazy("Only who made the change takes it back."),
    approvals.CauseMissing: gettext_lazy("Say in a few words why you refuse."),
}


class NothingAsked(Refusal):
    """The form names no act of this page."""

    code = "nothing_asked"


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@supervisor_only
def approval(request: HttpRequest, client: str, proposal: str) -> HttpResponse:
    """One of them; POST `act` approves, refuses with a cause, or takes it back."""
    by, at = who(request), CLOCK.now()
    row = client_or_404(by, client)
    found = approval_queries.proposal(house=by.house, proposal=proposal, at=at)
    if found is None or found.client != str(row.pk):
        raise Http404(proposal)
    failed = ""
    if request.method == "POST":
        try:
            messages.info(request, str(SAID[_decide(request, found.client, proposal, by=by, at=at)]))
            return HttpResponseRedirect(reverse("accounts:approval", args=[client, proposal]), status=303)
        except (*REFUSALS, NothingAsked) as refusal:
            failed = str(REFUSALS.get(type(refusal), _("Choose what is to be done.")))
    file = queries.client_file(house=by.house, client=found.client, at=at)
    later = approvals.look_ahead(client=found.client, proposal=proposal, by=by, at=at) if found.waits else None
    context = {
        "client": row,
        "whole": in_context(found, file, later) if found.waits else None,
        "shown": shown(found, file, house=by.house, at=at),
        "is_mine": found.author == by.person,
        "limit": CAUSE_LIMIT,
        "failed": failed,
        "cause": request.POST.get("cause", "")[:CAUSE_LIMIT],
    }
    return render(request, "backstage/accounts/approval.html", {**context, **doors(by)}, status=422 if failed else 200)


def _decide(request: HttpRequest, client: str, proposal: str, *, by: Who, at: datetime) -> ProposalState:
    act = request.POST.get("act", "")
    if act == "approve":
        return approvals.approve(client=client, proposal=proposal, by=by, at=at)
    if act == "refuse":
        cause = request.POST.get("cause", "")
        approvals.refuse(client=client, proposal=proposal, cause=cause, by=by, at=at)
        return ProposalState.REFUSED
    if act == "take_back":
        approvals.take_back(client=client, proposal=proposal, by=by, at=at)
        return ProposalState.TAKEN_BACK
    raise NothingAsked(act)
