# SPDX-License-Identifier: AGPL-3.0-or-later
"""The words that rows of appointments hold, and which state may follow which: pure."""

import enum


class AppointmentState(enum.StrEnum):
    """Where an appointment stands."""

    BOOKED = "booked"
    CONFIRMED = "confirmed"
    ARRIVED = "arrived"
    DONE = "done"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"


class Door(enum.StrEnum):
    """By which door an act came in."""

    CONSOLE = "console"
    PORTAL = "portal"
    PUBLIC = "public"
    API = "api"
    CALDAV = "caldav"
    REMINDER = "reminder"
    IMPORT = "import"
    WAITING = "waiting"
    CALENDAR = "calendar"


class HoldEnd(enum.StrEnum):
    """Why a hold is over."""

    BOOKED = "booked"
    RELEASED = "released"
    HUNG_UP = "hung_up"
    EXPIRED = "expired"


class CancelCause(enum.StrEnum):
    """Why an appointment was cancelled."""

    PATIENT = "patient"
    DOCTOR = "doctor"
    ABSENCE = "absence"
    MISTAKE = "mistake"
    REASON_RETIRED = "reason_retired"
    OTHER = "other"


STANDING = frozenset({AppointmentState.BOOKED, AppointmentState.CONFIRMED})
"""Not yet begun: it may be moved and cancelled."""

CAME = frozenset({AppointmentState.ARRIVED, AppointmentState.DONE})
"""The patient came: from then on the practice knows him."""

FOLLOWS = {
    AppointmentState.CONFIRMED: STANDING,
    AppointmentState.ARRIVED: STANDING | {AppointmentState.DONE, AppointmentState.NO_SHOW},
    AppointmentState.DONE: STANDING | {AppointmentState.ARRIVED, AppointmentState.NO_SHOW},
    AppointmentState.NO_SHOW: STANDING | {AppointmentState.ARRIVED, AppointmentState.DONE},
    AppointmentState.CANCELLED: STANDING,
}
"""State -> those it may follow; the three of the day itself correct each other, what was cancelled stays so."""


def may_follow(new: AppointmentState, now: AppointmentState) -> bool:
    """Whether an appointment in state `now` may become `new`."""
    return now in FOLLOWS.get(new, frozenset())
