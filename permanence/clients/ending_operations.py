# SPDX-License-Identifier: AGPL-3.0-or-later
"""The end of a contract: calls are not answered any more, and the numbers rest until a stated day.

On a day to come it is planned: until that day begins on the client's clock his calls are answered as ever and the plan
can be taken back; then the worker carries it out (`end_due_contracts`).
"""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction

from permanence.clients import quarantine
from permanence.clients.acts import account, changed
from permanence.clients.models import Client, PlannedEnd
from permanence.clients.rules import ClientState
from permanence.foundation.who import Who, system_of
from permanence.kernel.refusals import Refusal

FARTHEST_AHEAD = timedelta(hours=14)
"""By how much the clock of a client goes before that of Greenwich, at most."""


class ContractEnded(Refusal):
    """The contract has ended already."""

    code = "contract_ended"


class QuarantineOver(Refusal):
    """The day until which the numbers should rest is not after today, or not after the end."""

    code = "quarantine_over"


class NoEndPlanned(Refusal):
    """No end of the contract is planned, or not any more."""

    code = "no_end_planned"


@transaction.atomic
def end_contract(*, client: str, last: date | None, until: date, reason: str, by: Who, at: datetime) -> tuple[str, ...]:
    """End the contract; `last` is the first day that is not in it any more (None: as it is noted, else today).

    His numbers rest until the day `until` for that `reason`; gives them. On a day to come the end is planned, in place
    of one that was planned before, and nothing rests yet. Raises ClientUnknown, ContractEnded, QuarantineOver.
    """
    row = account(client, by=by)
    if row.state == ClientState.ENDED:
        raise ContractEnded(client)
    today = _day(row, at)
    ended = last or row.contract_until or today
    if until <= max(at.date(), today, ended):
        raise QuarantineOver(until.isoformat())
    PlannedEnd.objects.for_client(row).delete()
    if ended <= today:
        return _end(row, ended, until=until, reason=reason, by=by, at=at)
    PlannedEnd.objects.create(
        house_id=row.house_id,
        client=row,
        ends_on=ended,
        until=until,
        reason=reason.strip()[:200],
        planned_by=by.name[:120],
        planned_at=at,
    )
    detail = {"day": ended.isoformat(), "until": until.isoformat()}
    changed(client=client, action="client.end_planned", by=by, at=at, detail=detail)
    return ()


@transaction.atomic
def withdraw_end(*, client: str, by: Who, at: datetime) -> None:
    """The contract goes on. Raises ClientUnknown, NoEndPlanned."""
    row = account(client, by=by)
    if not PlannedEnd.objects.for_client(row).delete()[0]:
        raise NoEndPlanned(client)
    changed(client=client, action="client.end_withdrawn", by=by, at=at)


def planned_end(client: Client) -> PlannedEnd | None:
    """The end that is planned for the client, if any. One query."""
    return PlannedEnd.objects.for_client(client).first()


def end_due_contracts(*, at: datetime) -> int:
    """Carry out what was planned for a day that has begun on the client's clock; gives how many contracts ended."""
    near = PlannedEnd.objects.filter(ends_on__lte=(at + FARTHEST_AHEAD).date()).select_related("house", "client")
    return sum(_carry_out(plan, at) for plan in near if plan.ends_on <= _day(plan.client, at))


@transaction.atomic
def _carry_out(plan: PlannedEnd, at: datetime) -> bool:
    by = system_of(plan.house)
    row = account(str(plan.client_id), by=by)
    if not PlannedEnd.objects.filter(pk=plan.pk, ends_on=plan.ends_on).delete()[0]:
        return False  # taken back or put off meanwhile
    if row.state == ClientState.ENDED:
        return False
    _end(row, plan.ends_on, until=plan.until, reason=plan.reason, by=by, at=at)
    return True


def _end(row: Client, ended: date, *, until: date, reason: str, by: Who, at: datetime) -> tuple[str, ...]:
    row.state = ClientState.ENDED.value
    row.contract_until = ended if row.contract_from is None or row.contract_from < ended else None
    row.save(update_fields=["state", "contract_until"])
    numbers = quarantine.lay_to_rest(row, until=until, reason=reason.strip()[:200], at=at)
    detail = {"state": row.state, "numbers": len(numbers), "day": until.isoformat()}
    changed(client=str(row.pk), action="client.ended", by=by, at=at, detail=detail)
    return numbers


def _day(client: Client, at: datetime) -> date:
    """The day of the client's clock."""
    return at.astimezone(ZoneInfo(client.time_zone)).date()
