# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run bench NAME`: runs one bench, prints its figures, and puts them into docs/performance.md when asked to."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bench import agenda, agenda_races, calls, change, hidden_tab, knowledge, media, restart, screens
from bench.figures import Before, Figures, as_table, merged, spread, write_table
from bench.programs import PartFailed

PAGE = "page "
"""Parts that are pages are named so; in JSON they stand under `pages` too."""
SLOWEST_PACE = 0.99
"""Of the packets that should have been sent, the part that has to be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asks for. `seconds` and `rate` None: the bench's own."""

    runs: int
    seconds: float | None
    rate: float | None
    quick: bool
    gateway: str
    full: bool = False


@dataclass(slots=True)
class Report:
    """What a bench found: runs by part, priorities and remarks by part. `main`: the part whose keys stand alone."""

    main: str = ""
    runs: dict[str, list[Figures]] = field(default_factory=dict)
    priorities: dict[str, str] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(self, part: str, runs: list[Figures], priorities: str) -> None:
        """The runs of a part."""
        self.main = self.main or part
        self.runs[part] = runs
        self.priorities[part] = priorities


def bench_calls(wish: Wish) -> Report:
    """`calls`: real audio (a), signalling only (b), growth (c). `--gateway null` runs (b) and (c) alone."""
    report = Report(remarks=[
        "(a) callers over SIP/UDP with audio, protocol seats with real ICE, DTLS-SRTP; instant answer, no wrap-up; "
        f"each {calls.LATE_EVERY}th caller's RTP begins 0.6 s late (late_rtp_offer beside prompt_rtp_offer)",
        "(b) and (c): media answers at once and carries no audio (signalling only)",
    ])  # fmt: skip
    loads = calls_loads(wish)
    if "a" in loads:
        report.add("a", *calls.real_media(loads["a"], wish.runs))
    if "b" in loads:
        report.add("b", *calls.signalling(loads["b"], wish.runs))
        report.add("c", *calls.growth(loads["few"], loads["many"], loads["full"], wish.runs))
    return report


def calls_loads(wish: Wish) -> dict[str, calls.Load]:
    """What `calls` does: `a` and `b` are its parts, `few`, `many` and `full` the three of part (c)."""
    quick, found = wish.quick, {}
    if wish.gateway != "null":
        seconds = wish.seconds or (3.0 if quick else 60.0)
        found["a"] = calls.Load(rate=wish.rate or (10.0 if quick else 50.0), seconds=seconds,
                                secretaries=20 if quick else 60)  # fmt: skip
    if wish.gateway != "embedded":
        seconds = wish.seconds or (2.0 if quick else 10.0)
        found["b"] = calls.Load(rate=wish.rate or (20.0 if quick else 200.0), seconds=seconds,
                                secretaries=60 if quick else 1050, hold_s=1 if quick else 5, real=False)  # fmt: skip
        few = found["few"] = calls.Load(rate=10 if quick else 50, seconds=2 if quick else 6,
                                        secretaries=10 if quick else 50, real=False)  # fmt: skip
        many = found["many"] = calls.Load(rate=few.rate, seconds=few.seconds, secretaries=20 if quick else 200,
                                          clients=20 if quick else 500, real=False)  # fmt: skip
        found["full"] = calls.Load(rate=40 if quick else 70, seconds=1 if quick else 6, secretaries=many.secretaries,
                                   clients=many.clients, hold_s=0, end_after_s=1 if quick else 4,
                                   real=False)  # fmt: skip
    return found


def bench_restart(wish: Wish) -> Report:
    """`restart`: the exchange killed during calls (a), the second start of `./run` (b), its first one beside it."""
    report = Report(remarks=[
        "(a) real audio; the calls are seconds old; kill -9, the next exchange at once on the same sockets; every seat "
        "comes back by itself, the first one ends her call; takeover_ms: status shows every call as before, her "
        "command is accepted and the BYE is at the caller",
        "(a) lost: calls that are not as they were; failed: commands refused, callers without their end, places in the "
        "queue not kept",
        "(b) ./run on its data folder from exec to the words that it is ready; first: the same on an empty data folder",
    ])  # fmt: skip
    floor = restart.Floor(talking=4, waiting=2) if wish.quick else restart.Floor(talking=50, waiting=10)
    report.add("a", *restart.taken_over(floor, wish.runs))
    first, second = restart.starts(wish.runs)
    report.add("b", second, "")
    report.add("first", [first], "")
    return report


