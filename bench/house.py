# SPDX-License-Identifier: AGPL-3.0-or-later
"""The measured house: exchange and media as processes of their own, on free ports, with a data folder of their own."""

import contextlib
import json
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from permanence.project.supervisor.plan import EXCHANGE_MEMORY
from permanence.reception.table import ClientSlice, HouseSlice, OpeningHours, SecretaryEntry, TrunkEntry, write_slice
from tests.processes import bound, exchange_arguments, media_arguments, new_folder
from tests.stories import cast

CLONE = Path(__file__).resolve().parents[1]
START_S = 30.0
STOP_S = 15.0
FIRST_RTP, LAST_RTP = 12_000, 19_999
_RTP = f"{FIRST_RTP}-{LAST_RTP}"


class Worker:
    """A process that reads and prints lines; `ready` is its first one."""

    def __init__(
        self,
        name: str,
        module: str,
        *arguments: str,
        folder: Path,
        fds: tuple[int, ...] = (),
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self._log = (folder / f"{name}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, *arguments], cwd=CLONE, env={**environment(), **(settings or {})},
            text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log, pass_fds=fds,
            start_new_session=True,
        )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its number."""
        return self.process.pid

    def says(self) -> str:
        """Its next line. Raises RuntimeError when it ended instead."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            log = Path(self._log.name).read_text(errors="replace")[-2000:]
            raise RuntimeError(f"{self.name} ended: {log}")
        return line.strip()

    def ready(self) -> None:
        """Waits until it serves."""
        said = self.says()
        if said != "ready":
            raise RuntimeError(f"{self.name} said {said!r}")

    def told(self, message: Any) -> None:
        """Sends it a line of JSON."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """The line of JSON that comes back."""
        return json.loads(self.says())

    def asked(self, message: Any) -> Any:
        """Sends a line of JSON, gives the line of JSON that comes back."""
        self.told(message)
        return self.answer()

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self.process.wait()
        self.close()

    def close(self, *, terminate: bool = False) -> None:
        """Ends it: by the end of its stdin, or by SIGTERM."""
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        if self.process.poll() is None:
            if terminate:
                self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
        self._log.close()


def environment() -> dict[str, str]:
    """What a process of the bench needs of ours."""
    return {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(CLONE), "LANG": "C.UTF-8"}


class BenchHouse:
    """The processes. `media` is the real one, or the one without audio."""

    def __init__(self, folder: Path, *, null_media: bool) -> None:
        self.folder = folder
        self.null_media = null_media
        new_folder(folder)
        self._sockets = {"line": bound(socket.SOCK_STREAM), "sip-udp": bound(socket.SOCK_DGRAM)}
        self.line_port, self.sip_port = (int(one.getsockname()[1]) for one in self._sockets.values())
        self.media = start_media(folder, null=null_media)
        self.exchange = self._start_exchange()

    def _start_exchange(self) -> Worker:
        arguments, fds = exchange_arguments(self.folder, "bench", _RTP, self._sockets)
        started = Worker(
            "exchange",
            "permanence.engine.exchange",
            *arguments,
            folder=self.folder,
            fds=fds,
            settings=dict(EXCHANGE_MEMORY),
        )
        started.ready()
        return started

    def replace_exchange(self) -> int:
        """`kill -9`, and the next one at once on the same sockets, as the supervisor does; serving when this returns.
        The moment of the kill, CLOCK_MONOTONIC nanoseconds."""
        killed = time.monotonic_ns()
        self.exchange.kill()
        self.exchange = self._start_exchange()
        return killed

    def command(self, command: str, **fields: Any) -> Any:
        """One command over the control socket. Raises RuntimeError when it is refused."""
        with socket.socket(socket.AF_UNIX) as control:
            control.settimeout(START_S)
            control.connect(str(self.folder / "exchange.sock"))
            stream = control.makefile("rwb")
            stream.write(json.dumps({"id": 1, "command": command, **fields}).encode() + b"\n")
            stream.flush()
            reply = json.loads(stream.readline())
        if not reply["ok"]:
            raise RuntimeError(f"{command}: {reply}")
        return reply["result"]

    def publish(self, *, clients: int, secretaries: int, ring_before_music_s: int = 10) -> list[str]:
        """One pool in which every secretary may answer every client; gives the clients' lines."""
        self.command("publish", slice=write_slice(house_of(secretaries)))
        made = [replace(client_of(n), ring_before_music_s=ring_before_music_s) for n in range(clients)]
        for client in made:
            self.command("publish", slice=write_slice(client))
        return [client.lines[0] for client in made]

    def close(self) -> None:
        """Exchange first: it ends its calls in media."""
        self.exchange.close(terminate=True)
        self.media.close(terminate=True)
        for one in self._sockets.values():
            one.close()


def start_media(folder: Path, *, null: bool) -> Worker:
    """The media process, serving."""
    if null:
        started = Worker("media", "bench.null_media", "--run", str(folder), folder=folder)
    else:
        started = Worker("media", "permanence.engine.mediaplane", *media_arguments(folder, _RTP), folder=folder)
    started.ready()
    return started


def house_of(secretaries: int) -> HouseSlice:
    """A house without wrap-up whose trunk is loopback; secretary n has the id n + 1."""
    everyone = tuple(
        SecretaryEntry(id=str(number + 1), name=f"S{number + 1}", languages=("fr",)) for number in range(secretaries)
    )
    trunk = TrunkEntry(name="carrier", addresses=("127.0.0.1",), country="LU")
    return replace(cast.house(), secretaries=everyone, trunks=(trunk,), wrap_up_s=0, demonstration=False)


def client_of(number: int) -> ClientSlice:
    """A client that is always open."""
    line = f"+3522{number:07d}"
    return replace(
        cast.weber(), client=str(number + 1), lines=(line,), hours=OpeningHours(always=True), languages=("fr",)
    )


@contextlib.contextmanager
def folder_of_its_own() -> Iterator[Path]:
    """A data folder that is gone afterwards. Its path is short: a Unix socket stands in it."""
    with tempfile.TemporaryDirectory(prefix="pb") as name:
        yield Path(name)


@contextlib.contextmanager
def running(*, null_media: bool) -> Iterator[BenchHouse]:
    """A house, ended at the end."""
    with folder_of_its_own() as folder:
        house = BenchHouse(folder, null_media=null_media)
        try:
            yield house
        finally:
            house.close()
