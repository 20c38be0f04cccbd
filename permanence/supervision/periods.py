# SPDX-License-Identifier: AGPL-3.0-or-later
"""The days and months that the call list offers, in the language of the page; a date field follows the browser's."""

from datetime import date, timedelta

from django.utils import dateformat
from django.utils.translation import gettext as _

from permanence.foundation import dates

DAYS = 31
"""Days offered one by one, today first; older ones are found by their month."""
MONTHS = 24


def day_choices(today: date, asked: date | None) -> list[tuple[str, str]]:
    """("2026-11-24", its words), newest first; `asked` too when it is older."""
    days = [today - timedelta(days=n) for n in range(DAYS)]
    if asked and asked not in days:
        days.append(asked)
    return [(day.isoformat(), _day_words(day, today)) for day in sorted(days, reverse=True)]


def month_choices(today: date, asked: date | None) -> list[tuple[str, str]]:
    """("2026-11", its words), newest first; the month that begins with `asked` too when it is older."""
    count = today.year * 12 + today.month - 1
    months = [date((count - n) // 12, (count - n) % 12 + 1, 1) for n in range(MONTHS)]
    if asked and asked not in months:
        months.append(asked)
    return [(f"{each:%Y-%m}", dateformat.format(each, "F Y")) for each in sorted(months, reverse=True)]


def _day_words(day: date, today: date) -> str:
    """Today, yesterday, else the day of the week with the date; the year where it is another one."""
    near = {0: _("Today"), 1: _("Yesterday")}.get((today - day).days)
    if near:
        return near
    return dates.say(day, dates.Form.NAMED if day.year == today.year else dates.Form.NAMED_WHOLE)
