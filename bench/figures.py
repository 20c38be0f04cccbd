# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every bench has in common: CPU seconds, percentiles, median and spread, the machine, the table of figures."""

import contextlib
import os
import platform
import statistics
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

LOAD_LIMIT = 1.0
_CPU_CLOCK = 2
_AGREE_S = 0.1
_TICKS = os.sysconf("SC_CLK_TCK")
_PERFORMANCE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"

Figures = dict[str, Any]
"""Figures of one run: name -> number, or a word such as the gateway's name."""


def cpu_seconds(pid: int) -> float:
    """CPU seconds (user and system, all threads) that a living process has used.

    What fields 14 and 15 of `/proc/<pid>/stat` say in hundredths (proc(5)), read from the process's own clock in
    nanoseconds (clock_getcpuclockid(3)) where that can be had: a short run is a few dozen hundredths.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    coarse = (int(fields[11]) + int(fields[12])) / _TICKS
    try:
        fine = time.clock_gettime((~pid << 3) | _CPU_CLOCK)
    except OSError:
        return coarse
    return fine if abs(fine - coarse) < _AGREE_S else coarse


def priority(pid: int) -> str:
    """The priorities a process's threads run at: the policy's name for each one that is not an ordinary thread."""
    names = {os.SCHED_FIFO: "fifo", os.SCHED_RR: "rr"}
    found: list[str] = []
    for entry in sorted(os.listdir(f"/proc/{pid}/task")):
        with contextlib.suppress(OSError):
            policy = os.sched_getscheduler(int(entry))
            if policy in names:
                found.append(f"{names[policy]}-{os.sched_getparam(int(entry)).sched_priority}")
    nice = os.getpriority(os.PRIO_PROCESS, pid)
    return f"nice {nice}" + (f", {len(found)} thread(s) {found[0]}" if found else "")


def percentile(values: Iterable[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie; 0 for none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0


def merged(runs: Sequence[Figures]) -> Figures:
    """The median of every figure over the runs; failures and losses are added up, words are those of the first run."""
    found: Figures = {}
    for name, first in runs[0].items():
        values = [run[name] for run in runs]
        if isinstance(first, str):
            found[name] = first
        elif name.endswith(("failed", "lost")):
            found[name] = sum(values)
        else:
            found[name] = rounded(statistics.median(values))
    return found


def spread(runs: Sequence[Figures]) -> dict[str, list[float]]:
    """Least and most of every figure over the runs."""
    numbers = [name for name, value in runs[0].items() if not isinstance(value, str)]
    return {name: [rounded(extreme(run[name] for run in runs)) for extreme in (min, max)] for name in numbers}


def rounded(value: float) -> float:
    """Three significant places after the point at most; whole numbers stay whole."""
    return value if isinstance(value, int) else round(value, 3)


@dataclass(frozen=True, slots=True)
class Before:
    """The machine as it was before the first run."""

    load: float
    machine: str

    @property
    def valid(self) -> bool:
        """Whether the machine was quiet enough."""
        return self.load <= LOAD_LIMIT

    @classmethod
    def when_quiet(cls, most_s: float) -> "Before":
        """As soon as the load has fallen to LOAD_LIMIT (a mean of the last minute), at most `most_s` seconds on."""
        limit = time.monotonic() + most_s
        while not (found := cls.look()).valid and time.monotonic() < limit:
            time.sleep(1.0)
        return found

    @classmethod
    def look(cls) -> "Before":
        """Now."""
        model = "unknown processor"
        with contextlib.suppress(OSError, StopIteration):
            lines = Path("/proc/cpuinfo").read_text().splitlines()
            model = next(line for line in lines if line.startswith("model name")).partition(":")[2].strip()
        python = platform.python_version()
        machine = f"{model}, {os.cpu_count()} cores, Linux {platform.release()}, Python {python}"
        return cls(round(os.getloadavg()[0], 2), machine)


def as_table(rows: Mapping[str, Figures], extremes: Mapping[str, Mapping[str, Sequence[float]]]) -> str:
    """Markdown: one line a part and figure, with its median (sum for failures) and its spread."""
    lines = ["| part | figure | median | least and most |", "|---|---|---|---|"]
    for part, figures in rows.items():
        for name, value in figures.items():
            between = extremes[part].get(name)
            shown = f"{between[0]:g} to {between[1]:g}" if between else ""
            lines.append(f"| {part} | {name} | {value if isinstance(value, str) else format(value, 'g')} | {shown} |")
    return "\n".join(lines)


def write_table(name: str, text: str, page: Path = _PERFORMANCE) -> None:
    """Puts a bench's text between its markers. Raises ValueError when the page has no such markers."""
    begin, end = f"<!-- bench {name} -->", f"<!-- end {name} -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{page.name} has no markers for {name}")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}", encoding="utf-8")
