# SPDX-License-Identifier: AGPL-3.0-or-later
"""One race of `agenda_race`: prepares the database its environment names, forks the racers, looks at what is left."""

import gc
import json
import multiprocessing
import os
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.queues import SimpleQueue
from typing import Any

import django

from bench.agenda_read import read_here, watch

watch()
django.setup()

# The rooms can be imported only once Django is set up.
from django.core.management import call_command  # noqa: E402
from django.db import connection, connections  # noqa: E402

from bench.agenda_race import AGENDAS, AT, DAYS, STEP_MIN, Figures, Tally, together  # noqa: E402
from permanence.agenda.models import Appointment, Occupancy, OpeningPattern  # noqa: E402
from permanence.agenda.operations import appointments, blocks, holds, reasons, setting  # noqa: E402
from permanence.agenda.operations.appointments import Booking  # noqa: E402
from permanence.agenda.queries.views import AppointmentView  # noqa: E402
from permanence.agenda.rules import kinds  # noqa: E402
from permanence.agenda.rules.states import AppointmentState, CancelCause  # noqa: E402
from permanence.callers import operations as callers  # noqa: E402
from permanence.callers.rules.form import PatientForm  # noqa: E402
from permanence.clients import operations as clients  # noqa: E402
from permanence.clients.rules import ClientKind, RecipientKind, Sector  # noqa: E402
from permanence.foundation import operations as foundation  # noqa: E402
from permanence.foundation.models import Person  # noqa: E402
from permanence.foundation.rules import Role  # noqa: E402
from permanence.foundation.who import Who, who_is  # noqa: E402
from permanence.kernel.refusals import Refusal  # noqa: E402
from permanence.project.config import read_configuration  # noqa: E402

CHANCES = (("book", 50), ("hold", 15), ("move", 12), ("cancel", 12), ("block", 6), ("overbook", 5))
OVERBOOKINGS = 8
"""So many a day and agenda."""
PLACES = 2
"""Of the group."""


class Ground:
    """The house of the race: one client, some agendas that share a device, a group that is in its room, a patient."""

    def __init__(self) -> None:
        by = foundation.open_house(
            slug="race", name="Race", language="fr", country="FR", time_zone="Europe/Paris", at=AT
        )
        self.by: Who = by
        self.secretary = _secretary(by)
        client = clients.open_client(
            name="Cabinet",
            initials="CA",
            kind=ClientKind.PRACTICE,
            sector=Sector.HEALTH,
            country="FR",
            time_zone="Europe/Paris",
            languages=("fr",),
            by=by,
            at=AT,
        )
        self.client = client
        device = setting.add_resource(client=client, name="ECG", kind="ecg", by=by, at=AT).id
        self.reasons = [
            _reason(client, "Consultation", 20, by, overbooking=True),
            _reason(client, "ECG", 15, by, after=5, needs=(kinds.Need(ids=(device,)),)),
            _reason(client, "Contrôle", 10, by, before=5),
        ]
        self.agendas = [_agenda(client, f"Dr {number}", by) for number in range(AGENDAS)]
        # Visits of the first agenda that take the second one too, and the other way round.
        self.reasons += [
            _reason(client, f"À deux {number}", 15, by, also=other, after=5)
            for number, other in enumerate(reversed(self.agendas[:2]))
        ]
        # A group in the room of the device: together there, and nobody else.
        self.reasons.append(_reason(client, "École du dos", 30, by))
        group = {"reasons": (self.reasons[-1],), "resources": (device,), "capacity": PLACES}
        self.group = _agenda(client, "Groupe", by, **group)
        form = PatientForm(birth_name="Martin", first_name="Paul")
        self.patient = callers.add_patient(client=client, patient="p" * 20, form=form, by=by, at=AT).id


