# SPDX-License-Identifier: AGPL-3.0-or-later
"""The transaction layer: finds the transaction a message belongs to (RFC 3261 sections 17.1.3 and 17.2.3)."""

from collections.abc import Callable
from functools import partial

from permanence.telephony.sip.client import ClientTransaction, InviteClient, OtherClient
from permanence.telephony.sip.flow import Flow, same_way
from permanence.telephony.sip.message import COOKIE, SipMessage
from permanence.telephony.sip.server import InviteServer, OtherServer, ServerTransaction
from permanence.telephony.sip.stack import Stack

ServerKey = tuple[str | int | None, ...]
ClientKey = tuple[str, str]
OnResponse = Callable[[SipMessage, ClientTransaction], None]


def server_key(request: SipMessage, method: str) -> ServerKey:
    """What names a server transaction; without the magic cookie, the rules of RFC 2543 (RFC 3261 section 17.2.3)."""
    via = request.via
    branch = via.branch
    if branch.startswith(COOKIE) and len(branch) > len(COOKIE):
        return branch, via.host, via.port, method
    tag = request.sender.tag or ""
    return request.uri, request.call_id, tag, request.cseq[0], f"{via.host}:{via.port}", branch, method


def merge_key(request: SipMessage) -> ServerKey:
    """What two copies of one request, come by two ways, have in common (RFC 3261 section 8.2.2.2)."""
    return request.call_id, request.sender.tag or "", request.cseq[0], request.method


class TransactionLayer:
    """Every transaction that lives."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._servers: dict[ServerKey, ServerTransaction] = {}
        self._clients: dict[ClientKey, ClientTransaction] = {}
        self._merged: dict[ServerKey, ServerKey] = {}

    def __len__(self) -> int:
        return len(self._servers) + len(self._clients)

    def find(self, request: SipMessage, method: str | None = None) -> ServerTransaction | None:
        """The server transaction of a request; with `method` INVITE, the one an ACK or a CANCEL is about."""
        return self._servers.get(server_key(request, method or request.method))

    def transaction(self, key: ServerKey) -> ServerTransaction | None:
        """The server transaction that `server_key` names."""
        return self._servers.get(key)

    def serve(self, request: SipMessage, flow: Flow, key: ServerKey) -> ServerTransaction:
        """Opens the server transaction that `key` names; it is `merged` when the same request came by another way and
        is still being served."""
        merged = merge_key(request)
        kind = InviteServer if request.method == "INVITE" else OtherServer
        transaction = kind(self._stack, request, flow, partial(self._served, key, merged))
        self._servers[key] = transaction
        transaction.merged = self._merged.setdefault(merged, key) != key
        return transaction

    def _served(self, key: ServerKey, merged: ServerKey) -> None:
        self._servers.pop(key, None)
        if self._merged.get(merged) == key:
            del self._merged[merged]

    def request(self, request: SipMessage, flow: Flow, on_response: OnResponse) -> ClientTransaction:
        """Opens a client transaction and sends the request."""
        transaction = self._client(request, flow, on_response)
        transaction.begin()
        return transaction

    def await_invite(self, request: SipMessage, flow: Flow, on_response: OnResponse) -> InviteClient:
        """Takes over a client transaction begun by another process."""
        transaction = self._client(request, flow, on_response)
        if not isinstance(transaction, InviteClient):
            raise TypeError(request.method)
        transaction.resume()
        return transaction

    def _client(self, request: SipMessage, flow: Flow, on_response: OnResponse) -> ClientTransaction:
        key = request.via.branch, request.method
        kind = InviteClient if request.method == "INVITE" else OtherClient
        transaction = kind(self._stack, request, flow, on_response, lambda: self._clients.pop(key, None))
        self._clients[key] = transaction
        return transaction

    def awaits(self, response: SipMessage) -> bool:
        """Whether a response belongs to a client transaction."""
        return (response.via.branch, response.cseq[1]) in self._clients

    def receive_response(self, response: SipMessage) -> None:
        """Gives a response to its client transaction, which `awaits` it."""
        self._clients[response.via.branch, response.cseq[1]].receive(response)

    def flow_lost(self, flow: Flow) -> None:
        """Every request that waits for an answer on `flow` fails with 503."""
        for transaction in list(self._clients.values()):
            if same_way(transaction.flow, flow):
                transaction.fire("lost")
