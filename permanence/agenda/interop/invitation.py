# SPDX-License-Identifier: AGPL-3.0-or-later
"""One appointment for the patient's own calendar (RFC 5545, iTIP RFC 5546): when and where, and nothing of why.

The same visit has one UID for good and a SEQUENCE that grows with each move, so that his calendar moves the entry
instead of adding one. The house is the organizer. No answer is asked for: mails from calendars are read by nobody.
"""

import enum
from dataclasses import dataclass
from datetime import UTC, datetime

from icalendar import Calendar, Event, vCalAddress

from permanence.agenda.interop.entries import DOMAIN
from permanence.agenda.interop.ics import empty_calendar


class Method(enum.StrEnum):
    """What a calendar is to do (RFC 5546, 3.2): keep a file, show a visit as it is now, take one away."""

    PUBLISH = "PUBLISH"
    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """What stands in it. `appointment`: its id; `revision`: how often it was moved; `changed_at`: since when it is so.

    `organizer` and `attendee` are mail addresses; `attendee` is "" in a file. `place` and `link` may be "".
    """

    method: Method
    appointment: str
    revision: int
    changed_at: datetime
    starts_at: datetime
    ends_at: datetime
    summary: str
    place: str
    link: str
    organizer: str
    organizer_name: str
    attendee: str = ""
    is_cancelled: bool = False


def as_calendar(invitation: Invitation) -> bytes:
    """The object, in UTC. The same invitation gives the same octets."""
    calendar: Calendar = empty_calendar()
    calendar.add("method", invitation.method.value)
    event = Event()
    event.add("uid", f"{invitation.appointment}@{DOMAIN}")
    event.add("sequence", invitation.revision)
    event.add("dtstamp", invitation.changed_at.astimezone(UTC).replace(microsecond=0))
    event.add("dtstart", invitation.starts_at.astimezone(UTC))
    event.add("dtend", invitation.ends_at.astimezone(UTC))
    event.add("summary", invitation.summary)
    if invitation.place:
        event.add("location", invitation.place)
    if invitation.link:
        event.add("url", invitation.link)
    over = invitation.is_cancelled or invitation.method is Method.CANCEL
    event.add("status", "CANCELLED" if over else "CONFIRMED")
    event.add("class", "PRIVATE")
    organizer = vCalAddress(f"mailto:{invitation.organizer}")
    organizer.params["cn"] = invitation.organizer_name
    event.add("organizer", organizer)
    if invitation.attendee:
        attendee = vCalAddress(f"mailto:{invitation.attendee}")
        attendee.params["rsvp"] = "FALSE"
        attendee.params["partstat"] = "ACCEPTED"
        event.add("attendee", attendee, encode=False)
    calendar.add_component(event)
    return bytes(calendar.to_ical())
