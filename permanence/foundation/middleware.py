# SPDX-License-Identifier: AGPL-3.0-or-later
"""Middleware of the common ground."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import translation


class PersonLanguageMiddleware:
    """A signed-in person reads the screens in her own language; before that the browser's language holds."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer `request` in the person's language."""
        language = getattr(request.user, "language", "") if request.user.is_authenticated else ""
        if not language:
            return self._get_response(request)
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self._get_response(request)
            response.headers["Content-Language"] = language
            return response
