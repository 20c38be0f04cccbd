# SPDX-License-Identifier: AGPL-3.0-or-later
"""The requests of a page are those of the person it was made for.

A browser has one session: when somebody else signs in in another tab, the page that is still open would act under the
new name. So the page says in every request whom it was made for (`X-Person`), and another person's is refused with 409,
`{"code": "other_person", "name", "why"}`, before anything is read or written.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from permanence.foundation.who import secretary_only, who

HEADER = "X-Person"


def own_page_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """Opens a view to the secretaries; a request of a page that was made for somebody else gets 409."""
    guarded = secretary_only(view)

    @wraps(view)
    def asked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        made_for = request.headers.get(HEADER)
        if made_for is not None and request.user.is_authenticated and made_for != who(request).person:
            name = who(request).name
            why = _("Signed in now in this browser: %(name)s. Nothing was saved.") % {"name": name}
            return JsonResponse({"code": "other_person", "name": name, "why": why}, status=409)
        return guarded(request, *args, **kwargs)

    return asked
