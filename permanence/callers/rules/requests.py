# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person may ask for by law, and by when he is to be answered (GDPR, articles 12, 15 to 17)."""

import calendar
import enum
from datetime import date

ANSWER_LIMIT = 300
"""Characters of an answer."""


class RequestKind(enum.StrEnum):
    """What is asked for."""

    ACCESS = "access"
    CORRECTION = "correction"
    ERASURE = "erasure"


def due_on(asked: date) -> date:
    """The last day to answer: a month later, or the last day of a shorter month."""
    year, month = asked.year + asked.month // 12, asked.month % 12 + 1
    return date(year, month, min(asked.day, calendar.monthrange(year, month)[1]))
