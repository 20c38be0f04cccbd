# SPDX-License-Identifier: AGPL-3.0-or-later
"""The card: what the secretary sees before she answers. As plain JSON it is the `card` of docs/contracts.md."""

from datetime import datetime
from typing import Any

import orjson

from permanence.kernel.events import to_plain
from permanence.reception.greeting import greetings_for
from permanence.reception.record import record
from permanence.reception.table import (
    ClientSlice,
    ContactEntry,
    GreetingEntry,
    HouseSlice,
    InstructionEntry,
    ReasonEntry,
    RecipientEntry,
    SecretaryEntry,
    SiteEntry,
)

UNKNOWN_KIND = "unknown"


@record
class CallerShown:
    """Who calls, as far as it may be shown: `number` (E.164) and `display` are absent when the call is masked."""

    number: str | None = None
    masked: bool = False
    display: str = ""


@record
class CardInstruction:
    """One instruction in force. Moments in milliseconds since 1970; `is_new`: written since her last call for him."""

    id: str
    version: int
    text: str
    author: str
    since_ms: int
    until_ms: int | None
    is_new: bool


@record
class CardForm:
    """The choices of the message form."""

    recipients: tuple[RecipientEntry, ...] = ()
    reasons: tuple[ReasonEntry, ...] = ()


@record
class Card:
    """Everything the console shows while the phone rings. `client` is None on a line nobody has.

    `open_until_ms`: when the client's line closes, None while it is closed or never closes.
    """

    client: str | None
    name: str
    initials: str
    colour: int
    kind: str
    place: str
    sector: str
    time_zone: str
    open_until_ms: int | None
    languages: tuple[str, ...]
    greetings: tuple[GreetingEntry, ...]
    instructions: tuple[CardInstruction, ...]
    caller: CallerShown
    called_line: str
    unknown_line: bool
    form: CardForm
    sites: tuple[SiteEntry, ...] = ()
    contacts: tuple[ContactEntry, ...] = ()

    def plain(self) -> dict[str, Any]:
        """The card as a JSON object."""
        try:
            plain: dict[str, Any] = orjson.loads(orjson.dumps(self))
        except TypeError:  # text that is not UTF-8
            plain = to_plain(self)
        return plain


def milliseconds(at: datetime) -> int:
    """`at` in whole milliseconds since 1970."""
    return int(at.timestamp() * 1000)


def build_card(
    client: ClientSlice | None,
    house: HouseSlice,
    secretary: SecretaryEntry,
    *,
    caller: CallerShown,
    called_line: str,
    at: datetime,
    open_until: datetime | None = None,
    seen_at: datetime | None = None,
) -> Card:
    """The card of a call for `client` (None: unknown line) at that secretary.

    `at`: the moment of the offer; the instructions in force then are listed by priority (highest first), then the
    most recently written first. `seen_at`: her last call for this client; what was written later is new to her, and
    everything is when she has had none. `open_until`: when his line closes, None when it is closed or never does.
    """
    if caller.masked:
        caller = CallerShown(masked=True)
    if client is None:
        return _unknown_card(house, caller, called_line)
    return Card(
        client=client.client,
        name=client.name,
        initials=client.initials,
        colour=client.colour,
        kind=client.kind,
        place=client.place,
        sector=client.sector,
        time_zone=client.time_zone,
        open_until_ms=None if open_until is None else milliseconds(open_until),
        languages=client.languages,
        greetings=greetings_for(client, secretary),
        instructions=tuple([_shown(entry, seen_at) for entry in instructions_in_force(client.instructions, at=at)]),
        caller=caller,
        called_line=called_line,
        unknown_line=False,
        form=CardForm(recipients=client.recipients, reasons=client.reasons),
        sites=client.sites,
        contacts=client.contacts,
    )


def instructions_in_force(entries: tuple[InstructionEntry, ...], *, at: datetime) -> tuple[InstructionEntry, ...]:
    """Those with `starts <= at < ends` (None is open), highest priority first, then the most recently written."""
    current = [
        entry
        for entry in entries
        if (entry.starts is None or entry.starts <= at) and (entry.ends is None or at < entry.ends)
    ]
    if len(current) > 1:
        current.sort(key=lambda entry: entry.id)
        current.sort(key=lambda entry: (entry.priority, entry.written_at), reverse=True)
    return tuple(current)


def _shown(entry: InstructionEntry, seen_at: datetime | None) -> CardInstruction:
    return CardInstruction(
        id=entry.id,
        version=entry.version,
        text=entry.text,
        author=entry.author,
        since_ms=milliseconds(entry.starts or entry.written_at),
        until_ms=None if entry.ends is None else milliseconds(entry.ends),
        is_new=seen_at is None or entry.written_at > seen_at,
    )


def _unknown_card(house: HouseSlice, caller: CallerShown, called_line: str) -> Card:
    return Card(
        client=None,
        name=house.name,
        initials="?",
        colour=0,
        kind=UNKNOWN_KIND,
        place="",
        sector="",
        time_zone="UTC",
        open_until_ms=None,
        languages=(house.language,),
        greetings=(),
        instructions=(),
        caller=caller,
        called_line=called_line,
        unknown_line=True,
        form=CardForm(),
    )
