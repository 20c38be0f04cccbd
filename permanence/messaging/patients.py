# SPDX-License-Identifier: AGPL-3.0-or-later
"""The person a message is about: one of the message's own client, or nobody.

A message names whom the secretary chose, for good. Who was merged since is shown as the one who stands for him, and as
himself again when the merge is undone: nothing has to follow.
"""

from collections.abc import Iterable

from permanence.callers import queries as callers
from permanence.callers.queries import PatientView
from permanence.kernel.refusals import Refusal
from permanence.messaging.models import Message


class NoSuchPatient(Refusal):
    """The person is not one of this client: a message does not name somebody else's."""

    code = "no_such_patient"


def key_of(*, house: str, client: str, patient: str) -> int | None:
    """The primary key behind the form's id, None where nobody was chosen. Raises NoSuchPatient."""
    if not patient:
        return None
    try:
        return int(callers.patient(house=house, client=client, patient=patient).id)
    except callers.PatientUnknown as error:
        raise NoSuchPatient(error.why) from error


def named_in(rows: Iterable[Message]) -> dict[int, PatientView]:
    """Who the messages are about, by the message's primary key. Nothing is asked where they name nobody."""
    about = {row.pk: (str(row.client_id), str(row.patient_id)) for row in rows if row.patient_id is not None}
    found = callers.standing_of(pairs=about.values())
    return {key: found[pair] for key, pair in about.items() if pair in found}
