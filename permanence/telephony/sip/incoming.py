# SPDX-License-Identifier: AGPL-3.0-or-later
"""What an INVITE says about who calls and whom: read once, frozen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CalledNumber:
    """One place where the called number may stand: `source` is `request_uri`, `to`, `p_called_party_id`,
    `history_info` or `diversion`; `user` the user part, unescaped, as the carrier spelled it."""

    source: str
    user: str


@dataclass(frozen=True, slots=True)
class IncomingInvite:
    """The facts of an INVITE, spelled as the carrier did (see `numbers` for E.164).

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
