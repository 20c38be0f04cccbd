# SPDX-License-Identifier: AGPL-3.0-or-later
"""The door of the provider of SMS."""

from django.urls import path

from permanence.api import sms

app_name = "sms"
urlpatterns = [path("hooks/sms/<slug:secret>", sms.hook, name="hook")]
