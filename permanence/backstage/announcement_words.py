# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the page of the recorded announcements says: why not, and what the recorder tells."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from permanence.clients.announcement_operations import (
    LanguageUnknown,
    OtherLanguage,
    TooManyAnnouncements,
    WordsMissing,
)
from permanence.clients.announcements import AnnouncementUnknown
from permanence.clients.greetings import GreetingUnknown
from permanence.foundation.audio import refusals
from permanence.kernel.refusals import Refusal

NO_FILE = "announcement_no_file"
OTHER = _("This could not be kept. Try again.")
REFUSALS: dict[str, Promise] = {
    NO_FILE: _("Choose a file, or record one."),
    refusals.TOO_LARGE: _("This file is too large: at most 10 MB."),
    refusals.NOT_AUDIO: _("This is not a WAV, MP3 or OGG file."),
    refusals.DAMAGED: _("This file is damaged: it cannot be read to its end."),
    refusals.TOO_LONG: _("This is too long: an announcement lasts a minute at most."),
    refusals.TOO_SHORT: _("This is too short to be understood."),
    refusals.SILENT: _("Nobody is heard in this recording."),
    refusals.BUSY: _("Other recordings are being prepared. Try again in a moment."),
    WordsMissing.code: _("Write what it says, in 1,000 characters at most."),
    LanguageUnknown.code: _("Choose the language in which it is spoken."),
    OtherLanguage.code: _("The one it replaces is spoken in another language."),
    TooManyAnnouncements.code: _("This client has many announcements. Withdraw one first."),
    AnnouncementUnknown.code: _("This announcement is heard no more. Look at the page again."),
    GreetingUnknown.code: _("One of these greetings has changed. Look at the page again."),
}
RECORDER: dict[str, Promise] = {
    "insecure": _("The browser lets this page use the microphone at an address with https:// only."),
    "unable": _("This browser cannot record. Choose a file instead."),
    "refused": _("The browser was not allowed to use the microphone. Allow it beside the address, then try again."),
    "none": _("No microphone is found. Plug one in, then try again."),
    "failed": _("The microphone cannot be used: another program may hold it."),
    "recording": _("Recording. Speak now."),
    "kept": _("Recorded. Listen to it, record again, or keep it."),
    "full": _("A minute is over: the recording has stopped."),
    "large": _("This file is too large: at most 10 MB."),
    "file": _("recording"),
}
"""What `recorder.js` says."""


def refusal_words(refusal: Refusal) -> str:
    """Why not, as a person reads it."""
    return str(REFUSALS.get(refusal.code, OTHER))
