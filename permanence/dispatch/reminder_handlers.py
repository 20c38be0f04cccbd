# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the reminders do when they hear of an appointment, or of an answer by SMS."""

import logging

from permanence.agenda.events import AppointmentEvent, AppointmentMovedBack
from permanence.dispatch import (
    answer_operations,
    calendar_operations,
    late_overtaken,
    reminder_back,
    reminder_choices,
    reminder_operations,
    reply_operations,
)
from permanence.dispatch.channels.sms.content import SmsKind
from permanence.dispatch.channels.sms.replies import Meaning
from permanence.dispatch.events import SmsAnswered, SmsUnclear
from permanence.dispatch.reminder_operations import ReminderOver, ReminderUnknown
from permanence.foundation.operations import house_system
from permanence.kernel.events import Event
from permanence.kernel.system import SystemEntropy

log = logging.getLogger(__name__)


def on_appointment(_event_id: str, event: Event) -> None:
    """It was booked, moved or cancelled; of a move that was taken back, what he was told before stands again. That the
    doctor is late is said no more of the visit as it was. Idempotent: one reminder for each moment it was given.
    """
    if not isinstance(event, AppointmentEvent):
        raise TypeError(f"expected AppointmentEvent, heard {type(event).__name__}")
    if isinstance(event, AppointmentMovedBack):
        reminder_back.stands_again(house=event.house, appointment=event.appointment, revision=event.revision)
    late_overtaken.overtake(house=event.house, appointment=event.appointment, at=event.at)
    reminder_operations.follow(
        house=event.house,
        appointment=event.appointment,
        client=event.client,
        revision=event.revision,
        at=event.at,
        entropy=SystemEntropy(),
    )


def on_appointment_for_calendars(_event_id: str, event: Event) -> None:
    """It was booked, moved or cancelled: the patient's calendar is to say so. Idempotent by revision."""
    if not isinstance(event, AppointmentEvent):
        raise TypeError(f"expected AppointmentEvent, heard {type(event).__name__}")
    calendar_operations.follow(
        house=event.house,
        appointment=event.appointment,
        client=event.client,
        revision=event.revision,
        back=isinstance(event, AppointmentMovedBack),
        at=event.at,
        entropy=SystemEntropy(),
    )


def on_sms_answered(_event_id: str, event: Event) -> None:
    """The patient answered a reminder. Idempotent; what is another appointment now is left alone."""
    if not isinstance(event, SmsAnswered):
        raise TypeError(f"expected SmsAnswered, heard {type(event).__name__}")
    if event.kind != SmsKind.REMINDER:
        return
    try:
        if event.answer == Meaning.MOVE:
            reminder_choices.tell_choices(key=event.about, at=event.at, entropy=SystemEntropy())
        else:
            yes = event.answer == Meaning.YES
            reminder_operations.act(key=event.about, yes=yes, at=event.at)
            answer_operations.tell_visit(
                house=event.house, sms=event.sms, yes=yes, at=event.at, entropy=SystemEntropy()
            )
    except (ReminderOver, ReminderUnknown) as refusal:
        log.info("the answer to reminder %s changes nothing: %s", event.about, refusal.code)
        reply_operations.ask_a_person(house_key=house_system(house=event.house).house_key, sms=event.sms)
        answer_operations.tell_unclear(
            house=event.house, sms=event.sms, still_open=False, at=event.at, entropy=SystemEntropy()
        )


def on_sms_unclear(_event_id: str, event: Event) -> None:
    """Nothing comes of his answer by itself, and he is told so. Idempotent."""
    if not isinstance(event, SmsUnclear):
        raise TypeError(f"expected SmsUnclear, heard {type(event).__name__}")
    answer_operations.tell_unclear(
        house=event.house, sms=event.sms, still_open=event.open, at=event.at, entropy=SystemEntropy()
    )
