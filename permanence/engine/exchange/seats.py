# SPDX-License-Identifier: AGPL-3.0-or-later
"""The seats: who sits where, on which page, with which line of media. One page at a time holds a secretary's seat."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, Self

from permanence.engine.exchange.messages import Message

SEAT_PREFIX = "place/"
_FINGERPRINT = re.compile(r"^a=fingerprint:(.+?)\s*$", re.MULTILINE)


@dataclass(slots=True, kw_only=True)
class Seat:
    """One secretary's place. `page`: the open socket, "" while there is none. `line_held`: media knows her line.

    `fingerprint`: of the last SDP offer; the same one again is an ICE restart of the same browser transport.
    `after`: the messages that show her the call she wraps up, for a page that is reloaded meanwhile.
    """

    house: str
    secretary: str
    name: str
    seat: str
    page: str = ""
    page_host: str = ""
    line_held: bool = False
    line_up: bool = False
    fingerprint: str = ""
    issued: int = 0
    muted: bool = False
    after: tuple[Message, ...] = ()

    @property
    def line(self) -> str:
        """The name of her line in media."""
        return line_name(self.house, self.secretary)

    @property
    def state_name(self) -> str:
        """The name of her place in the journal."""
        return f"{SEAT_PREFIX}{self.house}/{self.secretary}"

    def to_plain(self) -> dict[str, Any]:
        """The place as JSON values, without its page."""
        return {
            "house": self.house,
            "secretary": self.secretary,
            "name": self.name,
            "seat": self.seat,
            "page_host": self.page_host,
            "line_held": self.line_held,
            "line_up": self.line_up,
            "fingerprint": self.fingerprint,
            "issued": self.issued,
            "muted": self.muted,
            "after": self.after,
        }

    @classmethod
    def from_plain(cls, data: dict[str, Any]) -> Self:
        """The inverse of `to_plain`. Raises TypeError or KeyError."""
        values = {name: value for name, value in data.items() if name in _KEPT}
        return cls(**{**values, "after": tuple(values.get("after", ()))})


_KEPT = tuple(field.name for field in fields(Seat) if field.name != "page")


def line_name(house: str, secretary: str) -> str:
    """The name of a secretary's line in media."""
    return f"{house}/{secretary}"


def fingerprint_of(sdp: str) -> str:
    """The DTLS fingerprint of an SDP offer (RFC 8122); "" where there is none."""
    found = _FINGERPRINT.search(sdp)
    return found.group(1).upper() if found else ""


class SeatBook:
    """Every seat, found by secretary, by page, by line."""

    def __init__(self) -> None:
        self._by_secretary: dict[tuple[str, str], Seat] = {}
        self._by_page: dict[str, Seat] = {}

    def __iter__(self) -> Iterator[Seat]:
        return iter(tuple(self._by_secretary.values()))

    def of(self, house: str, secretary: str) -> Seat | None:
        """The seat of a secretary."""
        return self._by_secretary.get((house, secretary))

    def at_page(self, page: str) -> Seat | None:
        """The seat whose page that is; None for a page that was taken over."""
        return self._by_page.get(page)

    def with_line(self, line: str) -> Seat | None:
        """The seat whose line that is."""
        house, _, secretary = line.partition("/")
        return self.of(house, secretary)

    def in_house(self, house: str) -> Iterator[Seat]:
        """The seats of one house that have a page."""
        return (seat for seat in tuple(self._by_secretary.values()) if seat.house == house and seat.page)

    def put(self, seat: Seat) -> None:
        """Adds a seat."""
        self._by_secretary[(seat.house, seat.secretary)] = seat

    def attach(self, seat: Seat, page: str) -> str:
        """Gives the seat to `page`; the page that had it before, or ""."""
        before = seat.page
        self._by_page.pop(before, None)
        seat.page = page
        if page:
            self._by_page[page] = seat
        return before

    def remove(self, seat: Seat) -> None:
        """The shift is over and the page is gone."""
        self.attach(seat, "")
        self._by_secretary.pop((seat.house, seat.secretary), None)
