# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the client accounts, scoped to the house (its slug) and, below, to the client (his id).

They return frozen dataclasses; an id is the decimal primary key as text.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from permanence.clients import instructions
from permanence.clients.announcements import closing_words, greeting_entries
from permanence.clients.directory_queries import contacts_of, sites_of
from permanence.clients.hours import hours_of, opening_hours
from permanence.clients.models import (
    Absence,
    Client,
    HoursException,
    Line,
    PortalUser,
    Quarantine,
    Reason,
    Recipient,
    Training,
    WeeklyOpening,
)
from permanence.clients.rules import ClientState
from permanence.clients.script_queries import script_entry
from permanence.foundation.tenancy import ClientQuerySet
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.table import (
    ANSWERED,
    HEALTH_SECTOR,
    AbsenceEntry,
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
    """The ids of the clients a person may see: those of her house she answers for, his own for a portal user.

    One query.
    """
    if who.of_house:
        keys = (str(key) for key in Client.objects.for_house(who.house).values_list("pk", flat=True))
        return frozenset(key for key in keys if who.may_see(key))
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


def absences(*, house: str, client: str, at: datetime) -> tuple[AbsenceEntry, ...]:
    """The absences that are not over at `at`, the earliest first; those withdrawn are left out. One query."""
    rows = Absence.objects.for_house(house).for_client(_key(client)).filter(ends_at__gt=at, withdrawn_at=None)
    return tuple(
        AbsenceEntry(
            id=str(row.pk),
            recipient=str(row.recipient_id or ""),
            starts=row.starts_at,
            ends=row.ends_at,
            words=row.words,
            urgent_to=str(row.urgent_to_id or ""),
            treatment=row.treatment,
            by=row.announced_by.name,
            announced_at=row.announced_at,
        )
        for row in rows.select_related("announced_by").order_by("starts_at", "pk")
    )


def client_file(*, house: str, client: str, at: datetime) -> ClientFile:
    """A client as the telephone needs him at `at`: instructions and absences that are over are left out.

    Of one who left only what his closing words need. Raises ClientUnknown. Fourteen queries, fifteen where a script is
    published, whatever the size of the file.
    """
    key = _key(client)
    row = Client.objects.for_house(house).filter(pk=key).first()
    if row is None:
        raise ClientUnknown(f"no client {client} in {house}")
    numbers = Line.objects.for_house(house).for_client(key).order_by("number").values_list("number", flat=True)
    if row.state == ClientState.ENDED:
        return _file_of_who_left(row, tuple(numbers))
    listed = reasons(house=house, client=client)
    labels = {each.code: each.label for each in listed}
    trained = Training.objects.for_house(house).for_client(key).order_by("pk").values_list("secretary_id", flat=True)
    return ClientFile(
        view=client_view(row),
        lines=tuple(numbers),
        hours=hours_of(row),
        greetings=greeting_entries(house, key),
        closing=closing_words(house, key),
        instructions=instructions.entries(house=house, client=key, at=at, labels=labels),
        recipients=tuple(RecipientEntry(id=each.id, name=each.name) for each in recipients(house=house, client=client)),
        reasons=tuple(ReasonEntry(code=each.code, label=each.label) for each in listed),
        ring_before_music_s=row.ring_before_music_s,
        max_wait_s=row.max_wait_s,
        trained=tuple(str(each) for each in trained),
        trained_only_s=row.trained_only_s,
        voice_message=row.voice_message,
        voice_message_consent=None
        if row.voice_message_agreed_date is None
        else VoiceMessageConsent(agreed_date=row.voice_message_agreed_date.isoformat(), duty_contact=row.duty_contact),
        absences=absences(house=house, client=client, at=at),
        script=script_entry(house=house, client=key),
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
        absences=(),
        script=None,
    )


def hours_of_clients(*, house: str) -> dict[str, tuple[ClientView, OpeningHours]]:
    """The opening hours of every client of a house who has not ended, by his id. Three queries."""
    week: dict[int, list[WeeklyOpening]] = {}
    for opening in WeeklyOpening.objects.for_house(house).order_by("weekday", "opens"):
        week.setdefault(opening.client_id, []).append(opening)
    days: dict[int, list[HoursException]] = {}
    for entry in HoursException.objects.for_house(house).order_by("date", "opens"):
        days.setdefault(entry.client_id, []).append(entry)
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


def _key(text: str) -> int:
    """The primary key behind an id that came over a wire; -1, which no row has, when it is not one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else -1
