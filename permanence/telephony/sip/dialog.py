# SPDX-License-Identifier: AGPL-3.0-or-later
"""The dialog: who talks to whom, by which way, counted how (RFC 3261 section 12)."""

from dataclasses import dataclass, field
from typing import Any, Self

from permanence.telephony.sip.grammar import BadSyntax, NameAddr, write_params
from permanence.telephony.sip.message import SipMessage

_TAG_ALONE = frozenset({"tag"})
_TEXTS = ("call_id", "local", "local_tag", "remote", "remote_tag", "target")


@dataclass(slots=True)
class Dialog:
    """`local` and `remote` are addresses as they stand in From and To, without tags; `target` is the remote target;
    `routes` the route set, nearest first; `remote_tag` is empty before the other side has given one."""

    call_id: str
    local: str
    local_tag: str
    remote: str
    remote_tag: str
    target: str
    routes: list[str] = field(default_factory=list)
    local_cseq: int = 0
    remote_cseq: int | None = None
    _written: tuple[str, ...] = field(default=(), init=False, repr=False, compare=False)
    _kept: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)

    def request(self, method: str, via: str, cseq: int | None = None) -> SipMessage:
        """A request inside the dialog; with `cseq` None the next number is taken (ACK and CANCEL repeat one)."""
        if cseq is None:
            self.local_cseq += 1
            cseq = self.local_cseq
        target, routes = self._way()
        message = SipMessage(method, target).add("Via", via)
        for route in routes:
            message.add("Route", route)
        message.add("Max-Forwards", 70)
        message.add("From", f"{self.local};tag={self.local_tag}")
        message.add("To", f"{self.remote};tag={self.remote_tag}" if self.remote_tag else self.remote)
        return message.add("Call-ID", self.call_id).add("CSeq", f"{cseq} {method}")

    def _way(self) -> tuple[str, list[str]]:
        """Request-URI and Route values: loose routing, or the strict one of RFC 2543 (RFC 3261 section 12.2.1.1)."""
        if not self.routes:
            return self.target, []
        first = NameAddr.parse(self.routes[0]).uri
        if "lr" in first.params:
            return self.target, self.routes
        return first.text, [*self.routes[1:], f"<{self.target}>"]

    def next_hop(self) -> str:
        """The URI a request is sent to: the first route, else the remote target."""
        return NameAddr.parse(self.routes[0]).uri.text if self.routes else self.target

    def admits(self, number: int) -> bool:
        """Whether a request with this CSeq is in order, and counts it (RFC 3261 section 12.2.2)."""
        if self.remote_cseq is not None and number <= self.remote_cseq:
            return False
        self.remote_cseq = number
        return True

    def refresh_target(self, message: SipMessage) -> None:
        """Takes the Contact of a target refresh request, or of its 2xx (re-INVITE, UPDATE)."""
        if message.contact is not None:
            self.target = message.contact.uri.text

    def answered_by(self, response: SipMessage) -> None:
        """Takes tag, target and route set of a response to our INVITE (RFC 3261 section 12.1.2)."""
        self.remote_tag = response.to.tag or ""
        self.refresh_target(response)
        self.routes = checked_routes(response)[::-1]

    def to_plain(self) -> dict[str, Any]:
        """The dialog as JSON values. Texts go octet for octet (as latin-1): a carrier may send any."""
        texts = (self.call_id, self.local, self.local_tag, self.remote, self.remote_tag, self.target)
        if texts != self._written:  # once in most calls, while the journal takes the dialog at every change of the call
            self._written, self._kept = texts, dict(zip(_TEXTS, map(_octets, texts), strict=True))
        return self._kept | {
            "routes": [_octets(route) for route in self.routes] if self.routes else [],
            "local_cseq": self.local_cseq,
            "remote_cseq": self.remote_cseq,
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_plain`. Raises TypeError when the data does not fit."""
        texts = {name: _text(data[name]) for name in _TEXTS}
        return cls(**(data | texts | {"routes": [_text(route) for route in data["routes"]]}))


def _octets(text: str) -> str:
    return text.encode("utf-8", "surrogateescape").decode("latin-1")


def _text(octets: str) -> str:
    return octets.encode("latin-1").decode("utf-8", "surrogateescape")


def checked_routes(message: SipMessage) -> list[str]:
    """The Record-Route values in the order of the message. Raises BadSyntax when one cannot be used as a route."""
    routes = message.elements("Record-Route")
    for route in routes:
        if NameAddr.parse(route).uri.scheme not in {"sip", "sips"}:
            raise BadSyntax("bad Record-Route")
    return routes


def without_tag(address: NameAddr) -> str:
    """An address of From or To without its tag, written anew: the part of the dialog that both sides share."""
    if not address.display and address.params.keys() <= _TAG_ALONE:
        return f"<{address.uri.text}>"
    display = address.display.replace("\\", "\\\\").replace('"', '\\"')
    params = {name: value for name, value in address.params.items() if name != "tag"}
    written = f"<{address.uri.text}>{write_params(params)}"
    return f'"{display}" {written}' if display else written


def dialog_of(invite: SipMessage, local_tag: str) -> Dialog:
    """The dialog an INVITE begins at its receiver (RFC 3261 section 12.1.1)."""
    contact = invite.contact
    return Dialog(
        call_id=invite.call_id,
        local=without_tag(invite.to),
        local_tag=local_tag,
        remote=without_tag(invite.sender),
        remote_tag=invite.sender.tag or "",
        target=contact.uri.text if contact is not None else invite.sender.uri.text,
        routes=checked_routes(invite),
        remote_cseq=invite.cseq[0],
    )
