# SPDX-License-Identifier: AGPL-3.0-or-later
"""`media`: what one bridged call (G.711 over RTP to DTLS-SRTP) costs a second, what is lost, what is added as delay."""

import time

from bench.figures import Figures, cpu_seconds, priority
from bench.house import Worker, folder_of_its_own
from bench.relays import OwnMedia, RtpEngine, relay, rtpengine_installed

WARM_UP_S = 1.5
PACKETS_A_SECOND = 50
SIDES = {
    "permanence": "one wake-up serves every call: the tick of 5 ms is part of its delay; plug, hold and mix in place; "
    "Python, so a fault is an exception and not a crash of all calls",
    "rtpengine": "wakes for every packet: less delay, written in C, several threads; a direct relay of two parties, "
    "whereas ours keeps one stream to the browser whoever speaks",
}


def engines() -> list[str]:
    """What can be measured here."""
    return ["permanence", "rtpengine"] if rtpengine_installed() else ["permanence"]


def bridged(name: str, *, calls: int, seconds: float) -> tuple[Figures, str]:
    """One run: (figures, priorities)."""
    with folder_of_its_own() as folder, relay(name) as made:
        callers = Worker("callers", "bench.rtp_ends", "callers", folder=folder)
        browsers = Worker("browsers", "bench.rtp_ends", "browsers", folder=folder)
        try:
            callers.ready()
            browsers.ready()
            return _measured(made, callers, browsers, calls=calls, seconds=seconds), priority(made.pid)
        finally:
            callers.close()
            browsers.close()


def _measured(made: OwnMedia | RtpEngine, callers: Worker, browsers: Worker, *, calls: int, seconds: float) -> Figures:
    cipher = made.join(callers, browsers, calls)
    since = time.time_ns() + int(WARM_UP_S * 1e9)
    until = since + int(seconds * 1e9)
    callers.told({"measure": [since, until]})
    browsers.told({"measure": [since, until]})
    time.sleep(max(0.0, (since - time.time_ns()) / 1e9))
    before = cpu_seconds(made.pid)
    time.sleep(max(0.0, (until - time.time_ns()) / 1e9))
    used = cpu_seconds(made.pid) - before
    of_callers, of_browsers = callers.answer(), browsers.answer()
    sent = of_callers["sent"] + of_browsers["sent"]
    return {
        "calls": calls,
        "cpu_ms_per_call_s": used * 1000 / calls / seconds,
        "lost": of_callers["sent"] - of_browsers["heard"] + of_browsers["sent"] - of_callers["heard"],
        "delay_p99_ms": max(of_callers["delay_p99_ms"], of_browsers["delay_p99_ms"]),
        "delay_p50_ms": max(of_callers["delay_p50_ms"], of_browsers["delay_p50_ms"]),
        "packets": sent,
        "pace": sent / (2 * PACKETS_A_SECOND * calls * seconds),
        "generator_callers_cores": of_callers["cpu_s"] / seconds,
        "generator_browsers_cores": of_browsers["cpu_s"] / seconds,
        "cipher": cipher,
    }
