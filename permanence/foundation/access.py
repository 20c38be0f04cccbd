# SPDX-License-Identifier: AGPL-3.0-or-later
"""The wall between a person of the house and the clients she does not answer for.

`Who.may_see` decides, here it is enforced: a door that was asked for a thing of a client calls `demand`. What is not
hers is not there (404), and the audit trail keeps that she asked: `RefusalsInTheTrail` writes it, after the transaction
of the act, if there was one, has been undone.
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
        if isinstance(exception, NotHers) and isinstance(request.user, Person):
            audit.note(
                by=who_is(request.user),
                at=CLOCK.now(),
                action=ASKED_IN_VAIN,
                subject=exception.subject[:SUBJECT_LIMIT],
                client=exception.client,
            )
