# SPDX-License-Identifier: AGPL-3.0-or-later
"""A media process without audio: it agrees to everything at once, so that signalling alone is measured.

It speaks the media socket of docs/contracts.md, so the exchange pays for it what it pays for the real one.
`python -m bench.null_media --run DIR`.
"""

import argparse
import asyncio
import json
import signal
from pathlib import Path
from typing import Any

PROMPT_S = 2.0
ANSWER = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 8\r\n"


class NullMedia:
    """One exchange's connection after the other."""

    def __init__(self) -> None:
        self._lines: dict[str, bool] = {}
        self._legs: dict[str, int] = {}

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answers commands until the exchange goes."""
        while line := await reader.readline():
            for message in self._done(json.loads(line), writer):
                _write(writer, message)
        writer.close()

    def _done(self, command: dict[str, Any], writer: asyncio.StreamWriter) -> list[dict[str, Any]]:
        kind, number = command["command"], command.get("id")
        result: dict[str, Any] = {}
        events: list[dict[str, Any]] = []
        if kind in ("open_line", "renegotiate_line"):
            self._lines[command["line"]] = True
            result = {"answer": ANSWER}
            events = [{"event": "line_up", "line": command["line"]}]
        elif kind == "close_line":
            self._lines.pop(command["line"], None)
        elif kind == "open_leg":
            self._legs[command["leg"]] = command["port"]
        elif kind == "close_leg":
            self._legs.pop(command["leg"], None)
        elif kind == "play" and not command.get("loop"):
            played = {"event": "played", "party": command["party"], "tag": command.get("tag", "")}
            asyncio.get_running_loop().call_later(PROMPT_S, _write, writer, played)
        elif kind == "status":
            result = self._status()
        return [{"id": number, "ok": True, "result": result}, *events] if number is not None else events

    def _status(self) -> dict[str, Any]:
        lines = [{"line": line, "state": "up", "leg": None, "muted": False, "loss": 0.0} for line in self._lines]
        legs = [
            {"leg": leg, "port": port, "heard": True, "playing": False, "recording": None}
            for leg, port in self._legs.items()
        ]
        return {"instance": "null", "lines": lines, "legs": legs}


def _write(writer: asyncio.StreamWriter, message: dict[str, Any]) -> None:
    if not writer.is_closing():
        writer.write(json.dumps(message).encode() + b"\n")


async def main() -> None:
    """Serves until SIGTERM."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, required=True)
    path = parser.parse_args().run / "media.sock"
    server = await asyncio.start_unix_server(NullMedia().serve, path, limit=1 << 20)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    print("ready", flush=True)
    async with server:
        await stopped.wait()


if __name__ == "__main__":
    asyncio.run(main())
