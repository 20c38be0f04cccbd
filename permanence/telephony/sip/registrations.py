# SPDX-License-Identifier: AGPL-3.0-or-later
"""Registering at a carrier (RFC 3261 section 10.2, RFC 5626 section 4.5 for the pauses after failures).

Theory of operation
-------------------
    REGISTERING --2xx--> REGISTERED --85 % of the time granted--> REGISTERING
    REGISTERING --401/407--> once more with an answer (twice when the nonce was stale)
    REGISTERING --423--> once more with the time the carrier wants
    REGISTERING --503, silence, a lost way--> the next target, each once
    REGISTERED --the flow is lost--> REGISTERING, 1 to 5 s later
    REGISTERING --anything else--> FAILED --pause: 30 s doubled up to 30 min, half of it by chance--> REGISTERING
    any --remove--> REMOVING (Expires: 0) --any final response--> gone
"""

from permanence.telephony.sip.client import ClientTransaction
from permanence.telephony.sip.core import Core
from permanence.telephony.sip.dialog import Dialog
from permanence.telephony.sip.digest import DigestAccount
from permanence.telephony.sip.events import RegistrationChanged
from permanence.telephony.sip.flow import Flow, same_way
from permanence.telephony.sip.framing import KEEP_ALIVE
from permanence.telephony.sip.grammar import BadSyntax, NameAddr, Uri, decimal
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.phrases import ALLOW
from permanence.telephony.sip.settings import Credentials
from permanence.telephony.sip.timers import Timer
from permanence.telephony.sip.ways import SILENT, UNAVAILABLE

_REFRESH_AT = 0.85
_SHORTEST = 5.0
_FIRST_PAUSE = 30.0
_LONGEST_PAUSE = 1_800.0
_MAX_EXPIRES = 2**31
_MAX_ATTEMPTS = 3


