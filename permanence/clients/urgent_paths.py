# SPDX-License-Identifier: AGPL-3.0-or-later
"""The guard of the urgent paths: every operation that changes one passes here, whichever door it was called from."""

from permanence.clients.models import Client
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class ApprovalNeeded(Refusal):
    """The contract asks that a second person approves this change: `approvals.submit` keeps it until then."""

    code = "approval_needed"


def demand_second(row: Client, *, by: Who) -> None:
    """Lets pass what two persons stand for, and everything where the contract does not ask. Raises ApprovalNeeded.

    Called last, when nothing else stands in the way of the change.
    """
    if row.second_approval and not by.approved_by:
        raise ApprovalNeeded(str(row.pk))
