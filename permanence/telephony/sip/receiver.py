# SPDX-License-Identifier: AGPL-3.0-or-later
"""What comes in: trust first, then parsing, then the transaction, then the session (see `endpoint`)."""

from permanence.telephony.sip.admission import refusal_of
from permanence.telephony.sip.core import Core
from permanence.telephony.sip.events import InviteReceived, SourceRefused
from permanence.telephony.sip.flow import Flow, is_address
from permanence.telephony.sip.grammar import BadSyntax, decimal, split_list
from permanence.telephony.sip.incoming import read_invite
from permanence.telephony.sip.layer import server_key
from permanence.telephony.sip.message import BadMessage, SipMessage, parse_message
from permanence.telephony.sip.phrases import ALLOW, SUPPORTED
from permanence.telephony.sip.responses import respond, write_response
from permanence.telephony.sip.server import ServerTransaction
from permanence.telephony.sip.session import Session
from permanence.telephony.sip.table import SessionTable
from permanence.telephony.sip.throttle import RefusedSources, Throttle, source_of
from permanence.telephony.sip.uas import IncomingSession

_DEFAULT_PORT = {"udp": 5060, "tcp": 5060, "tls": 5061}
_SMALLEST = 12
_ALL_STRANGERS = 50
"""403 a second to all strangers together: forged sources must not make us answer a flood."""
_STRANGE_ANSWERS = 20
"""Responses a second read from one address no trunk has (a carrier may answer from another machine)."""


