# SPDX-License-Identifier: AGPL-3.0-or-later
"""Responses to a request (RFC 3261 section 8.2.6)."""

from collections.abc import Callable

from permanence.telephony.sip.grammar import BadSyntax
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.phrases import PHRASES


def write_response(
    request: SipMessage, status: int, tag: str | None, *, reason: str | None = None, more: str = "", body: str = ""
) -> bytes:
    """The bytes of a response to a request that `parse_message` accepted (RFC 3261 section 8.2.6).

    `tag` goes to To where it has none yet; `more` are further header lines, each with its line end.
    """
    above, below = request.echo
    if tag and status > 100 and request.to.tag is None:
        above = f"{above};tag={tag}"
    if not reason:
        reason = PHRASES.get(status, "Unnamed")
    head = f"SIP/2.0 {status} {reason}\r\n{above}{below}{more}Content-Length: "
    if not body:
        return f"{head}0\r\n\r\n".encode("utf-8", "surrogateescape")
    content = body.encode("utf-8", "surrogateescape")
    return f"{head}{len(content)}\r\n\r\n".encode("utf-8", "surrogateescape") + content


def respond(request: SipMessage, status: int, tag: str | None = None, reason: str | None = None) -> SipMessage:
    """A response to `request` as a message, also to one that was malformed; otherwise like `write_response`."""
    response = SipMessage(status=status, reason=reason or PHRASES.get(status, "Unnamed"))
    for name in ("Via", "From", "To", "Call-ID", "CSeq"):
        values = request.headers.get(name)
        if values:
            response.headers[name] = list(values)
    if tag and status > 100 and response.headers.get("To") and not has_tag(request):
        response.headers["To"][0] += f";tag={tag}"
    return response


def has_tag(message: SipMessage) -> bool:
    """Whether To carries a tag; False when it cannot be read."""
    return _quietly(lambda: message.to.tag is not None)


def _quietly(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except (BadSyntax, KeyError):
        return False
