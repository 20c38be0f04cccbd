# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the instructions: what holds, how a version was written, who has read what. Scoped to the house."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from permanence.clients.models import Client, Instruction, InstructionAcknowledgement, Reason
from permanence.clients.rules import InstructionVersion, Scope, stretches
from permanence.foundation.keys import row_key
from permanence.kernel.refusals import Refusal
from permanence.reception import markup
from permanence.reception.table import ANSWERED
from permanence.staff import queries as staff

READ_AHEAD = timedelta(hours=24)
"""How long before it begins an instruction is given to be read."""


class InstructionUnknown(Refusal):
    """No such instruction at this client, or it was retired."""

    code = "instruction_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstructionView:
    """One version as it was written. `reason_label` is the code where the reason is not in the form any more."""

    instruction: str
    version: int
    client: str
    client_name: str
    client_initials: str
    client_colour: int
    text: str
    author: str
    written_at: datetime
    starts_at: datetime | None
    ends_at: datetime | None
    priority: int
    retired: bool
    acknowledge: bool
    scope: Scope
    recipient_name: str
    reason_label: str

    @property
    def blocks(self) -> tuple[markup.Block, ...]:
        """The text as it is shown."""
        return markup.blocks(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged:
    """Who has read a version, and when."""

    secretary: str
    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A version that every secretary is to read: who has, and the names of those who have not."""

    view: InstructionView
    read: tuple[Acknowledged, ...]
    missing: tuple[str, ...]


def current(*, house: str, client: str, instruction: str) -> InstructionView:
    """The last version of an instruction, retired or not. Raises InstructionUnknown. Two queries."""
    key = row_key(instruction)
    rows = _of_series(Instruction.objects.for_house(house).for_client(row_key(client)), key)
    row = rows.select_related("client", "author", "recipient").order_by("-version").first()
    if row is None:
        raise InstructionUnknown(instruction)
    return _view(row, _labels(house, [row]))


def series(*, house: str, client: str, instruction: str) -> tuple[InstructionView, ...]:
    """Every version of an instruction as it was written, the last first. Raises InstructionUnknown. Two queries."""
    rows = _of_series(Instruction.objects.for_house(house).for_client(row_key(client)), row_key(instruction))
    found = list(rows.select_related("client", "author", "recipient").order_by("-version"))
    if not found:
        raise InstructionUnknown(instruction)
    labels = _labels(house, found)
    return tuple(_view(row, labels) for row in found)


def versions(*, house: str, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int], InstructionView]:
    """Versions by (instruction, version), as they were written; those this house does not have are left out.

    Two queries.
    """
    pairs = set(wanted)
    keys = [row_key(instruction) for instruction, _version_number in pairs]
    rows = Instruction.objects.for_house(house).filter(Q(pk__in=keys, root=None) | Q(root__in=keys))
    found = [
        row
        for row in rows.select_related("client", "author", "recipient")
        if (str(row.root_id or row.pk), row.version) in pairs
    ]
    labels = _labels(house, found)
    return {(view.instruction, view.version): view for view in (_view(row, labels) for row in found)}


def read_when(*, house: str, wanted: Iterable[tuple[str, int]]) -> dict[tuple[str, int, str], datetime]:
    """When each of these versions was read, by (instruction, version, secretary). One query."""
    pairs = set(wanted)
    keys = [row_key(instruction) for instruction, _version_number in pairs]
    of_series = Q(instruction__in=keys, instruction__root=None) | Q(instruction__root__in=keys)
    rows = InstructionAcknowledgement.objects.for_house(house).filter(of_series).select_related("instruction")
    found = {
        (
            str(each.instruction.root_id or each.instruction_id),
            each.instruction.version,
            str(each.secretary_id),
        ): each.at
        for each in rows
    }
    return {key: at for key, at in found.items() if key[:2] in pairs}


def to_read(*, house: str, secretary: str, at: datetime) -> tuple[InstructionView, ...]:
    """What a secretary is asked to read and has not, the highest priority first, then the oldest. Five queries.

    Asked is who may be offered the client's calls by her pool, or by one that this pool is helped by.
    """
    pools = staff.pools(house=house)
    asking = [row for row in _asking(house, at) if _answers(secretary, row.client, pools)]
    read = _acknowledgements(house, asking).filter(secretary=row_key(secretary)).values_list("instruction", flat=True)
    done = set(read)
    missing = [row for row in asking if row.pk not in done]
    labels = _labels(house, missing)
    return tuple(_view(row, labels) for row in missing)


def readings(*, house: str, at: datetime, client: str = "") -> tuple[Reading, ...]:
    """Every version that is to be read now, with who has and who has not (as in `to_read`). Six queries.

    `client`: his alone.
    """
    pools = staff.pools(house=house)
    asking = _asking(house, at, client=client)
    labels = _labels(house, asking)
    working = staff.secretaries(house=house)
    read: dict[int, list[Acknowledged]] = {}
    for each in _acknowledgements(house, asking).select_related("secretary__person").order_by("at", "pk"):
        done = Acknowledged(secretary=str(each.secretary_id), name=each.secretary.person.name, at=each.at)
        read.setdefault(each.instruction_id, []).append(done)
    found = []
    for row in asking:
        having = tuple(read.get(row.pk, ()))
        done_by = {each.secretary for each in having}
        missing = tuple(
            each.name
            for each in working
            if each.id not in done_by
            and _answers(each.id, row.client, pools)
            and (each.clients is None or str(row.client_id) in each.clients)
        )
        found.append(Reading(view=_view(row, labels), read=having, missing=missing))
    return tuple(found)


def _answers(secretary: str, client: Client, pools: Sequence[staff.PoolView]) -> bool:
    """Whether she is in the client's pool (none: the house's first) or in the one that helps it.

    Who is in no pool is in the first, as for the telephone (`reception.roster`).
    """
    by_id = {each.id: each for each in pools}
    own = by_id.get(str(client.pool_id), pools[0] if pools else None)
    if own is None:
        return True
    hers = {each.id for each in pools if secretary in each.secretaries} or {pools[0].id}
    return not hers.isdisjoint({own.id, own.overflow})


def _asking(house: str, at: datetime, *, client: str = "") -> Sequence[Instruction]:
    """The versions that ask to be read and hold now or within READ_AHEAD, at clients whose calls are answered."""
    every = Instruction.objects.for_house(house).annotate(series=Coalesce("root_id", "pk"))
    if client:
        every = every.for_client(row_key(client))
    asking = every.filter(acknowledge=True, retired=False, client__state__in=ANSWERED).exclude(ends_at__lte=at)
    rows = every.filter(series__in=asking.values("series")).select_related("client", "author", "recipient")
    by_version = {(str(row.root_id or row.pk), row.version): row for row in rows.order_by("pk")}
    found = [
        by_version[each.version.series, each.version.version]
        for each in stretches(_version(row) for row in by_version.values())
        if each.version.acknowledge
        and (each.span.ends is None or at < each.span.ends)
        and (each.span.starts is None or each.span.starts <= at + READ_AHEAD)
    ]
    found.sort(key=lambda row: (-row.priority, row.written_at, row.pk))
    return found


def _acknowledgements(house: str, rows: Iterable[Instruction]) -> QuerySet[InstructionAcknowledgement]:
    return InstructionAcknowledgement.objects.for_house(house).filter(instruction__in=[row.pk for row in rows])


def _of_series(rows: QuerySet[Instruction], root: int) -> QuerySet[Instruction]:
    return rows.filter(Q(pk=root, root=None) | Q(root=root))


def _labels(house: str, rows: Iterable[Instruction]) -> dict[tuple[int, str], str]:
    """The reasons' words, by client and code; asks nothing where no reason is named."""
    named = [(row.client_id, row.reason) for row in rows if row.reason]
    if not named:
        return {}
    found = Reason.objects.for_house(house).filter(
        client__in={client for client, _code in named}, code__in={code for _client, code in named}
    )
    return {(client, code): label for client, code, label in found.values_list("client", "code", "label")}


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
        scope=scope_of(row),
        recipient_name="" if row.recipient is None else row.recipient.name,
        acknowledge=row.acknowledge,
    )


def scope_of(row: Instruction) -> Scope:
    """What the row is about."""
    recipient = "" if row.recipient_id is None else str(row.recipient_id)
    return Scope(recipient=recipient, line=row.line, reason=row.reason, caller=row.caller)


def _view(row: Instruction, labels: Mapping[tuple[int, str], str]) -> InstructionView:
    return InstructionView(
        instruction=str(row.root_id or row.pk),
        version=row.version,
        client=str(row.client_id),
        client_name=row.client.name,
        client_initials=row.client.initials,
        client_colour=row.client.colour,
        text=row.text,
        author=row.author.name,
        written_at=row.written_at,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        priority=row.priority,
        retired=row.retired,
        acknowledge=row.acknowledge,
        scope=scope_of(row),
        recipient_name="" if row.recipient is None else row.recipient.name,
        reason_label=labels.get((row.client_id, row.reason), row.reason),
    )
