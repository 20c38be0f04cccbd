# SPDX-License-Identifier: AGPL-3.0-or-later
"""Our relay in the stories: a real SMTP server on loopback, and the mailboxes behind it."""

import email
import email.policy
import re
import socket
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope

from permanence.dispatch.channels.email.relay import RelaySettings

_LINK = re.compile(r"https://\S+?/portal/messages/([\w-]+)")


class Relay:
    """Takes every mail while it is up. `settings` stay the same while it is down and up again."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.settings = RelaySettings(host="127.0.0.1", port=port)
        self._mails: list[tuple[str, EmailMessage]] = []
        self._controller: Controller | None = None
        self.refused: set[str] = set()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Nobody has a mailbox under a refused address."""
        if address in self.refused:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 ok"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keeps the mail for each recipient."""
        mail = email.message_from_bytes(bytes(envelope.content or b""), policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        self._mails += [(address, mail) for address in envelope.rcpt_tos]
        return "250 taken"

    def up(self) -> None:
        """It listens."""
        self._controller = Controller(self, hostname=self.settings.host, port=self.settings.port)
        self._controller.start()

    def down(self) -> None:
        """Nobody listens on its port."""
        controller, self._controller = self._controller, None
        if controller is not None:
            controller.stop()

    def mailbox(self, address: str) -> "Mailbox":
        """The mailbox of an address."""
        return Mailbox(self, address)

    def taken_for(self, address: str) -> list[EmailMessage]:
        """The mails for one address, the oldest first."""
        return [mail for to, mail in self._mails if to == address]


class Mailbox:
    """What one person finds. Each mail is expected once."""

    def __init__(self, relay: Relay, address: str) -> None:
        self._relay = relay
        self.address = address
        self._seen = 0

    def expects_mail(self) -> EmailMessage:
        """Exactly one new mail is there."""
        found = self._relay.taken_for(self.address)[self._seen :]
        assert len(found) == 1, f"{len(found)} new mails for {self.address}"
        self._seen += 1
        return found[0]

    def nothing_more_arrives(self) -> None:
        """There is no mail but those that were expected."""
        found = self._relay.taken_for(self.address)
        assert len(found) == self._seen, [str(mail["Subject"]) for mail in found[self._seen :]]

    @property
    def link(self) -> str:
        """The message's id behind the link of the last mail."""
        body = self._relay.taken_for(self.address)[-1].get_body(("plain",))
        assert body is not None
        found = _LINK.search(body.get_content())
        assert found is not None
        return found.group(1)
