# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why a device's event is not kept, in words, in the language of the one who wrote it."""

from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from permanence.agenda.interop.devices import Session
from permanence.agenda.refusals import EventRefused, ReadOnly, SlotAlreadyTaken
from permanence.agenda.words import Names, sentence
from permanence.kernel.refusals import Refusal

_READ_ONLY = _("Your calendar changes only what was written in it. Appointments are moved by the house.")
_BUSY = _("The agenda is being written to. Try again.")
EVENT_WORDS = {
    "malformed": _("This event cannot be read."),
    "too_large": _("This event is too large."),
    "no_event": _("There is no event in it."),
    "not_an_event": _("Only events are kept here, no tasks."),
    "several": _("One event at a time."),
    "no_uid": _("This event has no identifier."),
    "no_moment": _("This event has no beginning or no end."),
    "too_long": _("An event lasts 31 days at most."),
    "too_far": _("This date is too far away."),
    "rule": _("This way of repeating is not understood here."),
    "too_many": _("This event repeats too often."),
}


def refused_words(refusal: Refusal, *, session: Session) -> str:
    """One or more sentences."""
    with translation.override(session.by.language):
        match refusal:
            case SlotAlreadyTaken():
                zone = ZoneInfo(session.agendas[0].time_zone)
                told = [sentence(each, names=Names(), zone=zone, at=session.at) for each in refusal.causes[:3]]
                return "\n".join(told)
            case EventRefused():
                return str(EVENT_WORDS.get(str(refusal), EVENT_WORDS["malformed"]))
            case ReadOnly():
                return str(_READ_ONLY)
            case _other:
                return str(_BUSY)
