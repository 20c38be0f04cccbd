# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration's provider of SMS: takes every SMS over HTTP, keeps it as a file, sends nothing on.

It listens on any free port of loopback and writes into `sms/provider.json` how it is spoken to: the description by
which the house speaks to whichever provider. As a real one it tells our door of the delivery, and of the answer
somebody writes on the demonstration's page.
"""

import hmac
import json
import logging
import os
import re
import threading
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from permanence.dispatch.channels.sms.http import post
from permanence.kernel.clock import Clock, Entropy
from permanence.kernel.ids import new_id
from permanence.kernel.system import SystemClock, SystemEntropy

log = logging.getLogger(__name__)

BODY_LIMIT = 16 * 1024
KEPT = 500
"""So many SMS the folder keeps."""
_NAME = re.compile(r"[0-9A-Za-z_-]{1,80}\Z")


def description(port: int, *, secret: str) -> str:
    """How the house speaks to it (`dispatch.channels.sms.provider`)."""
    fields = {"to": "{number}", "from": "{sender}", "text": "{text}", "callback": "{hook}", "reference": "{key}"}
    receipt = {"id": "id", "state": "status", "delivered": ["delivered"], "failed": ["failed"]}
    return json.dumps(
        {
            "url": f"http://127.0.0.1:{port}/messages",
            "body": "json",
            "auth": {"kind": "bearer", "token": secret},
            "fields": fields,
            "id": "id",
            "error": "error",
            "sender": "Permanence",
            "price": {"part": "0.045", "currency": "EUR"},
            "hook": {
                "secret": secret,
                "receipt": receipt,
                "reply": {"number": "from", "text": "text", "id": "reply"},
            },
        }
    )


class SmsSink:
    """A running provider: its port, what it keeps, and the way to stop it."""

    def __init__(self, folder: Path, *, clock: Clock, entropy: Entropy) -> None:
        self._folder = folder
        self._clock = clock
        self._entropy = entropy
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.secret = entropy.token(24).hex()
        sink = self

        class Handler(_Handler):
            """The requests of this sink."""

            owner = sink

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, name="sms-sink", daemon=True)
        self.port: int = self._server.server_address[1]

    def start(self) -> None:
        """Begin to listen, then say how it is spoken to."""
        self._thread.start()
        _write(self._folder / "provider.json", description(self.port, secret=self.secret))

    def stop(self) -> None:
        """Close the port; comes back when nobody is served any more."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def take(self, told: dict[str, Any]) -> str:
        """Keep an SMS; gives its id. One of the same reference is kept once. Raises ValueError for what is none."""
        number, text, reference = (told.get(name) for name in ("to", "text", "reference"))
        if not isinstance(number, str) or not isinstance(text, str) or not re.fullmatch(r"\+[0-9]{8,15}", number):
            raise ValueError("to: a number, text: a text")
        at = self._clock.now()
        name = reference if isinstance(reference, str) and _NAME.match(reference) else new_id(at, self._entropy)
        path = self._folder / f"{name}.sms"
        if not path.exists():
            kept: dict[str, Any] = {
                "to": number,
                "text": text,
                "at": at.isoformat(),
                "callback": told.get("callback"),
                "answers": [],
            }
            _write(path, json.dumps(kept))
            for old in sorted(self._folder.glob("*.sms"))[:-KEPT]:
                old.unlink(missing_ok=True)
        return name

    def delivered(self, name: str) -> None:
        """Tell our door that an SMS is on its telephone."""
        self._tell(self._read(name), {"id": name, "status": "delivered"})

    def answer(self, name: str, text: str) -> None:
        """Somebody answers from that telephone. Raises KeyError when there is no such SMS."""
        kept = self._read(name)
        at: datetime = self._clock.now()
        kept["answers"].append({"text": text, "at": at.isoformat()})
        _write(self._folder / f"{name}.sms", json.dumps(kept))
        self._tell(kept, {"from": kept["to"], "text": text, "reply": new_id(at, self._entropy)})

    def _read(self, name: str) -> dict[str, Any]:
        path = self._folder / f"{name}.sms"
        if not _NAME.match(name) or not path.is_file():
            raise KeyError(name)
        kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return kept

    def _tell(self, kept: dict[str, Any], told: dict[str, str]) -> None:
        callback = str(kept.get("callback") or "")
        if urlsplit(callback).hostname not in {"127.0.0.1", "localhost", "::1"}:
            return  # nothing of a demonstration leaves this machine
        try:
            post(callback, json.dumps(told).encode(), {"Content-Type": "application/json"})
        except OSError as error:
            log.warning("the site took no word of an SMS: %s", error)


class _Handler(BaseHTTPRequestHandler):
    """POST /messages takes an SMS, POST /answers an answer to one; both want the bearer token."""

    owner: SmsSink
    timeout = 10

    def do_POST(self) -> None:
        """Take what was sent."""
        given = self.headers.get("Authorization", "")
        if not hmac.compare_digest(given.encode(), f"Bearer {self.owner.secret}".encode()):
            self._say(401, {"error": "who are you?"})
            return
        try:
            told = json.loads(self.rfile.read(min(int(self.headers.get("Content-Length", "0")), BODY_LIMIT)))
            if not isinstance(told, dict):
                raise ValueError("an object")
            if self.path == "/messages":
                name = self.owner.take(told)
                self._say(201, {"id": name})
                self.owner.delivered(name)
            elif self.path == "/answers":
                self.owner.answer(str(told.get("id")), str(told.get("text"))[:1000])
                self._say(202, {})
            else:
                self._say(404, {"error": "not here"})
        except KeyError:
            self._say(404, {"error": "no such SMS"})
        except (ValueError, RecursionError) as error:
            self._say(400, {"error": str(error)})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Nothing: numbers would stand in it."""

    def _say(self, status: int, data: dict[str, str]) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def start_sms_sink(data: Path, *, clock: Clock | None = None, entropy: Entropy | None = None) -> SmsSink:
    """Run a sink in threads, its SMS in `data/sms`; gives it, open."""
    sink = SmsSink(data / "sms", clock=clock or SystemClock(), entropy=entropy or SystemEntropy())
    sink.start()
    return sink


def _write(path: Path, text: str) -> None:
    """The file appears whole or not at all, readable by its owner alone."""
    beside = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(beside, path)