def _secretary(by: Who) -> Who:
    """Whoever overbooks is somebody: the system books as a patient would, who may not."""
    given: dict[str, Any] = {"email": "claire@race.example", "name": "Claire", "language": "fr"}
    key = foundation.add_person(roles=frozenset({Role.SECRETARY}), by=by, at=AT, **given)
    return who_is(Person.objects.select_related("house").get(pk=key))


def _reason(client: str, name: str, minutes: int, by: Who, **more: Any) -> str:
    new = kinds.VisitReason(id="", client=client, name=name, minutes=minutes, **more)
    return reasons.set_reason(client=client, reason=new, by=by, at=AT).id


def _agenda(client: str, name: str, by: Who, **hours: Any) -> str:
    recipient = clients.add_recipient(client=client, kind=RecipientKind.PRACTITIONER, name=name, email="", by=by, at=AT)
    agenda = setting.open_agenda(client=client, recipient=recipient, name=name, by=by, at=AT).id
    hours = {"opens": "08:00", "until": "18:00", **hours}
    week = [kinds.Opening(id="", agenda=agenda, weekday=day, **hours) for day in range(5)]
    setting.set_openings(agenda=agenda, openings=week, by=by, at=AT)
    may = {"step": STEP_MIN, "closed_on_holidays": True, "active": True, "overbookings_per_day": OVERBOOKINGS}
    setting.change_agenda(agenda=agenda, name=name, by=by, at=AT, **may)
    return agenda