class Registration:
    """One binding at one registrar."""

    def __init__(
        self, core: Core, aor: str, registrar: str, flows: tuple[Flow, ...], *, credentials: Credentials, expires: int
    ) -> None:
        stack = core.stack
        self.id = stack.token(10)
        self._core = core
        self._user = Uri.parse(aor).user or ""
        self._flow = flows[0]
        self._flows = flows
        self._tried = 0
        self._account = DigestAccount(credentials)
        self._expires = expires
        self._failures = 0
        self._removing = False
        self._timer: Timer | None = None
        self._pinger: Timer | None = None
        self._dialog = Dialog(stack.token(12), f"<{aor}>", stack.token(6), f"<{aor}>", "", registrar)
        Uri.parse(registrar)

    def send(self, proof: tuple[str, str] | None = None, attempt: int = 0) -> None:
        """Sends a REGISTER."""
        stack = self._core.stack
        request = self._dialog.request("REGISTER", stack.via(self._flow))
        expires = 0 if self._removing else self._expires
        contact = stack.contact(self._flow, self._user)
        request.add("Contact", contact).add("Expires", expires).add("Allow", ALLOW)
        request.add("User-Agent", stack.settings.user_agent)
        if proof is not None:
            request.add(*proof)

        def answered(response: SipMessage, transaction: ClientTransaction) -> None:
            if response.status >= 200:
                self._receive(response, transaction.request, attempt, contact)

        self._core.layer.request(request, self._flow, answered)

    def flow_lost(self, flow: Flow) -> None:
        """The connection the carrier would call us by is gone: registers again, on a new one, within some seconds."""
        if same_way(self._flow, flow) and not (self._removing or self._failures):
            self._stop_keep_alive()
            self._again(1.0 + 4.0 * self._core.stack.fraction())

    def remove(self) -> None:
        """Takes the binding away."""
        self._removing = True
        self._stop()
        self._stop_keep_alive()
        self.send()

    def _receive(self, response: SipMessage, request: SipMessage, attempt: int, contact: str) -> None:
        if request.get("Expires") != "0" and self._removing:
            return
        if self._try_again(response, request, attempt):
            return
        if self._removing:
            self._tell("unregistered", response.status)
        elif response.status < 300:
            self._registered(response, contact)
        elif not self._go_elsewhere(response):
            self._failed(response)

    def _go_elsewhere(self, response: SipMessage) -> bool:
        """503, silence or a lost way: the next target at once, until each was tried (RFC 3263 section 4.3)."""
        self._tried += 1
        if response.status not in {SILENT, UNAVAILABLE}:
            self._tried = 0
            return False
        place = self._flows.index(self._flow) if self._flow in self._flows else -1
        self._flow = self._flows[(place + 1) % len(self._flows)]
        if self._tried >= len(self._flows):
            self._tried = 0
            return False
        self.send()
        return True

    def _try_again(self, response: SipMessage, request: SipMessage, attempt: int) -> bool:
        if attempt >= _MAX_ATTEMPTS:
            return False
        if response.status in {401, 407} and (attempt == 0 or self._account.is_stale(response)):
            proof = self._account.answer(response, request, self._core.stack.token())
            if proof is not None:
                self.send(proof, attempt + 1)
                return True
        shortest = decimal(response.get("Min-Expires"), _MAX_EXPIRES)
        if response.status == 423 and shortest is not None and shortest > self._expires:
            self._expires = shortest
            self.send(None, 0)
            return True
        return False

    def _registered(self, response: SipMessage, contact: str) -> None:
        self._failures = self._tried = 0
        stack = self._core.stack
        moved = stack.contact(self._flow, self._user) != contact
        granted = float(granted_expires(response, contact, self._expires))
        self._tell("registered", response.status, expires=granted)
        self._keep_alive_later()
        # Behind a NAT the first answer shows our outer address: the binding is renewed with it at once.
        self._again(1.0 if moved else max(granted * _REFRESH_AT, _SHORTEST))

    def _keep_alive_later(self) -> None:
        self._stop_keep_alive()
        pause = self._core.stack.settings.keep_alive
        if pause > 0:
            self._pinger = self._core.stack.after(pause * (0.8 + 0.2 * self._core.stack.fraction()), self._keep_alive)

    def _keep_alive(self) -> None:
        self._core.stack.send(KEEP_ALIVE, self._flow)
        self._keep_alive_later()

    def _stop_keep_alive(self) -> None:
        if self._pinger is not None:
            self._pinger.cancel()

    def _failed(self, response: SipMessage) -> None:
        self._failures += 1
        self._stop_keep_alive()
        longest = min(_FIRST_PAUSE * 2 ** (self._failures - 1), _LONGEST_PAUSE)
        pause = longest * (0.5 + 0.5 * self._core.stack.fraction())
        asked = decimal((response.get("Retry-After") or "").partition(";")[0].strip(), int(_LONGEST_PAUSE))
        pause = max(pause, float(asked or 0))
        self._tell("failed", response.status, retry=pause)
        self._again(pause)

    def _again(self, delay: float) -> None:
        self._stop()
        self._timer = self._core.stack.after(delay, self.send)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _tell(self, state: str, status: int, *, expires: float = 0.0, retry: float = 0.0) -> None:
        self._core.stack.emit(RegistrationChanged(self.id, state, status, expires, retry))


def granted_expires(response: SipMessage, contact: str, asked: int) -> int:
    """The time the registrar grants our binding: our Contact's parameter, else Expires, else what we asked."""
    ours = NameAddr.parse(contact).uri
    for value in response.elements("Contact"):
        try:
            binding = NameAddr.parse(value)
        except BadSyntax:
            continue
        granted = decimal(binding.params.get("expires"), _MAX_EXPIRES)
        if (binding.uri.user, binding.uri.host, binding.uri.port) == (ours.user, ours.host, ours.port) and granted:
            return granted
    return decimal(response.get("Expires"), _MAX_EXPIRES) or asked


class Registrations:
    """Every registration of the endpoint."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._all: dict[str, Registration] = {}

    def add(self, aor: str, registrar: str, flows: tuple[Flow, ...], credentials: Credentials, expires: int) -> str:
        """Begins one; its id. Raises BadSyntax."""
        registration = Registration(self._core, aor, registrar, flows, credentials=credentials, expires=expires)
        self._all[registration.id] = registration
        registration.send()
        return registration.id

    def flow_lost(self, flow: Flow) -> None:
        """Tells every registration."""
        for registration in self._all.values():
            registration.flow_lost(flow)

    def remove(self, identity: str) -> bool:
        """Ends one."""
        registration = self._all.pop(identity, None)
        if registration is None:
            return False
        registration.remove()
        return True
