# SPDX-License-Identifier: AGPL-3.0-or-later
"""The next free slot of one practitioner and of 1,000, on 90 days, for five reasons, against the exact answer.

`python -m bench.agenda_search` runs it alone and prints the figures of its runs.
"""

import argparse
import json
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bench.figures import Figures
from bench.programs import told
from permanence.agenda.rules.free import free_slots
from permanence.agenda.rules.index import Index
from permanence.agenda.rules.kinds import Agenda, Need, Opening, Resource, Taken, VisitReason
from permanence.agenda.rules.wishes import Book, Preferences, Wish

FIRST = date(2026, 11, 23)
AT = datetime(2026, 11, 23, 6, tzinfo=UTC)
DAYS = 90
QUARTERS = (*range(16), *range(24, 40))
"""Quarters of an hour after eight o'clock in which visits take place."""
ROUNDS = 20
SAMPLE = 3

REASONS = (
    VisitReason(id="followup", client="c", name="", minutes=20, minutes_new=40, horizon=60),
    VisitReason(id="urgent", client="c", name="", minutes=15, max_per_day=4, notice=30),
    VisitReason(id="ecg", client="c", name="", minutes=30, needs=(Need(kind="ecg", after=10),)),
    VisitReason(id="vaccination", client="c", name="", minutes=10, after=5, max_per_half_day=6),
    VisitReason(id="first", client="c", name="", minutes=60, before=5),
)
WISHES = tuple(Wish(reason=each.id) for each in REASONS)
EVENING = tuple(replace(wish, preferences=Preferences(from_time="22:00")) for wish in WISHES)


def book(number: int, chance: random.Random) -> Book:
    """A practitioner of five days a week, the next weeks nearly full, the later ones less: some 1,000 visits."""
    name, device = f"agenda-{number}", Resource(id=f"ecg-{number // 4}", client="c", kind="ecg")
    openings = []
    for weekday in range(5):
        few = ("followup", "urgent") if weekday == 2 else ()
        openings.append(Opening(id=f"{weekday}-am", agenda=name, weekday=weekday, opens="08:00", until="12:00"))
        openings.append(
            Opening(id=f"{weekday}-pm", agenda=name, weekday=weekday, opens="14:00", until="18:00", reasons=few)
        )
    return Book(
        agenda=Agenda(id=name, client="c", recipient=name, zone="Europe/Paris", country="FR"),
        openings=tuple(openings),
        reasons=REASONS,
        resources=(device,),
        taken=tuple(visits(name, device.id, number, chance)),
    )


def visits(name: str, device: str, number: int, chance: random.Random) -> Iterable[Taken]:
    """What stands in an agenda; every eighth visit takes the device too."""
    for offset in range(DAYS):
        day = FIRST + timedelta(days=offset)
        if day.weekday() > 4:
            continue
        full = max(0.3, 0.99 - offset / 90 * (number % 3 + 1) / 2)
        eight = datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo("Europe/Paris")).astimezone(UTC)
        for quarter in QUARTERS:
            if chance.random() < full:
                starts = eight + timedelta(minutes=15 * quarter)
                ends, reason = starts + timedelta(minutes=15), chance.choice(REASONS).id
                yield Taken(subject=name, starts=starts, ends=ends, reason=reason)
                if quarter % 8 == number % 4:
                    yield Taken(subject=device, starts=starts, ends=ends, after=10)


def cpu_ms(act: Callable[[], object]) -> float:
    """CPU milliseconds of this thread."""
    began = time.thread_time()
    act()
    return (time.thread_time() - began) * 1000


def look(where: Index, asked: Sequence[Wish] = WISHES) -> None:
    """The next free slot of each practitioner for every wish."""
    for wish in asked:
        where.next_free(wish, at=AT)


class Searched:
    """The agendas, all and half of them, once worked out."""

    def __init__(self, many: int, few: int) -> None:
        self.many, self.few = many, few
        chance = random.Random(4)
        self.books = [book(number, chance) for number in range(many)]
        self.index, self.half = Index(first=FIRST, days=DAYS), Index(first=FIRST, days=DAYS)
        for number, each in enumerate(self.books):
            self.index.put(each)
            if number < few:
                self.half.put(each)
        self.cold = cpu_ms(lambda: look(self.index))
        look(self.half)

    def run(self) -> Figures:
        """The figures of a run; `failed` counts answers that are not the exact ones."""
        index, some = self.index, self.books[:ROUNDS]
        warm = statistics.median(cpu_ms(lambda: look(index)) for _ in range(ROUNDS))
        nothing = statistics.median(cpu_ms(lambda: look(index, EVENING)) for _ in range(ROUNDS))
        part = statistics.median(cpu_ms(lambda: look(self.half)) for _ in range(ROUNDS))
        changed = statistics.median(cpu_ms(lambda each=each: changed_slot(index, each)) for each in some)
        one = statistics.median(
            cpu_ms(lambda each=each: index.next_free(WISHES[0], at=AT, agendas=[each.agenda.id])) for each in some
        )
        return {
            "next_slot_ms": changed,
            "next_slot_warm_ms": one,
            "search_1000_ms": warm * 1000 / self.many,
            "search_agendas": self.many,
            "search_1000_none_ms": nothing * 1000 / self.many,
            "search_growth": (warm / part) / (self.many / self.few),
            "search_cold_ms": self.cold,
            "failed": sum(wrong(index, each, wish) for each in self.books[:SAMPLE] for wish in WISHES),
        }


def changed_slot(index: Index, changed: Book) -> None:
    """A visit of an agenda was just booked or cancelled, and its next free slot is asked for."""
    index.put(changed)
    index.next_free(Wish(reason="followup"), at=AT, agendas=[changed.agenda.id])


def wrong(index: Index, one: Book, wish: Wish) -> bool:
    """Whether the index says anything else than the exact search does."""
    slots = free_slots(one, wish, first=FIRST, until=FIRST + timedelta(days=DAYS), at=AT)
    return [each.starts for each in slots] != index.starts(one.agenda.id, wish, at=AT)


def main(arguments: list[str]) -> int:
    """Measures and prints the figures of the runs."""
    parser = argparse.ArgumentParser(prog="python -m bench.agenda_search", description=__doc__)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    given = parser.parse_args(arguments)
    searched = Searched(60, 30) if given.quick else Searched(1000, 500)
    told(f"search: {searched.many} agendas are there")
    print(json.dumps([searched.run() for _ in range(given.runs)]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
