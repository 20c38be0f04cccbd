# SPDX-License-Identifier: AGPL-3.0-or-later
"""The wall between a person of the house and the clients she does not answer for.

`Who.may_see` decides, here it is enforced: a door that was asked for a thing of a client calls `demand`. What is not
hers is not there (404), and the audit trail keeps that she asked: `RefusalsInTheTrail` writes it, after the transaction
of the act, if there was one, has been undone. Of what another house has, and of a thing of one client that was asked
for as another's, nobody here knows more than that it is not there: that such a thing was asked for by its name is kept
too, in the house of whoever asked.
"""

from collections.abc import Callable

from django.http import Http404, HttpRequest, HttpResponse

from permanence.foundation import audit
from permanence.foundation.keys import NO_ROW, row_key
from permanence.foundation.models import Person
from permanence.foundation.who import Who, who_is
from permanence.kernel.system import SystemClock

CLOCK = SystemClock()
ASKED_IN_VAIN = "security.not_hers"
NOT_THERE = "security.not_there"
NAMING = ("portal_", "backstage:", "accounts:", "supervision:")
"""Doors, by the beginning of their names, at which a thing is asked for by its id. The console is none: it asks for
calls that are not recorded yet. Nor is what whoever has a secret address may open: the trail keeps no secret."""
SUBJECT_LIMIT = 80


class NotHers(Http404):
    """She asked for something of a client she does not answer for. `subject` is what: "calls.call:4"."""

    def __init__(self, *, subject: str, client: str | None) -> None:
        super().__init__("not there")
        self.subject = subject
        self.client = None if client is None or row_key(client) == NO_ROW else client


def demand(by: Who, *, client: str | None, subject: str) -> None:
    """Lets pass who may see this client's things (None: of no client). Raises NotHers."""
    if not by.may_see(client):
        raise NotHers(subject=subject, client=client)


class RefusalsInTheTrail:
    """Middleware: whoever asked in vain stands in the audit trail."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing to do where nothing was refused."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """Note it; Django then answers 404."""
        if not isinstance(request.user, Person):
            return
        if isinstance(exception, NotHers):
            self._note(request.user, ASKED_IN_VAIN, exception.subject, client=exception.client)
        elif isinstance(exception, Http404) and (named := _named(request)):
            self._note(request.user, NOT_THERE, named, client=None)

    def _note(self, person: Person, action: str, subject: str, *, client: str | None) -> None:
        audit.note(by=who_is(person), at=CLOCK.now(), action=action, subject=subject[:SUBJECT_LIMIT], client=client)


def _named(request: HttpRequest) -> str:
    """The door and the ids that it was asked for: "portal_message:42"; "" where none is named."""
    match = request.resolver_match
    if match is None or not match.view_name.startswith(NAMING):
        return ""
    ids = [str(each) for each in (*match.args, *match.kwargs.values(), *request.GET.getlist("client"))]
    # PostgreSQL takes no NUL, and who asks writes what he likes.
    return ":".join([match.view_name, *ids]).replace("\x00", "") if ids else ""