class Racer:
    """One process: acts at random until it has tried to take so many slots."""

    def __init__(self, ground: Ground, number: int, seed: int) -> None:
        self._ground = ground
        self._number = number
        self._chance = random.Random(f"{seed} {number}")
        self._acts = 0
        self._mine: list[AppointmentView] = []
        self.tally = Tally()

    def race(self, attempts: int) -> None:
        """Try."""
        names, weights = zip(*CHANCES, strict=True)
        acts: dict[str, Callable[[], None]] = {
            "book": self._book,
            "hold": self._hold,
            "move": self._move,
            "cancel": self._cancel,
            "block": self._block,
            "overbook": self._overbook,
        }
        while self.tally.attempts < attempts:
            act = self._chance.choices(names, weights)[0]
            if act in {"move", "cancel", "overbook"} and not self._mine:
                act = "book"
            self.tally.attempts += act != "cancel"
            self._acts += 1
            try:
                acts[act]()
                self.tally.done[act] += 1
            except Refusal as refusal:
                self.tally.refused[refusal.code] += 1
            except Exception as error:
                self.tally.unnamed.append(f"{act}: {type(error).__name__}: {error}"[:200])

    @property
    def _at(self) -> datetime:
        return AT + timedelta(seconds=self._acts)

    def _key(self) -> str:
        return f"race-{self._number:03d}-{self._acts:012d}"

    def _moment(self) -> datetime:
        return self._chance.choice(DAYS) + timedelta(minutes=STEP_MIN * self._chance.randrange(10 * 60 // STEP_MIN))

    def _booking(self) -> Booking:
        reason = self._chance.choice(self._ground.reasons)
        return Booking(patient=self._ground.patient, reason=reason, holder=f"racer-{self._number}")

    def _place(self, reason: str) -> dict[str, Any]:
        """An agenda and a moment; those of the group begin at fixed hours of one day, so that they meet."""
        ground = self._ground
        if reason != ground.reasons[-1]:
            return {"agenda": self._chance.choice(ground.agendas), "starts_at": self._moment()}
        session = timedelta(minutes=30 * self._chance.randrange(20))
        return {"agenda": ground.group, "starts_at": DAYS[0] + session}

    def _book(self) -> None:
        booking = self._booking()
        visit = appointments.book(
            key=self._key(),
            **self._place(booking.reason),
            booking=booking,
            by=self._ground.by,
            at=self._at,
        )
        self._mine.append(visit)

    def _near_mine(self) -> tuple[str, datetime]:
        """An agenda and a moment at which a visit of his begins or is on."""
        there = self._chance.choice(self._mine)
        return there.agenda, there.starts_at + timedelta(minutes=STEP_MIN * self._chance.randrange(4))

    def _overbook(self) -> None:
        booking = replace(self._booking(), reason=self._ground.reasons[0])
        agenda, starts_at = self._near_mine()
        visit = appointments.overbook(
            key=self._key(),
            agenda=agenda,
            starts_at=starts_at,
            booking=booking,
            cause="urgent",
            by=self._ground.secretary,
            at=self._at,
        )
        self._mine.append(visit)

    def _hold(self) -> None:
        booking = self._booking()
        kept = holds.hold_slot(
            key=self._key(),
            **self._place(booking.reason),
            reason=booking.reason,
            by=self._ground.by,
            at=self._at,
            holder=booking.holder,
        )
        if self._chance.random() < 0.5:
            holds.release_hold(hold=kept.hold, by=self._ground.by, at=self._at, holder=booking.holder)

    def _move(self) -> None:
        which = self._chance.randrange(len(self._mine))
        self._mine[which] = appointments.move(
            key=self._key(),
            appointment=self._mine[which].appointment,
            **self._place(self._mine[which].reason),
            by=self._ground.by,
            at=self._at,
            holder=f"racer-{self._number}",
        )

    def _cancel(self) -> None:
        mine = self._mine.pop(self._chance.randrange(len(self._mine)))
        appointments.cancel(
            key=self._key(), appointment=mine.appointment, cause=CancelCause.PATIENT, by=self._ground.by, at=self._at
        )

    def _block(self) -> None:
        by, at = self._ground.by, self._at
        agenda, starts = self._chance.choice(self._ground.agendas), self._moment()
        if self._mine and self._chance.random() < 0.5:
            agenda, starts = self._near_mine()
        made = blocks.block(
            key=self._key(), agenda=agenda, starts_at=starts, ends_at=starts + timedelta(minutes=15), by=by, at=at
        )
        if self._chance.random() < 0.5:
            blocks.unblock(key=f"{self._key()}-un", block=made.block, by=by, at=at)


def wrong() -> dict[str, int]:
    """What must not be, counted from the rows alone."""
    there = list(Occupancy.objects.filter(blocking=True).order_by("starts_at"))
    visits = Appointment.objects.exclude(state=AppointmentState.CANCELLED.value).filter(overbook_cause="")
    columns = "agenda", "also", "starts_at", "ends_at", "pk"
    spans = [
        (agenda, starts, ends, pk)
        for *both, starts, ends, pk in visits.order_by("starts_at").values_list(*columns)
        for agenda in both
        if agenda is not None
    ]
    taken = {(row.appointment_id, row.agenda_id): (row.starts_at, row.ends_at) for row in there}
    groups = set(Occupancy.objects.filter(shared_by__isnull=False).values_list("shared_by", flat=True))
    in_places = [row for row in there if row.agenda_id]
    places = [
        ((row.agenda_id, place), row.starts_at, row.ends_at, None)
        for row in in_places
        for place in range(row.place_from, min(row.place_until, PLACES))
    ]
    devices = [(row.resource_id, row.starts_at, row.ends_at, row.shared_by_id) for row in there if row.resource_id]
    alone = [(agenda, starts, ends, None) for agenda, starts, ends, _ in spans if agenda not in groups]
    return {
        "agendas": _meeting(places) + sum(row.place_from >= PLACES for row in in_places),
        "devices": _meeting(devices),
        "visits": _meeting(alone) + _crowded([span[:3] for span in spans if span[0] in groups]),
        "without": sum(not _covers(taken.get((key, agenda)), span) for agenda, *span, key in spans) + _roomless(),
        "covered": _covered(),
    }


def _covers(taken: tuple[datetime, datetime] | None, span: Sequence[datetime]) -> bool:
    return taken is not None and taken[0] <= span[0] and span[1] <= taken[1]


def _roomless() -> int:
    """Visits that stand without the device that their reason needs, or the room of their group."""
    roomy = set(OpeningPattern.objects.exclude(resources=[]).values_list("agenda", flat=True))
    rows = Occupancy.objects.filter(resource__isnull=False, appointment__isnull=False)
    used = {row.appointment_id: (row.starts_at, row.ends_at) for row in rows}
    visits = Appointment.objects.exclude(state=AppointmentState.CANCELLED.value).select_related("reason")
    return sum(
        not _covers(used.get(visit.pk), (visit.starts_at, visit.ends_at))
        for visit in visits
        if visit.reason.needs or visit.agenda_id in roomy
    )


def _covered() -> int:
    """What was put over an overbooked visit afterwards and is not overbooked itself. None of these has buffers."""
    extra = Occupancy.objects.filter(blocking=False)
    later = Occupancy.objects.filter(blocking=True)
    return sum(
        later.filter(
            agenda=each.agenda_id, pk__gt=each.pk, starts_at__lt=each.ends_at, ends_at__gt=each.starts_at
        ).count()
        for each in extra
    )


def combined() -> int:
    """How many combined visits stand: without any the race says nothing about them."""
    return Appointment.objects.exclude(state=AppointmentState.CANCELLED.value).filter(also__isnull=False).count()


def overbooked() -> int:
    """How many visits stand that were put where something stood: as `combined`."""
    return Occupancy.objects.filter(blocking=False).count()


def grouped() -> int:
    """How many visits of a group stand that are in its room with another one: as `combined`."""
    rows = Occupancy.objects.filter(shared_by__isnull=False, hold=None).order_by("starts_at")
    return _meeting((row.resource_id, row.starts_at, row.ends_at, None) for row in rows)


def _meeting(spans: Iterable[tuple[Any, datetime, datetime, int | None]]) -> int:
    """Spans, the earliest first, that begin before an earlier one of the same subject has ended: None shares with none,
    others with their like.
    """
    on: dict[Any, list[tuple[datetime, int | None]]] = defaultdict(list)
    found = 0
    for subject, starts, ends, shared in spans:
        on[subject] = [each for each in on[subject] if starts < each[0]]
        found += any(shared is None or other != shared for _, other in on[subject])
        on[subject].append((ends, shared))
    return found


def _crowded(spans: Iterable[tuple[int, datetime, datetime]]) -> int:
    """Visits of groups, the earliest first, at whose beginning all places are taken."""
    on: dict[int, list[datetime]] = defaultdict(list)
    found = 0
    for agenda, starts, ends in spans:
        on[agenda] = [each for each in on[agenda] if starts < each]
        found += len(on[agenda]) >= PLACES
        on[agenda].append(ends)
    return found


def _one(ground: Ground, number: int, seed: int, attempts: int, told: "SimpleQueue[Figures]") -> None:
    racer = Racer(ground, number, seed)
    racer.race(attempts)
    connections.close_all()
    told.put({**racer.tally.plain(), "read": read_here()})


def main() -> int:
    """Race; the figures are the last line that is printed."""
    attempts, processes, seed = (int(each) for each in sys.argv[1:])
    configuration = read_configuration(os.environ)
    if not configuration.database_url:
        configuration.database.touch(mode=0o600)
    call_command("migrate", interactive=False, verbosity=0)
    ground = Ground()
    connection.close()
    fork = multiprocessing.get_context("fork")
    told: SimpleQueue[Figures] = fork.SimpleQueue()
    shares = [attempts // processes + (number < attempts % processes) for number in range(processes)]
    racers = [
        fork.Process(target=_one, args=(ground, number, seed, share, told)) for number, share in enumerate(shares)
    ]
    gc.collect()
    gc.freeze()  # what is there already is looked at by no racer
    began = time.monotonic()
    for each in racers:
        each.start()
    tallies = [told.get() for _ in racers]
    for each in racers:
        each.join()
    stand = {"combined": combined(), "overbooked": overbooked(), "grouped": grouped()}
    print(json.dumps({**together(tallies, wrong(), time.monotonic() - began), **stand}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
