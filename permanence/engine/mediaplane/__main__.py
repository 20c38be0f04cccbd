# SPDX-License-Identifier: AGPL-3.0-or-later
"""`python -m permanence.engine.mediaplane`: the media process."""

import argparse
import asyncio
import ipaddress
import logging
import os
import signal
import socket
import sys
from pathlib import Path

from permanence.engine.faults import count_faults
from permanence.engine.mediaplane.control_server import ControlServer, Reach
from permanence.engine.mediaplane.dtls import DtlsIdentity
from permanence.engine.mediaplane.loop import MediaLoop
from permanence.engine.mediaplane.plane import MediaPlane, Surroundings
from permanence.engine.mediaplane.priority import guard
from permanence.engine.mediaplane.prompts import PromptLibrary
from permanence.engine.mediaplane.recorder import Writer
from permanence.kernel.pulse import PULSE_S, Pulse
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.telephony.media import control

_log = logging.getLogger("permanence.engine.mediaplane")
_SWITCH_S = 0.0005
"""How long the control thread may keep the interpreter while the media thread waits for it, seconds."""
_ATTEMPTS = 20


def main() -> None:
    """Read the arguments, serve until SIGTERM or SIGINT."""
    arguments = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")
    sys.setswitchinterval(_SWITCH_S)
    guard()
    asyncio.run(_serve(arguments))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="permanence.engine.mediaplane", description="The media process.")
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--run", type=Path, required=True, help="the folder of media.sock")
    parser.add_argument("--port", type=int, default=5080, help="UDP and TCP port of the lines")
    parser.add_argument("--rtp", default="10000-10999", help="RTP ports; chosen by the exchange, checked here")
    parser.add_argument(
        "--host", nargs="+", default=["127.0.0.1"], help="addresses to listen on; 0.0.0.0 and :: for all"
    )
    parser.add_argument(
        "--public-address", action="append", default=[], type=ipaddress.ip_address, help="offered besides our own"
    )
    parser.add_argument("--fd", action="append", default=[], metavar="media-udp=N", help="an inherited socket")
    return parser


async def _serve(arguments: argparse.Namespace) -> None:
    loop = asyncio.get_running_loop()
    clock, media = SystemClock(), MediaLoop()
    prompts = PromptLibrary(arguments.data / "prompts")
    servers: list[ControlServer] = []

    def tell(event: control.MediaEvent) -> None:
        loop.call_soon_threadsafe(servers[0].tell, event)

    def recorded(leg: str, file: str, seconds: float, why: str) -> None:
        failed = control.RecordFailed(leg=leg, file=file, why=why)
        tell(failed if why else control.Recorded(leg=leg, file=file, seconds=seconds))

    writer = Writer(arguments.data / "spool", arguments.data / "keys", recorded)
    plane = MediaPlane(
        Surroundings(
            watch=media.watch,
            identity=DtlsIdentity(clock.now()),
            entropy=SystemEntropy(),
            clock=clock,
            writer=writer,
            music=prompts.frames("music") or (),
            hosts=tuple(arguments.host),
            tell=tell,
        )
    )
    udp, tcp = _sockets(arguments)
    for one in udp:
        plane.ice.add_udp(one)
    for one in tcp:
        plane.ice.add_tcp(one)
    reach = Reach(
        port=udp[0].getsockname()[1],
        public=tuple(arguments.public_address),
        bound=tuple(ipaddress.ip_address(one.getsockname()[0]) for one in udp),
        tcp=bool(tcp),
    )
    servers.append(ControlServer(plane=plane, media=media, prompts=prompts, reach=reach))
    count_faults(lambda kind, where, _at: tell(control.Fault(kind=kind, where=where)))
    control_path = arguments.run / "media.sock"
    await servers[0].serve(control_path)
    thread = media.start(plane)
    _log.info("lines on UDP and TCP %d, callers on UDP %s", reach.port, arguments.rtp)
    print("ready", flush=True)  # noqa: T201 - the sign the supervisor waits for
    pulsing = asyncio.create_task(_pulse(media))
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopped.set)
    await stopped.wait()
    _log.info("stopping; late ticks %d, the latest %.1f ms", media.late, media.late_most_s * 1000)
    pulsing.cancel()
    media.stop()
    await asyncio.to_thread(thread.join)
    plane.close()
    await asyncio.to_thread(writer.stop)
    control_path.unlink(missing_ok=True)


async def _pulse(media: MediaLoop) -> None:
    """Signs of life that both threads have given: asked in this one, passed on by the other."""
    loop, pulse = asyncio.get_running_loop(), Pulse.inherited(os.environ)

    def pass_on(_now: float) -> None:
        loop.call_soon_threadsafe(pulse.beat)

    while True:
        await asyncio.sleep(PULSE_S)
        media.call(pass_on)


def _sockets(arguments: argparse.Namespace) -> tuple[list[socket.socket], list[socket.socket]]:
    """The lines' sockets: the inherited ones (UDP at least), else one UDP and one TCP socket for each `--host`."""
    udp: list[socket.socket] = []
    tcp: list[socket.socket] = []
    for given in arguments.fd:
        name, _, number = given.partition("=")
        if name in ("media-udp", "media-tcp"):
            (udp if name == "media-udp" else tcp).append(socket.socket(fileno=int(number)))
    if udp:
        return udp, tcp
    attempts = 1 if arguments.port else _ATTEMPTS
    while True:
        attempts -= 1
        try:
            return _open_sockets(arguments.host, arguments.port)
        except OSError as error:
            if attempts == 0:
                raise SystemExit(f"the lines' port {arguments.port} cannot be had: {error.strerror}") from None


def _open_sockets(hosts: list[str], port: int) -> tuple[list[socket.socket], list[socket.socket]]:
    """The same port for every host and both transports; 0 lets the first socket choose. Raises OSError."""
    opened: list[socket.socket] = []
    try:
        for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
            for host in hosts:
                number = opened[0].getsockname()[1] if opened else port
                opened.append(_bound(host, number, kind))
    except OSError:
        for one in opened:
            one.close()
        raise
    return opened[: len(hosts)], opened[len(hosts) :]


def _bound(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    version = ipaddress.ip_address(host).version
    sock = socket.socket(socket.AF_INET6 if version == 6 else socket.AF_INET, kind)
    if version == 6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        if kind == socket.SOCK_STREAM:
            sock.listen(64)
    except OSError:
        sock.close()
        raise
    return sock


if __name__ == "__main__":
    main()
