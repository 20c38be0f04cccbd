# SPDX-License-Identifier: AGPL-3.0-or-later
"""The child of `bench.agenda_tables`: writes the agendas, asks, and prints what it took. Run with Django set up."""

import json
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bench.figures import Figures
from bench.programs import told
from permanence.agenda.models import Agenda, Appointment, Occupancy
from permanence.agenda.operations import appointments, reasons, setting
from permanence.agenda.queries import slots
from permanence.agenda.rules.kinds import Opening, VisitReason
from permanence.agenda.rules.wishes import Wish
from permanence.callers import operations as callers
from permanence.callers.rules.form import PatientForm
from permanence.clients import operations as clients
from permanence.clients.rules import ClientKind, RecipientKind, Sector
from permanence.foundation import operations as foundation
from permanence.foundation.who import Who

AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
FIRST = date(2026, 11, 23)
ZONE = ZoneInfo("Europe/Paris")
DAYS, FULL_DAYS = 90, 60
"""Days with visits, and those among them on which nothing is free: the next free slot has to be looked for."""
A_DAY, MINUTES = 24, 20
"""Visits of a full day, and how long each is: 8 h to 12 h and 14 h to 18 h."""
ROUNDS = 20


class House:
    """One client with so many agendas, all of whose next two months are full."""

    def __init__(self, agendas: int) -> None:
        by = foundation.open_house(
            slug="bench", name="Bench", language="fr", country="FR", time_zone="Europe/Paris", at=AT
        )
        client = clients.open_client(
            name="Cabinet", initials="CA", kind=ClientKind.PRACTICE, sector=Sector.HEALTH, country="FR",
            time_zone="Europe/Paris", languages=("fr",), by=by, at=AT,
        )  # fmt: skip
        recipient = clients.add_recipient(
            client=client, kind=RecipientKind.PRACTITIONER, name="Dr Bench", email="", by=by, at=AT
        )
        form = PatientForm(used_name="Martin", first_name="Paul", birth_date="01.02.1980")
        patient = callers.add_patient(client=client, patient="patient".ljust(20, "x"), form=form, by=by, at=AT)
        reason = VisitReason(id="", client=client, name="Consultation", minutes=MINUTES)
        self.by: Who = by
        self.patient = patient.id
        self.reason = reasons.set_reason(client=client, reason=reason, by=by, at=AT).id
        self.agendas = [self._agenda(number, client, recipient) for number in range(agendas)]
        self.booked = 0

    def _agenda(self, number: int, client: str, recipient: str) -> str:
        made = setting.open_agenda(
            client=client, recipient=recipient, name=f"Praticien {number:03d}", by=self.by, at=AT
        ).id
        setting.change_agenda(
            agenda=made, name=f"Praticien {number:03d}", step=10, closed_on_holidays=False, active=True,
            overbookings_per_day=0, by=self.by, at=AT,
        )  # fmt: skip
        hours = (("08:00", "12:00"), ("14:00", "18:00"))
        setting.set_openings(
            agenda=made,
            openings=[
                Opening(id="", agenda=made, weekday=day, opens=opens, until=until, on_holidays=True)
                for day in range(7)
                for opens, until in hours
            ],
            by=self.by,
            at=AT,
        )
        row = Agenda.objects.get(pk=int(made))
        starts = [
            datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), ZONE).replace(hour=hour, minute=minute)
            for day in range(DAYS)
            for hour in (8, 9, 10, 11, 14, 15, 16, 17)
            for minute in range(0, 60, MINUTES)
            if day < FULL_DAYS or (hour + minute // MINUTES + day) % 3
        ]
        of = {"house_id": row.house_id, "client_id": row.client_id, "agenda": row}
        visits = Appointment.objects.bulk_create(
            (
                Appointment(
                    **of,
                    key=f"v{made}-{nth}".ljust(20, "x"),
                    patient_id=int(self.patient),
                    reason_id=int(self.reason),
                    starts_at=start,
                    ends_at=start + timedelta(minutes=MINUTES),
                    state_at=AT,
                    booked_at=AT,
                    door="console",
                )
                for nth, start in enumerate(starts)
            ),
            batch_size=500,
        )
        Occupancy.objects.bulk_create(
            (Occupancy(**of, appointment=each, starts_at=each.starts_at, ends_at=each.ends_at) for each in visits),
            batch_size=500,
        )
        return made

    def ask(self, agendas: Sequence[str]) -> datetime:
        """The next free start of these agendas."""
        found = slots.next_free(
            by=self.by, agendas=agendas, wish=Wish(reason=self.reason), first=FIRST, at=AT, days=DAYS
        )
        return found.proposals[0].slot.starts

    def book(self, agenda: str) -> None:
        """A visit of another page, at the next free moment of that agenda."""
        self.booked += 1
        appointments.book(
            key=f"late{self.booked}".ljust(20, "x"),
            agenda=agenda,
            starts_at=self.ask([agenda]),
            booking=appointments.Booking(patient=self.patient, reason=self.reason),
            by=self.by,
            at=AT,
        )

    def run(self) -> Figures:
        """The figures of a run."""
        many, few = self.agendas, self.agendas[: max(1, len(self.agendas) // 10)]
        warm, changed = {}, []
        for name, asked in (("one", few[:1]), ("tenth", few), ("all", many)):
            free = self.ask(asked)
            assert free >= datetime.combine(FIRST + timedelta(days=FULL_DAYS), datetime.min.time(), ZONE), free
            warm[name] = statistics.median(self._cpu_ms(asked) for _ in range(ROUNDS))
        with CaptureQueriesContext(connection) as queries:
            self.ask(many)
        for nth in range(ROUNDS):
            self.book(many[nth % len(many)])
            changed.append(self._cpu_ms(many))
        return {
            "tables_agendas": len(many),
            "tables_visits": Appointment.objects.count(),
            "tables_next_1_ms": warm["one"],
            "tables_next_tenth_ms": warm["tenth"],
            "tables_next_all_ms": warm["all"],
            "tables_next_changed_ms": statistics.median(changed),
            "tables_queries": len(queries),
        }

    def _cpu_ms(self, agendas: Sequence[str]) -> float:
        began = time.thread_time()
        self.ask(agendas)
        return (time.thread_time() - began) * 1000


def main() -> None:
    """Prints the figures of the runs."""
    agendas, runs = (int(each) for each in sys.argv[1:])
    settings.PERMANENCE.database.touch(mode=0o600)
    call_command("migrate", verbosity=0)
    house = House(agendas)
    told(f"tables: {agendas} agendas are there")
    print(json.dumps([house.run() for _ in range(runs)]))
