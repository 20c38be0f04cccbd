# SPDX-License-Identifier: AGPL-3.0-or-later
"""OPTIONS to a trunk: does it live, and (by its answer's Via) from which address does it see us?"""

from permanence.telephony.sip.client import ClientTransaction
from permanence.telephony.sip.core import Core
from permanence.telephony.sip.dialog import Dialog
from permanence.telephony.sip.events import PingAnswered
from permanence.telephony.sip.flow import Flow, host_in_uri
from permanence.telephony.sip.grammar import Uri
from permanence.telephony.sip.message import SipMessage


class Pings:
    """Sends them and tells what came back."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def send(self, uri: str, flow: Flow) -> str:
        """Sends one; its id. Raises BadSyntax for a URI that cannot be written."""
        stack = self._core.stack
        Uri.parse(uri)
        host, port = stack.public_address(flow)
        sender = f"<sip:{host_in_uri(host)}:{port}>"
        dialog = Dialog(stack.token(12), sender, stack.token(6), f"<{uri}>", "", uri)
        request = dialog.request("OPTIONS", stack.via(flow))
        request.add("Contact", stack.contact(flow)).add("Accept", "application/sdp")
        request.add("User-Agent", stack.settings.user_agent)
        identity = dialog.call_id

        def answered(response: SipMessage, _transaction: ClientTransaction) -> None:
            if response.status >= 200:
                stack.emit(PingAnswered(identity, response.status))

        self._core.layer.request(request, flow, answered)
        return identity
