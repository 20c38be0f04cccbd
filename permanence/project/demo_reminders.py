# SPDX-License-Identifier: AGPL-3.0-or-later
"""The reminders of the demonstration: its practices want them, and most of their patients agreed to SMS.

They stand at `/demo/sms`, where they can be answered; what is to come is let come there at once.
"""

from datetime import datetime

from permanence.agenda.queries import agendas, waiting
from permanence.callers.by_traits import everybody
from permanence.callers.operations import note_consent
from permanence.callers.rules.identity import ContactWay
from permanence.dispatch.reminder_operations import change_contact_rule
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy

HOURS = 4
"""So many hours before a visit its reminder goes out."""


def remind_patients(*, by: Who, at: datetime, entropy: Entropy) -> None:
    """Set the reminders of every practice with an agenda. Who waits and is to be telephoned did not agree."""
    telephoned = {each.person.id for each in waiting.waiting_list(by=by, at=at)}
    for client in sorted({each.client for each in agendas.agendas(by=by)}, key=int):
        for chunk in everybody(house=by.house, client=client):
            for each in chunk:
                if each.id not in telephoned:
                    sms = ContactWay.SMS.value
                    note_consent(client=client, patient=each.id, way=sms, given=True, by=by, at=at)
        change_contact_rule(client=client, names_practice=True, remind_hours=HOURS, by=by, at=at, entropy=entropy)
