# SPDX-License-Identifier: AGPL-3.0-or-later
"""What one press of a button would bring, shown before it is done where it brings something."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from permanence.clients.queries import ClientView
from permanence.clients.rules.compared import Compared
from permanence.clients.said_words import change_words


def first_look(
    request: HttpRequest, view: ClientView, found: Compared, *, again: str, carried: Mapping[str, str] | None = None
) -> HttpResponse:
    """The page that says what was found; unless it is a contradiction, its button `again` does it all the same.

    `carried`: what the form said besides, which goes on with it.
    """
    context = {"client": view, "tab": "line", "change": change_words(found), "again": again, "carried": carried or {}}
    return render(request, "portal/first_look.html", context, status=422)
