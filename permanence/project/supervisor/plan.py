# SPDX-License-Identifier: AGPL-3.0-or-later
"""Which processes a house has, how each is started, and when one that ended is started again. Pure."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass

from permanence.project.config import Configuration

STOP_ORDER = ("mailbox", "doors", "web", "worker", "exchange", "media")
"""Who is asked to stop before whom: the screens first, the conversations last. The rest follows in any order."""

STEADY_S = 60.0
"""Seconds after which a process is held to have run well: its next end is treated as the first."""

LONGEST_DELAY_S = 30.0

EXCHANGE_MEMORY = (("PYTHONMALLOC", "malloc"), ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"))
"""Memory in large pages, where the kernel has them (madvise): what a call touches lies in fewer of them, which is a
twelfth of the exchange's processor time (docs/performance.md). Another C library knows neither word and runs on."""


@dataclass(frozen=True, slots=True)
class Program:
    """One process to run. `after` names the process whose `ready` it waits for; `fds` are the sockets it inherits.

    `stop_signal` asks it to stop with the house. `pulses`: it is given a pipe for its signs of life (`kernel.pulse`).
    """

    name: str
    arguments: tuple[str, ...]
    fds: tuple[int, ...] = ()
    after: str | None = None
    environment: tuple[tuple[str, str], ...] = ()
    says_ready: bool = True
    stop_signal: signal.Signals = signal.SIGTERM
    pulses: bool = False


def restart_delay(ends: int) -> float:
    """Seconds to wait before a process that ended `ends` times in a row is started: 0, then 0.5 doubling to 30."""
    if ends <= 1:
        return 0.0
    return min(0.25 * 2.0 ** min(ends - 1, 12), LONGEST_DELAY_S)


def programs(configuration: Configuration, fds: Mapping[str, tuple[int, ...]]) -> tuple[Program, ...]:
    """The processes of a house, in the order in which they are started.

    `fds` maps `web`, `line`, `sip-udp`, `sip-tcp`, `sip-tls`, `media-udp` and `media-tcp` to descriptors of listening
    sockets.
    """
    data = ("--data", str(configuration.data), "--run", str(configuration.run))
    public = ("--public-address", configuration.public_address) if configuration.public_address else ()
    media = ["-m", "permanence.engine.mediaplane", *data, "--port", str(configuration.media_port)]
    media += ["--rtp", str(configuration.media_rtp), "--host", *configuration.media_hosts]
    media += _passed(fds, "media-udp", "media-tcp")
    exchange = ["-m", "permanence.engine.exchange", *data, "--engine", configuration.engine]
    exchange += ["--line-host", configuration.line_host, "--line-port", str(configuration.line_port)]
    exchange += ["--sip-host", *configuration.sip_hosts, "--sip-port", str(configuration.sip_port)]
    exchange += ["--sip-tls-port", str(configuration.sip_tls_port)]
    exchange += ["--rtp", str(configuration.media_rtp)]
    for origin in configuration.origins:
        exchange += ["--origin", origin]
    exchange += _passed(fds, "line", "sip-udp", "sip-tcp", "sip-tls")
    web_fd = fds.get("web", (None,))[0]
    found = [
        Program("media", (*media, *public), fds=_held(fds, "media-udp", "media-tcp"), pulses=True),
        Program(
            "exchange",
            (*exchange, *public),
            fds=_held(fds, "line", "sip-udp", "sip-tcp", "sip-tls"),
            environment=EXCHANGE_MEMORY,
            stop_signal=signal.SIGINT,  # it ends every call; after SIGTERM the calls wait for the next exchange
            pulses=True,
        ),
        Program(
            "web",
            ("-m", "permanence.project.web"),
            fds=_held(fds, "web"),
            environment=tuple(configuration.changed(web_fd=web_fd).environment().items()),
            pulses=True,
        ),
        Program("worker", ("-m", "permanence.project.worker"), pulses=True),
    ]
    if configuration.demonstration:
        where = ("--host", configuration.mail_host, "--port", str(configuration.mail_port))
        sink = ("-m", "permanence.project.mail_sink", "--data", str(configuration.data), *where)
        found.append(Program("mailbox", sink))
    return tuple(found)


def _held(fds: Mapping[str, tuple[int, ...]], *names: str) -> tuple[int, ...]:
    return tuple(number for name in names for number in fds.get(name, ()))


def _passed(fds: Mapping[str, tuple[int, ...]], *names: str) -> list[str]:
    return [word for name in names for number in fds.get(name, ()) for word in ("--fd", f"{name}={number}")]


def stop_order(names: list[str]) -> list[str]:
    """The running processes in the order in which they are stopped."""
    return sorted(names, key=lambda name: STOP_ORDER.index(name) if name in STOP_ORDER else -1)
