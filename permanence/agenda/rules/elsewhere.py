# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may be recorded of an act in an agenda that is not ours: pure, the moment passed in."""

import enum
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from permanence.kernel.refusals import Refusal

KEY_LIMIT = 40
"""Characters of the id a page makes for an act."""
PATIENT_LIMIT = 120
"""Characters of a patient's name as typed."""
PRODUCT_LIMIT = 60
"""Characters of the name of an agenda's product."""
NUMBER_LIMIT = 40
"""Characters of a caller's number as the page gives it."""
PAST = timedelta(days=31)
AHEAD = timedelta(days=3 * 366)
"""A day further off than these is a slip of the finger, not an appointment."""
_KEY = re.compile(r"[0-9A-Za-z_-]{16,40}\Z")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
_HOUR = re.compile(r"[0-9]{2}:[0-9]{2}\Z")


class ActElsewhere(enum.StrEnum):
    """What was done in the external agenda."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"


class ActIdMalformed(Refusal):
    """The id made by the browser is not 16 to 40 letters, digits, `-` or `_`."""

    code = "act_id_malformed"


class ActUnknown(Refusal):
    """What was done is not one of `ActElsewhere`."""

    code = "act_unknown"


class DayImpossible(Refusal):
    """The day is none, or one nobody makes an appointment on: long past or years ahead."""

    code = "day_impossible"


class HourImpossible(Refusal):
    """The hour is none, or stands without its day."""

    code = "hour_impossible"


class PatientNameTooLong(Refusal):
    """The patient's name holds more than `PATIENT_LIMIT` characters, or the caller's number than `NUMBER_LIMIT`."""

    code = "patient_name_too_long"


class TooLateToCorrect(Refusal):
    """The day on which the act was recorded is over: what was counted stays."""

    code = "too_late_to_correct"


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereForm:
    """The small form as the page sends it.

    `key` is the id made by the page, the same at every retry. `recipient` is the id of a recipient of the client. `day`
    is "2026-11-27" or "", `hour` "14:30" or "", on the client's clock. `caller_number` is that of the call, as the card
    or the message form has it, "" when it is masked.
    """

    key: str
    recipient: str
    act: str
    day: str = ""
    hour: str = ""
    patient_name: str = ""
    caller_number: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAct:
    """What a form says when it may be recorded."""

    act: ActElsewhere
    day: date | None
    hour: time | None
    patient_name: str


def outcome_of(act: ActElsewhere) -> str:
    """What such an act makes of its call, as the console's outcomes."""
    return f"appointment_{act.value}"


def check_act(form: ElsewhereForm, *, today: date) -> CheckedAct:
    """What the form says. `today` is the day at the client's when it arrives.

    Raises ActIdMalformed, ActUnknown, DayImpossible, HourImpossible or PatientNameTooLong.
    """
    if not _KEY.match(form.key):
        raise ActIdMalformed(f"{form.key[:50]!r}")
    try:
        act = ActElsewhere(form.act)
    except ValueError as error:
        raise ActUnknown(form.act[:40]) from error
    name = " ".join(form.patient_name.split())
    for text, limit in ((name, PATIENT_LIMIT), (form.caller_number, NUMBER_LIMIT)):
        if len(text) > limit:
            raise PatientNameTooLong(f"{len(text)} characters, {limit} at most")
    day = _day(form.day, today)
    return CheckedAct(act=act, day=day, hour=_hour(form.hour, day), patient_name=name)


def _day(text: str, today: date) -> date | None:
    if not text:
        return None
    try:
        day = date.fromisoformat(text) if _DAY.match(text) else None
    except ValueError:
        day = None
    if day is None or not today - PAST <= day <= today + AHEAD:
        raise DayImpossible(text[:40])
    return day


def _hour(text: str, day: date | None) -> time | None:
    if not text:
        return None
    try:
        hour = time.fromisoformat(text) if _HOUR.match(text) else None
    except ValueError:
        hour = None
    if hour is None or day is None:
        raise HourImpossible(text[:40])
    return hour


def may_correct(*, recorded_at: datetime, zone: tzinfo, at: datetime) -> bool:
    """Whether what was recorded may still be corrected or undone: until midnight on the house's clock."""
    return recorded_at.astimezone(zone).date() == at.astimezone(zone).date()
