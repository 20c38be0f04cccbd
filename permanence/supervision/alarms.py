# SPDX-License-Identifier: AGPL-3.0-or-later
"""Standing alarms as the page draws them: in words, the dangerous first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from permanence.foundation import moments
from permanence.foundation.alarms import Standing
from permanence.supervision.alarm_words import UNKNOWN, WORDS
from permanence.supervision.rows import spelt
from permanence.switchboard.rules import Why
from permanence.switchboard.words import why_words

NO_ANSWER = 0
OF_A_NUMBER = frozenset({"line", "forwarding", "forwarding_untested", "forwarding_outside"})
"""The alarms that are about a number."""

OF_A_CLIENT = frozenset(
    {
        "forwarding_silent",
        "forwarding_prospect",
        "forwarding_suspended",
        "forwarding_ended",
        "forwarding_early",
        "forwarding_late",
    }
)
"""The alarms that are about a client, by his id."""
OF_A_CALL = frozenset({"alert_unsent"})
"""The alarms that are about a call of a client, by his id and its name with a slash between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAlarm:
    """One alarm. `since` is "" where nobody knows; `since_at` the moment for machines."""

    code: str
    danger: bool
    wrong: str
    means: str
    act: str
    since: str
    since_at: datetime | None


def drawn_alarms(found: Iterable[Standing], *, zone: ZoneInfo, at: datetime) -> tuple[DrawnAlarm, ...]:
    """The alarms, the dangerous first, each kind in the order given."""
    return tuple(sorted((_drawn(one, zone, at) for one in found), key=lambda drawn: not drawn.danger))


def _drawn(one: Standing, zone: ZoneInfo, at: datetime) -> DrawnAlarm:
    code = "slice_client" if one.code == "slice" and one.params.get("client") else one.code
    words = WORDS.get(code, UNKNOWN)
    status = one.params.get("status")
    told = {
        "code": one.code,
        "count": "1",
        "kind": "",
        "client": "",
        "secretary": "",
        **one.params,
        "about": one.about,
        "gb": formats.number_format(float(one.params.get("gb", 0)), 1),
        "number": spelt(one.about) if one.code in OF_A_NUMBER else "",
        "why": _why(one),
        "status": _("no answer") if status in {None, NO_ANSWER} else str(status),
    }
    since = "" if one.since is None else moments.day_and_hour(one.since, zone, now=at)
    return DrawnAlarm(
        code=one.code,
        danger=words.danger,
        wrong=str(words.wrong) % told,
        means=str(words.means),
        act=str(words.act),
        since=since and _("since %(when)s") % {"when": since},
        since_at=one.since,
    )


def _why(one: Standing) -> str:
    """Why a test call failed, in words; a reason that this release does not know is shown as it is."""
    code = str(one.params.get("why", ""))
    known = code in {each.value for each in Why}
    return why_words(Why(code), str(one.params.get("detail", ""))).what if known else code
