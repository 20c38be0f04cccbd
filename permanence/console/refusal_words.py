# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the console says when the exchange (`refusal_`, `error_`) or the site (`refused_`) says no: chosen by code."""

from django.utils.translation import gettext_lazy as _

REFUSALS = {
    "refusal_line_down": _("Your line is not open yet: a caller could not hear you. Test the microphone."),
    "refusal_offer_gone": _("This call does not ring here any more."),
    "refusal_not_possible_now": _("This cannot be done now."),
    "refusal_not_your_call": _("This call is over, or with a colleague."),
    "refusal_outcome_missing": _("Choose how this call ended, then {forward}."),
    "refusal_seat_gone": _("Your post is open in another page."),
    "refusal_unknown_secretary": _("The telephone does not know you yet. Ask the owner to publish the house."),
    "refusal_unknown_break": _("This break has no such reason."),
    "refusal_line_lost": _("The telephone is out of reach: nothing was done. Try again when it is back."),
    "refusal_no_reply": _("The telephone did not answer in time. Look at the state of the call before you try again."),
    "refusal_other": _("The telephone refused: {why}"),
    "error_line_failed": _("Your line failed; it is being opened again."),
    "error_bad_offer": _("The house could not open your line. Test the microphone, or try another network."),
    "error_bad_answer": _("Your browser refused the line of the house. Reload the page; the call is not lost."),
    "error_ticket_expired": _("Your sign-in could not be renewed; you keep your post until the end of your shift."),
    "error_too_fast": _("This page sent too many messages and was cut off. It reconnects."),
    "error_other": _("The telephone reports: {why}"),
    "refused_text_missing": _("Write what the caller wants to be passed on."),
    "refused_text_too_long": _("The message is too long. It is kept here: shorten it and save again."),
    "refused_no_such_client": _("This client is not in the house any more. Your message is kept here."),
    "refused_no_such_recipient": _("This recipient is not at the client any more: choose another. Nothing is lost."),
    "refused_no_such_reason": _("This reason is not on the form any more: choose another. Nothing is lost."),
    "refused_message_id_taken": _("This message was saved before with other words. Save again to send a new one."),
    "refused_call_of_another_client": _("This call belongs to another client. Your message is kept here."),
    "refused_bad_request": _("The site did not understand this page. Nothing is lost: reload it and save again."),
    "again_no_address": _("No address is known for this recipient: enter one in the back office, then send again."),
    "again_no_such_message": _("This message is not in the house any more."),
    "again_site_down": _("The site does not answer: nothing was sent again. Try when it is back."),
    "again_other": _("The message was not sent again ({why})."),
    "again_done": _("The message is on its way again."),
    "again_nothing": _("Nothing failed any more: the message is on its way."),
    "refused_other": _("The site did not take your message ({why}). It is kept here."),
}
