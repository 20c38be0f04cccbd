# SPDX-License-Identifier: AGPL-3.0-or-later
"""Seat tickets: what *web* signs and the *exchange* verifies alone, so that a seat connects while web is down.

Format: base64url(JSON) "." base64url(HMAC-SHA256 over the first part), key of 32 bytes from a file of mode 0600.
"""

import base64
import hmac
import json
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from permanence.kernel.refusals import Refusal

TICKET_VERSION = 1
TICKET_LIFETIME = timedelta(minutes=10)


class TicketRefused(Refusal):
    """The ticket is not one of ours, was altered, or is out of date (`why` says which)."""

    code = "ticket_refused"


@dataclass(frozen=True, slots=True)
class SeatTicket:
    """Who sits where. `secretary` and `house` are the ids of the routing table; `seat` is one browser profile.

    `rights` holds "answer" and, for a supervisor, "listen". `issued` and `expires` are seconds since 1970.
    """

    house: str
    secretary: str
    name: str
    seat: str
    rights: tuple[str, ...]
    issued: int
    expires: int


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4))


def sign_ticket(ticket: SeatTicket, key: bytes) -> str:
    """The ticket as text, to be given to the seat's browser."""
    body = _pack(json.dumps({"v": TICKET_VERSION, **asdict(ticket)}, separators=(",", ":")).encode())
    return f"{body}.{_pack(hmac.digest(key, body.encode(), 'sha256'))}"


def read_ticket(text: str, key: bytes, *, at: datetime) -> SeatTicket:
    """The ticket behind `text`. Raises TicketRefused when the signature, the shape or the moment is wrong."""
    try:
        body, _, signature = text.partition(".")
        if not hmac.compare_digest(_unpack(signature), hmac.digest(key, body.encode(), "sha256")):
            raise TicketRefused("the signature is not ours")
        fields = json.loads(_unpack(body))
        if fields.pop("v") != TICKET_VERSION:
            raise TicketRefused("unknown version")
        ticket = SeatTicket(**{**fields, "rights": tuple(fields["rights"])})
        moment = at.timestamp()
        current = ticket.issued - 60 <= moment < ticket.expires
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise TicketRefused("not a ticket") from error
    if not current:
        raise TicketRefused("out of date")
    return ticket
