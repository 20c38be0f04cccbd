# SPDX-License-Identifier: AGPL-3.0-or-later
"""The card: what the secretary sees before she answers. As plain JSON it is the `card` of docs/contracts.md."""

from datetime import datetime
from typing import Any

import orjson

from permanence.kernel.events import to_plain
from permanence.kernel.record import record
from permanence.reception.absence import is_away, near_absences
from permanence.reception.events import Reason
from permanence.reception.greeting import CardGreeting, greetings_for
from permanence.reception.instructions import instructions_for, is_new
from permanence.reception.markup import Block
from permanence.reception.table import (
    AgendaEntry,
    ClientSlice,
    ContactEntry,
    HouseSlice,
    InstructionEntry,
    ReasonEntry,
    RecipientEntry,
    ScriptEntry,
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
    """One instruction in force. Moments in milliseconds since 1970; `is_new`: of force since her last call for him.

    `blocks`: the text as it is set. `recipient` and `reason` with their names: for whom and for what it holds, ""
    for everybody and everything. `this_line`, `this_caller`: it is shown because of them.
    """

    id: str
    version: int
    text: str
    blocks: tuple[Block, ...]
    author: str
    since_ms: int
    until_ms: int | None
    is_new: bool
    acknowledge: bool = False
    recipient: str = ""
    recipient_name: str = ""
    reason: str = ""
    reason_label: str = ""
    this_line: bool = False
    this_caller: bool = False


@record
class CardAbsence:
    """An absence as the card shows it. Moments in milliseconds since 1970.

    `recipient` is the id and `name` the name of whoever is away, both "" for the whole client. `urgent_to` and
    `urgent_name`: to whom what is urgent goes, "" for nobody; `urgent_away`: he is away himself then.
    """

    id: str
    recipient: str
    name: str
    starts_ms: int
    ends_ms: int
    words: str
    by: str
    urgent_to: str = ""
    urgent_name: str = ""
    urgent_away: bool = False


@record
class CardForm:
    """The choices of the message form."""

    recipients: tuple[RecipientEntry, ...] = ()
    reasons: tuple[ReasonEntry, ...] = ()


@record
class Card:
    """Everything the console shows while the phone rings. `client` is None on a line nobody has.

    `open_until_ms`: when the client's line closes, None while it is closed or never closes. `why`: why she is the one
    who gets this call. `first_call`: no call of hers for this client is remembered, so that nothing is marked as new.
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
    greetings: tuple[CardGreeting, ...]
    instructions: tuple[CardInstruction, ...]
    caller: CallerShown
    called_line: str
    unknown_line: bool
    form: CardForm
    absences: tuple[CardAbsence, ...] = ()
    why: tuple[Reason, ...] = ()
    script: ScriptEntry | None = None
    sites: tuple[SiteEntry, ...] = ()
    contacts: tuple[ContactEntry, ...] = ()
    agendas: tuple[AgendaEntry, ...] = ()
    first_call: bool = False

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
    why: tuple[Reason, ...] = (),
) -> Card:
    """The card of a call for `client` (None: unknown line) at that secretary.

    `at`: the moment of the offer. The phrases and the instructions are those that hold then on `called_line`, the
    instructions also by the number shown; what must be read and she has not stands first. `seen_at`: her last call for
    this client, None when she has had none: what holds only since then is new to her. `open_until`: when his line
    closes, None when it is closed or never does.
    """
    if caller.masked:
        caller = CallerShown(masked=True)
    if client is None:
        return _unknown_card(house, caller, called_line, why)
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
        greetings=greetings_for(client, secretary, line=called_line, at=at),
        instructions=tuple(
            [
                _shown(entry, seen_at)
                for entry in instructions_for(
                    client.instructions,
                    at=at,
                    line=called_line,
                    caller=caller.number,
                    seen_at=seen_at,
                    reader=secretary.id,
                )
            ]
        ),
        caller=caller,
        called_line=called_line,
        unknown_line=False,
        form=CardForm(recipients=client.recipients, reasons=client.reasons),
        absences=_absences(client, at),
        why=why,
        script=client.script,
        sites=client.sites,
        contacts=client.contacts,
        agendas=client.agendas,
        first_call=seen_at is None,
    )


def _absences(client: ClientSlice, at: datetime) -> tuple[CardAbsence, ...]:
    if not client.absences:
        return ()
    names = {entry.id: entry.name for entry in client.recipients}
    return tuple(
        CardAbsence(
            id=entry.id,
            recipient=entry.recipient,
            name=names.get(entry.recipient, ""),
            starts_ms=milliseconds(entry.starts),
            ends_ms=milliseconds(entry.ends),
            words=entry.words,
            by=entry.by,
            urgent_to=entry.urgent_to if entry.urgent_to in names else "",
            urgent_name=names.get(entry.urgent_to, ""),
            urgent_away=bool(entry.urgent_to) and is_away(client, entry.urgent_to, at=max(at, entry.starts)),
        )
        for entry in near_absences(client, at=at)
        if not entry.recipient or entry.recipient in names
    )


def _shown(entry: InstructionEntry, seen_at: datetime | None) -> CardInstruction:
    return CardInstruction(
        id=entry.id,
        version=entry.version,
        text=entry.text,
        blocks=entry.blocks,
        author=entry.author,
        since_ms=milliseconds(entry.starts or entry.written_at),
        until_ms=None if entry.ends is None else milliseconds(entry.ends),
        is_new=is_new(entry, seen_at),
        acknowledge=entry.acknowledge,
        recipient=entry.recipient,
        recipient_name=entry.recipient_name,
        reason=entry.reason,
        reason_label=entry.reason_label,
        this_line=entry.line != "",
        this_caller=entry.caller != "",
    )


def _unknown_card(house: HouseSlice, caller: CallerShown, called_line: str, why: tuple[Reason, ...]) -> Card:
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
        why=why,
    )
