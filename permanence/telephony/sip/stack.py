# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the layers of the user agent share: the moment, the timers, the outbox, chance, and our own addresses."""

from collections.abc import Callable
from math import ceil

from permanence.kernel.clock import Entropy
from permanence.telephony.sip.events import SipEvent
from permanence.telephony.sip.flow import Address, Flow, host_in_uri, sees_us_at
from permanence.telephony.sip.message import COOKIE
from permanence.telephony.sip.settings import SipSettings
from permanence.telephony.sip.timers import Timer, Timers

ABOUT_S = 0.25
_MAX_LEARNED = 1_000
_REFUSAL_HOLDS = 3_600.0


class Stack:
    """The ground the transactions and sessions stand on. `now` is set by the endpoint at every entry."""

    def __init__(self, settings: SipSettings, entropy: Entropy) -> None:
        self.settings = settings
        self.now = 0.0
        self.timers = Timers()
        self.output: list[tuple[bytes, Flow]] = []
        self.events: list[SipEvent] = []
        self._entropy = entropy
        self._learned: dict[tuple[str, Address], Address] = {}
        self._contacts: dict[tuple[str, Address, Address], str] = {}
        self._refused_streams: dict[Address, float] = {}

    def send(self, data: bytes, flow: Flow) -> None:
        """Puts bytes in the outbox."""
        self.output.append((data, flow))

    def emit(self, event: SipEvent) -> None:
        """Tells the owner."""
        self.events.append(event)

    def after(self, delay: float, action: Callable[[], object]) -> Timer:
        """Calls `action` in `delay` seconds."""
        return self.timers.at(self.now + delay, action)

    def after_about(self, delay: float, action: Callable[[], object]) -> Timer:
        """Calls `action` in `delay` seconds or up to `ABOUT_S` more: together with others, by one ring of the timer."""
        return self.timers.at(ceil((self.now + delay) / ABOUT_S) * ABOUT_S, action)

    def token(self, size: int = 8) -> str:
        """An unguessable word of `2 * size` characters (tags, Call-IDs)."""
        return self._entropy.token(size).hex()

    def fraction(self) -> float:
        """A number of chance in [0, 1), in steps of 1/65536."""
        return int.from_bytes(self._entropy.token(2), "big") / 65_536

    def learn(self, flow: Flow, seen: Address) -> None:
        """The other side sees us as `seen` (Via received and rport, RFC 3581): behind a NAT, our Contact."""
        if len(self._learned) >= _MAX_LEARNED:
            self._learned.clear()
        key = flow.transport, flow.remote
        if self._learned.get(key) != seen:
            self._learned[key] = seen
            self._contacts.clear()

    def takes_streams(self, remote: Address) -> bool:
        """Whether TCP may be tried: this address has not refused it within the last hour."""
        return self._refused_streams.get(remote, self.now) <= self.now

    def no_streams(self, remote: Address) -> None:
        """The address refused a TCP connection."""
        if len(self._refused_streams) >= _MAX_LEARNED:
            self._refused_streams.clear()
        self._refused_streams[remote] = self.now + _REFUSAL_HOLDS

    def public_address(self, flow: Flow) -> Address:
        """The address we publish to whom `flow` reaches: the setting, else the learned, else the local one.

        The setting is for those outside: a trunk on our own network reaches us where we are.
        """
        settings = self.settings
        if settings.public_host is not None and sees_us_at(flow.remote[0], settings.public_host):
            return settings.public_host, settings.public_ports.get(flow.transport, flow.local[1])
        return self._learned.get((flow.transport, flow.remote), flow.local)

    def via(self, flow: Flow) -> str:
        """A Via for a request of ours, with a new branch and rport."""
        host, port = self.public_address(flow)
        branch = COOKIE + self.token(9)
        return f"SIP/2.0/{flow.transport.upper()} {host_in_uri(host)}:{port};rport;branch={branch}"

    def contact(self, flow: Flow, user: str = "") -> str:
        """Our Contact for whom `flow` reaches."""
        if user:
            return self._contact(flow, f"{user}@")
        key = flow.transport, flow.local, flow.remote
        written = self._contacts.get(key)
        if written is None:
            if len(self._contacts) >= _MAX_LEARNED:
                self._contacts.clear()
            written = self._contacts[key] = self._contact(flow, "")
        return written

    def _contact(self, flow: Flow, user: str) -> str:
        host, port = self.public_address(flow)
        transport = "" if flow.transport == "udp" else f";transport={flow.transport}"
        return f"<sip:{user}{host_in_uri(host)}:{port}{transport}>"
