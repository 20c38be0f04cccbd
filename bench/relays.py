# SPDX-License-Identifier: AGPL-3.0-or-later
"""What joins the two ends of the `media` bench: our media process, or Debian's rtpengine in userspace beside it."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from bench.house import FIRST_RTP, Worker, folder_of_its_own, start_media
from permanence.telephony.media import control
from permanence.telephony.media.control_wire import command_to_json

NG_S = 5.0
RELAY_FIRST, RELAY_LAST = 22_000, 29_999
_START_S = 10.0
_SDP = "v=0\r\no=- {place} 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 8\r\n"


class Relay(Protocol):
    """One process that joins callers and browsers."""

    pid: int

    def join(self, callers: Worker, browsers: Worker, calls: int) -> str:
        """Bridges `calls` calls; gives the cipher."""


class OwnMedia:
    """Our media process, driven over its socket as an exchange does."""

    def __init__(self, folder: Path) -> None:
        self._worker = start_media(folder, null=False)
        self.pid = self._worker.pid
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_START_S)
        self._socket.connect(str(folder / "media.sock"))
        self._stream = self._socket.makefile("rwb")
        self._number = 0
        self._port = FIRST_RTP

    def join(self, callers: Worker, browsers: Worker, calls: int) -> str:
        """See `Relay`."""
        answers = []
        for place, offer in enumerate(browsers.asked({"make": calls})):
            command = control.OpenLine(line=f"house/{place}", offer=offer, page_host="127.0.0.1")
            answers.append(self._ask(command)["answer"])
        cipher = str(browsers.asked({"far": answers})["cipher"])
        far = []
        for place, port in enumerate(callers.asked({"make": calls})):
            leg = control.OpenLeg(
                leg=f"leg-{place}", port=self._port, host="127.0.0.1", remote_host="127.0.0.1", remote_port=port,
                payload_type=8, dtmf_payload_type=None,
            )  # fmt: skip
            self._tell(leg)
            self._tell(control.Plug(line=f"house/{place}", leg=f"leg-{place}"))
            far.append(("127.0.0.1", self._port))
            self._port += 2
        self._ask(control.AskStatus())
        callers.asked({"far": far})
        return cipher

    def close(self) -> None:
        """Ends it."""
        self._stream.close()
        self._socket.close()
        self._worker.close(terminate=True)

    def _tell(self, command: control.MediaCommand) -> None:
        self._stream.write(command_to_json(command))
        self._stream.flush()

    def _ask(self, command: control.MediaCommand) -> dict[str, Any]:
        """Raises RuntimeError when it is refused."""
        self._number += 1
        self._stream.write(command_to_json(command, self._number))
        self._stream.flush()
        while True:
            message = json.loads(self._stream.readline())
            if message.get("id") == self._number:
                if not message["ok"]:
                    raise RuntimeError(f"{command.NAME}: {message}")
                return dict(message["result"])


class RtpEngine:
    """Debian's rtpengine without its kernel module, spoken to by its NG protocol in JSON."""

    def __init__(self, folder: Path) -> None:
        self._ng = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._ng.settimeout(NG_S)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self._log = (folder / "rtpengine.log").open("ab")
        scheduling = ["--scheduling=fifo", "--priority=10"] if may_be_real_time() else []
        self._process = subprocess.Popen(
            ["rtpengine", "--config-file=none", "--table=-1", "--foreground", "--log-stderr", "--log-level=3",
             "--interface=127.0.0.1", f"--listen-ng=127.0.0.1:{port}", f"--port-min={RELAY_FIRST}",
             f"--port-max={RELAY_LAST}", *scheduling],
            stdout=self._log, stderr=self._log, start_new_session=True,
        )  # fmt: skip
        self.pid = self._process.pid
        self._ng.connect(("127.0.0.1", port))
        self._number = 0
        self._wait()

    def join(self, callers: Worker, browsers: Worker, calls: int) -> str:
        """See `Relay`: an offer of the caller, an answer of the browser."""
        ports = callers.asked({"make": calls})
        answers = browsers.asked({"make": calls, "setup": "active"})
        offered, far = [], []
        for place, port in enumerate(ports):
            sdp = _SDP.format(place=place, port=port)
            offered.append(self._ask({
                "command": "offer", "call-id": f"bench-{place}", "from-tag": "caller", "sdp": sdp, "ICE": "force",
                "transport-protocol": "UDP/TLS/RTP/SAVPF", "rtcp-mux": ["offer", "require"], "SDES": ["off"],
                "flags": ["trust-address"],
            })["sdp"])  # fmt: skip
        for place, answer in enumerate(answers):
            sdp = self._ask({
                "command": "answer", "call-id": f"bench-{place}", "from-tag": "caller", "to-tag": "browser",
                "sdp": answer, "ICE": "remove", "transport-protocol": "RTP/AVP", "flags": ["trust-address"],
            })["sdp"]  # fmt: skip
            audio = next(line for line in sdp.splitlines() if line.startswith("m=audio"))
            far.append(("127.0.0.1", int(audio.split()[1])))
        cipher = str(browsers.asked({"far": offered})["cipher"])
        callers.asked({"far": far})
        return cipher

    def close(self) -> None:
        """Ends it."""
        self._process.terminate()
        try:
            self._process.wait(_START_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._ng.close()
        self._log.close()

    def _wait(self) -> None:
        limit = time.monotonic() + _START_S
        while True:
            try:
                self._ask({"command": "ping"})
            except (ConnectionRefusedError, TimeoutError):
                if self._process.poll() is not None or time.monotonic() > limit:
                    raise RuntimeError(f"rtpengine does not serve: {Path(self._log.name).read_text()[-500:]}") from None
                time.sleep(0.05)
            else:
                return

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        """Raises RuntimeError when it is refused."""
        self._number += 1
        cookie = f"c{self._number}"
        self._ng.send(f"{cookie} {json.dumps(message)}".encode())
        while True:
            found, _, text = self._ng.recv(65536).decode().partition(" ")
            if found == cookie:
                break
        reply: dict[str, Any] = json.loads(text)
        if reply["result"] == "error":
            raise RuntimeError(f"rtpengine, {message['command']}: {reply}")
        return reply


def may_be_real_time() -> bool:
    """Whether processes started here may have real-time priority, as our media thread then has."""
    return os.geteuid() == 0


def rtpengine_installed() -> bool:
    """Whether Debian's rtpengine-daemon is there to compare with."""
    return shutil.which("rtpengine") is not None


@contextlib.contextmanager
def relay(name: str) -> Iterator[OwnMedia | RtpEngine]:
    """`permanence` or `rtpengine`, ended at the end."""
    with folder_of_its_own() as folder:
        made = OwnMedia(folder) if name == "permanence" else RtpEngine(folder)
        try:
            yield made
        finally:
            made.close()
