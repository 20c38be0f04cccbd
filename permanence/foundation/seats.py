# SPDX-License-Identifier: AGPL-3.0-or-later
"""Seat tickets: what the console page shows to the exchange (format and check: `kernel.tickets`)."""

from datetime import datetime

from django.conf import settings

from permanence.kernel.refusals import Refusal
from permanence.kernel.tickets import TICKET_LIFETIME, SeatTicket, sign_ticket


class TicketKeyMissing(Refusal):
    """The key that signs tickets is not in the data folder: the supervisor makes it at the first start."""

    code = "ticket_key_missing"


def seat_ticket(*, house: str, secretary: str, name: str, seat: str, rights: tuple[str, ...], at: datetime) -> str:
    """A signed ticket that lets a secretary's browser take the line for ten minutes. Raises TicketKeyMissing.

    `seat` is the id of the browser profile; `rights` holds "answer" and, for a supervisor, "listen".
    """
    try:
        key = settings.PERMANENCE.ticket_key.read_bytes()
    except FileNotFoundError as error:
        raise TicketKeyMissing(str(settings.PERMANENCE.ticket_key)) from error
    issued = int(at.timestamp())
    ticket = SeatTicket(
        house=house,
        secretary=secretary,
        name=name,
        seat=seat,
        rights=rights,
        issued=issued,
        expires=issued + int(TICKET_LIFETIME.total_seconds()),
    )
    return sign_ticket(ticket, key)
