# SPDX-License-Identifier: AGPL-3.0-or-later
"""Lines that a client's page takes off or gives another number: what was theirs rests, and the page says so."""

from datetime import datetime

from django.contrib import messages
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from permanence.clients.models import Line
from permanence.clients.quarantine import rest_removed
from permanence.countries.numbers import spell_international
from permanence.kernel.phone import PhoneNumber


def take_off(request: HttpRequest, line: Line, *, at: datetime) -> None:
    """The line is his no longer."""
    number = line.number
    line.delete()
    _rest(request, Line(house_id=line.house_id, client_id=line.client_id, number=number, label=line.label), at=at)


def renumbered(request: HttpRequest, line: Line, *, at: datetime) -> None:
    """The line is about to be saved: where it had another number until now, that one rests."""
    before = Line.objects.filter(pk=line.pk).exclude(number=line.number).first() if line.pk else None
    if before is not None:
        _rest(request, before, at=at)


def _rest(request: HttpRequest, line: Line, *, at: datetime) -> None:
    until = rest_removed(line, at=at)
    told = _(
        "%(number)s rests until %(day)s: callers still have it, so it is given to no other client before. "
        "An owner can give it free under “Numbers in quarantine”."
    )
    shown = {
        "number": spell_international(PhoneNumber(line.number)),
        "day": date_format(until, "SHORT_DATE_FORMAT"),
    }
    messages.warning(request, told % shown)
