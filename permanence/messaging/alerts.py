# SPDX-License-Identifier: AGPL-3.0-or-later
"""Alerts that nobody has sent: a red flag that alerts somebody was heard in a call, the call is over, and no message
of it has gone to whom it alerts. Read by the supervisors' alarms and by the worker, which passes them on."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from permanence.calls import flag_queries
from permanence.calls.flag_queries import HeardAlert
from permanence.messaging import queries
from permanence.messaging.models import Message
from permanence.messaging.rules import NAME_LIMIT, NUMBER_LIMIT

LOOKED_BACK = timedelta(days=1)
"""An alert is followed so long; what stands at her post stays there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What the secretary had written for the call, as far as it can be read. `saved_at`: when last, None for never."""

    text: str = ""
    caller_name: str = ""
    caller_number: str = ""
    saved_at: datetime | None = None


def unsent_alerts(*, at: datetime, after: timedelta) -> tuple[HeardAlert, ...]:
    """One a call, of calls that are over for `after` at least, of every house, as they were heard. Two queries.

    As on her page, one message of the call settles it: to any of those whom the flags heard in it alert.
    """
    heard = [each for each in flag_queries.heard_alerts(since=at - LOOKED_BACK) if each.ended_at + after <= at]
    calls = {each.call for each in heard}
    rows = Message.objects.filter(call__in=calls).values_list("house__slug", "call", "recipient") if calls else ()
    sent = {(house, call, str(recipient)) for house, call, recipient in rows}
    told = {(each.house, each.call) for each in heard if (each.house, each.call, each.recipient) in sent}
    open_ones = {(each.house, each.call): each for each in reversed(heard)}
    return tuple(each for name, each in reversed(open_ones.items()) if name not in told)


def written_for(alert: HeardAlert) -> Written:
    """What she had written for that call, and for that client alone. One query."""
    view = queries.draft(alert.house, alert.by, alert.call)
    return Written() if view is None else replace(written_in(view.body, client=alert.client), saved_at=view.saved_at)


def written_in(body: dict[str, Any], *, client: str) -> Written:
    """What stands in the JSON that her page kept, if it was written for this client."""
    fields = _object(body, "fields") if _object(body, "card").get("client") == client else {}
    return Written(
        text=_text(fields, "text", "\n"),
        caller_name=_text(fields, "name")[:NAME_LIMIT],
        caller_number=_text(fields, "number")[:NUMBER_LIMIT],
    )


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    """A part of what her page wrote down, of which the house knows nothing for certain."""
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def _text(fields: dict[str, Any], name: str, beside: str = "") -> str:
    found = fields.get(name)
    text = found if isinstance(found, str) else ""
    return "".join(each for each in text if each.isprintable() or each in beside).strip()
