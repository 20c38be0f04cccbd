# SPDX-License-Identifier: AGPL-3.0-or-later
"""A PostgreSQL cluster for a test: an ordinary user's, on a Unix socket in its own folder, thrown away afterwards."""

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

QUICK = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c listen_addresses="


class Cluster:
    """`url` is that of an empty database. PostgreSQL does not run as root: the user `postgres` does it then."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._tools = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda each: int(each.parent.name))
        self.url = f"postgresql://permanence@{quote(str(folder), safe='')}/postgres"

    async def make(self) -> None:
        """Make and start it."""
        if os.getuid() == 0:
            shutil.chown(self._folder, "postgres")
        places = ("-D", str(self._folder / "data"), "-U", "permanence", "-A", "trust")
        await self._run("initdb", *places, "-E", "UTF8", "--locale=C.UTF-8", "-N")
        await self.start()

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        options = f"{QUICK} -c unix_socket_directories={self._folder}"
        log = ("-l", str(self._folder / "log"))
        await self._run("pg_ctl", "-D", str(self._folder / "data"), "-w", *log, "-o", options, "start")

    async def stop(self) -> None:
        """Stop it at once, as a crash does."""
        await self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")

    async def _run(self, tool: str, *arguments: str) -> None:
        command = [str(self._tools / tool), *arguments]
        if os.getuid() == 0:
            command = ["runuser", "-u", "postgres", "--", *command]
        process = await asyncio.create_subprocess_exec(
            *command, cwd=self._folder, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL
        )
        assert await process.wait() == 0, command


@contextlib.asynccontextmanager
async def running_cluster() -> AsyncIterator[Cluster]:
    """A cluster, for as long as the block lasts."""
    folder = Path(tempfile.mkdtemp(prefix="pg"))
    cluster = Cluster(folder)
    try:
        await cluster.make()
        yield cluster
    finally:
        with contextlib.suppress(AssertionError):
            await cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
