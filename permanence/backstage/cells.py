# SPDX-License-Identifier: AGPL-3.0-or-later
"""A cell of the list of clients, and how a moment is written in one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.formats import date_format

from permanence.clients.models import Client
from permanence.foundation.who import Who


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a column says of one client. `mark`: "", warn or danger; `lines` are written below each other."""

    lines: tuple[str, ...] = ()
    mark: str = ""


type Reader = Callable[[Who, Sequence[Client]], Mapping[int, Cell]]


def spelt_moment(moment: datetime, zone: ZoneInfo) -> str:
    """Day and hour on the house's clock."""
    there = moment.astimezone(zone)
    return f"{date_format(there, 'SHORT_DATE_FORMAT', use_l10n=True)} {there:%H:%M}"
