# SPDX-License-Identifier: AGPL-3.0-or-later
"""The act of a secretary who has read an instruction; for how long a client's calls are for those who have."""

from datetime import datetime

from django.db import transaction
from django.db.models import Q

from permanence.clients import acts
from permanence.clients.events import InstructionAcknowledged
from permanence.clients.instructions import InstructionUnknown
from permanence.clients.models import Instruction, InstructionAcknowledgement
from permanence.clients.training import LONGEST_S, WaitUnfit
from permanence.foundation import access, audit, live, outbox
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.staff import queries as staff


class AcknowledgementNotAsked(Refusal):
    """This version does not ask to be acknowledged."""

    code = "acknowledgement_not_asked"


@transaction.atomic
def acknowledge_instruction(*, instruction: str, version: int, by: Who, at: datetime) -> None:
    """`by`, a secretary, has read that version. Again: the first time stays. A later version is to be read anew.

    Raises InstructionUnknown, AcknowledgementNotAsked, staff's NotASecretary, foundation's NotHers.
    """
    if not by.person:
        raise staff.NotASecretary("the system reads nothing")
    secretary = staff.secretary_of(house=by.house, person=by.person)
    root = row_key(instruction)
    rows = Instruction.objects.for_house(by.house_key).filter(Q(pk=root, root=None) | Q(root=root))
    row = rows.filter(version=version, retired=False).first()
    if row is None:
        raise InstructionUnknown(f"{instruction[:20]}:{version}")
    access.demand(by, client=str(row.client_id), subject=f"clients.instruction:{row.pk}")
    if not row.acknowledge:
        raise AcknowledgementNotAsked(f"{instruction}:{version}")
    _kept, new = InstructionAcknowledgement.objects.get_or_create(
        instruction=row,
        secretary_id=int(secretary.id),
        defaults={"house_id": by.house_key, "client_id": row.client_id, "at": at},
    )
    if not new:
        return
    detail = {"instruction": root, "version": version}
    subject = f"clients.instruction:{row.pk}"
    audit.note(by=by, at=at, action="instruction.acknowledged", subject=subject, client=row.client_id, detail=detail)
    outbox.announce(
        InstructionAcknowledged(
            house=by.house,
            at=at,
            client=str(row.client_id),
            instruction=instruction,
            instruction_version=version,
            secretary=secretary.id,
        )
    )
    live.touch(f"house/{by.house}/instructions", house_key=by.house_key, at=at)


@transaction.atomic
def set_read_first(*, client: str, seconds: int, by: Who, at: datetime) -> None:
    """For so many seconds of the wait his calls are for those who have read what must be read; 0: for everybody.

    Raises ClientUnknown, WaitUnfit.
    """
    row = acts.account(client, by=by)
    if not 0 <= seconds <= LONGEST_S:
        raise WaitUnfit(str(seconds))
    if row.read_first_s == seconds:
        return
    row.read_first_s = seconds
    row.save(update_fields=["read_first_s"])
    acts.changed(client=client, action="client.read_first_set", by=by, at=at, detail={"seconds": seconds})
