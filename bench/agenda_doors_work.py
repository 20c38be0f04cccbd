# SPDX-License-Identifier: AGPL-3.0-or-later
"""One race of `agenda_doors`: prepares the database, forks the racers, lets them begin at once, counts what is left."""

import json
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from multiprocessing.queues import SimpleQueue
from typing import Any

from bench.agenda_race_work import Ground, wrong  # sets Django up

# isort: split
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client as Browser

from bench.agenda_race import DAYS, STEP_MIN, Figures, Tally, together
from permanence.agenda.operations.interface import make_token
from permanence.api.fhir import gate
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project.config import read_configuration

CLOCK = SystemClock()
type Try = Callable[[str, datetime], tuple[int, str]]
"""Tries to book in that agenda at that moment; gives the status and the code of the refusal, "" where it was booked."""


def through_fhir(ground: Ground, number: int) -> Try:
    """`$book` of a slot that nobody proposed first, with a token of its own."""
    made = make_token(
        client=ground.client,
        system=f"racer {number}",
        scopes=("read", "book"),
        days=1,
        by=ground.by,
        at=CLOCK.now(),
        entropy=SystemEntropy(),
    )
    gate.REQUESTS.most = 10**9
    browser = Browser(raise_request_exception=False, SERVER_NAME="localhost")
    headers = {"Authorization": f"Bearer {made.token}"}
    browser.get("/fhir/metadata")  # the site is loaded once, before the racers are forked

    def tried(agenda: str, starts: datetime) -> tuple[int, str]:
        slot = f"Appointment/p.{agenda}.{ground.reasons[0]}.{starts:%Y%m%dT%H%M%SZ}"
        patient = {"resourceType": "Patient", "id": ground.patient}
        given: list[dict[str, Any]] = [
            {"name": "appointment-reference", "valueReference": {"reference": slot}},
            {"name": "patient-resource", "resource": patient},
        ]
        body = {"resourceType": "Parameters", "parameter": given}
        answer = browser.post("/fhir/Appointment/$book", json.dumps(body), "application/fhir+json", headers=headers)
        if answer.status_code == 200:
            return 200, ""
        said = json.loads(answer.content) if answer.status_code < 500 else {}
        return answer.status_code, said["issue"][0]["details"]["coding"][0]["code"] if said else ""

    return tried


DOORS: dict[str, Callable[[Ground, int], Try]] = {"fhir": through_fhir}
"""Name -> what a racer does at that door."""


def moments(slots: int) -> list[datetime]:
    """So many moments of next week on which the agendas are open."""
    ahead = timedelta(days=7 * max(0, 1 + (CLOCK.now() - DAYS[0]).days // 7))
    every = [day + ahead + timedelta(minutes=4 * STEP_MIN * step) for day in DAYS for step in range(24)]
    return every[: max(1, min(slots, len(every)))]


def _one(act: Try, number: int, wanted: list[tuple[str, datetime]], start: Any, told: "SimpleQueue[Figures]") -> None:
    tally = Tally()
    start.wait()
    for agenda, starts in wanted:
        tally.attempts += 1
        status, code = act(agenda, starts)
        if status == 200:
            tally.done["book"] += 1
        elif code and 400 <= status < 500:
            tally.refused[code] += 1
        else:
            tally.unnamed.append(f"{number}: {status}")
    connections.close_all()
    told.put(tally.plain())


def main() -> int:
    """Race; the figures are the last line that is printed."""
    door, (attempts, slots, processes) = sys.argv[1], map(int, sys.argv[2:5])
    configuration = read_configuration(os.environ)
    if not configuration.database_url:
        configuration.database.touch(mode=0o600)
    settings.SECRET_KEY = "of this race alone " * 3
    call_command("migrate", interactive=False, verbosity=0)
    ground = Ground()
    acts = [DOORS[door](ground, number) for number in range(processes)]
    connection.close()
    chance = random.Random(slots)
    places = [(agenda, at) for at in moments(slots) for agenda in ground.agendas][:slots]
    fork = multiprocessing.get_context("fork")
    told: SimpleQueue[Figures] = fork.SimpleQueue()
    start = fork.Barrier(processes)
    racers = []
    for number, act in enumerate(acts):
        share = attempts // processes + (number < attempts % processes)
        wanted = [chance.choice(places) for _ in range(share)]
        racers.append(fork.Process(target=_one, args=(act, number, wanted, start, told)))
    began = time.monotonic()
    for each in racers:
        each.start()
    tallies = [told.get() for _ in racers]
    for each in racers:
        each.join()
    print(json.dumps(together(tallies, wrong(), time.monotonic() - began)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
