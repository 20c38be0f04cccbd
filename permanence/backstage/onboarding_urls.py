# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of the page on which a client is set up; included under the back office, before Django's own."""

from django.urls import path

from permanence.backstage import onboarding

app_name = "onboarding"
urlpatterns = [
    path("", onboarding.overview, name="clients"),
    path("<str:client>", onboarding.page, name="page"),
    path("<str:client>/<str:act>", onboarding.act, name="act"),
]
