# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the client accounts, scoped to the house (its slug) and, below, to the client (his id).

They return frozen dataclasses; an id is the decimal primary key as text.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from sys import intern
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from permanence.clients import file_parts as parts
from permanence.clients.away import absences_of
from permanence.clients.file_rows import Rows, accounts_of
from permanence.clients.hours import opening_hours
from permanence.clients.models import (
    Client,
    HoursException,
    Line,
    PortalUser,
    Quarantine,
    Reason,
    Recipient,
    WeeklyOpening,
)
from permanence.clients.rules import ClientState
from permanence.clients.script_queries import entry_from
from permanence.foundation.keys import NO_ROW, row_key
from permanence.foundation.prepared import Prepared
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.table import (
    ANSWERED,
    HEALTH_SECTOR,
    AbsenceEntry,
    AgendaEntry,
    ClosingWords,
    ContactEntry,
    GreetingEntry,
    InstructionEntry,
    OpeningHours,
    ReasonEntry,
    RecipientEntry,
    ScriptEntry,
    SiteEntry,
    VoiceMessageConsent,
)


class ClientUnknown(Refusal):
    """No such client in this house, or not one this person may see: the two look alike on purpose."""

    code = "client_unknown"


class LineUnknown(Refusal):
    """The client has no line of this number, or is not of this house: the two look alike on purpose."""

    code = "line_unknown"


