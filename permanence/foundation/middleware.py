# SPDX-License-Identifier: AGPL-3.0-or-later
"""Middleware of the common ground."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from permanence.foundation.models import Person


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


class HouseClock:
    """What a signed-in person reads is on the clock of her house; it goes with the answer. Stands after the one above.

    Her house is loaded with her, for the view asks for it anyway; an open page loads neither.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Whatever the view made of the clock is undone after it."""
        with timezone.override(None):
            return self._get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view_func: Callable[..., HttpResponseBase],  # noqa: ARG002 - Django's signature
        view_args: tuple[Any, ...],  # noqa: ARG002
        view_kwargs: dict[str, Any],  # noqa: ARG002
    ) -> None:
        """Put the clock; who she is, is known by now."""
        found = request.resolver_match
        if found is not None and found.view_name in settings.OPEN_PAGES:
            return
        if isinstance(request.user, Person):
            timezone.activate(ZoneInfo(request.user.house.time_zone))
