# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calendars that somebody keeps in another product: what kinds there are, and when one is looked at again."""

import enum
from datetime import timedelta

SOON, USUAL, SELDOM = timedelta(minutes=5), timedelta(minutes=10), timedelta(minutes=15)
REFUSED_FOR = timedelta(hours=1)
"""Whoever refuses the login, or says that nothing is there, is not asked every few minutes: accounts are locked so."""


class BackendKind(enum.StrEnum):
    """Where an agenda, or a part of it, is kept.

    INTERNAL: in this house. FEED: an iCalendar file that is read. CALDAV: a calendar that is read, and written where
    its owner allows it. WEB: on the site of another product, by hand (`clients.external_agendas`).
    """

    INTERNAL = "internal"
    FEED = "feed"
    CALDAV = "caldav"
    WEB = "web"


READ = frozenset({BackendKind.FEED, BackendKind.CALDAV})
"""Those that the house reads by itself."""


class Fault(enum.StrEnum):
    """Why the last look brought nothing; besides, the codes of `foundation.outside`."""

    LOGIN = "login"
    GONE = "gone"
    REFUSED = "refused"
    BROKEN = "broken"
    NO_CALENDAR = "no_calendar"
    TOO_LARGE = "too_large"
    TOO_MANY = "too_many"
    NOT_WRITTEN = "not_written"
    SEAL_BROKEN = "seal_broken"


STOPS = frozenset({Fault.LOGIN.value, Fault.GONE.value, Fault.SEAL_BROKEN.value, "address_private", "address_port"})
"""Faults that do not pass by themselves within minutes."""


def next_look(*, changed: bool, fault: str, failures: int) -> timedelta:
    """When to look again: after a change soon, else seldom; after a fault soon first, then less and less often."""
    if fault in STOPS and failures > 1:
        return REFUSED_FOR
    if fault:
        return (SOON, USUAL, SELDOM)[min(failures, 3) - 1] if failures else SOON
    return SOON if changed else USUAL
