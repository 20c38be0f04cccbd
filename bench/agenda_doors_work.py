# SPDX-License-Identifier: AGPL-3.0-or-later
"""One race of `agenda_doors`: prepares the database, then for each heat forks the racers and counts what is left."""

import gc
import json
import logging
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from multiprocessing.queues import SimpleQueue

from bench.agenda_race_work import wrong  # sets Django up

# isort: split
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from bench.agenda_door_acts import CLOCK, DOORS, MINUTES, Door, Doors, Unnamed
from bench.agenda_doors import Heat
from bench.agenda_race import DAYS, Figures
from bench.agenda_read import read_here
from permanence.agenda.models import Appointment, Block, Occupancy
from permanence.agenda.rules.states import AppointmentState
from permanence.project.config import read_configuration

STEPS = 24
"""Visits of a day: eight hours."""
UNNAMED_KEPT = 5
ACTS_OF_A_HEAT = 10_000
"""Acts of a racer in a heat at most: each has an id of its own."""


@dataclass(slots=True)
class Tally:
    """What became of the acts of the racers at one door. `attempts`: to take a time."""

    attempts: int = 0
    taken: int = 0
    given_back: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    unnamed: list[str] = field(default_factory=list)

    def plain(self) -> Figures:
        """For the parent, and for JSON."""
        counts = {"attempts": self.attempts, "taken": self.taken, "given_back": self.given_back}
        return {**counts, "refused": dict(self.refused.most_common()), "unnamed": self.unnamed}

    def add(self, other: Figures) -> None:
        """What another racer counted at the same door."""
        self.attempts += other["attempts"]
        self.taken += other["taken"]
        self.given_back += other["given_back"]
        self.refused.update(other["refused"])
        self.unnamed += other["unnamed"]


def places(ground: Doors) -> list[tuple[str, datetime]]:
    """Agenda and moment of all visits of next week."""
    ahead = timedelta(days=7 * max(0, 1 + (CLOCK.now() - DAYS[0]).days // 7))
    steps = [timedelta(minutes=MINUTES * step) for step in range(STEPS)]
    return [(agenda, day + ahead + step) for day in DAYS for step in steps for agenda in ground.agendas]


def race(
    doors: dict[str, Door], wanted: list[tuple[str, str, datetime]], back: float, chance: random.Random
) -> dict[str, Tally]:
    """One racer: takes what he wants in turn, and of what he took gives so much back at once."""
    found = {name: Tally() for name in doors}
    for name, agenda, starts in wanted:
        tally, door = found[name], doors[name]
        tally.attempts += 1
        try:
            said = door.take(agenda, starts)
            tally.taken += not said
            if not said and chance.random() < back:
                said = door.give_back()
                tally.given_back += not said
            if said:
                tally.refused[said] += 1
        except Unnamed as error:
            tally.unnamed.append(str(error))
        except Exception as error:
            tally.unnamed.append(f"{type(error).__name__}: {error}"[:200])
    return found


def standing() -> Counter[str]:
    """How many bookings and events stand, by the door they came through."""
    visits = Appointment.objects.exclude(state=AppointmentState.CANCELLED.value).values_list("door", flat=True)
    return Counter([*visits, *Block.objects.filter(removed_at=None).values_list("door", flat=True)])


def left() -> dict[str, int]:
    """What must not be, from the rows alone."""
    without = 0
    for block in Block.objects.filter(removed_at=None):
        over = Occupancy.objects.filter(agenda=block.agenda_id, blocking=True, block__isnull=False)
        over = over.filter(starts_at__lt=block.ends_at, ends_at__gt=block.starts_at).order_by("starts_at")
        until = block.starts_at
        for row in over:
            until = max(until, row.ends_at) if row.starts_at <= until else until
        without += until < block.ends_at
    return {**wrong(), "events_without": without}


def run(nth: int, heat: Heat, doors: list[dict[str, Door]], wanted: list[tuple[str, datetime]]) -> Figures:
    """The figures of the `nth` heat. `astray`: what was promised and does not stand, or stands unpromised, by door."""
    before = standing()
    connection.close()
    fork = multiprocessing.get_context("fork")
    told: SimpleQueue[tuple[dict[str, Figures], list[str]]] = fork.SimpleQueue()
    start = fork.Barrier(heat.processes)

    def one(number: int) -> None:
        chance = random.Random(f"{heat.seed} {number}")
        mine = {name: doors[number][name] for name in heat.doors}
        for door in mine.values():
            door.acts = nth * ACTS_OF_A_HEAT
        share = heat.attempts // heat.processes + (number < heat.attempts % heat.processes)
        asked = [(name, *chance.choice(wanted)) for name in mine for _ in range(share)]
        chance.shuffle(asked)
        start.wait()
        found = race(mine, asked, heat.back, chance)
        connections.close_all()
        told.put(({name: each.plain() for name, each in found.items()}, read_here()))

    racers = [fork.Process(target=one, args=(number,)) for number in range(heat.processes)]
    began = time.monotonic()
    for each in racers:
        each.start()
    found, read = {name: Tally() for name in heat.doors}, set[str]()
    for _ in racers:
        counted, files = told.get()
        read |= set(files)
        for name, tally in counted.items():
            found[name].add(tally)
    for each in racers:
        each.join()
    seconds = time.monotonic() - began
    now = standing()
    astray = sum(abs(now[name] - before[name] - each.taken + each.given_back) for name, each in found.items())
    faults = {**left(), "astray": astray}
    unnamed = [f"{name}: {said}" for name, each in found.items() for said in each.unnamed]
    return {
        "race_attempts": sum(each.attempts for each in found.values()),
        "race_overlaps": sum(faults.values()) + len(unnamed),
        "wrong": faults,
        "unnamed": unnamed[:UNNAMED_KEPT],
        "doors": {name: each.plain() | {"unnamed": len(each.unnamed)} for name, each in found.items()},
        "seconds": round(seconds, 1),
        "read": sorted(read),
    }


def main() -> int:
    """Race; the figures, a heat each, are the last line that is printed."""
    heats = [Heat(**each) for each in json.loads(sys.argv[1])]
    configuration = read_configuration(os.environ)
    if not configuration.database_url:
        configuration.database.touch(mode=0o600)
    logging.disable(logging.CRITICAL)  # every refusal would be a line
    settings.SECRET_KEY = "of this race alone " * 3
    call_command("migrate", interactive=False, verbosity=0)
    ground = Doors()
    names = {name for heat in heats for name in heat.doors}
    most = max(heat.processes for heat in heats)
    doors = [{name: DOORS[name](ground, number) for name in sorted(names)} for number in range(most)]
    doors[0][min(names)].browser.get("/fhir/metadata")  # the site is loaded once, before the racers are forked
    every, found, first = places(ground), [], 0
    gc.collect()
    gc.freeze()  # what is there already is looked at by no racer
    for nth, heat in enumerate(heats):
        wanted = [every[number % len(every)] for number in range(first, first + heat.slots)]
        found.append(run(nth, heat, doors, wanted))
        first += heat.slots
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
