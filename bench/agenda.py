# SPDX-License-Identifier: AGPL-3.0-or-later
"""`agenda`: what the agendas cost. PARTS lists the parts of the bench; one more is a function in a module of its own.

`search`: the next free slot of one practitioner and of 1,000, on 90 days, for five reasons, against the exact answer.
`grid`: a day on the screen (`bench.agenda_grid`). Beside them `race`: many processes that book at once
(`bench.agenda_races`).
"""

import random
import statistics
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from bench import agenda_grid, patients
from bench.figures import Figures
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


def search(quick: bool) -> Figures:
    """The figures of the search; `failed` counts answers that are not the exact ones."""
    many, few = (60, 30) if quick else (1000, 500)
    chance = random.Random(4)
    books = [book(number, chance) for number in range(many)]
    wishes = [Wish(reason=each.id) for each in REASONS]
    index, half = Index(first=FIRST, days=DAYS), Index(first=FIRST, days=DAYS)
    for number, each in enumerate(books):
        index.put(each)
        if number < few:
            half.put(each)

    def look(where: Index, asked: Sequence[Wish] = wishes) -> None:
        for wish in asked:
            where.next_free(wish, at=AT)

    cold = cpu_ms(lambda: look(index))
    look(half)
    warm = statistics.median(cpu_ms(lambda: look(index)) for _ in range(ROUNDS))
    evening = [replace(wish, preferences=Preferences(from_time="22:00")) for wish in wishes]
    nothing = statistics.median(cpu_ms(lambda: look(index, evening)) for _ in range(ROUNDS))
    part = statistics.median(cpu_ms(lambda: look(half)) for _ in range(ROUNDS))
    changed = statistics.median(cpu_ms(lambda each=each: changed_slot(index, each)) for each in books[:ROUNDS])
    one = statistics.median(
        cpu_ms(lambda each=each: index.next_free(wishes[0], at=AT, agendas=[each.agenda.id])) for each in books[:ROUNDS]
    )
    return {
        "next_slot_ms": changed,
        "next_slot_warm_ms": one,
        "search_1000_ms": warm * 1000 / many,
        "search_agendas": many,
        "search_1000_none_ms": nothing * 1000 / many,
        "search_growth": (warm / part) / (many / few),
        "search_cold_ms": cold,
        "failed": sum(wrong(index, each, wish) for each in books[:SAMPLE] for wish in wishes),
    }


def changed_slot(index: Index, changed: Book) -> None:
    """A visit of an agenda was just booked or cancelled, and its next free slot is asked for."""
    index.put(changed)
    index.next_free(Wish(reason="followup"), at=AT, agendas=[changed.agenda.id])


def wrong(index: Index, one: Book, wish: Wish) -> bool:
    """Whether the index says anything else than the exact search does."""
    slots = free_slots(one, wish, first=FIRST, until=FIRST + timedelta(days=DAYS), at=AT)
    return [each.starts for each in slots] != index.starts(one.agenda.id, wish, at=AT)


PARTS: dict[str, Callable[[bool], Figures]] = {"search": search, "patients": patients.part, "grid": agenda_grid.part}
"""Name of a part -> its figures; True: small numbers, does it work? Keys of all parts stand side by side in --json."""
REMARKS = (
    "search: CPU of one thread; next_slot_ms: an agenda of 1,500 visits was just changed, its row is worked out anew; "
    "next_slot_warm_ms: it was not; search_1000_ms: five reasons over 1,000 agendas and 90 days, warm; "
    "search_1000_none_ms: the same for an hour at which nobody is open, so that all 90 days are looked through; "
    "search_cold_ms: all rows for the first time; search_growth: cost an agenda against half as many, 1 is linear; "
    "failed: answers that differ from the exact search",
    "grid: tomorrow of 200 practitioners, 30 visits each, in Chromium at 1920x1080; grid_200_ms: from the answer to "
    "the picture, the median; grid_site_cpu_ms: CPU of the web process for one such day; grid_growth: both together "
    "against half as many practitioners, by lane, 1 is linear",
    "patients: one of 200,000 patients of a client found, from the words to the persons shown, eight ways of asking in "
    "turn (birth: the date alone; caller: the number before a word is typed); cpu: of the thread, whatever else the "
    "machine does; patients_missed: asked for in a spelling that no sound forgives",
)
