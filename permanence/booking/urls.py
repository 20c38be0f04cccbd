# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of public booking: all open, all under the name of a page that is switched on."""

from django.urls import path

from permanence.booking import choosing, filling, offering, reminded, visiting

app_name = "booking"
urlpatterns = [
    path("o/<slug:link>", offering.show, name="offer"),
    path("rdv/<str:slug>/", choosing.show, name="page"),
    path("rdv/<str:slug>/times", choosing.times, name="times"),
    path("rdv/<str:slug>/form/<str:key>", filling.identity, name="form"),
    path("rdv/<str:slug>/form/<str:key>/code", filling.code, name="code"),
    path("rdv/<str:slug>/visit/<str:token>", visiting.show, name="visit"),
    path("rdv/<str:slug>/visit/<str:token>/appointment.ics", visiting.calendar, name="calendar"),
    path("rdv/<str:slug>/visit/<str:token>/move", visiting.move, name="move"),
    path("rdv/<str:slug>/visit/<str:token>/cancel", visiting.cancel, name="cancel"),
    path("r/<slug:link>", reminded.show, name="reminder"),
]