def bench_media(wish: Wish) -> Report:
    """`media`: our media process beside rtpengine, alternated, at two sizes."""
    report = Report()
    names = media.engines()
    seconds = wish.seconds or (2.0 if wish.quick else 4.0)
    for size in (10,) if wish.quick else (100, 300):
        found: dict[str, list[Figures]] = {name: [] for name in names}
        for _ in range(wish.runs):
            for name in names:
                figures, priorities = media.bridged(name, calls=size, seconds=seconds)
                found[name].append(figures)
                report.priorities[f"{name}-{size}"] = priorities
        for name in names:
            report.add(f"{name}-{size}", found[name], report.priorities[f"{name}-{size}"])
    report.remarks += [f"{name}: {media.SIDES[name]}" for name in names]
    if "rtpengine" not in names:
        report.remarks.append("rtpengine is not installed here (Debian: rtpengine-daemon), so it is not beside it")
    report.remarks.append("delay: sender's stamp to the kernel's stamp of arrival, the worse direction; callers and "
                          "browsers are a process each, their share of a core is among the figures")  # fmt: skip
    return report


def bench_pop(wish: Wish) -> Report:
    """`pop`: INVITE to painted card."""
    report = Report(remarks=["from the INVITE leaving the caller to the frame with the card in Chromium"])
    report.add("pop", *screens.pop(rounds=3 if wish.quick else 10, runs=wish.runs))
    return report


def bench_talk(wish: Wish) -> Report:
    """`talk`: answer key to speech."""
    report = Report(remarks=["from the key in Chromium to the first loud audio: at the caller the packet's arrival, at "
                             "the secretary the block in the page's audio graph"])  # fmt: skip
    report.add("talk", *screens.talk(rounds=2 if wish.quick else 6, runs=wish.runs))
    return report


def bench_hidden(wish: Wish) -> Report:
    """`hidden`: ten minutes in a hidden tab, then a call. One run, whatever was asked: it is a proof, not a figure."""
    report = Report(remarks=[
        "stock Chromium, the console's tab behind another one, its timers throttled; then a call: card, title, "
        "icon, ring, notification, answered, both heard; failed counts what was not so",
    ])  # fmt: skip
    report.add("hidden", *hidden_tab.hidden(seconds=wish.seconds or (5.0 if wish.quick else hidden_tab.HIDDEN_S)))
    return report


def bench_agenda(wish: Wish) -> Report:
    """`agenda`: the parts that bench.agenda lists, without a telephone; and the races, once."""
    report = Report(remarks=[*agenda.REMARKS, *agenda_races.REMARKS])
    for name in agenda.PARTS:
        report.add(name, agenda.part(name, runs=wish.runs, quick=wish.quick), "")
    report.add("race", [agenda_races.part(race_size(wish))], "")
    return report


def race_size(wish: Wish) -> agenda_races.Size:
    """How much is raced."""
    return agenda_races.QUICK if wish.quick else agenda_races.FULL if wish.full else agenda_races.USUAL


def bench_knowledge(wish: Wish) -> Report:
    """`knowledge`: a large house: its table, a slice, a year's proof, the pages of a client; a change to the card."""
    size = knowledge.QUICK if wish.quick else knowledge.Size()
    report = Report(remarks=[
        f"one house of {size.clients} clients, {size.lines} lines and {size.instructions} instructions on SQLite, one "
        "script in ten clients; CPU of the process (user and system), without the exchange",
        "table: built whole from the database; mib: what it holds once built; coverage: a client read and proved for a "
        "year; pages: a signed-in person's GET, its queries and its CPU; edit: the back office's form of everything",
    ])  # fmt: skip
    runs = knowledge.knowledge(size, wish.runs)
    pages = [run.pop("pages") for run in runs]
    report.add("knowledge", runs, "")
    for name in pages[0]:
        report.add(f"{PAGE}{name}", [each[name] for each in pages], "")
    report.remarks.append(
        "change: the demonstration as real processes; from the commit of an instruction until the exchange holds it; "
        "failed: not within 10 s, or not on the card of the next call"
    )
    report.add("change", change.to_the_card(rounds=2 if wish.quick else 20, runs=wish.runs), "")
    return report


BENCHES: dict[str, Callable[[Wish], Report]] = {
    "calls": bench_calls,
    "media": bench_media,
    "pop": bench_pop,
    "talk": bench_talk,
    "hidden": bench_hidden,
    "restart": bench_restart,
    "agenda": bench_agenda,
    "knowledge": bench_knowledge,
}
RUN_S = {"media": 35.0, "pop": 9.0, "talk": 12.0, "restart": 13.0, "knowledge": 75.0}
"""Seconds that a run of the others takes."""


