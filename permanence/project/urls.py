# SPDX-License-Identifier: AGPL-3.0-or-later
"""The addresses of the site: each room of screens brings its own; the root sends a person to her own screen."""

from django.urls import URLPattern, URLResolver, include, path

from permanence.backstage.admin import site

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("permanence.foundation.login_urls")),
    path("", include("permanence.console.urls")),
    path("", include("permanence.portal.urls")),
    path("", include("permanence.supervision.urls")),
    path("", include("permanence.api.sms_urls")),
    path("", include("permanence.api.urls")),
    path("", include("permanence.booking.urls")),
    path("fhir/", include("permanence.api.fhir.urls")),
    path("backstage/accounts/", include("permanence.backstage.account_urls")),
    path("backstage/onboarding/", include("permanence.backstage.onboarding_urls")),
    path("backstage/", site.urls),
]
