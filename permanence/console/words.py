# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sentences of the console's modules, translated by the server, written into the page as JSON: no inline code.

A key is what the modules ask for; `{name}` is filled in by them. The tests compare both sides.
"""

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from permanence.console.refusal_words import REFUSALS

OUTCOMES = {
    "message": pgettext_lazy("outcome", "Message"),
    "information": pgettext_lazy("outcome", "Information given"),
    "wrong_number": pgettext_lazy("outcome", "Wrong number"),
    "no_words": pgettext_lazy("outcome", "Nobody spoke"),
}
"""How a call can have ended for the client; required to leave wrap-up."""

_PRESENCE = {
    "presence_connecting": _("Connecting"),
    "presence_refused": _("Not at this post"),
    "presence_off": _("Off duty"),
    "presence_ready": _("Ready"),
    "presence_offered": _("Call offered"),
    "presence_on_call": _("On a call"),
    "presence_wrap_up": _("After the call"),
    "presence_break": _("On a break"),
    "presence_missed": _("Call missed"),
    "presence_reconnecting": _("Reconnecting"),
    "with_client": _("for {client}"),
    "pending_break": _("then a break"),
    "pending_off": _("then off duty"),
    "post_connecting": _("Connecting to the telephone"),
    "post_off": _("You are off duty"),
    "post_ready": _("You are ready"),
    "post_offered": _("A call is offered to you"),
    "post_on_call": _("You are on a call"),
    "post_wrap_up": _("After the call"),
    "post_break": _("You are on a break"),
    "post_missed": _("You missed a call"),
    "post_reconnecting": _("Your line is coming back"),
    "off_why": _("No call comes to you. The microphone and the network are tried before you are ready."),
    "ready_why": _("Calls come to whoever has been ready longest. In another tab you will hear and see them."),
    "missed_why": _("It went on to a colleague. No call comes to you until you press ready."),
    "missed_declined": _("You declined a call. No call comes to you until you press ready."),
    "reconnecting_why": _("No call comes to you until your line is back."),
    "break_lunch": _("Lunch"),
    "break_pause": _("Short break"),
    "break_training": _("Training"),
    "break_other": _("Something else"),
    "break_after_call": _("It begins when you leave the call and its outcome."),
    "begin": _("Begin my service"),
    "ready_again": _("Ready for calls"),
    "opening": _("Trying the microphone and the line"),
    "not_ready_mic": _("You can be ready when the microphone works."),
}

_SOUND = {
    "mic_not_asked": _("not tried yet"),
    "mic_generated": _("generated voice"),
    "mic_hears": _("hears you ({name})"),
    "mic_silent": _("open, say a few words"),
    "mic_insecure_what": _("The browser gives no microphone to this address."),
    "mic_insecure_do": _("Open the console at its address that begins with https, or on the house's own machine."),
    "mic_refused_what": _("The browser was told not to give the microphone."),
    "mic_refused_do": _("Allow it in the address bar, then test again. No call comes to you before."),
    "mic_none_what": _("No microphone is plugged in."),
    "mic_none_do": _("Plug in your headset, then test again. No call comes to you before."),
    "mic_busy_what": _("Another program holds the microphone."),
    "mic_busy_do": _("Close the program that uses it, then test again."),
    "mic_failed_what": _("The microphone does not open."),
    "mic_failed_do": _("Unplug the headset and plug it in again, then test again."),
    "line_failed_what": _("The line to the house does not open."),
    "line_failed_do": _("A firewall may stop it: try another network. No call comes to you before."),
    "net_lost": _("out of reach"),
    "net_open": _("reached"),
    "net_good": _("reached in {ms} ms"),
    "net_slow": _("slow, {ms} ms: callers may hear you late"),
    "line_up": _("open, both ways"),
    "line_opening": _("opening"),
    "line_closed": _("opens when you are ready"),
    "device_system": _("As the system"),
    "device_number": _("Device {n}"),
    "health_good": _("Permanent line open, exchange at {ms} ms"),
    "health_no_line": _("Exchange at {ms} ms, your line is closed"),
    "health_no_audio": _("Your line is down, it is being opened again"),
    "health_lost": _("The exchange is out of reach"),
}

_CALL = {
    "today_at": _("today {hour}"),
    "day_at": _("{day}, {hour}"),
    "number_masked": _("Number masked"),
    "caller_unknown": _("Unknown caller"),
    "unknown_line": _("Line of no client: {line}"),
    "sector_health": _("Health"),
    "sector_after_sales": _("After-sales service"),
    "sector_legal": _("Law firm"),
    "sector_property": _("Property management"),
    "since_day": _("since {day}"),
    "until_day": _("until {day}"),
    "until_hour": _("until {hour}"),
    "answering_is_reading": _("Answering counts as reading"),
    "new_since_last_call": _("New since your last call"),
    "new": _("New"),
    "no_instruction": _("No instruction in force."),
    "alert_offer": _("Call for {client}, from {caller}. F2 to answer."),
    "offer_left": _("{seconds} s left, then the call goes to a colleague"),
    "offer_missed": _("The call went on to a colleague."),
    "offer_declined": _("You declined the call."),
    "offer_abandoned": _("The caller hung up."),
    "offer_withdrawn": _("The call was taken back."),
    "offer_seat_lost": _("Your line was lost while it rang."),
    "open_until": _("open until {hour}"),
    "local_at": _("{hour} at {place}"),
    "local": _("{hour} at the client's"),
    "why_longest_ready": _("Ready longest, for {detail}."),
    "why_speaks": _("You speak {detail}."),
    "why_any_language": _("Nobody who speaks the client's language is ready."),
    "why_unknown_line": _("The line {detail} belongs to no client: the supervisor is told."),
    "why_offer_ended": _("Nobody took it before you."),
    "why_offer_missed": _("A colleague did not answer."),
    "why_offer_declined": _("A colleague declined it."),
    "why_offer_withdrawn": _("It was taken back from a colleague."),
    "why_offer_seat_lost": _("A colleague lost her line."),
    "hold": _("Hold"),
    "resume": _("Resume"),
    "mute": _("Microphone"),
    "unmute": _("Microphone back on"),
    "heard_hold": _("On hold: the caller hears the music"),
    "heard_muted": _("Microphone off: the caller does not hear you"),
    "heard_lost": _("Line cut: the caller hears the music"),
    "heard_control_lost": _("Keys out of reach: you still hear each other"),
    "next_ready": _("Ready for the next"),
    "next_break": _("Go on my break"),
    "close_draft": _("Back to my post"),
    "wrap_left": _("{time} left"),
    "ended_by_caller": _("The caller hung up. Choose the outcome, then F2."),
    "ended_by_secretary": _("You hung up. Choose the outcome, then F2."),
    "ended_by_system": _("The call was ended by the telephone. Choose the outcome, then F2."),
    "ended_media_lost": _("The sound was lost and the call ended. Choose the outcome, then F2."),
    "ended_line_lost": _("Your line did not come back in time; the caller went to a colleague."),
    "title_ringing": _("Call: {client}"),
    "title_call": _("On a call: {client}"),
}

_FORM = {
    "message": _("Message"),
    "message_for": _("Message for {name}"),
    "choose": _("Choose"),
    "plan_now": _("Leaves at once by e-mail for {name} and stands in the client's portal."),
    "plan_choose": _("Choose for whom: then it leaves at once by e-mail and stands in the client's portal."),
    "plan_saved": _("Kept and on its way to {name}. Its state stands in today's messages."),
    "plan_sending": _("Kept on this computer, on its way to the house."),
    "plan_site_down": _("The site does not answer: your message is kept here and leaves when the site is back."),
    "plan_unknown_line": _("This line belongs to no client: no message can leave. Tell the supervisor."),
    "text_missing": _("Write what the caller wants to be passed on."),
    "outcome_missing": _("Choose how this call ended, then F2."),
    "outcome_without_message": _("The outcome is a message and none is written: write it, or choose another outcome."),
    "not_saved_yet": _("Your message is not saved yet: Ctrl Enter saves it. Or clear the text."),
    "number_right": _("{country}"),
    "number_corrected": _("{country}, corrected"),
    "number_wrong": _("This number cannot exist: count the digits with the caller. It is kept as typed."),
    "message_kept": _("Message kept for {name}"),
    "draft_sending": _("Being sent"),
    "draft_here": _("Kept on this computer"),
    "draft_keeping": _("Being kept"),
    "draft_kept": _("Draft kept"),
    "draft_left": _("Draft for {client}, {caller}, {moment}: not sent."),
    "draft_open": _("Take it up again"),
    "draft_drop": _("Throw away"),
}

_HOUSE = {
    "link_lost_what": _("The telephone is out of reach."),
    "link_lost_do": _("Reconnecting. No call comes to you meanwhile; what you typed is kept."),
    "sign_out_waits": _(
        "Your words are not all at the house yet: you stay signed in. Try again when the site answers."
    ),
    "signed_out_what": _("You are signed out."),
    "signed_out_do": _("A call in progress goes on. Sign in again in a new tab, then come back here."),
    "bye_what": _("The exchange does not accept this page."),
    "bye_4401_what": _("The exchange does not accept your ticket."),
    "bye_4401_do": _("Sign in again. If it goes on, your seat was withdrawn: ask the supervisor."),
    "bye_4403_what": _("The exchange does not accept the address of this page."),
    "bye_4403_do": _("Open the console at the address the owner gave you."),
    "bye_4409_what": _("Your post is open in another page."),
    "bye_4409_do": _("Calls come there. You can take the post back here."),
    "site_down": _("The site does not answer. Calls go on; what you type is kept here."),
    "site_down_one": _("One message waits for the site; it leaves by itself."),
    "site_down_waiting": _("{count} messages wait for the site; they leave by themselves."),
}

_KEYS = {
    "key_ready": _("ready"),
    "key_answer": _("answer"),
    "key_next": _("ready for the next"),
    "key_close_draft": _("back to my post"),
    "key_decline": _("decline"),
    "key_end": _("hang up"),
    "key_hold": _("hold, resume"),
    "key_mute": _("microphone off, on"),
    "key_save": _("save"),
    "key_break": _("break"),
    "key_history": _("history"),
    "key_today": _("today's messages"),
    "key_pane": _("next pane"),
    "key_pane_back": _("previous pane"),
    "key_all": _("all keys"),
    "key_numbers": _("pick what is numbered, outside text fields"),
    "key_close": _("close what is on top; never touches a call"),
    "key_escape": _("Esc"),
    "key_shift_f6": _("Shift F6"),
    "key_ctrl_enter": _("Ctrl Enter"),
}

WORDS = {**_PRESENCE, **_SOUND, **_CALL, **_FORM, **_HOUSE, **_KEYS, **REFUSALS}


def catalogue() -> dict[str, str]:
    """Every sentence in the language of the request."""
    return {key: str(words) for key, words in WORDS.items()}


def outcomes() -> tuple[tuple[str, str], ...]:
    """The outcomes a secretary chooses from, code and label, in order."""
    return tuple((code, str(label)) for code, label in OUTCOMES.items())
