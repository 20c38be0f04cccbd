# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with hours as they were typed, in words, for every page on which hours of a day are written."""

from django.utils.translation import gettext as _

from permanence.clients.rules.week import HoursOverlap, HoursUnclear


def overlap_said(unclear: HoursUnclear) -> str:
    """Which hours overlap; "" where something else is wrong with them."""
    if not isinstance(unclear, HoursOverlap):
        return ""
    first, second = unclear.spans
    return _("These hours overlap: %(first)s and %(second)s.") % {"first": first, "second": second}
