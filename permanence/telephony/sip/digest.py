# SPDX-License-Identifier: AGPL-3.0-or-later
"""Digest authentication as a client (RFC 3261 section 22, RFC 7616, RFC 8760)."""

import hashlib
import re
from collections.abc import Callable

from permanence.telephony.sip.grammar import unquoted
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.settings import Credentials

_PAIR = re.compile(r'([A-Za-z0-9_\-]++)\s*+=\s*+("(?:[^"\\]|\\.)*+"|[^\s,"]++)')
_HASHES: dict[str, Callable[[bytes], str]] = {
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "SHA-512-256": lambda data: hashlib.new("sha512_256", data).hexdigest(),
}
_HEADERS = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}


def parse_challenge(value: str) -> dict[str, str] | None:
    """The parameters of a Digest challenge by lower-case name; None for another scheme or without a nonce."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    params = {name.lower(): unquoted(written) for name, written in _PAIR.findall(rest)}
    return params if "nonce" in params else None


class DigestAccount:
    """Answers the challenges of one carrier: counts the uses of each nonce, prefers what the carrier lists first."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._nonce = ""
        self._uses = 0

    def answer(self, response: SipMessage, request: SipMessage, cnonce: str) -> tuple[str, str] | None:
        """The header (name, value) to repeat `request` with; None when no challenge of `response` can be answered."""
        asked, given = _HEADERS.get(response.status, ("", ""))
        for value in response.all(asked):
            challenge = parse_challenge(value)
            if challenge is not None and _hash_of(challenge) in _HASHES and _protection(challenge) is not None:
                return given, self._write(challenge, request, cnonce)
        return None

    def is_stale(self, response: SipMessage) -> bool:
        """Whether the carrier says that only the nonce was too old."""
        asked, _ = _HEADERS.get(response.status, ("", ""))
        challenges = [parse_challenge(value) for value in response.all(asked)]
        return any(challenge is not None and challenge.get("stale", "").lower() == "true" for challenge in challenges)

    def _write(self, challenge: dict[str, str], request: SipMessage, cnonce: str) -> str:
        nonce = challenge["nonce"]
        self._uses = self._uses + 1 if nonce == self._nonce else 1
        self._nonce = nonce
        count = f"{self._uses:08x}"
        quality = _protection(challenge) or ""
        result = _response(challenge, self._credentials, request, quality=quality, count=count, cnonce=cnonce)
        parts = [
            f'username="{_escaped(self._credentials.username)}"',
            f'realm="{_escaped(challenge.get("realm", ""))}"',
            f'nonce="{_escaped(nonce)}"',
            f'uri="{request.uri}"',
            f'response="{result}"',
        ]
        if "algorithm" in challenge:
            parts.append(f"algorithm={challenge['algorithm']}")
        if quality:
            parts += [f"qop={quality}", f"nc={count}", f'cnonce="{cnonce}"']
        if "opaque" in challenge:
            parts.append(f'opaque="{_escaped(challenge["opaque"])}"')
        return "Digest " + ", ".join(parts)


def _hash_of(challenge: dict[str, str]) -> str:
    return challenge.get("algorithm", "MD5").upper().removesuffix("-SESS")


def _protection(challenge: dict[str, str]) -> str | None:
    """`auth` before `auth-int`; empty for the form without qop (RFC 2069); None when nothing offered is known."""
    offered = [option.strip() for option in challenge.get("qop", "").lower().split(",") if option.strip()]
    if not offered:
        return ""
    return next((known for known in ("auth", "auth-int") if known in offered), None)


def _response(
    challenge: dict[str, str], account: Credentials, request: SipMessage, *, quality: str, count: str, cnonce: str
) -> str:
    digest = _HASHES[_hash_of(challenge)]
    nonce = challenge["nonce"]
    secret = digest(f"{account.username}:{challenge.get('realm', '')}:{account.password}".encode())
    if challenge.get("algorithm", "").upper().endswith("-SESS"):
        secret = digest(f"{secret}:{nonce}:{cnonce}".encode())
    asked = f"{request.method}:{request.uri}"
    if quality == "auth-int":
        asked += f":{digest(request.body)}"
    asked = digest(asked.encode())
    middle = f"{nonce}:{count}:{cnonce}:{quality}" if quality else nonce
    return digest(f"{secret}:{middle}:{asked}".encode())


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
