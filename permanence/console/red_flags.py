# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page tells of red flags: heard, said to the caller, not said, or dismissed and why."""

from dataclasses import fields

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from permanence.calls import flag_operations as operations
from permanence.clients import queries as clients
from permanence.console.own_page import own_page_only
from permanence.console.views import answers_in_json, json_body, text_of
from permanence.foundation import access
from permanence.foundation.who import who
from permanence.kernel.system import SystemClock

_CLOCK = SystemClock()


@require_POST
@own_page_only
@answers_in_json
def note(request: HttpRequest) -> HttpResponse:
    """Keeps with its call that a red flag was heard, or what became of it. Told again, it stays as it was."""
    by, data = who(request), json_body(request)
    form = operations.FlagForm(**{each.name: text_of(data, each.name) for each in fields(operations.FlagForm)})
    client = text_of(data, "client")
    try:
        operations.note_red_flag(client=client, by=by, at=_CLOCK.now(), form=form)
    except clients.ClientUnknown as refusal:
        raise access.NotHers(subject="calls.redflagnote", client=client) from refusal
    return HttpResponse(status=204)
