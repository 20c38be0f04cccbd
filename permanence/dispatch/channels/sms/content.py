# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an SMS says: day, hour, a link, a code to answer with; the practice's name only where the client agreed.

Nothing of health can stand in it, for there is no field for it: no reason, no practitioner, no word of a message.
"""

import enum
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import formats, translation
from django.utils.translation import gettext as _

from permanence.dispatch.channels.sms.length import plain
from permanence.foundation import moments

DAYS = {"fr": "D d/m", "en": "D j M", "de": "D., d.m."}
"""How a day is written, short."""


class SmsKind(enum.StrEnum):
    """Why it is sent."""

    CODE = "code"
    REMINDER = "reminder"
    LATE = "late"
    OFFER = "offer"
    CANCELLED = "cancelled"
    BOOKED = "booked"
    OVER = "over"
    MOVE = "move"
    CONFIRMED = "confirmed"
    DECLINED = "declined"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What may be said. `house` names who writes; `practice` is "" unless the client agreed; `at` is the moment of the
    visit on the client's clock; `yes`, `no` the digits to answer with (0: none); `minutes` how late; `code` asked for.
    `asked_first`: of an offer he wants, that something comes before it is booked: a question, never which, unless one
    of the next two says that it is the place. `place_first`: of an offer, that the place is told behind the link before
    he can take it, `place_by_telephone`: that we telephone to tell it; never which: the name of a site may be a word
    about his health. `answered`: something came of what he answered before.
    """

    house: str
    practice: str = ""
    at: datetime | None = None
    until: datetime | None = None
    yes: int = 0
    no: int = 0
    minutes: int = 0
    code: str = ""
    link: str = ""
    asked_first: bool = False
    place_first: bool = False
    place_by_telephone: bool = False
    answered: bool = False


def compose(kind: SmsKind, words: Words, *, language: str, sent_on: date | None = None) -> str:
    """The text in the patient's language, its typography as SMS have it. `sent_on`: the day it goes out, by the
    client's clock; until when it is kept is told with its day where that is another one.
    """
    with translation.override(language):
        said = {
            "who": " ".join((words.practice or words.house).split()),
            "day": "" if words.at is None else formats.date_format(words.at, DAYS[language]),
            "hour": "" if words.at is None else moments.hour_there(words.at),
            "until": _until(words.until, language, sent_on=sent_on),
            "yes": words.yes,
            "no": words.no,
            "minutes": words.minutes,
            "code": words.code,
        }
        parts = [(_not_yet(words) if words.asked_first else _sentence(kind, words)) % said]
        if words.yes and not words.asked_first:
            parts.append(_answer(kind, words) % said)
        if words.place_first and not words.asked_first:
            parts.append(_("Place, and to take it:"))
        if words.link:
            parts.append(words.link)
        return plain(" ".join(parts))


def _until(until: datetime | None, language: str, *, sent_on: date | None) -> str:
    if until is None:
        return ""
    hour = moments.hour_there(until)
    if sent_on in {None, until.date()}:
        return hour
    return _("%(day)s, %(hour)s") % {"day": formats.date_format(until, DAYS[language]), "hour": hour}


def _sentence(kind: SmsKind, words: Words) -> str:
    """What is said, in the active language."""
    match kind:
        case SmsKind.CODE:
            return _("%(who)s: your code is %(code)s. Give it to nobody.")
        case SmsKind.REMINDER:
            return _("%(who)s: your appointment is on %(day)s at %(hour)s.")
        case SmsKind.LATE:
            return _("%(who)s: about %(minutes)s min late today. Your appointment at %(hour)s will begin later.")
        case SmsKind.OFFER:
            return _("%(who)s: an appointment is free on %(day)s at %(hour)s. It is kept for you until %(until)s.")
        case _:
            return _outcome(kind, words)


def _outcome(kind: SmsKind, words: Words) -> str:
    """What came of an answer."""
    match kind:
        case SmsKind.CANCELLED:
            return _("%(who)s: your appointment on %(day)s at %(hour)s is cancelled.")
        case SmsKind.BOOKED:
            return _("%(who)s: your appointment on %(day)s at %(hour)s is booked.")
        case SmsKind.OVER:
            return _("%(who)s: the appointment on %(day)s at %(hour)s is no longer free. Nothing was changed.")
        case SmsKind.MOVE:
            return _("%(who)s: choose another moment for %(day)s at %(hour)s. Until then nothing is changed.")
        case SmsKind.CONFIRMED:
            return _("%(who)s: thank you, your appointment on %(day)s at %(hour)s is confirmed.")
        case SmsKind.DECLINED:
            return _("%(who)s: noted, you do not take the appointment on %(day)s at %(hour)s.")
        case _ if words.answered:
            return _("%(who)s: your reply has arrived. A secretary will read it.")
        case _:
            return _("%(who)s: your reply has changed nothing yet. A secretary will read it.")


def _not_yet(words: Words) -> str:
    if words.place_first:
        return _(
            "%(who)s: your appointment on %(day)s at %(hour)s is not booked yet."
            " See where it is and take it, or we will telephone you before %(until)s:"
        )
    if words.place_by_telephone:
        return _(
            "%(who)s: your appointment on %(day)s at %(hour)s is not booked yet."
            " We will telephone you to say where it is, or call us before %(until)s."
        )
    return _(
        "%(who)s: your appointment on %(day)s at %(hour)s is not booked yet, something is asked first."
        " We will telephone you, or call us before %(until)s."
    )


def _answer(kind: SmsKind, words: Words) -> str:
    if words.place_first:
        return _("Reply %(no)s to decline.")
    if kind is SmsKind.OFFER:
        return _("Reply %(yes)s to take it, %(no)s to decline.")
    return _("Reply %(yes)s to confirm, %(no)s to cancel.")