class RecipientUnknown(Refusal):
    """No such recipient at this client."""

    code = "recipient_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientView:
    """A client as lists and cards show him. `colour` is 1 to 8, always drawn with the two `initials`.

    `pool` is the id of the one that answers for him, "" for the house's first.
    """

    id: str
    name: str
    initials: str
    colour: int
    kind: str
    sector: str
    place: str
    country: str
    region: str
    time_zone: str
    languages: tuple[str, ...]
    state: str
    pool: str = ""

    @property
    def health(self) -> bool:
        """Whether medical secrecy binds everything about him."""
        return self.sector == HEALTH_SECTOR


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientView:
    """For whom a message can be. `kind`: practitioner, practice, desk. `email` may be empty; not `active`: he left."""

    id: str
    client: str
    name: str
    kind: str
    email: str
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonView:
    """A reason as the message form shows it."""

    code: str
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientFile:
    """Everything the telephone needs of a client, in the classes of the routing table."""

    view: ClientView
    lines: tuple[str, ...]
    hours: OpeningHours
    greetings: tuple[GreetingEntry, ...]
    instructions: tuple[InstructionEntry, ...]
    recipients: tuple[RecipientEntry, ...]
    reasons: tuple[ReasonEntry, ...]
    ring_before_music_s: int
    max_wait_s: int
    voice_message: bool
    voice_message_consent: VoiceMessageConsent | None
    absences: tuple[AbsenceEntry, ...]
    script: ScriptEntry | None
    sites: tuple[SiteEntry, ...] = ()
    contacts: tuple[ContactEntry, ...] = ()
    trained: tuple[str, ...] = ()
    trained_only_s: int = 0
    read_first_s: int = 0
    agendas: tuple[AgendaEntry, ...] = ()
    closing: tuple[ClosingWords, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PortalAccess:
    """What a portal user sees: his client, and which recipient he is (None: an assistant who sees all)."""

    portal_user: str
    person: str
    name: str
    email: str
    language: str
    client: ClientView
    recipient: RecipientView | None


def clients(*, house: str, active_only: bool = False) -> tuple[ClientView, ...]:
    """The clients of a house, by name; those who ended are left out. One query."""
    rows = Client.objects.for_house(house).exclude(state=ClientState.ENDED)
    if active_only:
        rows = rows.filter(state__in=ANSWERED)
    return tuple(client_view(row) for row in rows.order_by("name"))


def routed(*, house: str) -> tuple[str, ...]:
    """The ids of the clients the telephone knows: those of `clients`, and who left and still has a number.

    One query.
    """
    return tuple(str(key) for key in _routed(house).order_by("name").values_list("pk", flat=True))


def _routed(house: str) -> QuerySet[Client]:
    line, rest = (Exists(table.objects.filter(client=OuterRef("pk"))) for table in (Line, Quarantine))
    return Client.objects.for_house(house).filter(~Q(state=ClientState.ENDED) | line | rest)


def client(*, house: str, client: str) -> ClientView:
    """One client. Raises ClientUnknown. One query."""
    row = Client.objects.for_house(house).filter(pk=row_key(client)).first()
    if row is None:
        raise ClientUnknown(f"no client {client} in {house}")
    return client_view(row)


def clients_visible_to(who: Who) -> frozenset[str]:
    """The ids of the clients a person may see: those of her house she answers for, his own for a portal user.

    One query.
    """
    if who.of_house:
        keys = (str(key) for key in Client.objects.for_house(who.house).values_list("pk", flat=True))
        return frozenset(key for key in keys if who.may_see(key))
    return frozenset(str(key) for (key,) in _of_person(who.house, who.person_key or NO_ROW))


@Prepared
def _of_person(house: str, person: int) -> QuerySet[PortalUser, tuple[int]]:
    return PortalUser.objects.for_house(house).filter(person_id=person, active=True).values_list("client_id")


def lines(*, house: str) -> dict[str, str]:
    """The numbers of a house: E.164 -> client id. One query."""
    return {number: str(key) for number, key in Line.objects.for_house(house).values_list("number", "client_id")}


def recipients(*, house: str, client: str, active_only: bool = True) -> tuple[RecipientView, ...]:
    """For whom messages of a client can be, in the form's order; empty for a client of another house. One query."""
    rows = Recipient.objects.for_house(house).for_client(row_key(client)).order_by("position", "pk")
    return tuple(recipient_view(row) for row in (rows.filter(active=True) if active_only else rows))


def recipient(*, house: str, client: str, recipient: str) -> RecipientView:
    """One recipient of a client, active or not. Raises RecipientUnknown. One query."""
    row = Recipient.objects.for_house(house).for_client(row_key(client)).filter(pk=row_key(recipient)).first()
    if row is None:
        raise RecipientUnknown(f"no recipient {recipient} at client {client}")
    return recipient_view(row)


def reasons(*, house: str, client: str) -> tuple[ReasonView, ...]:
    """The reasons of a client's message form, in order. One query."""
    rows = Reason.objects.for_house(house).for_client(row_key(client)).order_by("position", "pk")
    return tuple(ReasonView(code=row.code, label=row.label) for row in rows)


def portal_access(*, house: str, person: str) -> tuple[PortalAccess, ...]:
    """What a person sees in the portal, one entry a client. Empty when nothing. One query."""
    rows = _portal_rows(house).filter(person_id=row_key(person))
    return tuple(_access(row) for row in rows.order_by("client__name", "pk"))


def portal_users(*, house: str, client: str) -> tuple[PortalAccess, ...]:
    """The portal users of a client, by name. One query."""
    rows = _portal_rows(house).for_client(row_key(client))
    return tuple(_access(row) for row in rows.order_by("person__name", "pk"))


def absences(*, house: str, client: str, at: datetime) -> tuple[AbsenceEntry, ...]:
    """The absences that are not over at `at`, the earliest first; those withdrawn are left out. One query."""
    key = row_key(client)
    return absences_of(house=house, clients=(key,), at=at).get(key, ())


def client_file(*, house: str, client: str, at: datetime) -> ClientFile:
    """A client as the telephone needs him at `at`: instructions and absences that are over are left out.

    Of one who left only what his closing words need. Raises ClientUnknown. Two queries, whatever the size of the file.
    """
    key = row_key(client)
    rows = Client.objects.for_house(house).filter(pk=key)
    for row, of_him in accounts_of(clients=rows, at=at, client=key):
        return _file(row, of_him, at)
    raise ClientUnknown(f"no client {client} in {house}")


def client_files(*, house: str, at: datetime) -> Iterator[ClientFile]:
    """The files of all clients that the telephone knows (`routed`), one after the other. Two queries."""
    for row, of_him in accounts_of(clients=_routed(house), at=at):
        yield _file(row, of_him, at)


def _file(row: Client, rows: Rows, at: datetime) -> ClientFile:
    numbers = [number for (number,) in rows["lines"]]
    if row.state == ClientState.ENDED:
        return _file_of_who_left(row, (*numbers, *(number for (number,) in rows["resting"])))
    listed = tuple(
        ReasonEntry(code=intern(code), label=intern(label)) for _position, _key, code, label in rows["reasons"]
    )
    script = next(iter(rows["scripts"]), None)
    validations = tuple((text, day) for _number, text, day in reversed(rows["validations"]))
    return ClientFile(
        view=client_view(row),
        lines=tuple(numbers),
        hours=opening_hours(row, rows["openings"], rows["exceptions"]),
        greetings=parts.greetings_from(rows["greetings"]),
        closing=parts.closing_from(rows["closing"]),
        instructions=parts.instructions_from(
            rows["instructions"],
            at=at,
            labels={each.code: each.label for each in listed},
            readers=parts.readers_from(rows["readers"]),
        ),
        recipients=tuple(RecipientEntry(id=str(key), name=name) for _position, key, name in rows["recipients"]),
        reasons=listed,
        ring_before_music_s=row.ring_before_music_s,
        max_wait_s=row.max_wait_s,
        trained=tuple(str(secretary) for _key, secretary in rows["trained"]),
        trained_only_s=row.trained_only_s,
        read_first_s=row.read_first_s,
        voice_message=row.voice_message,
        voice_message_consent=None
        if row.voice_message_agreed_date is None
        else VoiceMessageConsent(agreed_date=row.voice_message_agreed_date.isoformat(), duty_contact=row.duty_contact),
        absences=parts.absences_from(rows["absences"]),
        script=None if script is None else entry_from(*script, validations),
        sites=parts.sites_from(rows["sites"]),
        contacts=parts.contacts_from(rows["contacts"], country=row.country),
        agendas=parts.agendas_from(rows["agendas"]),
    )


def _file_of_who_left(row: Client, numbers: tuple[str, ...]) -> ClientFile:
    """Nobody answers for him: his numbers, so that their calls hear the closing words in his languages."""
    return ClientFile(
        view=client_view(row),
        lines=tuple(sorted(set(numbers))),
        hours=OpeningHours(),
        greetings=(),
        instructions=(),
        recipients=(),
        reasons=(),
        ring_before_music_s=row.ring_before_music_s,
        max_wait_s=row.max_wait_s,
        voice_message=False,
        voice_message_consent=None,
        absences=(),
        script=None,
    )


def hours_of_clients(*, house: str) -> dict[str, tuple[ClientView, OpeningHours]]:
    """The opening hours of every client of a house who has not ended, by his id. Three queries."""
    week: dict[int, list[Any]] = {}
    openings = WeeklyOpening.objects.for_house(house).order_by("weekday", "opens")
    for client, *opening in openings.values_list("client_id", "weekday", "opens", "until"):
        week.setdefault(client, []).append(opening)
    days: dict[int, list[Any]] = {}
    exceptions = HoursException.objects.for_house(house).order_by("date", "opens")
    for client, day, *hours in exceptions.values_list("client_id", "date", "opens", "until", "label"):
        days.setdefault(client, []).append((day.isoformat(), *hours))
    rows = Client.objects.for_house(house).exclude(state=ClientState.ENDED).order_by("pk")
    return {
        str(row.pk): (client_view(row), opening_hours(row, week.get(row.pk, ()), days.get(row.pk, ()))) for row in rows
    }


def _portal_rows(house: str) -> ClientQuerySet[PortalUser]:
    rows = PortalUser.objects.for_house(house).filter(active=True, person__is_active=True)
    return rows.exclude(client__state=ClientState.ENDED).select_related("person", "client", "recipient")


def client_view(row: Client) -> ClientView:
    """The row as a frozen view."""
    return ClientView(
        id=str(row.pk),
        name=row.name,
        initials=row.initials,
        colour=row.colour,
        kind=row.kind,
        sector=row.sector,
        place=row.place,
        country=row.country,
        region=row.region,
        time_zone=row.time_zone,
        languages=tuple(row.languages),
        state=row.state,
        pool="" if row.pool_id is None else str(row.pool_id),
    )


def recipient_view(row: Recipient) -> RecipientView:
    """The row as a frozen view."""
    return RecipientView(
        id=str(row.pk),
        client=str(row.client_id),
        name=row.name,
        kind=row.kind,
        email=row.email,
        active=row.active,
    )


def _access(row: PortalUser) -> PortalAccess:
    return PortalAccess(
        portal_user=str(row.pk),
        person=str(row.person_id),
        name=row.person.name,
        email=row.person.email,
        language=row.person.language,
        client=client_view(row.client),
        recipient=None if row.recipient is None else recipient_view(row.recipient),
    )
