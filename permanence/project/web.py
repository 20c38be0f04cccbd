# SPDX-License-Identifier: AGPL-3.0-or-later
"""The process *web*: the site under uvicorn, on the configured address or on the inherited socket.

Prints `ready` on a line of its own when it serves, logs to stderr, stops on SIGTERM.
"""

import asyncio
import os
import socket
import sys

import uvicorn

from permanence.kernel.pulse import PULSE_S, Pulse
from permanence.kernel.refusals import Refusal
from permanence.project.asgi import application
from permanence.project.config import Configuration, read_configuration

GRACE_S = 5
"""How long the requests in hand may go on after SIGTERM; open websockets are closed."""


class Server(uvicorn.Server):
    """Uvicorn that says when it serves."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve, then say so."""
        await super().startup(sockets=sockets)
        if self.started:
            self._pulsing = asyncio.create_task(_pulse())
            sys.stdout.write("ready\n")
            sys.stdout.flush()


async def _pulse() -> None:
    """Signs of life of the loop that takes the requests. The threads that answer them may wait for a database."""
    pulse = Pulse.inherited(os.environ)
    while True:
        pulse.beat()
        await asyncio.sleep(PULSE_S)


def serve(configuration: Configuration) -> int:
    """Serve until SIGTERM; gives the exit status."""
    config = uvicorn.Config(
        application,
        host=configuration.web_host,
        port=configuration.web_port,
        lifespan="on",
        ws="websockets-sansio",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(configuration.public_host),
        forwarded_allow_ips="127.0.0.1,::1",
        timeout_graceful_shutdown=GRACE_S,
        ws_max_size=64 * 1024,
    )
    server = Server(config)
    inherited = None if configuration.web_fd is None else [socket.socket(fileno=configuration.web_fd)]
    server.run(sockets=inherited)
    return 0 if server.started else 1


def main() -> int:
    """Read the configuration and serve; a refusal is one sentence on stderr."""
    try:
        return serve(read_configuration(os.environ))
    except Refusal as refusal:
        sys.stderr.write(f"{refusal.why}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
