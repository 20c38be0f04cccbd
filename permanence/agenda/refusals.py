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


class ListedAlready(Refusal):
    """The appointment is on the secretaries' list already, for an absence or because its agenda is closed."""

    code = "listed_already"


class AddressMissing(Refusal):
    """A visit at home, and neither an address was said nor has the patient's file one."""

    code = "address_missing"


class PatientDeceased(Refusal):
    """He died: nothing is booked for him, and he waits for nothing."""

    code = "patient_deceased"


class QuestionsUnanswered(Refusal):
    """A question that may forbid the visit was answered neither by yes nor by no; `why` is the first one."""

    code = "questions_unanswered"


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


class AgendaInUse(Refusal):
    """Somebody is booked in the agenda, or waits for it alone: what becomes of them has to be said."""

    code = "agenda_in_use"


class ReplacementNeeded(Refusal):
    """Appointments to come have this reason: another one has to take its place."""

    code = "replacement_needed"


class ReplacementImpossible(Refusal):
    """What takes the place of a reason must be another one of the same client that is offered."""

    code = "replacement_impossible"


class SettingImpossible(Refusal):
    """The openings, the exception or the reason do not say something that can be; `why` says what."""

    code = "setting_impossible"


class OpeningUnknown(Refusal):
    """No such opening in the week of this agenda."""

    code = "opening_unknown"


class ChangedMeanwhile(Refusal):
    """It is no longer as whoever changes it has read it: nothing was changed."""

    code = "changed_meanwhile"


class ResourceInUse(Refusal):
    """Openings, reasons or appointments to come still name the room or the equipment; `why` says how many."""

    code = "resource_in_use"


class AgendaTakenToo(Refusal):
    """Visits for a reason that is offered take the agenda too; `why` says how many reasons."""

    code = "agenda_taken_too"


class AgendaBookedToo(AgendaTakenToo):
    """Visits to come in another agenda take this one too, whatever is offered by now; `why` says how many."""

    code = "agenda_booked_too"


class DelayImpossible(Refusal):
    """Nobody is so many minutes late, or not on that day."""

    code = "delay_impossible"


class FollowUpUnknown(Refusal):
    """No such entry on the list, or somebody has done it already."""

    code = "follow_up_unknown"


class NameTaken(Refusal):
    """Another agenda, reason or resource of this client is called so."""

    code = "name_taken"


class FeedUnknown(Refusal):
    """No such address of an agenda, or it was revoked."""

    code = "feed_unknown"


class DeviceUnknown(Refusal):
    """No such device, or its password was revoked."""

    code = "device_unknown"


class LabelMissing(Refusal):
    """An address or a device wants a name, so that one knows later which to revoke."""

    code = "label_missing"


class NamesNotChosen(Refusal):
    """Patients' names leave for a calendar only where he whose agenda it is chose so himself: nobody for him."""

    code = "names_not_chosen"


class HomesNotChosen(NamesNotChosen):
    """The addresses of visits at home leave only where he chose so himself, beside the names."""

    code = "homes_not_chosen"


class TooManyFeeds(Refusal):
    """As many are good as may be: one has to be revoked first."""

    code = "too_many_feeds"


class CalendarUnknown(Refusal):
    """No such calendar of another product at this agenda, or it was taken away."""

    code = "calendar_unknown"


class TooManyCalendars(Refusal):
    """An agenda has as many calendars of other products as it may."""

    code = "too_many_calendars"


class PageUnknown(Refusal):
    """No public page of that name that is switched on, or not that agenda or reason on it."""

    code = "page_unknown"


class FormUnknown(Refusal):
    """No such form on this page, or its time is over."""

    code = "form_unknown"


class FormIncomplete(Refusal):
    """The form was not filled in so far, or not whole; `why` names the field."""

    code = "form_incomplete"


class CodeWrong(Refusal):
    """That is not the code that was sent last."""

    code = "code_wrong"


class CodeOver(Refusal):
    """The code is too old, or too many wrong ones were typed: another one has to be sent."""

    code = "code_over"


class TooManyKnocks(Refusal):
    """From this address, or for this mail or number, enough was asked for a while."""

    code = "too_many_knocks"


class LinkUnknown(Refusal):
    """No appointment behind this link."""

    code = "link_unknown"


class LinkOver(Refusal):
    """The visit behind this link is over."""

    code = "link_over"


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


class EventRefused(Refusal):
    """What a device wrote is no event that this agenda can keep; `why` says what, one of `interop.written.WHY`."""

    code = "event_refused"


class ReadOnly(Refusal):
    """A device writes its own events and nothing else: not what the house keeps, no other calendar, no property."""

    code = "read_only"


class TokenUnknown(Refusal):
    """No such token, or it was revoked, or its time is over, or its client is served no more: all look alike."""

    code = "token_unknown"


class TokenUnfit(Refusal):
    """A token wants the name of a system, something it may do, and 1 to 730 days; `why` names what is not so."""

    code = "token_unfit"


class NotByHimself(Refusal):
    """The client lets this patient book by telephone alone."""

    code = "not_by_himself"


class PlaceUnknown(Refusal):
    """No such place on the waiting list, or not one this person may see."""

    code = "place_unknown"


class AlreadyWaiting(Refusal):
    """The patient stands on the list for this reason already."""

    code = "already_waiting"


class WindowImpossible(Refusal):
    """The days he waits for are over, end before they begin, or are more than a year."""

    code = "window_impossible"


class OfferUnknown(Refusal):
    """No such offer, or the link was not signed by us."""

    code = "offer_unknown"


class OfferOver(Refusal):
    """The offer was answered before, its time is over, or the house took it back: nothing was changed."""

    code = "offer_over"


class OfferMinutesImpossible(Refusal):
    """A slot is offered for one of the lengths there are."""

    code = "offer_minutes_impossible"


class FreedUnknown(Refusal):
    """No such free time on the secretaries' list, or somebody has done it already."""

    code = "freed_unknown"
