# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of the console; included at the root of the site."""

from django.urls import path

from permanence.console import elsewhere, follow_ups, patients, place, reading, views

app_name = "console"
urlpatterns = [
    path("console", views.page, name="page"),
    path("console/ticket", views.ticket, name="ticket"),
    path("console/place", place.place, name="place"),
    path("console/keys", views.keys, name="keys"),
    path("console/messages", views.take_message, name="messages"),
    path("console/messages/<str:message>", views.one_message, name="message"),
    path("console/messages/<str:message>/send-again", views.send_again, name="send-again"),
    path("console/patients", patients.add_patient, name="patients"),
    path("console/fragments/patients", patients.patients_fragment, name="patients-fragment"),
    path("console/drafts", views.drafts, name="drafts"),
    path("console/drafts/<str:call>", views.draft, name="draft"),
    path("console/number", views.number, name="number"),
    path("console/fragments/messages", views.messages_fragment, name="messages-fragment"),
    path("console/instructions/to-read", reading.to_read, name="to-read"),
    path("console/instructions/<str:instruction>/<int:version>/read", reading.read, name="read"),
    path("console/elsewhere", elsewhere.record, name="elsewhere"),
    path("console/elsewhere/<str:key>", elsewhere.correct, name="elsewhere-correct"),
    path("console/elsewhere/<str:key>/undo", elsewhere.undo, name="elsewhere-undo"),
    path("console/fragments/elsewhere", elsewhere.todays, name="elsewhere-fragment"),
    path("console/follow-ups", follow_ups.page, name="follow-ups"),
    path("console/follow-ups/<str:follow_up>", follow_ups.done, name="follow-up"),
    path("console/history", views.history_fragment, name="history"),
]
