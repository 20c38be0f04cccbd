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


OF_THE_DAY = CAME | {AppointmentState.NO_SHOW}
"""What is said of a visit on its day."""


def taken_back(now: AppointmentState, *, confirmed: bool, same_day: bool) -> AppointmentState | None:
    """What a visit becomes when that is taken back which was said last: as it stood before its day, `confirmed` where
    the patient had; that he had, booked. None: there is nothing to take back, or (of the day) it was not said today.
    """
    if now is AppointmentState.CONFIRMED:
        return AppointmentState.BOOKED
    if now not in OF_THE_DAY or not same_day:
        return None
    return AppointmentState.CONFIRMED if confirmed else AppointmentState.BOOKED


def may_follow(new: AppointmentState, now: AppointmentState) -> bool:
    """Whether an appointment in state `now` may become `new`."""
    return now in FOLLOWS.get(new, frozenset())
