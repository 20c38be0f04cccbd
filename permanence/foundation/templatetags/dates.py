# SPDX-License-Identifier: AGPL-3.0-or-later
"""`{% load dates %}`: days in words for templates, as `foundation.dates` writes them."""

from datetime import date, datetime

from django import template

from permanence.foundation import dates, moments

register = template.Library()


@register.filter(expects_localtime=True)
def day(value: date | None, form: str) -> str:
    """`{{ at|day:"NAMED" }}`: the day in that form of `foundation.dates.Form`, a moment's on the clock of the page."""
    return "" if value is None else dates.say(value, dates.Form[form])


@register.filter
def iso_day(value: str) -> str:
    """`{{ person.birth_date|iso_day }}`: a day kept as ISO, in figures."""
    return dates.iso_figures(value)


@register.filter(expects_localtime=True)
def short_moment(value: datetime | None) -> str:
    """`{{ row.at|short_moment }}`: day and hour of a list, on the clock of the page."""
    return "" if value is None else dates.short_moment(value)


@register.filter(expects_localtime=True)
def hour(value: datetime | None) -> str:
    """`{{ form.held_until|hour }}`: the hour as a sentence says it, on the clock of the page."""
    return "" if value is None else moments.hour_there(value)
