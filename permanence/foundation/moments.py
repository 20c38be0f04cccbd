# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moments and lengths in words, in the language of the page: the one place where the house writes the time.

In a sentence the hour is « 11 h 57 », « 8 h » in French, 11:57 Uhr in German, 11:57 in English; in a column it is
figures in every language (`foundation/formats/`). Every moment is told on one clock, which the caller names: the
house's for what the house reads, the client's for the client.
"""

from datetime import date, datetime, time, timedelta, tzinfo

from django.utils import formats
from django.utils.translation import gettext as _

from permanence.foundation import dates


def hour(at: datetime, zone: tzinfo) -> str:
    """The hour of a moment as a sentence says it, on the clock of `zone`."""
    return hour_there(at.astimezone(zone))


def hour_there(local: datetime) -> str:
    """The same for a moment that is on its clock already. The one way in which whatever patients read writes it: pages,
    mails and SMS, rows of times too. On the night clocks go back it says whether it is the second of two.
    """
    said = formats.date_format(local, "SENTENCE_TIME_FORMAT" if local.minute else "SENTENCE_FULL_HOUR_FORMAT")
    return second_time(said) if local.fold else said


def second_time(said: str) -> str:
    """An hour, as it is written, that comes for the second time: clocks have gone back over it."""
    return _("%(hour)s for the second time") % {"hour": said}


def clock(at: datetime, zone: tzinfo) -> str:
    """The hour of a moment as figures, for columns and rows: 14:15."""
    return formats.date_format(at.astimezone(zone), "H:i")


def clock_chosen(at: datetime, zone: tzinfo) -> str:
    """The same for an hour that is chosen or meant: it says whether it is the second of two."""
    said = clock(at, zone)
    return second_time(said) if at.astimezone(zone).fold else said


def clock_until(ends: datetime, zone: tzinfo) -> str:
    """The hour at which something ends, as figures: 14:15; the midnight that ends a day is 24:00."""
    said = clock(ends, zone)
    return "24:00" if said == "00:00" else said


def day_and_hour(at: datetime, zone: tzinfo, *, now: datetime) -> str:
    """Day and hour as a sentence says them, the year only when it is not the present one: « 24 novembre, 11 h 57 »."""
    local, today = at.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return _("today %(hour)s") % {"hour": hour(at, zone)}
    return day_and_hour_in(_form(local, today), at, zone)


def day_and_hour_until(ends: datetime, zone: tzinfo, *, now: datetime) -> str:
    """The same of an end: one at midnight is told by the day that it ends, which is in it."""
    if not begins_day(ends, zone):
        return day_and_hour(ends, zone, now=now)
    return day_and_hour_until_in(_form(last_day(ends, zone), now.astimezone(zone)), ends, zone)


def day_and_hour_in(form: dates.Form, at: datetime, zone: tzinfo) -> str:
    """Day and hour as a sentence says them, the day in that form, be it today: « mardi 24 novembre, 11 h 57 »."""
    return _("%(day)s, %(hour)s") % {"day": dates.say(at.astimezone(zone), form), "hour": hour(at, zone)}


def day_and_hour_until_in(form: dates.Form, ends: datetime, zone: tzinfo) -> str:
    """The same of an end: one at midnight is told by the day that it ends, which is in it."""
    if not begins_day(ends, zone):
        return day_and_hour_in(form, ends, zone)
    return _("%(day)s, inclusive") % {"day": dates.say(last_day(ends, zone), form)}


def begins_day(at: datetime, zone: tzinfo) -> bool:
    """Whether it is midnight to the second."""
    return at.astimezone(zone).time() == time()


def last_day(ends: datetime, zone: tzinfo) -> date:
    """The last day of which something is in what ends then."""
    local = ends.astimezone(zone)
    return local.date() - timedelta(days=1) if begins_day(ends, zone) else local.date()


def _form(day: date, today: date) -> dates.Form:
    return dates.Form.OF_MONTH if day.year == today.year else dates.Form.WHOLE


def length(seconds: float) -> str:
    """Minutes and seconds of what was spoken, as figures; never "0:00": what was kept was heard for a moment."""
    minutes, rest = divmod(max(round(seconds), 1), 60)
    return f"{minutes}:{rest:02d}"
