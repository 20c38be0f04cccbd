# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an INVITE says about who calls and whom: read once, frozen."""

from dataclasses import dataclass

from permanence.telephony.sip.grammar import BadSyntax, NameAddr, decimal, printable, unquoted
from permanence.telephony.sip.message import SipMessage

_ANONYMOUS_HOST = "anonymous.invalid"
_HIDDEN = frozenset({"id", "user", "header"})
_CAUSES = {
    "302": "unconditional",
    "486": "user-busy",
    "408": "no-answer",
    "503": "unavailable",
    "480": "deflection",
    "487": "deflection",
    "404": "unknown",
}
_MAX_COUNT = 100


# The two below are made at every call: not frozen, which would cost a call into C for each field; nobody changes them.


@dataclass(slots=True)
class CalledNumber:
    """One place where the called number may stand: `source` is `request_uri`, `to`, `p_called_party_id`,
    `history_info` or `diversion`; `user` the user part, unescaped, as the carrier spelled it."""

    source: str
    user: str


@dataclass(slots=True)
class IncomingInvite:
    """The facts of an INVITE, spelled as the carrier did (`countries.numbers` makes E.164 of it).

    `caller` is the user part of P-Asserted-Identity, else of From (RFC 3325); None when nothing usable came. When
    `masked`, the number must neither be shown nor matched (RFC 3323): `caller` is None and `withheld` holds it.
    `called` lists the candidates in the order in which the house looks for its client. `raw` is the message as it came.
    """

    call_id: str
    request_user: str
    called: tuple[CalledNumber, ...]
    caller: str | None
    display: str
    masked: bool
    withheld: str | None
    diversion_reason: str | None
    diversion_count: int
    offer: str | None
    supported: frozenset[str]
    require: frozenset[str]
    raw: bytes


def read_invite(invite: SipMessage, raw: bytes) -> IncomingInvite:
    """Reads an INVITE that `parse_message` accepted; a header that cannot be read counts as absent."""
    asserted = _addresses(invite, "P-Asserted-Identity")
    known = next((address for address in asserted if address.uri.number), None)
    identity = known if known is not None else invite.sender
    number = identity.uri.number or None
    masked = _is_masked(invite)
    if number is not None and identity.uri.host == _ANONYMOUS_HOST:
        number = None
    history = _addresses(invite, "History-Info")
    if len(history) > 1:
        history = _by_index(history)
    diversions = _addresses(invite, "Diversion")
    return IncomingInvite(
        call_id=printable(invite.call_id),
        request_user=invite.target.number,
        called=_called(invite, history, diversions),
        caller=None if masked else number,
        display="" if masked else printable(identity.display or invite.sender.display),
        masked=masked,
        withheld=number if masked else None,
        diversion_reason=_reason(history, diversions),
        diversion_count=_count(history, diversions),
        offer=invite.sdp,
        supported=invite.tokens("Supported"),
        require=invite.tokens("Require"),
        raw=raw,
    )


def _addresses(message: SipMessage, name: str) -> list[NameAddr]:
    found: list[NameAddr] = []
    if name not in message.headers:
        return found
    for value in message.elements(name):
        try:
            found.append(NameAddr.parse(value))
        except BadSyntax:
            continue
    return found


def _is_masked(invite: SipMessage) -> bool:
    """RFC 3323 section 4.2; From of an anonymous call is anonymous@anonymous.invalid (section 4.1.1.3)."""
    if invite.sender.uri.host == _ANONYMOUS_HOST:
        return True
    values = invite.headers.get("Privacy", ())
    return any(word.strip().lower() in _HIDDEN for value in values for word in value.replace(",", ";").split(";"))


def _called(invite: SipMessage, history: list[NameAddr], diversions: list[NameAddr]) -> tuple[CalledNumber, ...]:
    """The dialled number may stand in five places: ours first, then who was dialled before the call was forwarded."""
    places = [("request_uri", invite.target), ("to", invite.to.uri)]
    parties = _addresses(invite, "P-Called-Party-ID")
    if parties:
        places.append(("p_called_party_id", parties[0].uri))
    if history:
        places.append(("history_info", history[0].uri))
    if diversions:
        places.append(("diversion", diversions[-1].uri))
    return tuple([CalledNumber(source, number) for source, uri in places if (number := uri.number)])


def _by_index(history: list[NameAddr]) -> list[NameAddr]:
    """History-Info entries in the order of their index (1, 1.1, 1.2, 1.10: RFC 7044 section 5.1)."""
    return sorted(history, key=lambda entry: [decimal(part, 10_000) or 0 for part in _index(entry)])


def _index(entry: NameAddr) -> list[str]:
    return (entry.params.get("index") or "0").split(".")[:20]


def _reason(history: list[NameAddr], diversions: list[NameAddr]) -> str | None:
    """Why the call was forwarded to us, in the words of RFC 5806: last History-Info cause, else top Diversion."""
    for entry in reversed(history):
        cause = entry.uri.params.get("cause")
        if cause in _CAUSES:
            return _CAUSES[cause]
    for diversion in diversions[:1]:
        reason = diversion.params.get("reason")
        return printable(unquoted(reason)).lower() if reason else None
    return None


def _count(history: list[NameAddr], diversions: list[NameAddr]) -> int:
    """How often the call was forwarded; each list tells it alone, so they are not added (RFC 7544)."""
    if not history and not diversions:
        return 0
    told = sum(decimal(entry.params.get("counter"), _MAX_COUNT) or 1 for entry in diversions)
    caused = sum(1 for entry in history if "cause" in entry.uri.params)
    return max(told, caused)
