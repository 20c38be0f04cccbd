# SPDX-License-Identifier: AGPL-3.0-or-later
"""Makes the agendas of `tests.screens.fakes.agendas`; for a program in the environment of the site."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda.models import Agenda, Appointment
from permanence.agenda.operations import reasons, setting
from permanence.agenda.rules import kinds
from permanence.callers import operations as callers
from permanence.callers.rules.form import PatientForm
from permanence.clients.models import Client, Recipient
from permanence.foundation.models import Person
from permanence.foundation.who import who_is
from permanence.kernel.system import SystemClock
from permanence.project import demo_cast
from tests.screens.fakes.agendas import NUMBER

AT = SystemClock().now()
ZONE = ZoneInfo("Europe/Luxembourg")
VISITS = 30
"""Of a full day."""
ASKED = {
    "questions": (kinds.Question(id="q-fasting", text="À jeun depuis quand ?"),),
    "contra_indications": (kinds.Question(id="q-pacemaker", text="Portez-vous un stimulateur cardiaque ?"),),
    "documents": ("Ordonnance", "Anciens clichés"),
    "youngest": 16,
    "overbooking": True,
    "max_per_day": 2,
    "colour": 6,
    "code": "IRM",
}


def openings(agenda: str) -> tuple[kinds.Opening, ...]:
    hours = (("07:00", "12:00"), ("12:30", "20:00"))
    return tuple(
        kinds.Opening(id="", agenda=agenda, weekday=day, opens=opens, until=until, on_holidays=True)
        for day in range(7)
        for opens, until in hours
    )


def main(many: int, *, today: bool) -> dict[str, str]:
    by = who_is(Person.objects.select_related("house").get(email=demo_cast.MARC))
    client = Client.objects.get(name="Dr Weber")
    recipient = Recipient.objects.filter(client=client).first()
    key, whose = str(client.pk), str(recipient.pk)

    def reason(name: str, minutes: int, **more: object) -> str:
        new = kinds.VisitReason(id="", client=key, name=name, minutes=minutes, **more)
        return reasons.set_reason(client=key, reason=new, by=by, at=AT).id

    def agenda(name: str, *, overbooked: int = 0) -> str:
        made = setting.open_agenda(client=key, recipient=whose, name=name, by=by, at=AT).id
        given = {"step": 5, "closed_on_holidays": True, "active": True, "overbookings_per_day": overbooked}
        setting.change_agenda(agenda=made, name=name, by=by, at=AT, **given)
        setting.set_openings(agenda=made, openings=openings(made), by=by, at=AT)
        if not today:
            shut = {"day": AT.astimezone(ZONE).date(), "kind": kinds.ExceptionKind.CLOSED}
            setting.set_exception(agenda=made, **shut, by=by, at=AT)
        return made

    def person(name: str, first: str, born: str, number: str = "") -> str:
        form = PatientForm(used_name=name, first_name=first, birth_date=born, numbers=(number,) if number else ())
        made = callers.add_patient(client=key, patient=f"patient-{name}".ljust(20, "x"), form=form, by=by, at=AT)
        return made.id

    setting.add_resource(client=key, name="ECG", kind="ecg", by=by, at=AT)
    made = {
        "client": key,
        "consultation": reason("Consultation", 20),
        "tracing": reason("Électrocardiogramme", 30, needs=(kinds.Need(kind="ecg"),)),
        "scan": reason("IRM", 20, **ASKED),
        "review": reason("Bilan", 15, minutes_new=30),
        "weber": agenda("Dr Weber", overbooked=2),
        "klein": agenda("Dr Klein"),
        "jeanne": person("Hoffmann", "Jeanne", "14.03.1961", NUMBER),
        "paul": person("Martin", "Paul", "01.02.1980"),
    }
    for number in range(many):
        full(agenda(f"Praticien {number:03d}"), made)
    return made


def full(agenda: str, made: dict[str, str]) -> None:
    row = Agenda.objects.get(pk=int(agenda))
    morning = (AT.astimezone(ZONE) + timedelta(days=1)).replace(hour=8, minute=0, second=0, microsecond=0)
    Appointment.objects.bulk_create(
        Appointment(
            house_id=row.house_id,
            client_id=row.client_id,
            agenda=row,
            key=f"visit-{agenda}-{number}".ljust(20, "x"),
            patient_id=int(made["jeanne"]),
            reason_id=int(made["consultation"]),
            starts_at=start,
            ends_at=start + timedelta(minutes=20),
            state_at=AT,
            booked_at=AT,
            door="console",
        )
        for number in range(VISITS)
        for start in [datetime.fromtimestamp(morning.timestamp() + number * 1200, tz=ZONE)]
    )