def about_s(name: str, wish: Wish) -> float:
    """How long a bench will take, seconds, roughly."""
    if name == "hidden":
        return (wish.seconds or hidden_tab.HIDDEN_S) + 60
    if name == "calls":
        return sum(calls.about_s(load, wish.runs) for load in calls_loads(wish).values())
    if name == "agenda":
        return agenda.about_s(wish.runs) + race_size(wish).about_s
    return RUN_S[name] * wish.runs


def main(arguments: Sequence[str]) -> int:
    """Runs one bench; status 1 when a call failed, a packet was lost or a part gave no figures."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.write and given.name == "media" and "rtpengine" not in media.engines():
        parser.error("--write puts both sides of this bench into the page: apt-get install rtpengine-daemon first")
    if given.write and given.gateway:
        parser.error("--write puts all parts of a bench into the page together: leave --gateway out")
    before = Before.when_quiet(given.wait)
    wish = Wish(runs=given.runs or (1 if given.quick else 5), seconds=given.seconds, rate=given.rate,
                quick=given.quick, gateway=given.gateway, full=given.full)  # fmt: skip
    if not given.quick:
        minutes = max(1, round(about_s(given.name, wish) / 60))
        print(f"{given.name}: takes about {minutes} min", file=sys.stderr, flush=True)
    began = time.monotonic()
    try:
        report = BENCHES[given.name](wish)
    except PartFailed as fault:
        print(f"{given.name}: {fault}", file=sys.stderr)
        return 1
    medians = {part: merged(runs) for part, runs in report.runs.items()}
    spreads = {part: spread(runs) for part, runs in report.runs.items()}
    if given.json:
        valid = not _fault(before, report) and not given.quick
        head = {"bench": given.name, "valid": valid, "load": before.load, "runs": wish.runs,
                "machine": before.machine, "priority": report.priorities}  # fmt: skip
        flat = {name: value for part in reversed(medians.values()) for name, value in part.items()}
        pages = {part.removeprefix(PAGE): found for part, found in medians.items() if part.startswith(PAGE)}
        more = {"pages": pages} if pages else {}
        print(json.dumps({**head, **flat, **medians[report.main], **more, "parts": medians, "spread": spreads}))
    text = _text(report, before, wish, as_table(medians, spreads), time.monotonic() - began)
    if not given.json:
        print(text)
    fault = _fault(before, report)
    if fault:
        print(f"not valid: {fault}", file=sys.stderr)
    elif given.write and given.quick:
        print("--quick writes nothing: its numbers are too small to mean anything", file=sys.stderr)
    elif given.write:
        write_table(given.name, text)
    return int(any(medians[part].get("failed", 0) or medians[part].get("lost", 0) for part in medians))


def _fault(before: Before, report: Report) -> str:
    """Why the figures say nothing about the house; "" when they do."""
    if not before.valid:
        return f"the load was {before.load} before the first run"
    slow = [part for part, runs in report.runs.items() if min(run.get("pace", 1.0) for run in runs) < SLOWEST_PACE]
    return f"the generators could not keep their pace in {', '.join(slow)}" if slow else ""


def _text(report: Report, before: Before, wish: Wish, table: str, took_s: float) -> str:
    lines = [f"Machine: {before.machine}. Load before: {before.load}. Runs: {wish.runs}, {took_s:.0f} s in all.", ""]
    lines += [f"- priority, {part}: {words}" for part, words in report.priorities.items() if words]
    lines += [f"- {remark}" for remark in report.remarks]
    return "\n".join([*lines, "", table])


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench", description=__doc__)
    parser.add_argument("name", choices=tuple(BENCHES))
    parser.add_argument("--runs", type=int, default=0, help="5, or 1 with --quick")
    parser.add_argument("--seconds", type=float, help="of calls, or of audio, a run")
    parser.add_argument("--rate", type=float, help="calls a second")
    parser.add_argument(
        "--gateway", choices=("", "embedded", "null"), default="", help="calls: only with audio, or only without"
    )
    parser.add_argument("--wait", type=float, default=0.0, help="seconds to wait at most for the load to fall to 1.0")
    parser.add_argument("--quick", action="store_true", help="small numbers, one run: does it work?")
    parser.add_argument(
        "--full", action="store_true", help="agenda: the whole race, which takes hours and goes on where it was"
    )
    parser.add_argument("--json", action="store_true", help="one object")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    return parser
