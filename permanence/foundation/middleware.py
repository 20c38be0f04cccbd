# SPDX-License-Identifier: AGPL-3.0-or-later
"""Middleware of the common ground."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class SignedInMiddleware(LoginRequiredMiddleware):
    """Every page wants a signed-in person, except those whose name stands in the setting `OPEN_PAGES`."""

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],
        view_args: tuple[Any, ...],
        view_kwargs: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Send an anonymous person to the sign-in page, unless the page is open."""
        found = request.resolver_match
        if found is not None and found.view_name in settings.OPEN_PAGES:
            return None
        return super().process_view(request, view_func, view_args, view_kwargs)
