# SPDX-License-Identifier: AGPL-3.0-or-later
"""`agenda`: what the agendas cost. PARTS lists the parts; each is a program of its own that prepares once and measures
as often as is asked. Beside them the races, which run once (`bench.agenda_races`).
"""

from collections.abc import Mapping

from bench.figures import Figures
from bench.programs import Program

PARTS: Mapping[str, Program] = {
    "search": Program(module="bench.agenda_search", limit_s=240),
    "tables": Program(module="bench.agenda_tables", limit_s=240),
    "patients": Program(module="bench.patients", limit_s=900),
    "grid": Program(module="bench.agenda_grid", limit_s=480),
    "live": Program(module="bench.agenda_live", limit_s=240),
}
"""Name of a part -> what measures it. Keys of all parts stand side by side in --json."""
PREPARED_S, RUN_S = 300.0, 22.0
"""What all parts together take on two cores before the first run, and with each run, seconds."""
REMARKS = (
    "search: CPU of one thread; next_slot_ms: an agenda of 1,500 visits was just changed, its row is worked out anew; "
    "next_slot_warm_ms: it was not; search_1000_ms: five reasons over 1,000 agendas and 90 days, warm; "
    "search_1000_none_ms: the same for an hour at which nobody is open, so that all 90 days are looked through; "
    "search_cold_ms: all rows for the first time, measured once; search_growth: cost an agenda against half as many, 1 "
    "is linear; failed: answers that differ from the exact search",
    "tables: the same question as a secretary's page puts it, of one client's 100 agendas on SQLite whose next two "
    "months are full, CPU of the thread with queries, rows and rights in it: of one agenda, a tenth of them, all "
    "(tables_next_1_ms, _tenth_ms, _all_ms), nothing changed since; tables_next_changed_ms: of all, and a visit was "
    "just booked in one; tables_queries: for all of them",
    "grid: a secretary turns to tomorrow of 200 practitioners, 30 visits each, in Chromium at 1920x1080; grid_200_ms: "
    "from the answer to the picture, the median; grid_whole_ms: with the site's own time before it; grid_site_cpu_ms: "
    "CPU of the web process for one such day; grid_growth: picture and CPU together against half as many "
    "practitioners, by lane, 1 is linear",
    "live: two secretaries look at tomorrow, one books there; live_ms: from her Enter to the visit in the other's "
    "picture, the median of ten; live_worst_ms: the slowest of them; live_own_ms: in her own picture; pages and site "
    "share the machine",
    "patients: one of 200,000 patients of a client found, from the words to the persons shown, eight ways of asking in "
    "turn (birth: the date alone; caller: the number before a word is typed); cpu: of the thread, whatever else the "
    "machine does; patients_missed: asked for in a spelling that no sound forgives; patients_postgresql: of the same "
    "house in a cluster of its own, whose CPU is not in cpu; beside: sixty clients of 500 patients each are there too, "
    "and the connection was asked for theirs first (small), then for those of the large one (large)",
)


def about_s(runs: int) -> float:
    """How long the parts take on two cores, seconds, roughly."""
    return PREPARED_S + RUN_S * runs


def part(name: str, *, runs: int, quick: bool) -> list[Figures]:
    """The figures of so many runs; `quick`: small numbers, does it work? Raises PartFailed."""
    found: list[Figures] = PARTS[name].figures("--runs", str(runs), *(["--quick"] if quick else []))
    return found
