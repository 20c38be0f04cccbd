# SPDX-License-Identifier: AGPL-3.0-or-later
"""The days that a page of the portal is asked for."""

from datetime import date, timedelta

DAYS_AHEAD = 3 * 366
"""Nobody books further ahead than that; who types 2206 means 2026."""


def last_day(today: date) -> date:
    """The last day on which a page books."""
    return today + timedelta(days=DAYS_AHEAD)


def read_day(text: str) -> date | None:
    """A day as a form sends it, None for what is none."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
