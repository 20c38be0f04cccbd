# SPDX-License-Identifier: AGPL-3.0-or-later
"""What tests and benches share that start processes of the house: free ports, sockets to hand down, the arguments of
the exchange and of media, a folder with its keys, and the wait for a fact."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Callable, Mapping
from pathlib import Path

from permanence.kernel.system import SystemEntropy
from permanence.project.supervisor.folder import make_keys

ORIGIN = "http://localhost:8000"
KEY = bytes(range(32))
"""Signs the seat tickets of a folder made by `new_folder`."""

FACT_LIMIT_S = 30.0
_TRIES = 20


async def until[T](what: str, fact: Callable[[], T], *, within_s: float = FACT_LIMIT_S) -> T:
    """Waits until `fact` gives something true; gives it. `what` says what was awaited in vain.

    For facts that nothing announces to us: a row of the database, a file of another process. Where something does
    (a message, an event, a line of output), wait for that.
    """
    try:
        async with asyncio.timeout(within_s):
            while not (found := fact()):
                await asyncio.sleep(0.05)
            return found
    except TimeoutError:
        raise AssertionError(f"within {within_s:g} s it never came to this: {what}") from None


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody had on `host` a moment ago, for TCP and UDP alike. Raises OSError when there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(_TRIES):
        with socket.socket(family) as tcp, socket.socket(family, socket.SOCK_DGRAM) as udp:
            tcp.bind((host, 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind((host, port))
            except OSError:
                continue  # somebody has it for UDP
            return port
    raise OSError(f"{_TRIES} ports of {host} that are free for TCP were taken for UDP")


def free_pair() -> int:
    """The first of two ports of 127.0.0.1 next to each other that nobody has, for a program that takes both.

    Below those that the kernel gives to whoever asks for any: the port after one of these is of the kind that outgoing
    connections get, so on a busy machine somebody often has it. Raises OSError when there is none.
    """
    low = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    for _ in range(_TRIES):
        first = low - 2 - secrets.randbelow(low // 2)
        with contextlib.ExitStack() as stack:
            try:
                for port in (first, first + 1):
                    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                        stack.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            except OSError:
                continue
            return first
    raise OSError(f"of {_TRIES} pairs of ports none was free")


def port_settings() -> dict[str, str]:
    """The settings by which `./run` takes ports of its own."""
    ports = {f"PERMANENCE_{name}_PORT": str(free_port()) for name in ("WEB", "LINE", "SIP", "MEDIA", "MAIL")}
    return {**ports, "PERMANENCE_MEDIA_RTP": "21000-21199"}


def bound(kind: socket.SocketKind, host: str = "127.0.0.1") -> socket.socket:
    """A socket on a free port, to be handed down; one of TCP listens."""
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    made.bind((host, 0))
    if kind == socket.SOCK_STREAM:
        made.listen(512)
    return made


def new_folder(folder: Path) -> None:
    """Makes of an empty folder one that exchange and media can use."""
    (folder / "keys").mkdir()
    (folder / "keys" / "ticket.key").write_bytes(KEY)
    make_keys(folder, SystemEntropy())
    (folder / "spool").mkdir()


def media_arguments(folder: Path, rtp: str) -> list[str]:
    """Of `permanence.engine.mediaplane`, on a port that it takes itself. `rtp`: the callers' ports, "first-last"."""
    return ["--data", str(folder), "--run", str(folder), "--port", "0", "--rtp", rtp]


def exchange_arguments(
    folder: Path, engine: str, rtp: str, sockets: Mapping[str, socket.socket]
) -> tuple[list[str], tuple[int, ...]]:
    """Of `permanence.engine.exchange`, and the descriptors it inherits. `sockets`: `line`, `sip-udp` and so on."""
    arguments = ["--data", str(folder), "--run", str(folder), "--engine", engine, "--rtp", rtp, "--origin", ORIGIN]
    for name, handed_down in sockets.items():
        arguments += ["--fd", f"{name}={handed_down.fileno()}"]
    return arguments, tuple(handed_down.fileno() for handed_down in sockets.values())
