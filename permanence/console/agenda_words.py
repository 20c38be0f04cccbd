# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words of the agenda's grid: openings and causes on its server's side, sentences of its modules by key."""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from permanence.agenda.rules.kinds import OpeningKind
from permanence.agenda.rules.states import CancelCause

OPENINGS = {
    OpeningKind.NORMAL: pgettext_lazy("opening", "Open"),
    OpeningKind.SAME_DAY: pgettext_lazy("opening", "Urgent, same day"),
    OpeningKind.WALK_IN: pgettext_lazy("opening", "Without appointment"),
    OpeningKind.HOME_VISIT: pgettext_lazy("opening", "Home visits"),
    OpeningKind.TELE: pgettext_lazy("opening", "Video"),
}
CAUSES = {
    CancelCause.PATIENT: pgettext_lazy("cancelled by", "The patient"),
    CancelCause.DOCTOR: pgettext_lazy("cancelled by", "The practitioner"),
    CancelCause.MISTAKE: pgettext_lazy("cancelled by", "A slip of ours"),
    CancelCause.OTHER: pgettext_lazy("cancelled by", "Something else"),
}
"""What a secretary chooses from when she cancels."""

REFUSED = {
    "site_unknown": _("One of the sites is no longer there: look at it again."),
    "agenda_unknown": _("This agenda is not there any more: choose another."),
    "another_client": _("This patient is another client’s: an appointment does not change its client."),
    "appointment_unknown": _("This appointment is not there any more."),
    "hold_over": _("The two minutes are over: choose the time again."),
    "hold_unknown": _("This time is not held for you any more: choose it again."),
    "too_many_holds": _("You hold four times already: give one back or book it."),
    "not_now": _("This appointment cannot be changed any more: it has taken place or was cancelled."),
    "changed_meanwhile": _("This appointment was changed meanwhile: look at it again."),
    "nothing_to_take_back": _("There is nothing to take back any more."),
    "cause_missing": _("Write why it is cancelled."),
    "words_too_long": _("These words are too long."),
    "act_key_taken": _("Something else was done with this page: try once more."),
    "act_key_malformed": _("The site did not understand this page: reload it."),
    "agenda_busy": _("Others are booking at this moment: try once more. Nothing was changed."),
    "patient_unknown": _("This patient is not at this client: choose again."),
    "patient_deceased": _("This patient has died: nothing is booked for him."),
    "client_unknown": _("This client is not in the house any more."),
    "visit_reason_unknown": _("This reason is not offered any more: choose another."),
    "already_waiting": _("The patient is on the waiting list for this reason already."),
    "window_impossible": _("Nobody can wait for such days: choose others."),
    "place_unknown": _("Nobody is there any more on the waiting list."),
    "span_impossible": _("It ends after it begins: write the hour, 17:30."),
    "block_unknown": _("This time is free already."),
    "bad_request": _("The site did not understand this page: reload it."),
    "address_missing": _("Ask where the visit is to be: his file has no address."),
    "questions_unanswered": _("Ask the questions of this reason first: yes or no."),
    "series_empty": _("None of these visits finds a time: choose other days."),
    "delay_impossible": _("5 to 240 minutes, in steps of five."),
    "minutes_impossible": _("5 to 240 minutes, in steps of five."),
    "late_key_taken": _("There is nothing to take back any more."),
    "wish_too_wide": _("So many visits, or so far ahead, cannot be searched at once."),
}
"""Refusals of acts by code; those of the rules say their causes."""

