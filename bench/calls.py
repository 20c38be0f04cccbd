# SPDX-License-Identifier: AGPL-3.0-or-later
"""`calls`: what a call costs the exchange and media, with real audio and without; and how that grows with the house."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bench.figures import Figures, cpu_seconds, percentile, priority
from bench.house import BenchHouse, Worker, running
from tests.processes import KEY, ORIGIN
from tests.stories import cast

LATE_EVERY = 7
"""Each so many a caller's audio begins only 0.6 s after the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One part of the bench. `hold_s` 0 with `end_after_s`: the secretaries end the calls."""

    clients: int = 1
    secretaries: int = 60
    rate: float = 50.0
    seconds: float = 30.0
    hold_s: float = 1.0
    end_after_s: float = 0.0
    real: bool = True


def about_s(load: Load, runs: int) -> float:
    """Roughly how long the runs of a load take, seconds: the seats sit down first, the last calls end after it."""
    return 4 + load.secretaries * 0.03 + runs * (load.seconds + load.hold_s + load.end_after_s + 1)


class Bench:
    """A house, its secretaries and its callers, for several runs of one load."""

    def __init__(self, house: BenchHouse, load: Load) -> None:
        self._house, self._load = house, load
        self._lines = house.publish(clients=load.clients, secretaries=load.secretaries)
        shift = {
            "line_port": house.line_port, "origin": ORIGIN, "house": cast.HOUSE, "key": KEY.hex(),
            "secretaries": [str(number + 1) for number in range(load.secretaries)], "media": load.real,
        }  # fmt: skip
        self._seats = Worker("seats", "bench.seats", folder=house.folder)
        self._callers = Worker("callers", "bench.callers", folder=house.folder)
        self._placed = 0
        self._seats.told(shift)
        self._seats.ready()
        self._callers.ready()

    def run(self, load: Load) -> tuple[Figures, dict[str, Any], dict[str, Any]]:
        """One run: (figures, what the callers saw, what the seats saw)."""
        exchange, media = self._house.exchange.pid, self._house.media.pid
        self._seats.told({"end_after_s": load.end_after_s})
        before = cpu_seconds(exchange), cpu_seconds(media)
        began = time.monotonic()
        done = self._callers.asked({
            "sip_port": self._house.sip_port, "lines": self._lines, "rate": load.rate, "seconds": load.seconds,
            "hold_s": load.hold_s, "rtp": load.real, "first": self._placed, "late_every": LATE_EVERY,
        })  # fmt: skip
        took = time.monotonic() - began
        used = cpu_seconds(exchange) - before[0], cpu_seconds(media) - before[1]
        seen = self._seats.asked({})
        self._placed += done["calls"]
        journal = self._house.command("status")["journal"]
        figures: Figures = {
            "exchange_cpu_s_per_1000": used[0] / done["calls"] * 1000,
            "media_cpu_s_per_1000": used[1] / done["calls"] * 1000,
            "journal_sync_p99_ms": journal.get("sync_p99_ms", 0.0),
            "failed": done["failed"] + len(seen["refusals"]),
            "calls": done["calls"],
            "calls_at_once": done["most_at_once"],
            "invite_to_offer_p99_ms": percentile(offers_after_ms(done, seen).values(), 0.99),
            "command_kept_p99_ms": percentile(seen["reply_us"], 0.99) / 1000,
            "repeated": done["repeated"],
            "generator_cpu_s": done["cpu_s"] + seen["cpu_s"],
            "took_s": took,
        }
        for reason, count in done["reasons"].items():
            print(f"  {count} calls failed: {reason}")
        for reason in sorted(set(seen["refusals"])):
            print(f"  the exchange refused {seen['refusals'].count(reason)} commands of the seats: {reason}")
        return figures, done, seen

    @property
    def priorities(self) -> str:
        """How exchange and media are scheduled."""
        return f"exchange {priority(self._house.exchange.pid)}; media {priority(self._house.media.pid)}"

    def close(self) -> None:
        """The callers and the seats go home."""
        self._callers.close()
        self._seats.close()


@contextlib.contextmanager
def at_work(load: Load) -> Iterator[Bench]:
    """A house with this load's seats at work, warmed up by a second of calls."""
    with running(null_media=not load.real) as house:
        bench = Bench(house, load)
        try:
            bench.run(Load(rate=min(load.rate, 20), seconds=1.0, hold_s=0.3, real=load.real))
            yield bench
        finally:
            bench.close()


def offers_after_ms(done: dict[str, Any], seen: dict[str, Any]) -> dict[str, float]:
    """Caller's number -> milliseconds from his INVITE to the offer at a seat."""
    return {
        number: (seen["offered"][number] - placed) / 1e6
        for number, placed in done["placed"].items()
        if number in seen["offered"]
    }


def real_media(load: Load, runs: int) -> tuple[list[Figures], str]:
    """(a): real audio through the real media process."""
    found: list[Figures] = []
    with at_work(load) as bench:
        for _ in range(runs):
            figures, done, seen = bench.run(load)
            after = offers_after_ms(done, seen)
            late = [moment for number, moment in after.items() if number in done["late"]]
            prompt = [moment for number, moment in after.items() if number not in done["late"]]
            figures["late_rtp_offer_p50_ms"] = percentile(late, 0.5)
            figures["prompt_rtp_offer_p50_ms"] = percentile(prompt, 0.5)
            figures["gateway"] = "embedded"
            found.append(figures)
        return found, bench.priorities


def signalling(load: Load, runs: int) -> tuple[list[Figures], str]:
    """(b): the same without audio, at a rate and a number at once that audio would not allow on this machine."""
    found: list[Figures] = []
    with at_work(load) as bench:
        for _ in range(runs):
            figures, _, _ = bench.run(load)
            figures["gateway"] = "null (signalling only)"
            found.append(figures)
        return found, bench.priorities


def growth(small: Load, large: Load, full: Load, runs: int) -> tuple[list[Figures], str]:
    """(c): one client and few secretaries beside many of both, at the same rate; then more callers than secretaries."""
    found: list[Figures] = []
    with at_work(small) as few, at_work(large) as many:
        for _ in range(runs):
            of_few, _, _ = few.run(small)
            of_many, _, _ = many.run(large)
            waiting, _, seen = many.run(full)
            name = "exchange_cpu_s_per_1000"
            found.append({
                "accounts_ratio": of_many[name] / of_few[name],
                f"{name}_few": of_few[name],
                f"{name}_many": of_many[name],
                "free_to_offer_p99_ms": percentile(seen["free_to_offer_us"], 0.99) / 1000,
                "free_to_offer_p50_ms": percentile(seen["free_to_offer_us"], 0.50) / 1000,
                "free_to_offer_counted": len(seen["free_to_offer_us"]),
                f"{name}_waiting": waiting[name],
                "failed": of_few["failed"] + of_many["failed"] + waiting["failed"],
                "gateway": "null (signalling only)",
            })  # fmt: skip
        return found, many.priorities
