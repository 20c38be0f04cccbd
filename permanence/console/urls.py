# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of the console; included at the root of the site."""

from django.urls import path

from permanence.console import (
    agenda_acts,
    agenda_pages,
    elsewhere,
    follow_ups,
    patients,
    place,
    reading,
    red_flags,
    views,
)

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
    path("console/red-flags", red_flags.note, name="red-flags"),
    path("console/elsewhere", elsewhere.record, name="elsewhere"),
    path("console/elsewhere/<str:key>", elsewhere.correct, name="elsewhere-correct"),
    path("console/elsewhere/<str:key>/undo", elsewhere.undo, name="elsewhere-undo"),
    path("console/fragments/elsewhere", elsewhere.todays, name="elsewhere-fragment"),
    path("console/agenda", agenda_pages.page, name="agenda"),
    path("console/agenda/setting", agenda_pages.setting, name="agenda-setting"),
    path("console/agenda/start", agenda_pages.start, name="agenda-start"),
    path("console/agenda/why", agenda_pages.why, name="agenda-why"),
    path("console/agenda/hold", agenda_acts.hold, name="agenda-hold"),
    path("console/agenda/release", agenda_acts.release, name="agenda-release"),
    path("console/agenda/book", agenda_acts.book, name="agenda-book"),
    path("console/agenda/move", agenda_acts.move, name="agenda-move"),
    path("console/agenda/cancel", agenda_acts.cancel, name="agenda-cancel"),
    path("console/agenda/mark", agenda_acts.mark, name="agenda-mark"),
    path("console/fragments/agenda", agenda_pages.grid, name="agenda-grid"),
    path("console/fragments/agenda/lane", agenda_pages.lane, name="agenda-lane"),
    path("console/fragments/agenda/slots", agenda_pages.slots, name="agenda-slots"),
    path("console/follow-ups", follow_ups.page, name="follow-ups"),
    path("console/follow-ups/<str:follow_up>", follow_ups.done, name="follow-up"),
    path("console/history", views.history_fragment, name="history"),
]
