# SPDX-License-Identifier: AGPL-3.0-or-later
"""What every session reaches: the stack, the transactions, and the next hop of a request inside a dialog."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.grammar import BadSyntax, Uri
from permanence.telephony.sip.layer import TransactionLayer
from permanence.telephony.sip.stack import Stack

Trust = Callable[[Flow], str | None]
"""The name of the trunk a flow belongs to, or None: the source is refused."""


@dataclass(frozen=True, slots=True)
class Core:
    """The shared ground of the sessions."""

    stack: Stack
    layer: TransactionLayer
    trust: Trust

    def way(self, next_hop: str, flow: Flow) -> Flow:
        """The flow to the next hop of a dialog.

        Over UDP, an address that the route or Contact gives literally is used when a trunk has it; otherwise (a name,
        a private address behind a NAT, a stream) the flow the other side used last is the way to it.
        """
        if flow.reliable:
            return flow
        try:
            uri = Uri.parse(next_hop)
        except BadSyntax:
            return flow
        host = uri.host.strip("[]")
        if uri.transport != "udp" or not _is_literal(host):
            return flow
        direct = Flow(flow.transport, flow.local, (host, uri.port or 5060), flow.stream)
        return direct if direct == flow or self.trust(direct) is not None else flow


@lru_cache(maxsize=1_024)
def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
