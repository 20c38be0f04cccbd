# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the console's modules say of appointments in the client's own agenda, chosen by code."""

from django.utils.translation import gettext_lazy as _

APPOINTMENTS = {
    "when_today": _("today"),
    "when_tomorrow": _("tomorrow"),
    "agenda_opens": _("Opens {host} in a window beside. Nothing of this call is sent there."),
    "elsewhere_title": _("Appointment in the client’s agenda"),
    "elsewhere_act_missing": _("Choose what was done: booked, moved or cancelled."),
    "elsewhere_recipient_missing": _("Choose for whom the appointment is."),
    "elsewhere_day_wrong": _("This is no day: write it as 3/12, tomorrow or Thursday."),
    "elsewhere_day_missing": _("Write the day of that hour, or leave both empty."),
    "elsewhere_hour_wrong": _("This is no hour: write it as 14:30, 1430 or 9."),
    "elsewhere_not_recorded": _("The appointment is not recorded yet: {save} records it. Or empty its form."),
    "elsewhere_done_booked": _("Appointment recorded for {client}"),
    "elsewhere_done_moved": _("Moved appointment recorded for {client}"),
    "elsewhere_done_cancelled": _("Cancelled appointment recorded for {client}"),
    "elsewhere_refused_no_such_recipient": _("This recipient is not at the client any more: choose another."),
    "elsewhere_refused_no_such_client": _("This client is not in the house any more: nothing was recorded."),
    "elsewhere_refused_act_of_another_client": _("This call belongs to another client: nothing was recorded."),
    "elsewhere_refused_day_impossible": _("This day is long past or years ahead. Correct it."),
    "elsewhere_refused_too_late_to_correct": _("The day is over: what was counted stays."),
    "elsewhere_refused_act_undone": _("This was taken out meanwhile: record it anew."),
    "elsewhere_refused_no_such_act": _("This is not recorded in the house any more."),
    "elsewhere_refused_site_down": _("The site does not answer: nothing was changed. Try when it is back."),
    "elsewhere_refused_other": _("The site did not take the appointment. What you wrote stands in its form."),
    "undo": _("Undo"),
    "undo_late_booked": _("Too late to take this back: cancel the appointment with X."),
    "undo_late_moved": _("Too late to take this back: move the appointment with M."),
    "undo_late_busy": _("Too late to take this back: free the time with F."),
    "undo_late_marked": _("Too late to take this back: say anew at the appointment what became of it."),
    "undo_late_delay": _("Too late to take this back: say with R how late he is now."),
    "undo_late_waiting": _("Too late to take this back: take the place off the waiting list."),
    "undo_late_cancelled": _("A cancellation is not taken back: book the appointment anew."),
    "undo_late_freed": _("This is not taken back: make the time busy anew with B."),
    "undo_late_on_time": _("This is not taken back: say anew with R how late he is."),
    "undo_late_elsewhere": _("Too late to take this back: correct it in today’s list."),
    "key_appointment": _("appointment"),
    "key_caller": _("take who may be calling"),
    "key_agenda": _("agenda"),
    "route_record": _("Record the appointment"),
    "route_number_not_listed": _(
        "The number does not stand in the client’s directory: give it to nobody, take a message."
    ),
}
