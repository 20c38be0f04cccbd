# SPDX-License-Identifier: AGPL-3.0-or-later
"""The listening sockets: bound before anything starts, and a busy port named with the process that holds it (Linux)."""

import errno
import ipaddress
import os
import socket
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from permanence.kernel.refusals import Refusal

BACKLOG = 512
NEXT_PORTS = 60
"""How many ports after the wanted one the demonstration tries."""


class PortBusy(Refusal):
    """A port is held by another process, or may not be bound; `why` is the sentence to print."""

    code = "port_busy"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A port that the house needs on every host of `hosts`, for the setting `field`. `kinds`: "udp", "tcp" or both."""

    name: str
    field: str
    hosts: tuple[str, ...]
    port: int
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Bound:
    """The sockets of one `Wanted` (each host's kinds in order, host after host), and the port that was got.

    `busy` is the sentence that says who holds the wanted port, empty when it was free.
    """

    wanted: Wanted
    port: int
    sockets: tuple[socket.socket, ...]
    busy: str = ""

    def close(self) -> None:
        """Lets the port go."""
        for held in self.sockets:
            held.close()


def open_socket(host: str, port: int, kind: str) -> socket.socket:
    """One bound socket (listening for "tcp"), not inheritable until it is passed on. Raises OSError."""
    version6 = ipaddress.ip_address(host).version == 6
    family = socket.AF_INET6 if version6 else socket.AF_INET
    opened = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    try:
        if version6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == "tcp":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.bind((host, port))
        if kind == "tcp":
            opened.listen(BACKLOG)
    except OSError:
        opened.close()
        raise
    opened.setblocking(False)
    return opened


def bind(wanted: Wanted, *, or_next: bool) -> Bound:
    """Binds every kind of `wanted` on one port; with `or_next`, on the next port that is free for all of them.

    Raises PortBusy, whose sentence names the owner where this user may see it.
    """
    last = min(wanted.port + (NEXT_PORTS if or_next else 0), 65535)
    for port in range(wanted.port, last + 1):
        try:
            sockets = _all_kinds(wanted, port)
            return Bound(wanted, port, sockets, _busy(wanted, wanted.port) if port > wanted.port else "")
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise PortBusy(_cannot(wanted, port, error)) from error
    raise PortBusy(_busy(wanted, last))


def _all_kinds(wanted: Wanted, port: int) -> tuple[socket.socket, ...]:
    got: list[socket.socket] = []
    try:
        got.extend(open_socket(host, port, kind) for host in wanted.hosts for kind in wanted.kinds)
    except OSError:
        for held in got:
            held.close()
        raise
    return tuple(got)


def _cannot(wanted: Wanted, port: int, error: OSError) -> str:
    why = (
        "an ordinary user may not take a port below 1024"
        if error.errno == errno.EACCES
        else os.strerror(error.errno or 0)
    )
    return f"{wanted.name}: port {port} on {', '.join(wanted.hosts)} cannot be opened: {why}."


def _busy(wanted: Wanted, last: int) -> str:
    owners = [f"{kind.upper()} {owner}" for kind in wanted.kinds if (owner := owner_of(wanted.port, kind))]
    by = f" by {', '.join(owners)}" if owners else ", by a process of another user"
    beyond = f" (and every port up to {last})" if last > wanted.port else ""
    return f"{wanted.name}: port {wanted.port} on {', '.join(wanted.hosts)} is taken{by}{beyond}."


def owner_of(port: int, kind: str, *, proc: Path = Path("/proc")) -> str | None:
    """The process that holds a local port, as `name (pid 12)`; None when nobody does or when it may not be seen."""
    inodes = set(socket_inodes(port, kind, proc=proc))
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for process in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        if any(link in wanted for link in _links(process / "fd")):
            return f"{process_name(int(process.name), proc=proc)} (pid {process.name})"
    return None


def socket_inodes(port: int, kind: str, *, proc: Path = Path("/proc")) -> Iterator[str]:
    """The inodes of the sockets bound to a local port (proc(5): in `/proc/net/tcp`, state 0A is LISTEN)."""
    for table in (proc / "net" / kind, proc / "net" / f"{kind}6"):
        for line in _rows(table):
            columns = line.split()
            bound = int(columns[1].rpartition(":")[2], 16) == port
            if bound and (kind == "udp" or columns[3] == "0A"):
                yield columns[9]


def udp_ports_in_use(ports: tuple[int, int], *, proc: Path = Path("/proc")) -> int:
    """How many UDP ports between two (both included) are bound on this machine."""
    bound: set[int] = set()
    for table in ("udp", "udp6"):
        bound |= {int(line.split()[1].rpartition(":")[2], 16) for line in _rows(proc / "net" / table)}
    return sum(ports[0] <= port <= ports[1] for port in bound)


def process_name(process: int, *, proc: Path = Path("/proc")) -> str:
    """The command of a process as its owner typed it, shortened; its short name when the arguments may not be read."""
    try:
        words = (proc / str(process) / "cmdline").read_bytes().split(b"\0")
        text = " ".join(word.decode(errors="replace") for word in words if word)
        return text[:80] or (proc / str(process) / "comm").read_text().strip()
    except OSError:
        return "a process that has just ended"


def _rows(table: Path) -> list[str]:
    try:
        return table.read_text().splitlines()[1:]
    except OSError:
        return []


def _links(folder: Path) -> Iterable[str]:
    try:
        entries = list(folder.iterdir())
    except OSError:
        return
    for entry in entries:
        try:
            yield str(entry.readlink())
        except OSError:
            continue
