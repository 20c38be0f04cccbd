# SPDX-License-Identifier: AGPL-3.0-or-later
"""The card as it was shown: what the offer says of it, with the texts of the versions, which are never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import orjson

from permanence.calls.models import CallOffer, CardPart, RedFlagNote
from permanence.clients import instructions, script_queries
from permanence.clients.instructions import InstructionView
from permanence.clients.rules.script import Script, read_text
from permanence.kernel.events import from_plain
from permanence.reception.card import CardForm, CardInstruction, milliseconds
from permanence.reception.events import Reason, ShownAbsence, ShownInstruction, ShownScript
from permanence.reception.greeting import CardGreeting
from permanence.reception.parts import CardParts
from permanence.reception.table import AgendaEntry, ContactEntry, SiteEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """What one console showed. `how` is empty while it rings; `name` and what follows is empty, and `parts` None, where
    an earlier release kept no more of it."""

    secretary: str
    secretary_name: str
    offered_at: datetime
    how: str
    why: tuple[Reason, ...]
    name: str
    greetings: tuple[CardGreeting, ...]
    instructions: tuple[CardInstruction, ...]
    absences: tuple[ShownAbsence, ...]
    script: "ScriptView | None" = None
    place: str = ""
    time_zone: str = ""
    open_until_ms: int | None = None
    parts: "PartsView | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PartsView:
    """The parts of a card that no version names (`reception.parts`); None where the text is not found any more."""

    form: CardForm | None
    sites: tuple[SiteEntry, ...] | None
    contacts: tuple[ContactEntry, ...] | None
    agendas: tuple[AgendaEntry, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptView:
    """The script on a card. `script`: as it stood there, its red flags in it; None where it is not found any more."""

    version: int
    validated_date: str
    script: Script | None


def cards_of(*, house: str, call: str) -> tuple[ShownCard, ...]:
    """Every card that was shown for a call, in the order of the offers; none for another house's.

    Four queries at most, and two for each script.
    """
    offers = (
        CallOffer.objects.for_house(house).filter(call__call=call).select_related("secretary__person", "call", "house")
    )
    rows = list(offers.order_by("offered_at", "pk"))
    entries = {row.pk: _entries(row) for row in rows}
    wanted = {(each.id, each.version) for found in entries.values() for each in found}
    texts = instructions.versions(house=house, wanted=wanted)
    held = {row.pk: from_plain(CardParts, row.card["parts"]) for row in rows if row.card.get("parts") is not None}
    parts = _part_texts(house, rows, held.values())
    return tuple(_card(row, entries[row.pk], texts, _parts(held.get(row.pk), parts)) for row in rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagView:
    """A red flag of a call: heard, or what became of it; by whom, and when the house was told."""

    label: str
    what: str
    cause: str
    by: str
    at: datetime


def red_flags_of(*, house: str, call: str) -> tuple[FlagView, ...]:
    """What was noted of red flags in a call, in its order; none for another house's. One query."""
    rows = RedFlagNote.objects.for_house(house).filter(call=call).select_related("by").order_by("at", "pk")
    return tuple(FlagView(label=row.label, what=row.what, cause=row.cause, by=row.by.name, at=row.at) for row in rows)


def _entries(row: CallOffer) -> tuple[ShownInstruction, ...]:
    """The instructions in their order; from the bare versions where an earlier release kept no more."""
    if "instructions" in row.card:
        return from_plain(tuple[ShownInstruction, ...], row.card["instructions"])
    pairs = [str(each).rpartition(":") for each in row.shown]
    return tuple(ShownInstruction(id=key, version=int(version)) for key, _, version in pairs if version.isdecimal())


def _part_texts(house: str, rows: Iterable[CallOffer], held: Iterable[CardParts]) -> dict[tuple[str, str], str]:
    """The texts of the parts of these cards of one call's client, by part and digest."""
    clients = {row.call.client_id for row in rows}
    digests = {digest for each in held for digest in (each.form, each.sites, each.contacts, each.agendas) if digest}
    if not digests:
        return {}
    found = CardPart.objects.for_house(house).filter(client__in=clients, digest__in=digests)
    return {(part, digest): text for part, digest, text in found.values_list("part", "digest", "text")}


def _parts(held: CardParts | None, texts: Mapping[tuple[str, str], str]) -> PartsView | None:
    if held is None:
        return None

    def read[T](kind: type[T], part: str, digest: str, empty: T) -> T | None:
        if not digest:
            return empty
        text = texts.get((part, digest))
        return None if text is None else from_plain(kind, orjson.loads(text))

    return PartsView(
        form=read(CardForm, "form", held.form, CardForm()),
        sites=read(tuple[SiteEntry, ...], "sites", held.sites, ()),
        contacts=read(tuple[ContactEntry, ...], "contacts", held.contacts, ()),
        agendas=read(tuple[AgendaEntry, ...], "agendas", held.agendas, ()),
    )


def _card(
    row: CallOffer,
    entries: tuple[ShownInstruction, ...],
    texts: dict[tuple[str, int], InstructionView],
    parts: PartsView | None,
) -> ShownCard:
    greetings = row.card.get("greetings") or ([{"language": "", "text": row.greeting}] if row.greeting else [])
    return ShownCard(
        secretary=str(row.secretary_id),
        secretary_name=row.secretary.person.name,
        offered_at=row.offered_at,
        how=row.how,
        why=tuple(from_plain(Reason, each) for each in row.why),
        name=row.card.get("name", ""),
        greetings=tuple(from_plain(CardGreeting, each) for each in greetings),
        instructions=tuple(_instruction(each, texts.get((each.id, each.version))) for each in entries),
        absences=tuple(from_plain(ShownAbsence, each) for each in row.card.get("absences", ())),
        script=_script(row),
        place=row.card.get("place", ""),
        time_zone=row.card.get("time_zone", ""),
        open_until_ms=row.card.get("open_until_ms"),
        parts=parts,
    )


def _script(row: CallOffer) -> ScriptView | None:
    held = row.card.get("script")
    if held is None or row.call.client_id is None:
        return None
    shown = from_plain(ShownScript, held)
    about = {"house": row.house.slug, "client": str(row.call.client_id)}
    entry = script_queries.script_shown(**about, version=shown.version, digest=shown.digest)
    script = None if entry is None else read_text(entry.text)[0]
    return ScriptView(version=shown.version, validated_date=shown.validated_date, script=script)


def _instruction(entry: ShownInstruction, view: InstructionView | None) -> CardInstruction:
    """As it stood on the card; without a text where this house has no such version (any more)."""
    return CardInstruction(
        id=entry.id,
        version=entry.version,
        text="" if view is None else view.text,
        blocks=() if view is None else view.blocks,
        author=entry.author or ("" if view is None else view.author),
        since_ms=0 if view is None else milliseconds(view.starts_at or view.written_at),
        until_ms=entry.until_ms,
        is_new=entry.is_new,
        acknowledge=view is not None and view.acknowledge,
        recipient="" if view is None else view.scope.recipient,
        recipient_name=entry.recipient,
        reason="" if view is None else view.scope.reason,
        reason_label=entry.reason,
        this_line=view is not None and view.scope.line != "",
        this_caller=view is not None and view.scope.caller != "",
    )
