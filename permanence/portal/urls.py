# SPDX-License-Identifier: AGPL-3.0-or-later
"""Addresses of the portal and of the demonstration's mailbox; included at the root of the site."""

from django.urls import path

from permanence.portal import (
    absences,
    agenda,
    approvals,
    directory,
    entries,
    greetings,
    hours,
    instructions,
    line,
    mailbox,
    red_flags,
    views,
)
from permanence.portal import agenda_setting as setting

urlpatterns = [
    path("portal", views.inbox, name="portal"),
    path("portal/messages/<slug:message>", views.message, name="portal_message"),
    path("portal/messages/<slug:message>/audio", views.audio, name="portal_audio"),
    path("portal/messages/<slug:message>/read", views.read, name="portal_read"),
    path("portal/messages/<slug:message>/acknowledge", views.acknowledge, name="portal_acknowledge"),
    path("portal/messages/<slug:message>/answer", views.answer, name="portal_answer"),
    path("portal/line", line.mine, name="portal_mine"),
    path("portal/line/<slug:client>", line.overview, name="portal_line"),
    path("portal/line/<slug:client>/hours", hours.edit, name="portal_hours"),
    path("portal/line/<slug:client>/day", hours.day, name="portal_day"),
    path("portal/line/<slug:client>/greeting/<slug:language>", greetings.edit, name="portal_greeting"),
    path("portal/line/<slug:client>/instructions/<slug:instruction>", instructions.edit, name="portal_instruction"),
    path("portal/line/<slug:client>/instructions/<slug:instruction>/end", instructions.retire, name="portal_retire"),
    path("portal/line/<slug:client>/absences/new", absences.announce, name="portal_absence"),
    path("portal/line/<slug:client>/absences/<slug:absence>/end", absences.withdraw, name="portal_back"),
    path("portal/line/<slug:client>/red-flags", red_flags.red_flags, name="portal_flags"),
    path("portal/approvals", approvals.overview, name="portal_approvals"),
    path("portal/approvals/<slug:proposal>", approvals.one, name="portal_approval"),
    path("portal/approvals/<slug:proposal>/approve", approvals.approve, name="portal_approve"),
    path("portal/approvals/<slug:proposal>/refuse", approvals.refuse, name="portal_refuse"),
    path("portal/approvals/<slug:proposal>/take-back", approvals.take_back, name="portal_take_back"),
    path("portal/line/<slug:client>/directory", directory.overview, name="portal_directory"),
    path("portal/line/<slug:client>/directory/undo/<slug:change>", directory.undo, name="portal_undo"),
    path("portal/line/<slug:client>/contacts/<slug:contact>", entries.contact, name="portal_contact"),
    path("portal/line/<slug:client>/contacts/<slug:contact>/remove", entries.remove_contact, name="portal_uncontact"),
    path("portal/line/<slug:client>/sites/<slug:site>", entries.site, name="portal_site"),
    path("portal/line/<slug:client>/sites/<slug:site>/remove", entries.remove_site, name="portal_unsite"),
    path("portal/agenda", agenda.mine, name="portal_agenda"),
    path("portal/line/<slug:client>/agenda/<slug:agenda>", agenda.day, name="portal_day_of"),
    path("portal/line/<slug:client>/agenda/<slug:agenda>/late", agenda.late, name="portal_late"),
    path(
        "portal/line/<slug:client>/agenda/<slug:agenda>/visits/<slug:appointment>/<slug:act>",
        agenda.mark,
        name="portal_visit",
    ),
    path("portal/line/<slug:client>/absences/<slug:absence>/booked", agenda.booked, name="portal_booked"),
    path("portal/line/<slug:client>/agenda/<slug:agenda>/setting", setting.overview, name="portal_agenda_setting"),
    path(
        "portal/line/<slug:client>/agenda/<slug:agenda>/openings/<slug:opening>",
        setting.opening,
        name="portal_agenda_opening",
    ),
    path("portal/line/<slug:client>/agenda/<slug:agenda>/days/<slug:day>", setting.day, name="portal_agenda_day"),
    path(
        "portal/line/<slug:client>/agenda/<slug:agenda>/reasons/<slug:reason>",
        setting.reason,
        name="portal_agenda_reason",
    ),
    path(
        "portal/line/<slug:client>/agenda/<slug:agenda>/reasons/<slug:reason>/retire",
        setting.retire,
        name="portal_agenda_retire",
    ),
    path("demo/mail", mailbox.mailbox, name="demo_mail"),
    path("demo/mail/<slug:name>", mailbox.mail, name="demo_mail_one"),
]
