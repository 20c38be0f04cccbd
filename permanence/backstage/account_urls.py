# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of the clients' pages beside Django's admin; included under /backstage/accounts/."""

from django.urls import path

from permanence.backstage import account_views as views
from permanence.backstage import (
    agenda_calendars,
    agenda_given,
    agenda_import,
    approval_views,
    ending_views,
    interface_views,
    new_client,
    patient_views,
    template_views,
    transfer_views,
    use_views,
)
from permanence.backstage import agenda_views as agendas
from permanence.backstage import announcement_views as announcements

app_name = "accounts"
urlpatterns = [
    path("", views.client_list, name="list"),
    path("new", new_client.new, name="new"),
    path("transfers", transfer_views.transfers, name="transfers"),
    path("import", transfer_views.import_now, name="import"),
    path("export", transfer_views.export, name="export"),
    path("quarantine", ending_views.resting_numbers, name="quarantine"),
    path("quarantine/lift", ending_views.lift, name="lift"),
    path("<str:client>/end", ending_views.end, name="end"),
    path("<str:client>/end/withdraw", ending_views.withdraw, name="end-withdraw"),
    path("<str:client>/take-away", ending_views.take_away, name="take-away"),
    path("<str:client>/take-up", ending_views.take_up, name="take-up"),
    path("<str:client>/approvals/<str:proposal>", approval_views.approval, name="approval"),
    path("<str:client>/copy", template_views.copy, name="copy"),
    path("<str:client>/cards", transfer_views.export_cards, name="cards"),
    path("<str:client>/announcements", announcements.page, name="announcements"),
    path("<str:client>/announcements/add", announcements.add, name="announcement-add"),
    path("<str:client>/announcements/<str:announcement>/uses", announcements.uses, name="announcement-uses"),
    path("<str:client>/announcements/<str:announcement>/end", announcements.withdraw, name="announcement-end"),
    path("<str:client>/announcements/<str:announcement>.wav", announcements.audio, name="announcement-audio"),
    path("<str:client>/agendas", agendas.overview, name="agendas"),
    path("<str:client>/agendas/begin", agendas.begin, name="agenda-begin"),
    path("<str:client>/agendas/rooms", agendas.add_room, name="agenda-room"),
    path("<str:client>/agendas/rooms/<str:resource>/end", agendas.end_room, name="agenda-room-end"),
    path("<str:client>/agendas/calendars", agenda_given.page, name="agendas-given"),
    path("<str:client>/agendas/devices/<str:device>/revoke", agenda_given.revoke_device, name="device-revoke"),
    path(
        "<str:client>/agendas/<str:agenda>/feeds/<str:feed>/revoke",
        agenda_given.revoke_feed,
        name="feed-revoke",
    ),
    path("<str:client>/agendas/<str:agenda>/import", agenda_import.bring_in, name="agenda-import"),
    path("<str:client>/agendas/<str:agenda>/calendars", agenda_calendars.edit, name="agenda-calendars"),
    path("<str:client>/agendas/<str:agenda>", agendas.agenda, name="agenda"),
    path("<str:client>/agendas/<str:agenda>/openings/<str:opening>", agendas.opening, name="agenda-opening"),
    path("<str:client>/agendas/<str:agenda>/days/<str:day>", agendas.day, name="agenda-day"),
    path("<str:client>/visit-reasons/<str:reason>", agendas.reason, name="agenda-reason"),
    path("<str:client>/visit-reasons/<str:reason>/retire", agendas.retire, name="agenda-retire"),
    path("<str:client>/patients", patient_views.found, name="patients"),
    path("<str:client>/patients/rule", patient_views.rule, name="patient-rule"),
    path("<str:client>/patients/<str:patient>", patient_views.file, name="patient"),
    path("<str:client>/patients/<str:patient>/export", patient_views.export, name="patient-export"),
    path("<str:client>/patients/<str:patient>/beside/<str:other>", patient_views.compare, name="patient-compare"),
    path("<str:client>/people", use_views.page, name="uses"),
    path("<str:client>/interface", interface_views.page, name="interface"),
    path("<str:client>/interface/add", interface_views.add, name="interface-add"),
    path("<str:client>/interface/<str:token>/revoke", interface_views.revoke, name="interface-revoke"),
    path("<str:client>/", views.client_card, name="card"),
]
