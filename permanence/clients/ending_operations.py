# SPDX-License-Identifier: AGPL-3.0-or-later
"""The end of a contract: calls are not answered any more, and the numbers rest until a stated day."""

from datetime import date, datetime

from django.db import transaction

from permanence.clients import quarantine
from permanence.clients.acts import account, changed
from permanence.clients.rules import ClientState
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class ContractEnded(Refusal):
    """The contract has ended already."""

    code = "contract_ended"


class QuarantineOver(Refusal):
    """The day until which the numbers should rest is not after today."""

    code = "quarantine_over"


@transaction.atomic
def end_contract(*, client: str, last: date | None, until: date, reason: str, by: Who, at: datetime) -> tuple[str, ...]:
    """End the contract now; `last` is the first day that is not in it any more (None: as it is noted, else today).

    His numbers rest until the day `until` for that `reason`; gives them. Raises ClientUnknown, ContractEnded,
    QuarantineOver.
    """
    row = account(client, by=by)
    if row.state == ClientState.ENDED:
        raise ContractEnded(client)
    if until <= at.date():
        raise QuarantineOver(until.isoformat())
    ended = last or row.contract_until or at.date()
    row.state = ClientState.ENDED.value
    row.contract_until = ended if row.contract_from is None or row.contract_from < ended else None
    row.save(update_fields=["state", "contract_until"])
    numbers = quarantine.lay_to_rest(row, until=until, reason=reason.strip()[:200], at=at)
    detail = {"state": row.state, "numbers": len(numbers), "day": until.isoformat()}
    changed(client=client, action="client.ended", by=by, at=at, detail=detail)
    return numbers
