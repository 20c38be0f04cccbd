# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a request outside any dialog must fulfil before it is served (RFC 3261 section 8.2, RFC 4028, RFC 3262)."""

from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.phrases import ALLOW, EXTENSIONS, KNOWN_METHODS, METHODS
from permanence.telephony.sip.renewal import session_expires

Refusal = tuple[int, list[tuple[str, str]]]
_SCHEMES = frozenset({"sip", "sips", "tel"})
_SDP_TYPES = frozenset({"application/sdp", "application/*", "*/*", "multipart/mixed"})
_OUTSIDE = frozenset({"INVITE", "OPTIONS"})


def refusal_of(request: SipMessage, min_se: int) -> Refusal | None:
    """The status and headers a request is refused with; None when it may be served. In the order of section 8.2."""
    if request.method not in METHODS:
        return (405 if request.method in KNOWN_METHODS else 501), [("Allow", ALLOW)]
    if request.target.scheme not in _SCHEMES:
        return 416, []
    unknown = request.tokens("Require") - EXTENSIONS
    if unknown:
        return 420, [("Unsupported", ", ".join(sorted(unknown)))]
    if request.method not in _OUTSIDE:
        return 481, []
    return _invite_refusal(request, min_se) if request.method == "INVITE" else None


def _invite_refusal(invite: SipMessage, min_se: int) -> Refusal | None:
    if invite.body:
        if (invite.get("Content-Encoding") or "identity").strip().lower() != "identity":
            return 415, [("Accept-Encoding", "identity")]
        if invite.sdp is None:
            return 415, [("Accept", "application/sdp")]
    if "Accept" in invite.headers:
        accepted = {kind.partition(";")[0].strip().lower() for kind in invite.elements("Accept")}
        if accepted and not accepted & _SDP_TYPES:
            return 406, []
    wish = session_expires(invite)
    if wish is not None and wish[0] < min_se:
        return 422, [("Min-SE", str(min_se))]
    return None
