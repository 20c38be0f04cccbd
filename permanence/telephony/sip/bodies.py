# SPDX-License-Identifier: AGPL-3.0-or-later
"""Bodies of messages: the session description, alone or in a multipart (RFC 5621; SIP-I trunks add ISUP beside it)."""

from permanence.telephony.sip.grammar import BadSyntax, parse_params, unquoted

_SDP = "application/sdp"
_MAX_PARTS = 16


def sdp_of(content_type: str, body: bytes) -> str | None:
    """The SDP of a body, or None. A body without Content-Type is taken for SDP when it begins like one."""
    if not body:
        return None
    kind, semicolon, params = content_type.partition(";")
    kind = kind.strip().lower()
    if kind == _SDP or (not kind and body.startswith(b"v=0")):
        return body.decode("utf-8", "replace")
    if not kind.startswith("multipart/"):
        return None
    try:
        boundary = unquoted(parse_params(semicolon + params).get("boundary") or "")
    except BadSyntax:
        return None
    return _from_parts(boundary, body) if boundary else None


def _from_parts(boundary: str, body: bytes) -> str | None:
    mark = b"--" + boundary.encode("utf-8", "surrogateescape")
    for part in body.split(mark, _MAX_PARTS)[1:]:
        head, blank, content = part.partition(b"\r\n\r\n")
        lines = head.decode("utf-8", "surrogateescape").lower().split("\r\n")
        types = [line.partition(":")[2].partition(";")[0].strip() for line in lines if line.startswith("content-type")]
        if blank and _SDP in types:
            text = content.decode("utf-8", "replace")
            return text.removesuffix("\r\n") if text.endswith("\r\n\r\n") else text
    return None


def offers_audio(sdp: str) -> bool:
    """Whether a description has a live audio stream (`m=audio` with a port other than 0; RFC 3264 section 6)."""
    for line in sdp.splitlines():
        if line.startswith("m=audio "):
            port = line.split(" ")[1].partition("/")[0]
            if port != "0":
                return True
    return False
