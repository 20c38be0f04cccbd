# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who hears which event, in order: the one place where rooms are put together.

Outbox events are delivered at least once, idempotent by event id (`foundation.outbox`); the engine's come in order,
idempotent by (engine, sequence) (`foundation.bus`). A hearer's name is stable: receipts and positions stand under it.
"""

from collections.abc import Callable

from permanence.agenda import calendar_handlers as calendars
from permanence.agenda import elsewhere_handlers as elsewhere
from permanence.agenda import handlers as agenda
from permanence.agenda import waiting_handlers as waiting
from permanence.agenda.events import AGENDA_EVENTS
from permanence.callers.events import CALLERS_EVENTS
from permanence.calls import handlers as calls
from permanence.calls.events import CALLS_EVENTS
from permanence.clients.events import CLIENTS_EVENTS
from permanence.dispatch import offer_handlers as offers
from permanence.dispatch import reminder_handlers as reminders
from permanence.dispatch import unreached_handlers as unreached
from permanence.dispatch.events import DISPATCH_EVENTS
from permanence.dispatch.handlers import on_message_taken
from permanence.foundation.events import FOUNDATION_EVENTS
from permanence.foundation.outbox import Wiring
from permanence.kernel.events import Event
from permanence.messaging.events import MESSAGING_EVENTS
from permanence.messaging.handlers import on_message_taken as note_what_became
from permanence.messaging.handlers import on_voice_message_received
from permanence.staff import handlers as staff
from permanence.staff.events import STAFF_EVENTS
from permanence.switchboard import handlers as switchboard
from permanence.switchboard.events import SWITCHBOARD_EVENTS

WIRING = Wiring(
    catalogue=FOUNDATION_EVENTS.union(STAFF_EVENTS)
    .union(CLIENTS_EVENTS)
    .union(CALLERS_EVENTS)
    .union(CALLS_EVENTS)
    .union(SWITCHBOARD_EVENTS)
    .union(AGENDA_EVENTS)
    .union(MESSAGING_EVENTS)
    .union(DISPATCH_EVENTS),
    hearers={
        "ClientChanged": (
            ("switchboard.refresh", switchboard.refresh),
            ("agenda.on_client_changed", agenda.on_client_changed),
            ("agenda.waiting_client_changed", waiting.on_client_changed),
        ),
        "InstructionAcknowledged": (("switchboard.refresh", switchboard.refresh),),
        "AbsenceWithdrawn": (
            ("agenda.follow_ups_ended", agenda.on_absence_withdrawn),
            ("agenda.absence_withdrawn", waiting.on_absence_withdrawn),
        ),
        "HouseChanged": (("switchboard.refresh", switchboard.refresh),),
        "StaffChanged": (
            ("switchboard.refresh", switchboard.refresh),
            ("switchboard.revoke", switchboard.revoke_seat_of_who_left),
        ),
        "PersonChanged": (("switchboard.refresh", switchboard.refresh),),
        "PoolChanged": (("switchboard.refresh", switchboard.refresh),),
        "TrunkChanged": (("switchboard.refresh", switchboard.refresh),),
        "MessageTaken": (
            ("dispatch.on_message_taken", on_message_taken),
            ("messaging.on_message_taken", note_what_became),
        ),
        "AppointmentBooked": (
            ("agenda.on_appointment", agenda.on_appointment),
            ("agenda.waiting_booked", waiting.on_booked),
            ("agenda.calendars", calendars.on_appointment),
            ("dispatch.reminders", reminders.on_appointment),
            ("dispatch.calendars", reminders.on_appointment_for_calendars),
        ),
        "AppointmentMoved": (
            ("agenda.on_appointment", agenda.on_appointment),
            ("agenda.on_visit_changed", agenda.on_visit_changed),
            ("agenda.waiting_booked", waiting.on_booked),
            ("agenda.waiting_freed", waiting.on_freed),
            ("agenda.calendars", calendars.on_appointment),
            ("dispatch.reminders", reminders.on_appointment),
            ("dispatch.calendars", reminders.on_appointment_for_calendars),
        ),
        "AppointmentMovedBack": (
            ("agenda.on_appointment", agenda.on_appointment),
            ("agenda.on_visit_changed", agenda.on_visit_changed),
            ("agenda.waiting_booked", waiting.on_booked),
            ("agenda.waiting_freed", waiting.on_freed),
            ("agenda.calendars", calendars.on_appointment),
            ("dispatch.reminders", reminders.on_appointment),
            ("dispatch.calendars", reminders.on_appointment_for_calendars),
        ),
        "AppointmentCancelled": (
            ("agenda.on_appointment", agenda.on_appointment),
            ("agenda.on_visit_changed", agenda.on_visit_changed),
            ("agenda.waiting_freed", waiting.on_freed),
            ("agenda.calendars", calendars.on_appointment),
            ("dispatch.reminders", reminders.on_appointment),
            ("dispatch.calendars", reminders.on_appointment_for_calendars),
        ),
        "HoldReleased": (("agenda.waiting_freed", waiting.on_hold_released),),
        "TimeUnblocked": (("agenda.waiting_freed", waiting.on_freed),),
        "AgendaChanged": (("agenda.waiting_freed", waiting.on_freed),),
        "SlotOffered": (("dispatch.slot_offered", offers.on_slot_offered),),
        "OfferAnswered": (("dispatch.offer_answered", offers.on_offer_answered),),
        "SmsFailed": (
            ("dispatch.sms_failed", offers.on_sms_failed),
            ("dispatch.unreached", unreached.on_sms_failed),
        ),
        "SmsAnswered": (
            ("dispatch.reminders", reminders.on_sms_answered),
            ("dispatch.offers", offers.on_sms_answered),
        ),
        "SmsUnclear": (("dispatch.unclear", reminders.on_sms_unclear),),
        "CallRecorded": (("agenda.on_call_recorded", agenda.on_call_recorded),),
        "PatientsMerged": (("agenda.on_patients_merged", agenda.on_patients_merged),),
        "PatientsParted": (("agenda.on_patients_parted", agenda.on_patients_parted),),
        "AppointmentBookedElsewhere": (("agenda.on_booked_elsewhere", elsewhere.on_booked_elsewhere),),
        "AppointmentElsewhereUndone": (("agenda.on_elsewhere_undone", elsewhere.on_elsewhere_undone),),
        "VoiceMessageReceived": (("messaging.on_voice_message_received", on_voice_message_received),),
    },
    first=frozenset(
        {
            "ClientChanged",
            "InstructionAcknowledged",
            "HouseChanged",
            "StaffChanged",
            "PersonChanged",
            "PoolChanged",
            "TrunkChanged",
        }
    ),
)

type EngineHearer = Callable[[str, int, Event], None]

ENGINE_HEARERS: tuple[tuple[str, EngineHearer], ...] = (
    (staff.HEARER, staff.apply_engine_event),
    (calls.HEARER, calls.apply_engine_event),
    (switchboard.HEARER, switchboard.apply_engine_event),
)
"""The rooms that hear the engine, in order."""
