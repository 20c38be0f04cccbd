# SPDX-License-Identifier: AGPL-3.0-or-later
"""Keys told by INFO: application/dtmf-relay (`Signal=5`, `Duration=160`) and application/dtmf (the bare digit)."""

from permanence.telephony.sip.grammar import decimal
from permanence.telephony.sip.message import SipMessage

_DIGITS = frozenset("0123456789*#ABCD")
_BY_CODE = {"10": "*", "11": "#"}
_DEFAULT_MS = 160
_MAX_MS = 60_000


def read_dtmf(request: SipMessage) -> tuple[str, int] | None:
    """The digit and its duration in milliseconds; None when the INFO is about something else."""
    text = request.body[:256].decode("ascii", "replace")
    if request.content_type == "application/dtmf":
        return _digit(text, None)
    if request.content_type != "application/dtmf-relay":
        return None
    fields = {
        name.strip().lower(): value.strip() for name, _, value in (line.partition("=") for line in text.split("\n"))
    }
    return _digit(fields.get("signal", ""), fields.get("duration"))


def _digit(written: str, duration: str | None) -> tuple[str, int] | None:
    digit = written.strip().upper()
    digit = _BY_CODE.get(digit, digit)
    if digit not in _DIGITS:
        return None
    return digit, decimal(duration, _MAX_MS) or _DEFAULT_MS
