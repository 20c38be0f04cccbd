# SPDX-License-Identifier: AGPL-3.0-or-later
"""Why no calendar is found on a doctor's server, or what was found is no more."""

from permanence.kernel.refusals import Refusal


class LedElsewhere(Refusal):
    """A server says that the calendars are at another one, to which the login does not go; `why` is its name."""

    code = "led_elsewhere"


class CalendarsMissing(Refusal):
    """The login has no calendar on that server."""

    code = "calendars_missing"


class FoundOver(Refusal):
    """What was found on a server was found too long ago, by somebody else, or is not among it."""

    code = "found_over"
