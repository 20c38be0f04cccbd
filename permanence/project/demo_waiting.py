# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two patients of the demonstration wait for an earlier time: one is written to, the other telephoned.

They are put on the list as the house opens: what was set before is no time that gets free for them. Cancel a visit in
the agenda of Dr Weber, and it is offered: the SMS stands at `/demo/sms`, or the patient on the secretaries' list.
"""

from datetime import date, datetime, timedelta

from permanence.agenda.operations.waiting_list import Waits, put_on_list
from permanence.agenda.queries.appointments import of_patient
from permanence.agenda.rules.states import STANDING
from permanence.callers.operations import note_consent
from permanence.callers.rules.identity import ContactWay
from permanence.foundation.who import Who

WEEKS = timedelta(weeks=6)


def add_waiting(
    *,
    client: str,
    written_to: str,
    telephoned: str,
    reason: str,
    urgent_reason: str,
    today: date,
    by: Who,
    at: datetime,
) -> None:
    """Put the two on the list. Who is written to gives up an appointment to come, if there is one."""
    note_consent(client=client, patient=written_to, way=ContactWay.SMS.value, given=True, by=by, at=at)
    coming = [
        each
        for each in reversed(of_patient(by=by, client=client, patient=written_to))
        if each.state in STANDING and each.starts_at > at
    ]
    gives_up = next((each.appointment for each in coming), "")
    for key, who, why, is_urgent, instead_of in (
        ("demonstration-waits-1", written_to, reason, False, gives_up),
        ("demonstration-waits-2", telephoned, urgent_reason, True, ""),
    ):
        waits = Waits(
            patient=who,
            reason=why,
            from_date=today,
            until_date=today + WEEKS,
            is_urgent=is_urgent,
            instead_of=instead_of,
        )
        put_on_list(key=key, client=client, waits=waits, by=by, at=at)