class Receiver:
    """The way in."""

    def __init__(self, core: Core, table: SessionTable) -> None:
        settings = core.stack.settings
        self._core = core
        self._stack = core.stack
        self._table = table
        self._strangers = Throttle(settings.refused_per_second, settings.refused_burst)
        self._all_strangers = Throttle(_ALL_STRANGERS, _ALL_STRANGERS)
        self._answers = Throttle(_STRANGE_ANSWERS, 10 * _STRANGE_ANSWERS)
        self._invites = Throttle(settings.invites_per_second, settings.invites_burst)
        self._refused = RefusedSources()
        self.counters = {"received": 0, "malformed": 0, "refused": 0, "throttled": 0, "stray": 0}

    def receive(self, data: bytes, flow: Flow) -> None:
        """One message."""
        self.counters["received"] += 1
        trunk = self._core.trust(flow)
        if trunk is None:
            self._receive_stranger(data, flow)
            return
        message = self._parse(data, flow)
        if message is None:
            return
        if message.method:
            self._receive_request(message, flow, trunk, data)
        else:
            self._receive_response(message, flow)

    def _parse(self, data: bytes, flow: Flow) -> SipMessage | None:
        settings = self._stack.settings
        if _is_keep_alive(data):
            return None
        if len(data) > settings.max_message:
            self.counters["malformed"] += 1
            return None
        try:
            return parse_message(data, settings.max_headers)
        except BadMessage as bad:
            self.counters["malformed"] += 1
            if bad.partial is not None and bad.partial.all("Via"):
                try:
                    back = stamp_via(bad.partial, flow)
                except BadSyntax:
                    back = flow
                self._refuse_malformed(bad.partial, back, bad.status, bad.why)
            return None

    def _refuse_malformed(self, request: SipMessage, back: Flow, status: int, why: str) -> None:
        """A response without a transaction, where the request can be answered at all. `back`: what `stamp_via` gave
        (it stamps once: an rport that has its value asks for nothing any more)."""
        if not request.method or request.method == "ACK":
            return
        answer = respond(request, status, self._stack.token(6), why[:1].upper() + why[1:])
        self._stack.send(answer.encode(), back)

    # strangers

    def _receive_stranger(self, data: bytes, flow: Flow) -> None:
        if data[:4].upper() == b"SIP/":
            if not self._answers.allow(source_of(flow.remote[0]), self._stack.now):
                self.counters["throttled"] += 1
                return
            message = self._parse(data, flow)
            if message is not None and not message.method:
                self._receive_response(message, flow)
            return
        if _is_keep_alive(data):
            return
        source = source_of(flow.remote[0])
        self.counters["refused"] += 1
        told = self._refused.count(source, self._stack.now)
        if told:
            self._stack.emit(SourceRefused(source, told))
        if not self._strangers.allow(source, self._stack.now) or not self._all_strangers.allow("", self._stack.now):
            self.counters["throttled"] += 1
            return
        message = self._parse(data, flow)
        if message is not None and message.method != "ACK":
            back = stamp_via(message, flow)
            self._stack.send(write_response(message, 403, self._stack.token(6)), back)

    # responses

    def _receive_response(self, response: SipMessage, flow: Flow) -> None:
        if len(response.elements("Via")) != 1:
            self.counters["stray"] += 1  # RFC 3261 section 18.1.2: not for us
            return
        if self._core.layer.awaits(response):
            self._learn(response, flow)
            self._core.layer.receive_response(response)
            return
        session = self._table.find(response.call_id, response.sender.tag or "")
        number, method = response.cseq
        if session is not None and method == "INVITE" and 200 <= response.status < 300:
            session.on_stray_success(response, number)
            return
        self.counters["stray"] += 1

    def _learn(self, response: SipMessage, flow: Flow) -> None:
        params = response.via.params
        seen, port = (params.get("received") or "").strip("[]"), decimal(params.get("rport"), 65_535)
        if port and is_address(seen):
            self._stack.learn(flow, (seen, port))

    # requests

    def _receive_request(self, request: SipMessage, flow: Flow, trunk: str, raw: bytes) -> None:
        method = request.method
        back = flow
        try:
            if method == "ACK":  # it has no answer, so no way back
                self._receive_ack(request)
                return
            back = stamp_via(request, flow)
            if method == "CANCEL":
                self._receive_cancel(request, back)
                return
            key = server_key(request, method)
            known = self._core.layer.transaction(key)
            if known is not None:
                known.fire("request")
                return
            transaction = self._core.layer.serve(request, back, key)
            if request.to.tag is None:
                self._receive_outside(transaction, flow, trunk, raw)
            elif (session := self._session_of(request)) is None:
                self._refuse(transaction, 481)
            else:
                session.receive(transaction, flow)
        except BadSyntax as bad:
            self.counters["malformed"] += 1
            self._refuse_malformed(request, back, 400, str(bad))

    def _receive_ack(self, ack: SipMessage) -> None:
        transaction = self._core.layer.find(ack, "INVITE")
        if transaction is not None and transaction.fire("ack"):
            return
        session = self._session_of(ack)
        if session is not None:
            session.on_ack(ack)

    def _receive_cancel(self, cancel: SipMessage, back: Flow) -> None:
        if (known := self._core.layer.find(cancel)) is not None:
            known.fire("request")
            return
        invite = self._core.layer.find(cancel, "INVITE")
        transaction = self._core.layer.serve(cancel, back, server_key(cancel, cancel.method))
        tag = invite.tag if invite is not None else None
        transaction.respond(481 if invite is None else 200, tag or self._stack.token(6))
        if invite is not None and invite.open and invite.on_cancel is not None:
            invite.on_cancel(cancel)

    def _receive_outside(self, transaction: ServerTransaction, flow: Flow, trunk: str, raw: bytes) -> None:
        request = transaction.request
        if transaction.merged:
            self._refuse(transaction, 482)
            return
        refusal = refusal_of(request, self._stack.settings.min_se)
        if refusal is not None:
            self._refuse(transaction, *refusal)
        elif request.method == "OPTIONS":
            headers = [("Allow", ALLOW), ("Accept", "application/sdp"), ("Supported", SUPPORTED)]
            self._refuse(transaction, 200, headers)
        elif self._is_full(flow):
            self._refuse(transaction, 503, [("Retry-After", "10")])
        else:
            self._begin(transaction, flow, trunk, raw)

    def _begin(self, transaction: ServerTransaction, flow: Flow, trunk: str, raw: bytes) -> None:
        try:
            invite = read_invite(transaction.request, raw)
            identity = self._stack.token(10)
            session = IncomingSession.begin(self._core, identity, transaction, flow, self._table.remove)
        except BadSyntax:
            self._refuse(transaction, 400)
            return
        self._table.add(session)
        self._stack.emit(InviteReceived(session.id, trunk, invite, flow))

    def _is_full(self, flow: Flow) -> bool:
        if len(self._table) >= self._stack.settings.max_sessions:
            return True
        if self._invites.allow(source_of(flow.remote[0]), self._stack.now):
            return False
        self.counters["throttled"] += 1
        return True

    def _refuse(
        self, transaction: ServerTransaction, status: int, headers: list[tuple[str, str]] | None = None
    ) -> None:
        more = "".join([f"{name}: {value}\r\n" for name, value in headers or ()])
        transaction.respond(status, self._stack.token(6), more=more)

    def _session_of(self, request: SipMessage) -> Session | None:
        """The session by Call-ID and both tags (RFC 3261 section 12.2.2)."""
        session = self._table.find(request.call_id, request.to.tag or "")
        if session is None or not session.talks_to(request.sender.tag or ""):
            return None
        return session


def _is_keep_alive(data: bytes) -> bool:
    """RFC 5626 section 3.5.1; some send zeros instead."""
    return len(data) < _SMALLEST and not data.strip(b"\r\n\0")


def stamp_via(request: SipMessage, flow: Flow) -> Flow:
    """Notes in the topmost Via where the request really came from, and returns the way back of its answers.

    RFC 3261 sections 18.2.1 and 18.2.2, RFC 3581. Raises BadSyntax when the Via cannot be read.
    """
    via = request.via
    host, port = flow.remote
    wants_port = via.params.get("rport", "") is None
    if wants_port or via.host.strip("[]") != host:
        values = request.headers["Via"]
        stamped = via.stamp(host, port if wants_port else None)
        values[0] = ", ".join([stamped, *split_list(values[0])[1:]]) if "," in values[0] else stamped
    if wants_port or flow.reliable:
        return flow
    back = via.port or _DEFAULT_PORT[flow.transport]
    return Flow(flow.transport, flow.local, (host, back), flow.stream)
