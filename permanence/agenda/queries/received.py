# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a patient who is booked is received, as far as it has been said."""

from permanence.agenda.models import FollowUp
from permanence.agenda.queries.returns import over_by_now, unmoved
from permanence.agenda.queries.views import AppointmentView
from permanence.agenda.rules.follow_ups import Outcome, Wanted
from permanence.clients import away
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who


def is_received(*, by: Who, visit: AppointmentView) -> bool:
    """Whether he can come to a visit that stands: it is not on the secretaries' list, but to hear that it stands or
    since the doctor would like it moved, and of each absence that meets it somebody said that he comes all the same.
    Who was called because of one and is booked in it still is not received. Three queries at most.
    """
    client = row_key(visit.client)
    found = away.absences_of(house=by.house, clients=[client], at=visit.starts_at).get(client, ())
    who = {"", visit.recipient, visit.also_recipient}
    met = {each.id for each in found if each.recipient in who and each.starts < visit.ends_at}
    entries = list(unmoved(FollowUp.objects.for_house(by.house_key).filter(appointment__key=visit.appointment)))
    asked = [each for each in entries if each.done_at is None and each.wanted != Wanted.STANDS and not each.alone]
    kept = {each.absence for each in entries if each.outcome == Outcome.KEPT}
    return met <= kept and len(asked) == len(over_by_now(asked, house=by.house))
