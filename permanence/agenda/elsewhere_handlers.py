# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an act in an external agenda says of its call: the outcome, until the secretary says it herself."""

from permanence.agenda import elsewhere_queries as queries
from permanence.agenda.events import AppointmentBookedElsewhere, AppointmentElsewhereUndone
from permanence.agenda.rules.elsewhere import ActElsewhere, outcome_of
from permanence.calls import operations as calls
from permanence.kernel.events import Event

OUTCOMES = frozenset(outcome_of(each) for each in ActElsewhere)


def on_booked_elsewhere(_event_id: str, event: Event) -> None:
    """The call ended in an appointment; one that was corrected says what it is now. Idempotent."""
    if not isinstance(event, AppointmentBookedElsewhere):
        raise TypeError(f"expected AppointmentBookedElsewhere, heard {type(event).__name__}")
    if event.call:
        _tell(event.house, event.call)


def on_elsewhere_undone(_event_id: str, event: Event) -> None:
    """The call did not end in that appointment: it has the outcome of what else was done in it, or none. Idempotent."""
    if not isinstance(event, AppointmentElsewhereUndone):
        raise TypeError(f"expected AppointmentElsewhereUndone, heard {type(event).__name__}")
    if event.call:
        _tell(event.house, event.call)


def _tell(house: str, call: str) -> None:
    """By what stands now, not by the event: they may come late and more than once."""
    standing = queries.acts_of_calls(house=house, calls=(call,)).get(call, ())
    outcome = outcome_of(standing[-1].act) if standing else ""
    calls.note_outcome(house=house, call=call, outcome=outcome)
    calls.revise_outcome(house=house, call=call, among=OUTCOMES, outcome=outcome)
