# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the acts and reads of agendas answer when they will not."""

from typing import Any

from permanence.agenda.rules.why_not import WhyNot, as_fields
from permanence.kernel.refusals import Refusal


class AgendaUnknown(Refusal):
    """No such agenda, or not one this person may see: the two look alike on purpose."""

    code = "agenda_unknown"


class VisitReasonUnknown(Refusal):
    """No such reason at this client, or it is no longer offered."""

    code = "visit_reason_unknown"


class ResourceUnknown(Refusal):
    """No such room or piece of equipment at this client."""

    code = "resource_unknown"


class SiteUnknown(Refusal):
    """No such site at this client."""

    code = "site_unknown"


class AppointmentUnknown(Refusal):
    """No such appointment, or not one this person may see."""

    code = "appointment_unknown"


class BlockUnknown(Refusal):
    """No such busy time, or it was taken away."""

    code = "block_unknown"


class HoldUnknown(Refusal):
    """No such hold, or it is somebody else's."""

    code = "hold_unknown"


class HoldOver(Refusal):
    """The hold has lapsed or was given back: the slot has to be asked for again."""

    code = "hold_over"


class TooManyHolds(Refusal):
    """Whoever asks already holds as many slots as one may at a time."""

    code = "too_many_holds"


class NotNow(Refusal):
    """An appointment in this state cannot become what was asked."""

    code = "not_now"


class SeriesEmpty(Refusal):
    """No session of the series finds a slot."""

    code = "series_empty"


class SpanImpossible(Refusal):
    """It ends before it begins, is longer than a month, or begins at no whole minute."""

    code = "span_impossible"


class CauseMissing(Refusal):
    """This act wants a cause in words."""

    code = "cause_missing"


class WordsTooLong(Refusal):
    """The words are longer than the row holds."""

    code = "words_too_long"


class ActKeyMalformed(Refusal):
    """The id made by the page is not 16 to 40 letters, digits, `-` or `_`."""

    code = "act_key_malformed"


class ActKeyTaken(Refusal):
    """Another act came with this id before: the page must make a new one."""

    code = "act_key_taken"


class AgendaBusy(Refusal):
    """Others write at this moment and did not make way in time; nothing was changed. The same act may be sent again."""

    code = "agenda_busy"


class ReplacementNeeded(Refusal):
    """Appointments to come have this reason: another one has to take its place."""

    code = "replacement_needed"


class ReplacementImpossible(Refusal):
    """What takes the place of a reason must be another one of the same client that is offered."""

    code = "replacement_impossible"


class SettingImpossible(Refusal):
    """The openings, the exception or the reason do not say something that can be; `why` says what."""

    code = "setting_impossible"


class NameTaken(Refusal):
    """Another agenda, reason or resource of this client is called so."""

    code = "name_taken"


class SlotRefused(Refusal):
    """The rules do not allow it: `causes` say why, each a `rules.why_not.WhyNot`. There is at least one."""

    code = "slot_refused"

    def __init__(self, *causes: WhyNot) -> None:
        super().__init__(", ".join(each.code for each in causes))
        self.causes = causes

    def as_fields(self) -> list[dict[str, Any]]:
        """The causes as JSON."""
        return [as_fields(each) for each in self.causes]


class SlotAlreadyTaken(SlotRefused):
    """Somebody or something is there: what it is stands among the `causes`."""

    code = "slot_already_taken"


class TokenUnknown(Refusal):
    """No such token, or it was revoked, or its time is over, or its client is served no more: all look alike."""

    code = "token_unknown"


class TokenUnfit(Refusal):
    """A token wants the name of a system, something it may do, and 1 to 730 days; `why` names what is not so."""

    code = "token_unfit"


class ChangedMeanwhile(Refusal):
    """It is no longer as whoever changes it has read it: nothing was changed."""

    code = "changed_meanwhile"


class NotByHimself(Refusal):
    """The client lets this patient book by telephone alone."""

    code = "not_by_himself"
