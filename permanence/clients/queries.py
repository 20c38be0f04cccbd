# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the client accounts, scoped to the house (its slug) and, below, to the client (his id).

They return frozen dataclasses; an id is the decimal primary key as text.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from permanence.clients.directory_queries import contacts_of, sites_of
from permanence.clients.models import (
    Client,
    Greeting,
    HoursException,
    Instruction,
    Line,
    PortalUser,
    Quarantine,
    Reason,
    Recipient,
    WeeklyOpening,
)
from permanence.clients.rules import ClientState, InstructionVersion, stretches
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.table import (
    ANSWERED,
    HEALTH_SECTOR,
    ContactEntry,
    DateHours,
    GreetingEntry,
    InstructionEntry,
    Interval,
    OpeningHours,
    ReasonEntry,
    RecipientEntry,
    SiteEntry,
    VoiceMessageConsent,
    WeekdayHours,
)


class ClientUnknown(Refusal):
    """No such client in this house, or not one this person may see: the two look alike on purpose."""

    code = "client_unknown"


class RecipientUnknown(Refusal):
    """No such recipient at this client."""

    code = "recipient_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientView:
    """A client as lists and cards show him. `colour` is 1 to 8, always drawn with the two `initials`."""

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
    sites: tuple[SiteEntry, ...] = ()
    contacts: tuple[ContactEntry, ...] = ()


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
    line, rest = (Exists(table.objects.filter(client=OuterRef("pk"))) for table in (Line, Quarantine))
    rows = Client.objects.for_house(house).filter(~Q(state=ClientState.ENDED) | line | rest)
    return tuple(str(key) for key in rows.order_by("name").values_list("pk", flat=True))


def client(*, house: str, client: str) -> ClientView:
    """One client. Raises ClientUnknown. One query."""
    row = Client.objects.for_house(house).filter(pk=_key(client)).first()
    if row is None:
        raise ClientUnknown(f"no client {client} in {house}")
    return client_view(row)


def clients_visible_to(who: Who) -> frozenset[str]:
    """The ids of the clients a person may see: all of her house for its staff, his own for a portal user. One query."""
    if who.of_house:
        return frozenset(str(key) for key in Client.objects.for_house(who.house).values_list("pk", flat=True))
    rows = PortalUser.objects.for_house(who.house).filter(person_id=who.person_key or -1, active=True)
    return frozenset(str(key) for key in rows.values_list("client_id", flat=True))


def lines(*, house: str) -> dict[str, str]:
    """The numbers of a house: E.164 -> client id. One query."""
    return {number: str(key) for number, key in Line.objects.for_house(house).values_list("number", "client_id")}


def recipients(*, house: str, client: str, active_only: bool = True) -> tuple[RecipientView, ...]:
    """For whom messages of a client can be, in the form's order; empty for a client of another house. One query."""
    rows = Recipient.objects.for_house(house).for_client(_key(client)).order_by("position", "pk")
    return tuple(recipient_view(row) for row in (rows.filter(active=True) if active_only else rows))


def recipient(*, house: str, client: str, recipient: str) -> RecipientView:
    """One recipient of a client, active or not. Raises RecipientUnknown. One query."""
    row = Recipient.objects.for_house(house).for_client(_key(client)).filter(pk=_key(recipient)).first()
    if row is None:
        raise RecipientUnknown(f"no recipient {recipient} at client {client}")
    return recipient_view(row)


def reasons(*, house: str, client: str) -> tuple[ReasonView, ...]:
    """The reasons of a client's message form, in order. One query."""
    rows = Reason.objects.for_house(house).for_client(_key(client)).order_by("position", "pk")
    return tuple(ReasonView(code=row.code, label=row.label) for row in rows)


def portal_access(*, house: str, person: str) -> tuple[PortalAccess, ...]:
    """What a person sees in the portal, one entry a client. Empty when nothing. One query."""
    rows = _portal_rows(house).filter(person_id=_key(person))
    return tuple(_access(row) for row in rows.order_by("client__name", "pk"))


def portal_users(*, house: str, client: str) -> tuple[PortalAccess, ...]:
    """The portal users of a client, by name. One query."""
    rows = _portal_rows(house).for_client(_key(client))
    return tuple(_access(row) for row in rows.order_by("person__name", "pk"))


