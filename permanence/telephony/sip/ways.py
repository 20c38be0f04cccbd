# SPDX-License-Identifier: AGPL-3.0-or-later
"""Where a request of ours goes next: the other targets of a carrier, and the redirections it may send us on.

RFC 3263 section 4.3 (503, silence or a lost way lead to the next target), RFC 3261 section 8.1.3.4 (3xx).
"""

import ipaddress

from permanence.telephony.sip.core import Core
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.grammar import BadSyntax, NameAddr, Uri
from permanence.telephony.sip.location import DEFAULT_PORT
from permanence.telephony.sip.message import SipMessage

UNAVAILABLE = 503
SILENT = 408
MAX_REDIRECTIONS = 5


class Ways:
    """The targets of one request that are left to try, and the redirections already followed."""

    def __init__(self, others: tuple[Flow, ...]) -> None:
        self._left = list(others)
        self._followed: set[str] = set()

    def next(self) -> Flow | None:
        """The next target; None when all were tried."""
        return self._left.pop(0) if self._left else None

    def follow(self, response: SipMessage, core: Core, flow: Flow, target: str) -> tuple[str, Flow] | None:
        """The Request-URI and the flow of the first redirection that may be followed; None when there is none.

        At most five in one call and none twice; only to an address the same trunk has, or to the very host we called;
        never from TLS to something less.
        """
        for value in response.elements("Contact"):
            if len(self._followed) >= MAX_REDIRECTIONS:
                return None
            try:
                uri = NameAddr.parse(value).uri
            except BadSyntax:
                continue
            way = _way(uri, core, flow, target)
            if way is not None and uri.text not in self._followed:
                self._followed.add(uri.text)
                return uri.text, way
        return None


def _way(uri: Uri, core: Core, flow: Flow, target: str) -> Flow | None:
    """The flow to a redirection, None where it may not be followed."""
    if uri.scheme not in {"sip", "sips"} or uri.headers:
        return None
    transport = uri.transport
    if transport not in DEFAULT_PORT or (flow.transport == "tls" and transport != "tls"):
        return None
    host = uri.host.strip("[]")
    try:
        address = str(ipaddress.ip_address(host))
    except ValueError:
        return flow if uri.host == Uri.parse(target).host else None
    remote = address, uri.port or DEFAULT_PORT[transport]
    if (transport, remote) == (flow.transport, flow.remote):
        return flow
    if (":" in address) != (":" in flow.remote[0]):
        return None
    there = Flow(transport, flow.local, remote)
    trunk = core.trust(there)
    return there if trunk is not None and trunk == core.trust(flow) else None
