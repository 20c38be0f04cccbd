# SPDX-License-Identifier: AGPL-3.0-or-later
"""Agendas in the site's database: Dr Weber's and a colleague's, open all day from tomorrow on; persons to book for."""

import json
from dataclasses import dataclass
from datetime import date

from tests.screens.fakes.site import Site

NUMBER = "+352621000147"
TWO_AGENDAS = """
import json
import sys
from tests.screens.fakes.agendas_made import main
print(json.dumps(main(int(sys.argv[1]), today=bool(sys.argv[2]))))
"""
BY_NIGHT = """
import sys
from datetime import date
from permanence.agenda.models import Agenda
from permanence.agenda.operations import setting
from permanence.agenda.rules.kinds import ExceptionKind, Opening
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
by, at, agenda = house_system(house="demo"), SystemClock().now(), str(Agenda.objects.get(name="Dr Weber").pk)
day = date.fromisoformat(sys.argv[1])
hours = (Opening(id="", agenda=agenda, weekday=day.weekday(), opens="02:00", until="04:00", on_holidays=True),)
setting.set_exception(agenda=agenda, day=day, kind=ExceptionKind.ONE_OFF, openings=hours, by=by, at=at)
"""
BUSY = """
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo
from permanence.agenda.models import Agenda
from permanence.agenda.operations import blocks
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
by, at, agenda = house_system(house="demo"), SystemClock().now(), str(Agenda.objects.get(name="Dr Weber").pk)
starts = datetime.fromisoformat(sys.argv[1]).replace(tzinfo=ZoneInfo("Europe/Luxembourg"))
key = f"busy-on-{starts:%Y%m%d%H%M}-of-dr-weber"
blocks.block(key=key, agenda=agenda, starts_at=starts, ends_at=starts + timedelta(hours=1), by=by, at=at)
"""
HELD = """
import sys
from datetime import datetime
from zoneinfo import ZoneInfo
from permanence.agenda.models import Agenda
from permanence.agenda.operations import holds
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
from permanence.project import demo_cast
by, at = who_is(Person.objects.select_related("house").get(email=demo_cast.CLAIRE)), SystemClock().now()
starts = datetime.fromisoformat(sys.argv[1]).replace(tzinfo=ZoneInfo("Europe/Luxembourg"))
agenda = str(Agenda.objects.get(name="Dr Weber").pk)
holds.hold_slot(key="held-by-claire-of-dr-weber", agenda=agenda, reason=sys.argv[2], starts_at=starts, by=by, at=at)
"""
TAKEN = """
import sys
from datetime import datetime
from permanence.agenda.operations import appointments
from permanence.agenda.operations.appointments import Booking
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
agenda, starts, patient, reason = sys.argv[1:]
by, at, booking = house_system(house="demo"), SystemClock().now(), Booking(patient=patient, reason=reason)
starts = datetime.fromisoformat(starts)
appointments.book(key="booked-by-another-one", agenda=agenda, starts_at=starts, booking=booking, by=by, at=at)
"""
MOVED = """
import sys
from datetime import datetime
from permanence.agenda.operations import appointments
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
appointment, agenda, starts = sys.argv[1:]
to = {"agenda": agenda, "starts_at": datetime.fromisoformat(starts)}
by, at = house_system(house="demo"), SystemClock().now()
appointments.move(key="moved-by-another-one", appointment=appointment, **to, by=by, at=at)
"""

TWO = """
import sys
from permanence.agenda.models import Agenda
from permanence.agenda.operations import reasons
from permanence.agenda.rules.kinds import VisitReason
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
client = str(Agenda.objects.get(pk=int(sys.argv[1])).client_id)
reason = VisitReason(id="", client=client, name="Bilan à deux", minutes=20, also=sys.argv[1])
print(reasons.set_reason(client=client, reason=reason, by=house_system(house="demo"), at=SystemClock().now()).id)
"""
GROUP = """
import sys
from datetime import datetime
from zoneinfo import ZoneInfo
from permanence.agenda.models import Agenda
from permanence.agenda.operations import appointments, reasons, setting
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.rules.kinds import Opening, VisitReason
from permanence.foundation.operations import house_system
from permanence.kernel.system import SystemClock
by, at, (agenda, day, *patients) = house_system(house="demo"), SystemClock().now(), sys.argv[1:]
client = str(Agenda.objects.get(pk=int(agenda)).client_id)
room = setting.add_resource(client=client, name="Salle 1", kind="salle", by=by, at=at).id
reason = VisitReason(id="", client=client, name="École du dos", minutes=60)
reason = reasons.set_reason(client=client, reason=reason, by=by, at=at).id
hours = {"id": "", "agenda": agenda, "opens": "09:00", "until": "12:00", "on_holidays": True, "resources": (room,)}
week = tuple(Opening(weekday=number, capacity=4, **hours) for number in range(7))
setting.set_openings(agenda=agenda, openings=week, by=by, at=at)
starts = datetime.fromisoformat(f"{day}T09:00").replace(tzinfo=ZoneInfo("Europe/Luxembourg"))
for patient in patients:
    booking = Booking(patient=patient, reason=reason)
    key = f"in-the-group-{patient}".ljust(20, "x")
    appointments.book(key=key, agenda=agenda, starts_at=starts, booking=booking, by=by, at=at)
"""


@dataclass(frozen=True)
class Made:
    """Ids of the client, his agendas, reasons and persons."""

    client: str
    weber: str
    klein: str
    consultation: str
    tracing: str
    scan: str
    review: str
    jeanne: str
    paul: str


def make(site: Site, many: int = 0, *, today: bool = False) -> Made:
    """The agendas of Dr Weber's practice; `many` more, each with a full day tomorrow.

    They are open `today` only where a test says so: how many hours of today are left depends on when it runs, and the
    first of its free times may begin, and be free no more, between two keys.
    """
    return Made(**json.loads(site.run(TWO_AGENDAS, str(many), "today" if today else "")))


def by_night(site: Site, day: date) -> None:
    """Dr Weber works from 2 to 4 too, that day."""
    site.run(BY_NIGHT, day.isoformat())


def busy(site: Site, day: date, hour: int) -> None:
    """Dr Weber is busy for an hour."""
    site.run(BUSY, f"{day.isoformat()}T{hour:02d}:00")


def held(site: Site, made: Made, day: date, hour: int) -> None:
    """Claire holds a consultation with Dr Weber at that hour."""
    site.run(HELD, f"{day.isoformat()}T{hour:02d}:00", made.consultation)


def taken(site: Site, made: Made, agenda: str, starts: str) -> None:
    """Paul is booked there for a consultation at that moment (ISO) by somebody else."""
    site.run(TAKEN, agenda, starts, made.paul, made.consultation)


def moved(site: Site, appointment: str, agenda: str, starts: str) -> None:
    """That appointment is moved there, to that moment (ISO), by somebody else."""
    site.run(MOVED, appointment, agenda, starts)


def for_two(site: Site, made: Made) -> str:
    """A reason for which Dr Klein is wanted too: its id."""
    return site.run(TWO, made.klein)


def group(site: Site, made: Made, day: date) -> None:
    """Dr Klein has groups of four from 9 to 12, an hour each, in room 1: Jeanne and Paul come at 9 on that day."""
    site.run(GROUP, made.klein, day.isoformat(), made.jeanne, made.paul)
