# SPDX-License-Identifier: AGPL-3.0-or-later
"""The demonstration's mail server: takes every mail, keeps it as a file, sends nothing on.

It speaks SMTP on loopback (aiosmtpd) and offers delivery receipts (RFC 3461), so that the demonstration shows a message
becoming *delivered* the way a good relay makes it so: the receipt (RFC 3464) lies in `receipts` of the same folder.

`python -m permanence.project.mail_sink --data DIR [--host 127.0.0.1] [--port 2525]` runs it alone; `start_mail_sink`
runs it in a thread of another process.
"""

import argparse
import asyncio
import email.utils
import logging
import os
import re
import signal
import sys
import threading
import weakref
from datetime import datetime
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from permanence.kernel.clock import Clock, Entropy
from permanence.kernel.ids import new_id
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.project.sms_sink import start_sms_sink

log = logging.getLogger(__name__)

PORT = 2525
SIZE_LIMIT = 5 * 1024 * 1024
_PARAMETER = re.compile(r"\s(RET|ENVID|NOTIFY|ORCPT)=(\S*)", re.IGNORECASE)


class ReceiptEnvelope(Envelope):
    """aiosmtpd's envelope with what RFC 3461 adds: the id to repeat in receipts, and whether one is wanted."""

    def __init__(self) -> None:
        super().__init__()
        self.receipt_key = ""
        self.receipt_wanted = False