AGENDA = {
    "book_free": _("free"),
    "book_place": _("{hour}, {agenda}, {what}"),
    "book_here": _("{hour}, {agenda}"),
    "book_again": _("{hour} for the second time"),
    "book_not_free": _("{hour}, {agenda}, not free: {why}"),
    "book_closed": _("Closed at this time"),
    "book_book": _("Book {hour}, {agenda}"),
    "book_book_long": _("Book {hour}, {agenda}, {minutes} min"),
    "book_already": _("{patient} already has {hours} that day."),
    "book_asked": _("Before booking"),
    "book_address": _("Address of the visit"),
    "book_address_file": _("Empty: the one in his file"),
    "book_yes": _("Yes"),
    "book_no": _("No"),
    "book_book_nothing": _("Choose a time"),
    "book_move_to": _("Move to {hour}, {agenda}"),
    "book_moving": _("{patient} is being moved: go to the new time, Enter puts it there, Esc leaves it where it is."),
    "book_moved": _("{patient} moved to {hour}, {agenda}"),
    "book_booked": _("{patient} booked, {hour}, {agenda}"),
    "book_cancelled": _("Appointment of {patient} cancelled"),
    "book_undone": _("Taken back"),
    "book_not_back": _("Not taken back: {what}"),
    "book_not_undone": _("Not taken back: {patient}, {hour}, {agenda}"),
    "book_undone_some": _("Visits taken back: {back} of {of}"),
    "question_closed": _("Closed, as a call rings: {question}"),
    "book_patient_missing": _("Choose the patient first."),
    "book_reason_missing": _("Choose the reason first."),
    "book_client_missing": _("Choose the client first."),
    "book_time_missing": _("Choose a time: a number of the list, or go there with the arrows."),
    "book_coming_failed": _("The patient’s appointments cannot be read now."),
    "book_coming_none": _("Nothing is booked for this patient from now on."),
    "book_not_appointment": _("There is no appointment here: go to one with the arrows."),
    "book_visit_gone": _("The appointment does not stand here any more."),
    "book_not_movable": _("This appointment cannot be changed any more."),
    "book_not_at": _("Not at {hour}"),
    "book_is_free": _("Nothing is against {hour}."),
    "book_held": _("held for you, {left}"),
    "book_to_held": _("Back to {hour}, {agenda}, held for you"),
    "book_held_elsewhere": _(
        "Nothing was booked: this time is not free. Held for you: {hour}, {agenda}; Enter books it."
    ),
    "book_hold_over": _("The two minutes are over: the time is free for everybody again."),
    "book_site_down": _("The site does not answer: nothing was changed."),
    "book_unanswered": _("The site did not answer: it may have been done, or not. Try again: nothing is done twice."),
    "book_cancel_title": _("Cancel the appointment of {patient}"),
    "book_cancel_cause": _("Choose who cancels."),
    "book_go_to": _("{hour} here"),
    "book_refused": _("Nothing was changed"),
    "book_takes": _("Takes: {names}"),
    "book_brings": _("To bring: {names}"),
    "book_said": _("Asked before it was booked"),
    "book_questions_missing": _("Ask the questions of this reason first: yes or no."),
    "book_over_title": _("Overbook: {patient}, {hour}, {agenda}"),
    "book_over_cause": _("Write why it is put there all the same."),
    "book_over_not": _("This time cannot be overbooked."),
    "book_busy_title": _("Busy from {hour}, {agenda}"),
    "book_busy_free_title": _("Free again: {what}"),
    "book_busy_done": _("Busy: {words}, {agenda}"),
    "book_busy_freed": _("Free again: {what}, {agenda}"),
    "book_busy_missing": _("Go to a free time with the arrows."),
    "book_busy_none": _("There is no busy time of ours here."),
    "book_busy_words": _("Write why."),
    "book_late_tell": _("{minutes} min late: tell {told}"),
    "book_late_say": _("{minutes} min late: tell nobody"),
    "book_late_done": _("{agenda} is {minutes} min late: {told} told"),
    "book_late_untold": _("{agenda} is {minutes} min late: {told} told, {untold} to be telephoned"),
    "book_late_over": _("{agenda} is on time again"),
    "book_late_gone": _("Taken back; already told: {told}"),
    "book_day_wrong": _("This is no day: write it as 3 months, 12/3 or Thursday."),
    "book_from_day": _("from {day}"),
    "book_from_hour": _("after {hour}"),
    "book_site_any": _("Any site"),
    "book_consent_sms": _("SMS to {to}?"),
    "book_consent_mail": _("E-mail to {to}?"),
    "book_consent_failed": _("It was not noted: the site does not answer."),
    "book_series_title": _("Several visits of {patient}: {reason}"),
    "book_series_first": _("First on"),
    "book_series_operation": _("Operation on"),
    "book_series_booked": _("Visits booked: {booked} of {wanted}"),
    "book_series_otherwise": _(
        "Visits booked: {booked} of {wanted}. Not all of these hours were shown before: tell the caller these."
    ),
    "book_with_any": _("Whoever is free"),
    "book_first_each_day": _("each day {name} first"),
    "book_else_any": pgettext_lazy("or else", "Anybody"),
    "book_else_nobody": pgettext_lazy("or else", "Nobody else"),
}


def causes() -> tuple[tuple[str, str], ...]:
    """Why a secretary cancels, code and label, in order."""
    return tuple((cause.value, str(label)) for cause, label in CAUSES.items())
