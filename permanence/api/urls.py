# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses for other programs; included at the root of the site."""

from django.urls import path

from permanence.api import feeds

urlpatterns = [
    path("calendars/<slug:secret>.ics", feeds.feed, name="calendar_feed"),
]
