# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line of the exchange (docs/contracts.md, "Starting a process")."""

import argparse
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from permanence.engine.exchange.trunks import host_and_port

FD_NAMES = ("line", "sip-udp", "sip-tcp", "sip-tls")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the exchange was started with. `fds`: name -> the inherited sockets of that name."""

    data: Path
    run: Path
    engine: str
    line_host: str
    line_port: int
    sip_hosts: tuple[str, ...]
    sip_port: int
    sip_tls_port: int
    origins: tuple[str, ...]
    public_address: str
    first_rtp_port: int
    last_rtp_port: int
    fds: dict[str, tuple[int, ...]]
    name_servers: tuple[tuple[str, int], ...]
    verbose: bool


def read_options(arguments: Sequence[str] | None = None) -> Options:
    """The options of a command line. Leaves the process with status 2 when it is wrong."""
    parser = argparse.ArgumentParser(prog="permanence.engine.exchange", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--engine", required=True)
    parser.add_argument("--line-host", default="127.0.0.1")
    parser.add_argument("--line-port", type=int, default=8001)
    parser.add_argument("--sip-host", nargs="+", default=["127.0.0.1"], help="0.0.0.0 and :: for all")
    parser.add_argument("--sip-port", type=int, default=5060)
    parser.add_argument("--sip-tls-port", type=int, default=5061)
    parser.add_argument("--origin", action="append", default=[], dest="origins")
    parser.add_argument("--public-address", default="", type=_address)
    parser.add_argument("--rtp", default=(10_000, 10_999), type=_range)
    parser.add_argument("--fd", action="append", default=[], type=_fd, dest="fds")
    parser.add_argument("--name-server", action="append", default=[], type=_server, dest="name_servers")
    parser.add_argument("--verbose", action="store_true")
    found = parser.parse_args(arguments)
    fds: dict[str, tuple[int, ...]] = {}
    for name, number in found.fds:
        fds[name] = (*fds.get(name, ()), number)
    return Options(
        data=found.data,
        run=found.run,
        engine=found.engine,
        line_host=found.line_host,
        line_port=found.line_port,
        sip_hosts=tuple(found.sip_host),
        sip_port=found.sip_port,
        sip_tls_port=found.sip_tls_port,
        origins=tuple(found.origins),
        public_address=found.public_address,
        first_rtp_port=found.rtp[0],
        last_rtp_port=found.rtp[1],
        fds=fds,
        name_servers=tuple(found.name_servers),
        verbose=found.verbose,
    )


def _range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 0 < int(first) < int(last) < 65536):
        raise argparse.ArgumentTypeError("a range of ports is FIRST-LAST")
    return int(first), int(last)


def _address(text: str) -> str:
    try:
        return str(ipaddress.ip_address(text)) if text else ""
    except ValueError:
        raise argparse.ArgumentTypeError("the public address is an IP address, it stands in SDP") from None


def _server(text: str) -> tuple[str, int]:
    host, port = host_and_port(text)
    return _address(host), port or 53


def _fd(text: str) -> tuple[str, int]:
    name, _, number = text.partition("=")
    if name not in FD_NAMES or not number.isdecimal():
        raise argparse.ArgumentTypeError(f"an inherited socket is NAME=NUMBER, NAME one of {', '.join(FD_NAMES)}")
    return name, int(number)
