# SPDX-License-Identifier: AGPL-3.0-or-later
"""An alert that nobody has sent is passed on by the house, to whom the red flag alerts and to nobody else."""

from datetime import datetime

from django.db import transaction

from permanence.calls import queries as calls
from permanence.calls.flag_queries import HeardAlert
from permanence.clients import queries as clients
from permanence.foundation import secrecy
from permanence.foundation.who import Who
from permanence.messaging import acts, alerts, queries, words
from permanence.messaging.models import Message
from permanence.messaging.operations import understood_number
from permanence.messaging.rules import TEXT_LIMIT, Urgency, passes_on


@transaction.atomic
def pass_on(*, alert: HeardAlert, by: Who, at: datetime) -> bool:
    """Make an urgent message of it, under the name of her who heard it, where it is due; gives whether it was made.

    Once a call. Her draft stays at her post, so that what she sends afterwards is a message of its own. Nothing is made
    while she writes, and for a recipient who receives no messages any more: the supervisors' alarm stands.
    """
    written = alerts.written_for(alert)
    if not passes_on(ended_at=alert.ended_at, saved_at=written.saved_at, at=at):
        return False
    recipient = clients.recipient(house=alert.house, client=alert.client, recipient=alert.recipient)
    if not recipient.active:
        return False
    account = clients.client(house=alert.house, client=alert.client)
    typed = written.caller_number or calls.caller_of(house=alert.house, call=alert.call)
    text = words.passed_on(alert, written.text, language=next(iter(account.languages), ""))[:TEXT_LIMIT]
    row, created = Message.objects.get_or_create(
        house_id=by.house_key,
        key=f"alert-{alert.call}",
        defaults={
            "client_id": int(account.id),
            "call": alert.call,
            "taken_by_id": int(alert.by),
            "taken_by_name": alert.by_name,
            "taken_at": at,
            "recipient_id": int(recipient.id),
            "caller_name": written.caller_name,
            "caller_number": understood_number(typed, country=account.country),
            "caller_typed": typed,
            "urgency": Urgency.URGENT.value,
            "sealed_text": secrecy.seal(text, house=alert.house, purpose=queries.TEXT),
        },
    )
    if created:
        acts.announce_taken(row, house=alert.house, by=by, at=at)
    return created
