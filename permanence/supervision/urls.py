# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of the supervisor's screens; included at the root of the site."""

from django.urls import path

from permanence.supervision import replay, sent, views

app_name = "supervision"
urlpatterns = [
    path("supervision/calls", views.calls, name="calls"),
    path("supervision/calls.csv", views.export, name="export"),
    path("supervision/appointments.csv", views.appointments, name="appointments"),
    path("supervision/instructions", replay.to_read, name="instructions"),
    path("supervision/sent", sent.page, name="sent"),
    path("supervision/calls/<str:call>", replay.call, name="call"),
    path("supervision/calls/<str:call>/called-back", views.called_back, name="called-back"),
    path("supervision/calls/<str:call>/not-called-back", views.not_called_back, name="not-called-back"),
    path("supervision/messages/<str:message>/send-again", views.send_again, name="send-again"),
]