def client_file(*, house: str, client: str, at: datetime) -> ClientFile:
    """A client as the telephone needs him at `at`: instructions that are over are left out. Raises ClientUnknown.

    Of one who left only what his closing words need. Ten queries, whatever the size of the file.
    """
    key = _key(client)
    row = Client.objects.for_house(house).filter(pk=key).first()
    if row is None:
        raise ClientUnknown(f"no client {client} in {house}")
    numbers = Line.objects.for_house(house).for_client(key).order_by("number").values_list("number", flat=True)
    if row.state == ClientState.ENDED:
        return _file_of_who_left(row, tuple(numbers))
    greetings = Greeting.objects.for_house(house).for_client(key).order_by("pk")
    return ClientFile(
        view=client_view(row),
        lines=tuple(numbers),
        hours=_hours(row),
        greetings=tuple(GreetingEntry(language=each.language, text=each.text) for each in greetings),
        instructions=_instructions(house, key, at),
        recipients=tuple(RecipientEntry(id=each.id, name=each.name) for each in recipients(house=house, client=client)),
        reasons=tuple(ReasonEntry(code=each.code, label=each.label) for each in reasons(house=house, client=client)),
        ring_before_music_s=row.ring_before_music_s,
        max_wait_s=row.max_wait_s,
        voice_message=row.voice_message,
        voice_message_consent=None
        if row.voice_message_agreed_date is None
        else VoiceMessageConsent(agreed_date=row.voice_message_agreed_date.isoformat(), duty_contact=row.duty_contact),
        sites=sites_of(house, key),
        contacts=contacts_of(house, key),
    )


def _file_of_who_left(row: Client, numbers: tuple[str, ...]) -> ClientFile:
    """Nobody answers for him: his numbers, so that their calls hear the closing words in his languages."""
    resting = Quarantine.objects.for_client(row).values_list("number", flat=True)
    return ClientFile(
        view=client_view(row),
        lines=tuple(sorted({*numbers, *resting})),
        hours=OpeningHours(),
        greetings=(),
        instructions=(),
        recipients=(),
        reasons=(),
        ring_before_music_s=row.ring_before_music_s,
        max_wait_s=row.max_wait_s,
        voice_message=False,
        voice_message_consent=None,
    )


def _hours(row: Client) -> OpeningHours:
    week: dict[int, list[Interval]] = {}
    for opening in WeeklyOpening.objects.for_client(row).order_by("weekday", "opens"):
        week.setdefault(opening.weekday, []).append(Interval(opens=opening.opens, until=opening.until))
    days: dict[str, list[Interval]] = {}
    labels: dict[str, str] = {}
    for entry in HoursException.objects.for_client(row).order_by("date", "opens"):
        intervals = days.setdefault(entry.date.isoformat(), [])
        if entry.opens:
            intervals.append(Interval(opens=entry.opens, until=entry.until))
        labels[entry.date.isoformat()] = entry.label or labels.get(entry.date.isoformat(), "")
    return OpeningHours(
        always=row.open_always,
        week=tuple(WeekdayHours(weekday=day, intervals=tuple(times)) for day, times in week.items()),
        exceptions=tuple(DateHours(date=day, intervals=tuple(times), label=labels[day]) for day, times in days.items()),
        closed_on_holidays=row.closed_on_holidays,
    )


def _instructions(house: str, client: int, at: datetime) -> tuple[InstructionEntry, ...]:
    rows = Instruction.objects.for_house(house).for_client(client).select_related("author").order_by("pk")
    found = [each for each in stretches(_version(row) for row in rows) if each.span.ends is None or at < each.span.ends]
    found.sort(key=lambda each: (-each.version.priority, each.version.written_at, each.version.series))
    return tuple(
        InstructionEntry(
            id=each.version.series,
            version=each.version.version,
            text=each.version.text,
            author=each.version.author,
            written_at=each.version.written_at,
            starts=each.span.starts,
            ends=each.span.ends,
            priority=each.version.priority,
        )
        for each in found
    )


def _version(row: Instruction) -> InstructionVersion:
    return InstructionVersion(
        series=str(row.root_id or row.pk),
        version=row.version,
        text=row.text,
        author=row.author.name,
        written_at=row.written_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        priority=row.priority,
        retired=row.retired,
    )


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


def _key(text: str) -> int:
    """The primary key behind an id that came over a wire; -1, which no row has, when it is not one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
