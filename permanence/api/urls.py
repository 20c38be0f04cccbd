# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses for other programs; included at the root of the site."""

from django.urls import path

from permanence.api import calendars, feeds

urlpatterns = [
    path("calendars/<slug:secret>.ics", feeds.feed, name="calendar_feed"),
    path(".well-known/caldav", calendars.discover, name="dav_discovery"),
    path("dav/<path:path>", calendars.calendars, name="dav_inside"),
    path("dav/", calendars.calendars, {"path": ""}, name="dav"),
]
