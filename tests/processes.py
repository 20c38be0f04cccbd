# SPDX-License-Identifier: AGPL-3.0-or-later
"""What tests and benches share that start processes of the house: free ports, sockets to hand down, the arguments of
the exchange and of media, a folder with its keys, and the wait for a fact."""

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from itertools import cycle
from pathlib import Path

from permanence.kernel.system import SystemEntropy
from permanence.project.supervisor.folder import make_keys

ORIGIN = "http://localhost:8000"
KEY = bytes(range(32))
"""Signs the seat tickets of a folder made by `new_folder`."""

FACT_LIMIT_S = 30.0
_OURS = range(12_000, 32_000, 1_000)
"""Below the ports that the system hands out by itself (ip_local_port_range): nobody gets one of them by chance."""
_HOUSE_RTP, _BLOCK_RTP, _BLOCKS = 200, 100, 5


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


@cache
def own_thousand() -> range:
    """A thousand ports that no other process of tests uses, however many run beside this one, until it ends.

    Who has them is marked by the name of a socket (unix(7), abstract), which goes with the process.
    """
    for first in _OURS:
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as mark:
            mark.bind(f"\0permanence-tests-{first}")
            mark.detach()  # open as long as this process is
            return range(first, first + 1_000)
    raise OSError(f"{len(_OURS)} processes of tests run already")


@cache
def _single_ports() -> Iterator[int]:
    """Those of ours that no house uses for audio, again and again."""
    return cycle(own_thousand()[_HOUSE_RTP + _BLOCKS * _BLOCK_RTP :])


def free_port(host: str = "127.0.0.1") -> int:
    """A port of ours that nobody has on `host`, for TCP and UDP alike. Raises OSError when there is none."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port, _ in zip(_single_ports(), own_thousand(), strict=False):
        with (
            contextlib.suppress(OSError),
            socket.socket(family) as tcp,
            socket.socket(family, socket.SOCK_DGRAM) as udp,
        ):
            tcp.bind((host, port))
            udp.bind((host, port))
            return port
    raise OSError(f"no port of {host} is free for TCP and UDP")


def free_range() -> str:
    """A hundred ports of ours that nobody has, for the audio of a house that a test makes."""
    audio = own_thousand()[_HOUSE_RTP:]
    for at in range(0, _BLOCKS * _BLOCK_RTP, _BLOCK_RTP):
        block = audio[at : at + _BLOCK_RTP]
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in block:
                held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)).bind(("127.0.0.1", port))
            return f"{block[0]}-{block[-1]}"
    raise OSError("no hundred ports are free")


def free_pair() -> int:
    """The first of two ports of ours next to each other that nobody has, for a program that takes both."""
    for first, _ in zip(_single_ports(), own_thousand(), strict=False):
        with contextlib.ExitStack() as held, contextlib.suppress(OSError):
            for port in (first, first + 1):
                for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM):
                    held.enter_context(socket.socket(socket.AF_INET, kind)).bind(("127.0.0.1", port))
            return first
    raise OSError("no two ports next to each other are free")


def port_settings() -> dict[str, str]:
    """The settings by which `./run` takes ports of its own."""
    ports = {f"PERMANENCE_{name}_PORT": str(free_port()) for name in ("WEB", "LINE", "SIP", "MEDIA", "MAIL")}
    audio = own_thousand()[:_HOUSE_RTP]
    return {**ports, "PERMANENCE_MEDIA_RTP": f"{audio[0]}-{audio[-1]}"}


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
