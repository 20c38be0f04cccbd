# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the persons known to a client, scoped to the house (its slug) and to the client (his id).

They return frozen dataclasses; an id is the decimal primary key as text. Searching is `callers.search`'s.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Max, QuerySet

from permanence.callers import index
from permanence.callers.models import NoShowRule, Patient, PatientConsent, PatientLink, PatientMerge, PatientNumber
from permanence.callers.rules.birth import BirthDate
from permanence.callers.rules.identity import ContactWay, IdentityStatus, LinkKind
from permanence.callers.rules.likeness import Traits
from permanence.callers.rules.no_show import NO_RULE, Rule
from permanence.clients import queries as clients
from permanence.foundation import secrecy
from permanence.foundation.keys import row_key
from permanence.foundation.prepared import Prepared
from permanence.kernel.refusals import Refusal

NOTES = "patient.notes"
"""What the notes are sealed for."""
BATCH = 500
"""Keys asked for at a time."""


class PatientUnknown(Refusal):
    """No such person at this client: one of another client is not there."""

    code = "patient_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientView:
    """A person as lists show him. `birth_date` is ISO as far as it is known ("1961-03"), `numbers` E.164.

    `merged_into` is the id of the one who stands for him, "" for who stands for himself.
    """

    id: str
    client: str
    birth_name: str
    used_name: str
    first_name: str
    birth_date: str
    sex: str
    numbers: tuple[str, ...]
    mail: str
    language: str
    address: str
    status: IdentityStatus
    known: bool
    may_sms: bool
    may_mail: bool
    no_shows: int
    is_deceased: bool
    merged_into: str
    sms_agreed_at: datetime | None = None
    """Since when; a search does not say it."""

    @property
    def born(self) -> tuple[date, date] | None:
        """The first and the last day on which he can be born, None where nothing is known of it."""
        return None if self.birth is None else self.birth.days

    @property
    def birth(self) -> BirthDate | None:
        """The birth date, None where nothing is known of it."""
        return BirthDate.from_iso(self.birth_date) if self.birth_date else None

    @property
    def family_name(self) -> str:
        """The name he is called by: the used one, else the one of his birth."""
        return self.used_name or self.birth_name

    @property
    def name(self) -> str:
        """Family name and first name, as a list has them; the birth name is said where it is another."""
        return " ".join(filter(None, (self.family_name.upper(), self.first_name)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentView:
    """What he said about one way of writing to him, when, and to whom."""

    way: ContactWay
    given: bool
    at: datetime
    by_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkView:
    """Somebody who belongs to him. `other` is the id of a patient of the same client, "" for somebody else."""

    id: str
    kind: LinkKind
    other: str
    name: str
    number: str
    may_speak: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeView:
    """A merge: who went into whom, when, by whom, what came with him; `undone_at` where it was undone."""

    id: str
    kept: str
    merged: str
    taken: tuple[str, ...]
    at: datetime
    by_name: str
    undone_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFile:
    """Everything of a person. `identity_document`, `_seen_at`, `_seen_by`: what validated his identity.

    `changed_at`: when something of him was changed last; who changes him says which state she saw.
    """

    view: PatientView
    added_at: datetime
    changed_at: datetime
    notes: str
    identity_document: str
    identity_seen_at: datetime | None
    identity_seen_by: str
    consents: tuple[ConsentView, ...]
    links: tuple[LinkView, ...]
    merges: tuple[MergeView, ...]


def today_of(client: clients.ClientView, at: datetime) -> date:
    """The day it is where the client is."""
    return at.astimezone(ZoneInfo(client.time_zone)).date()


def patient(*, house: str, client: str, patient: str) -> PatientView:
    """One person of a client. Raises PatientUnknown. Two queries."""
    rows = _of_client(house, row_key(client), (row_key(patient),))
    if not rows:
        raise PatientUnknown(f"no patient {patient} at client {client}")
    return views(rows)[0]


def patients(*, house: str, client: str, ids: Iterable[str]) -> dict[str, PatientView]:
    """Several persons of a client by id; those that are not his are left out. Two queries."""
    rows = _of_client(house, row_key(client), tuple(row_key(each) for each in ids))
    return {each.id: each for each in views(rows)}


@Prepared
def _of_client(house: str, client: int, keys: tuple[int, ...]) -> QuerySet[Patient, Patient]:
    return Patient.objects.for_house(house).for_client(client).filter(pk__in=keys)


@Prepared
def _numbers_of(patients: tuple[int, ...]) -> QuerySet[PatientNumber, tuple[int, str]]:
    found = PatientNumber.objects.filter(patient__in=patients).order_by("position", "pk")
    return found.values_list("patient_id", "number")


def standing(*, house: str, client: str, patient: str) -> PatientView:
    """Who stands for this person today: himself, or the one he was merged into. Raises PatientUnknown. Two queries."""
    found = _one(house, client, patient)
    if not found.merged_into:
        return found
    return standing_of(pairs=[(found.client, found.id)])[(found.client, found.id)]


def standing_of(*, pairs: Iterable[tuple[str, str]]) -> dict[tuple[str, str], PatientView]:
    """Who stands for these persons today, by (client, patient); a pair that does not belong together is left out.

    Two queries, and two more for each merge into one who was merged himself. Nothing is asked for no pairs.
    """
    found: dict[tuple[str, str], PatientView] = {}
    wanted = {pair: pair for pair in pairs}
    while wanted:
        rows = list(Patient.objects.filter(pk__in={row_key(key) for _client, key in wanted.values()}))
        known = {(each.client, each.id): each for each in views(rows)}
        read = {pair: known[now] for pair, now in wanted.items() if now in known}
        found |= {pair: each for pair, each in read.items() if not each.merged_into}
        wanted = {pair: (each.client, each.merged_into) for pair, each in read.items() if each.merged_into}
    return found


def agreed_to_sms(*, client: str, number: str) -> datetime | None:
    """When a patient of this client who has this number (E.164) last agreed to SMS; None for nobody. One query."""
    rows = PatientNumber.objects.for_client(row_key(client)).filter(number=number)
    living = rows.filter(patient__merged_into=None, patient__is_deceased=False)
    moment: datetime | None = living.aggregate(last=Max("patient__sms_agreed_at"))["last"]
    return moment


def file_of(*, house: str, client: str, patient: str) -> PatientFile:
    """Everything of a person, his notes opened. Raises PatientUnknown. Six queries."""
    view = _one(house, client, patient)
    row = Patient.objects.get(pk=int(view.id))
    links = PatientLink.objects.filter(patient=row).select_related("other").order_by("pk")
    merges = PatientMerge.objects.filter(kept=row).order_by("-at", "-pk")
    return PatientFile(
        view=view,
        added_at=row.added_at,
        changed_at=row.changed_at,
        notes=notes_of(row, house),
        identity_document=row.identity_document,
        identity_seen_at=row.identity_seen_at,
        identity_seen_by=row.identity_seen_by,
        consents=consents_of(view),
        links=tuple(_link(each) for each in links),
        merges=tuple(
            MergeView(
                id=str(each.pk),
                kept=str(each.kept_id),
                merged=str(each.merged_id),
                taken=tuple(each.taken),
                at=each.at,
                by_name=each.by_name,
                undone_at=each.undone_at,
            )
            for each in merges
        ),
    )


def consents_of(patient: PatientView) -> tuple[ConsentView, ...]:
    """What he said about being written to, also under the files that were merged into his, the last first.

    Two queries, and one more for each merge into one who was merged himself.
    """
    row = Patient(pk=int(patient.id))
    rows = PatientConsent.objects.filter(patient__in=[row.pk, *(each.pk for each in index.merged_into(row))])
    rows = rows.order_by("-at", "-pk")
    return tuple(
        ConsentView(way=ContactWay(each.way), given=each.given, at=each.at, by_name=each.by_name) for each in rows
    )


def no_show_rule(*, house: str, client: str) -> Rule:
    """What the client wants done about appointments that were not kept. One query."""
    row = NoShowRule.objects.for_house(house).for_client(row_key(client)).first()
    if row is None:
        return NO_RULE
    return Rule(
        warn_from=row.warn_from,
        block_online_from=row.block_online_from,
        deposit_from=row.deposit_from,
        deposit_note=row.deposit_note,
    )


def notes_of(row: Patient, house: str) -> str:
    """The notes of a row, opened."""
    return secrecy.unseal(row.sealed_notes, house=house, purpose=NOTES) if row.sealed_notes else ""


def traits_of(view: PatientView) -> Traits:
    """What is compared of a person."""
    return Traits(
        birth_name=view.birth_name,
        used_name=view.used_name,
        first_name=view.first_name,
        birth=view.birth,
        sex=view.sex,
        numbers=frozenset(view.numbers),
    )


def views(rows: list[Patient]) -> list[PatientView]:
    """Rows as views, in their order. One query for the numbers of each `BATCH`."""
    numbers: dict[int, list[str]] = defaultdict(list)
    for start in range(0, len(rows), BATCH):
        for key, number in _numbers_of(tuple(row.pk for row in rows[start : start + BATCH])):
            numbers[key].append(number)
    return [_view(row, tuple(numbers[row.pk])) for row in rows]


def _one(house: str, client: str, key: str) -> PatientView:
    return patient(house=house, client=client, patient=key)


def _link(row: PatientLink) -> LinkView:
    known = None if row.other is None else _view(row.other, ())
    return LinkView(
        id=str(row.pk),
        kind=LinkKind(row.kind),
        other="" if known is None else known.id,
        name=row.name if known is None else known.name,
        number=row.number,
        may_speak=row.may_speak,
    )


def _view(row: Patient, numbers: tuple[str, ...]) -> PatientView:
    return PatientView(
        id=str(row.pk),
        client=str(row.client_id),
        birth_name=row.birth_name,
        used_name=row.used_name,
        first_name=row.first_name,
        birth_date=row.birth_date,
        sex=row.sex,
        numbers=numbers,
        mail=row.mail,
        language=row.language,
        address=row.address,
        status=IdentityStatus(row.identity_status),
        known=row.known,
        may_sms=row.sms_agreed_at is not None and not row.is_deceased,
        may_mail=row.mail_agreed_at is not None and not row.is_deceased,
        sms_agreed_at=row.sms_agreed_at,
        no_shows=row.no_shows,
        is_deceased=row.is_deceased,
        merged_into="" if row.merged_into_id is None else str(row.merged_into_id),
    )
