# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the calendars kept elsewhere do when a booking changed: where it is written, it is written soon."""

from permanence.agenda.events import AppointmentEvent, AppointmentLeft
from permanence.agenda.interop import others
from permanence.kernel.events import Event


def on_appointment(_event_id: str, event: Event) -> None:
    """The worker looks at the calendars into which its agendas are written. Idempotent."""
    if not isinstance(event, AppointmentEvent):
        raise TypeError(f"expected AppointmentEvent, heard {type(event).__name__}")
    from_there = (event.from_agenda, event.from_also) if isinstance(event, AppointmentLeft) else ()
    for agenda in sorted({event.agenda, event.also, *from_there} - {""}):
        others.write_soon(agenda=agenda, at=event.at)
