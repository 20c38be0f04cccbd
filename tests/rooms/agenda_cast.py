# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cast of the agendas: cabinet Dupont (Paris) with two practitioners, Dr Weber (Luxembourg), and a second house.

The cabinet is open Monday to Friday, 8 to 12 and 14 to 18; a consultation lasts 20 minutes, 30 for a new patient.
Patients are made by the table: how they are kept is not what is tested.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from permanence.agenda.operations import reasons, setting
from permanence.agenda.operations.appointments import Booking
from permanence.agenda.rules import kinds
from permanence.callers.models import Patient
from permanence.clients.models import Client
from tests.rooms.messaging_cast import NOON, Cast, make_cast
from tests.rooms.remembered import remembered

MONDAY = datetime(2026, 11, 30, 7, 0, tzinfo=UTC)
"""8:00 in Paris and Luxembourg, the Monday after `NOON`."""
WEEK = tuple((day, *hours) for day in range(5) for hours in (("08:00", "12:00"), ("14:00", "18:00")))


@dataclass(frozen=True)
class AgendaCast:
    """`everybody`: the persons and clients of `messaging_cast`. Agendas, reasons, patients and `ecg` are ids."""

    everybody: Cast
    dupont: str
    lemaire: str
    weber_agenda: str
    consultation: str
    tracing: str
    class_of_three: str
    webers: str
    ecg: str
    jeanne: str
    paul: str
    greta: str
    used: list[str] = field(default_factory=list, init=False)

    def __getattr__(self, name):
        return getattr(self.everybody, name)

    def key(self):
        """An id as a page makes it."""
        self.used.append(f"act-{len(self.used):016d}")
        return self.used[-1]

    def booking(self, **changes):
        return Booking(**{"patient": self.jeanne, "reason": self.consultation} | changes)


def after(minutes):
    return MONDAY + timedelta(minutes=minutes)


def patient(client, name, *, known=True, birth_date="1961-03-14"):
    row = Client.objects.get(pk=int(client))
    made = Patient.objects.create(
        house_id=row.house_id,
        client=row,
        key=f"patient-{name}".ljust(20, "x")[:40],
        birth_name=name,
        first_name="Jeanne",
        birth_date=birth_date,
        known=known,
        added_at=NOON,
        changed_at=NOON,
    )
    return str(made.pk)


def reason(client, name, minutes, *, by, **more):
    new = kinds.VisitReason(id="", client=client, name=name, minutes=minutes, **more)
    return reasons.set_reason(client=client, reason=new, by=by, at=NOON).id


def openings(agenda, week=WEEK, **more):
    return tuple(
        kinds.Opening(id="", agenda=agenda, weekday=day, opens=opens, until=until, **more) for day, opens, until in week
    )


def opened(client, recipient, name, *, by, week=WEEK, **more):
    agenda = setting.open_agenda(client=client, recipient=recipient, name=name, by=by, at=NOON).id
    setting.set_openings(agenda=agenda, openings=openings(agenda, week, **more), by=by, at=NOON)
    return agenda


@remembered(replace)
def make_agenda_cast():
    cast = make_cast()
    by, cabinet = cast.claire, cast.cabinet.id
    ecg = setting.add_resource(client=cabinet, name="ECG", kind="ecg", by=by, at=NOON).id
    group = reason(cabinet, "École du dos", 60, by=by)
    made = AgendaCast(
        everybody=cast,
        dupont=opened(cabinet, cast.cabinet.doctor, "Dr Dupont", by=by),
        lemaire=opened(cabinet, cast.lemaire_recipient, "Dr Lemaire", by=by),
        weber_agenda=opened(cast.weber.id, cast.weber.doctor, "Dr Weber", by=by),
        consultation=reason(cabinet, "Consultation", 20, by=by, minutes_new=30, overbooking=True),
        tracing=reason(cabinet, "ECG", 20, by=by, after=10, needs=(kinds.Need(kind="ecg", after=5),)),
        class_of_three=group,
        webers=reason(cast.weber.id, "Konsultation", 15, by=by),
        ecg=ecg,
        jeanne=patient(cabinet, "Hoffmann"),
        paul=patient(cabinet, "Martin", known=False),
        greta=patient(cast.weber.id, "Schmit"),
    )
    saturday = replace(openings(made.dupont, [(5, "09:00", "12:00")], reasons=(group,), capacity=3)[0])
    week = (*openings(made.dupont), saturday)
    setting.set_openings(agenda=made.dupont, openings=week, by=by, at=NOON)
    change = {"step": 5, "closed_on_holidays": True, "active": True}
    setting.change_agenda(agenda=made.dupont, name="Dr Dupont", overbookings_per_day=2, by=by, at=NOON, **change)
    return made
