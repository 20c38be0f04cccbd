# SPDX-License-Identifier: AGPL-3.0-or-later
"""The whole demonstration house as a newcomer starts it, on ports of its own; and its callers."""

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
READY = "Ctrl-C stops the house."
START_LIMIT_S = 90
CALL_LIMIT_S = 60


def free_port() -> int:
    """A port that was free on loopback, for TCP and UDP alike, a moment ago."""
    with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
        tcp.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", tcp.getsockname()[1]))
        return int(tcp.getsockname()[1])


@dataclass(frozen=True)
class WholeHouse:
    """A running house; `status` is what its supervisor wrote for the other commands."""

    data: Path
    environment: dict[str, str]
    status: dict[str, Any]

    @property
    def site(self) -> str:
        return str(self.status["web"])

    def process_of(self, module: str) -> int:
        """The process number of one of the house's processes, by its module."""
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError, ValueError):
                line = (entry / "cmdline").read_bytes().split(b"\0")
                environ = (entry / "environ").read_bytes()
                if module.encode() in line and f"PERMANENCE_DATA={self.data}".encode() in environ:
                    return int(entry.name)
        raise AssertionError(f"{module} does not run")

    @contextlib.asynccontextmanager
    async def call(self, number: str, *arguments: str) -> AsyncIterator["PhoneCall"]:
        """`./run phone NUMBER`, until the block ends."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "permanence.project.cli", "phone", number, "--data", str(self.data), *arguments,
            env=self.environment, cwd=REPOSITORY, stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        try:
            yield PhoneCall(process)
        finally:
            if process.returncode is None:
                process.terminate()
                async with asyncio.timeout(CALL_LIMIT_S):
                    await process.wait()


class PhoneCall:
    """A telephone in use: what it printed, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.said: list[str] = []

    async def says(self, words: str) -> str:
        """Waits for a line with these words; what was printed so far when the telephone ends without it."""
        assert self._process.stdout is not None
        async with asyncio.timeout(CALL_LIMIT_S):
            while line := (await self._process.stdout.readline()).decode():
                self.said.append(line.strip())
                if words in line:
                    return line.strip()
        raise AssertionError(f"the telephone never said {words!r}: {self.said}")

    def hang_up(self) -> None:
        """Ctrl-C."""
        self._process.terminate()

    async def over(self) -> int:
        """Waits for the end of the call; the exit status."""
        assert self._process.stdout is not None
        async with asyncio.timeout(CALL_LIMIT_S):
            self.said += (await self._process.stdout.read()).decode().splitlines()
            return await self._process.wait()


@contextlib.asynccontextmanager
async def whole_house(data: Path) -> AsyncIterator[WholeHouse]:
    """The demonstration house on free ports, ready, stopped in its own order at the end."""
    ports = {f"PERMANENCE_{name}_PORT": str(free_port()) for name in ("WEB", "LINE", "SIP", "MEDIA", "MAIL")}
    environment = {**os.environ, **ports, "PYTHONPATH": str(REPOSITORY), "PERMANENCE_MEDIA_RTP": "21000-21199"}
    environment.pop("PERMANENCE_DATA", None)
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "permanence.project.cli", "--data", str(data), env=environment, cwd=REPOSITORY,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said: list[str] = []
    try:
        assert process.stdout is not None
        async with asyncio.timeout(START_LIMIT_S):
            while line := (await process.stdout.readline()).decode():
                said.append(line)
                if READY in line:
                    break
        assert said, "the house said nothing"
        assert READY in said[-1], "".join(said)
        drained = asyncio.create_task(process.stdout.read())
        status = json.loads((data / "run" / "house.json").read_text())
        yield WholeHouse(data, environment, status)
    finally:
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(START_LIMIT_S):
            await process.wait()
    assert "The house is closed." in (await drained).decode()
