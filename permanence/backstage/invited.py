# SPDX-License-Identifier: AGPL-3.0-or-later
"""Invitations in the back office: where one stands, in words; sending it again; taking it back."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from permanence.foundation import dates, invitations
from permanence.foundation.keys import row_key
from permanence.foundation.models import Invitation, Person
from permanence.foundation.rules import InvitationState
from permanence.foundation.who import who
from permanence.kernel.refusals import Refusal
from permanence.kernel.system import SystemClock, SystemEntropy

CLOCK = SystemClock()
ENTROPY = SystemEntropy()


def words(row: Invitation | None) -> str:
    """Where an invitation stands; "" when the person was never invited."""
    if row is None:
        return ""
    state = invitations.state_of(row, at=CLOCK.now())
    facts = {"until": _when(row.expires_at), "sent": _when(row.sent_at or row.made_at), "why": row.why}
    facts["at"] = _when(row.accepted_at or row.revoked_at or row.made_at)
    said = {
        InvitationState.PENDING: _("The mail of the invitation is on its way. %(why)s"),
        InvitationState.SENT: _("Invited %(sent)s; the link is good until %(until)s."),
        InvitationState.FAILED: _("The mail of the invitation could not be sent: %(why)s"),
        InvitationState.EXPIRED: _("The invitation ended %(until)s and was not used."),
        InvitationState.REVOKED: _("The invitation was taken back %(at)s."),
        InvitationState.ACCEPTED: _("The invitation was accepted %(at)s."),
    }[state]
    return (said % facts).strip()


def shown(request: HttpRequest, person: str) -> dict[str, Any]:
    """What the page of a person shows of her invitation. Two queries."""
    row = Person.objects.for_house(who(request).house_key).filter(pk=row_key(person)).first()
    if row is None or row.has_usable_password():
        return {}
    last = invitations.last_invitation(house=who(request).house, person=str(row.pk))
    is_open = last is not None and last.accepted_at is None and last.revoked_at is None
    sentence = words(last) or _("This person has no password yet and was not invited.")
    return {"invitation": sentence, "invitation_open": is_open, "invited_person": row.pk}


def send(request: HttpRequest, person: str) -> HttpResponse:
    """A mail with a new link."""
    by, key = who(request), _person(request, person)
    try:
        invitations.send_invitation(person=key, by=by, at=CLOCK.now(), entropy=ENTROPY)
    except invitations.HasAPassword:
        messages.info(request, _("This person has a password already."))
    else:
        messages.success(request, _("The invitation is on its way. An earlier link is good no longer."))
    return redirect("admin:foundation_person_change", person)


def revoke(request: HttpRequest, person: str) -> HttpResponse:
    """The link opens nothing any more."""
    by, key = who(request), _person(request, person)
    try:
        invitations.revoke_invitation(person=key, by=by, at=CLOCK.now())
    except Refusal:
        messages.info(request, _("There is no invitation to take back."))
    else:
        messages.success(request, _("The invitation is taken back: its link opens nothing."))
    return redirect("admin:foundation_person_change", person)


def _person(request: HttpRequest, person: str) -> str:
    if not Person.objects.for_house(who(request).house_key).filter(pk=row_key(person)).exists():
        raise Http404(person)
    return person


def _when(at: Any) -> str:
    return dates.short_moment(timezone.localtime(at))
