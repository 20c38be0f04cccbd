# SPDX-License-Identifier: AGPL-3.0-or-later
"""The addresses the console's tests need: signing in, and the console."""

from django.urls import include, path

urlpatterns = [
    path("", include("permanence.foundation.login_urls")),
    path("", include("permanence.console.urls")),
]