class ReceiptSMTP(SMTP):
    """aiosmtpd with the parameters of RFC 3461, which it does not know: taken out of the command and remembered."""

    def _create_envelope(self) -> ReceiptEnvelope:
        return ReceiptEnvelope()

    async def smtp_EHLO(self, hostname: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Answer EHLO; the parameters of RFC 3461 may add 100 and 500 characters to MAIL and RCPT (its section 4)."""
        await super().smtp_EHLO(hostname)
        self.command_size_limits["MAIL"] = 512 + 200
        self.command_size_limits["RCPT"] = 512 + 600

    async def smtp_MAIL(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Answer MAIL and keep the envelope's id."""
        asked, rest = _parameters(arg)
        await super().smtp_MAIL(rest)
        if isinstance(self.envelope, ReceiptEnvelope):
            self.envelope.receipt_key = asked.get("ENVID", "")

    async def smtp_RCPT(self, arg: str | None) -> None:  # noqa: N802 - aiosmtpd's name
        """Answer RCPT and keep whether a receipt of success is wanted."""
        asked, rest = _parameters(arg)
        await super().smtp_RCPT(rest)
        wanted = "SUCCESS" in asked.get("NOTIFY", "").upper().split(",")
        if wanted and isinstance(self.envelope, ReceiptEnvelope):
            self.envelope.receipt_wanted = True


class Mailbox:
    """aiosmtpd's handler: one file a mail, which appears whole or not at all."""

    def __init__(self, folder: Path, *, clock: Clock, entropy: Entropy) -> None:
        self._folder = folder
        self._clock = clock
        self._entropy = entropy

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Offer receipts."""
        del server, envelope
        session.host_name = hostname
        return [*responses[:-1], "250-DSN", responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep the mail, and write its receipts when they were asked for."""
        del server, session
        at = self._clock.now()
        data = envelope.content if isinstance(envelope.content, bytes) else (envelope.content or "").encode()
        keep(data, folder=self._folder, at=at, entropy=self._entropy)
        if isinstance(envelope, ReceiptEnvelope) and envelope.receipt_wanted and envelope.mail_from:
            receipt = receipt_of(envelope, at=at)
            keep(receipt, folder=self._folder / "receipts", at=at, entropy=self._entropy)
        return "250 kept"


def keep(data: bytes, *, folder: Path, at: datetime, entropy: Entropy) -> Path:
    """Write a mail into `folder` under a name that begins with the moment; gives its path."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    name = f"{at:%Y%m%d-%H%M%S}-{new_id(at, entropy)}"
    beside = folder / f".{name}"
    beside.write_bytes(data)
    path = folder / f"{name}.eml"
    os.replace(beside, path)
    return path


def receipt_of(envelope: ReceiptEnvelope, *, at: datetime) -> bytes:
    """The report of a mail that lies in its recipients' mailboxes (RFC 3462, RFC 3464)."""
    fields = [f"Reporting-MTA: dns; mailbox.invalid\r\nOriginal-Envelope-Id: {envelope.receipt_key}"]
    fields += [
        f"Final-Recipient: rfc822; {address}\r\nAction: delivered\r\nStatus: 2.0.0" for address in envelope.rcpt_tos
    ]
    lines = (
        "From: Mail Delivery <mailer-daemon@mailbox.invalid>",
        f"To: {envelope.mail_from}",
        "Subject: Delivered",
        f"Date: {email.utils.format_datetime(at)}",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="part"',
        "",
        "--part",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "The mail was delivered.",
        "--part",
        "Content-Type: message/delivery-status",
        "",
        "\r\n\r\n".join(fields),
        "",
        "--part--",
        "",
    )
    return "\r\n".join(lines).encode()


class MailSink:
    """A running sink: its port, and the way to stop it."""

    def __init__(self, folder: Path, host: str, port: int, *, clock: Clock, entropy: Entropy) -> None:
        self._mailbox = Mailbox(folder, clock=clock, entropy=entropy)
        self._address = (host, port)
        self._loop = asyncio.new_event_loop()
        self._stopped = asyncio.Event()
        self._protocols: weakref.WeakSet[ReceiptSMTP] = weakref.WeakSet()
        self._ready = threading.Event()
        self._failed: OSError | None = None
        self._thread = threading.Thread(target=self._run, name="mail-sink", daemon=True)
        self.port = port

    def start(self) -> None:
        """Start the thread; comes back when the port is open. Raises OSError when it cannot be."""
        self._thread.start()
        self._ready.wait()
        if self._failed is not None:
            raise self._failed

    def stop(self) -> None:
        """Close the port and the connections; comes back when the thread has ended."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stopped.set)
        self._thread.join()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        except OSError as error:
            self._failed = error
            self._ready.set()
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._protocol, *self._address)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopped.wait()
        server.close()
        for protocol in list(self._protocols):
            if protocol.transport is not None:
                protocol.transport.close()
        await server.wait_closed()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _protocol(self) -> ReceiptSMTP:
        protocol = ReceiptSMTP(
            self._mailbox, data_size_limit=SIZE_LIMIT, hostname="mailbox.invalid", ident="Permanence", loop=self._loop
        )
        self._protocols.add(protocol)
        return protocol


def start_mail_sink(
    data: Path, host: str, port: int, *, clock: Clock | None = None, entropy: Entropy | None = None
) -> MailSink:
    """Run a sink in a thread, its mailbox in `data/mail`; gives it, open. Raises OSError when the port is not free.

    `port` 0 takes any free one: `MailSink.port` tells which.
    """
    sink = MailSink(data / "mail", host, port, clock=clock or SystemClock(), entropy=entropy or SystemEntropy())
    sink.start()
    return sink


def _parameters(arg: str | None) -> tuple[dict[str, str], str | None]:
    """The parameters of RFC 3461 in a command's argument, and the argument without them."""
    if arg is None:
        return {}, None
    asked = {name.upper(): value for name, value in _PARAMETER.findall(arg)}
    return asked, _PARAMETER.sub("", arg)


def main(arguments: list[str] | None = None) -> int:
    """Run a sink until SIGTERM or Ctrl-C; gives the exit code."""
    parser = argparse.ArgumentParser(prog="permanence.project.mail_sink", description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True, help="the house's data folder")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT)
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every command, addresses included
    stop = threading.Event()

    def asked_to_stop(*_: Any) -> None:
        stop.set()

    for each in (signal.SIGTERM, signal.SIGINT):
        signal.signal(each, asked_to_stop)
    try:
        sink = start_mail_sink(chosen.data, chosen.host, chosen.port)
    except OSError as error:
        log.error("%s port %s: %s", chosen.host, chosen.port, error)
        return 1
    messages = start_sms_sink(chosen.data)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    stop.wait()
    messages.stop()
    sink.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
