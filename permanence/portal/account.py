# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whose line a page of the portal is about: the client of the address, if the signed-in person is one of his."""

import hashlib
from collections.abc import Iterable

from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.urls import reverse

from permanence.clients import queries as clients
from permanence.clients.queries import ClientView, PortalAccess
from permanence.foundation.access import NotHers
from permanence.foundation.who import Who, who
from permanence.kernel.refusals import Refusal


class ChangedSince(Refusal):
    """Somebody else has changed what the form began from: nothing is saved, both are shown."""

    code = "changed_since"


def own(request: HttpRequest, client: str) -> tuple[Who, ClientView]:
    """The person and his client. Another client of the house is NotHers, which is 404 and an entry in the audit trail;
    another house's and one that never was are 404 alone.
    """
    by, view, _all = own_of_all(request, client)
    return by, view


def own_of_all(request: HttpRequest, client: str) -> tuple[Who, ClientView, tuple[PortalAccess, ...]]:
    """The person, his client, and all that he may open. Raises as `own`."""
    by = who(request)
    every = clients.portal_access(house=by.house, person=by.person)
    for access in every:
        if access.client.id == client:
            return by, access.client, every
    try:
        clients.client(house=by.house, client=client)
    except clients.ClientUnknown as unknown:
        raise Http404(client) from unknown
    raise NotHers(subject=f"portal.line:{client}", client=client)


def basis(parts: Iterable[object]) -> str:
    """A mark of what a form began from: it differs as soon as somebody else has changed it."""
    return hashlib.sha256(repr(tuple(parts)).encode()).hexdigest()[:16]


def demand_basis(given: str, now: str) -> None:
    """Lets pass who began from what stands there now. Raises ChangedSince.

    Called inside the change itself, where nobody else can change the client between this look and the save.
    """
    if given != now:
        raise ChangedSince(given[:16])


def back(client: str, saved: str) -> HttpResponseRedirect:
    """To the top of the line's page, which says what was saved. By GET (RFC 9110, 15.4.4): a reload repeats nothing."""
    return HttpResponseRedirect(f"{reverse('portal_line', args=[client])}?saved={saved}#t-page", status=303)
