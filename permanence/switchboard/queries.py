# SPDX-License-Identifier: AGPL-3.0-or-later
"""Assembles the slices of the routing table from the rooms above; reads the tests of the forwardings."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import OuterRef, Subquery, Value

from permanence.clients import forwarding as lines
from permanence.clients import queries as clients
from permanence.clients.queries import ClientFile
from permanence.clients.rules import ClientState
from permanence.clients.said import slice_of
from permanence.foundation.keys import row_key
from permanence.foundation.models import House
from permanence.reception.showing import parts_of
from permanence.reception.table import ClientSlice, HouseSlice, PoolEntry, RoutingTable, SecretaryEntry, TrunkEntry
from permanence.staff import queries as staff
from permanence.switchboard import rules
from permanence.switchboard.models import ForwardingCheck, ForwardingProof, SliceVersion, Trunk
from permanence.switchboard.rules import OPEN_STATES, ProofState, ProofWay, Why


def client_slice(*, house: str, client: str, version: int, at: datetime) -> ClientSlice:
    """The client as the telephone sees him at `at`. Raises ClientUnknown. Two queries."""
    return _shown_again(clients.client_file(house=house, client=client, at=at), house=house, version=version)


def client_slices(*, house: str, at: datetime) -> Iterator[ClientSlice]:
    """All clients of a house that the telephone knows, each under the version noted last (0: none). Three queries."""
    noted = dict(SliceVersion.objects.for_house(house).exclude(client=None).values_list("client_id", "version"))
    for file in clients.client_files(house=house, at=at):
        yield _shown_again(file, house=house, version=noted.get(int(file.view.id), 0))


def _shown_again(file: ClientFile, *, house: str, version: int) -> ClientSlice:
    """His slice, with what it takes to show his cards again."""
    entry = slice_of(file, house=house, version=version)
    return replace(entry, parts=parts_of(entry))


def routing_table(*, at: datetime) -> RoutingTable:
    """The whole table as the telephone has it at `at`, of every house. Two queries, and nine for each house."""
    entries: list[HouseSlice | ClientSlice] = []
    versions = dict(SliceVersion.objects.filter(client=None).values_list("house__slug", "version"))
    for house in House.objects.values_list("slug", flat=True).order_by("pk"):
        entries.append(house_slice(house=house, version=versions.get(house, 0)))
        entries.extend(client_slices(house=house, at=at))
    return RoutingTable.holding(entries)


def house_slice(*, house: str, version: int) -> HouseSlice:
    """The house as the telephone sees it. Raises House.DoesNotExist. Five queries."""
    row = House.objects.get(slug=house)
    pools = staff.pools(house=house)
    return HouseSlice(
        house=house,
        version=version,
        name=row.name,
        language=row.language,
        secretaries=tuple(
            SecretaryEntry(
                id=each.id,
                name=each.name,
                languages=each.languages,
                clients=each.clients,
                pools=tuple(pool.id for pool in pools if each.id in pool.secretaries),
            )
            for each in staff.secretaries(house=house)
        ),
        trunks=tuple(trunk_entry(trunk) for trunk in Trunk.objects.for_house(row).order_by("pk")),
        demonstration=row.demonstration,
        pools=tuple(
            PoolEntry(id=each.id, name=each.name, overflow=each.overflow, overflow_after_s=each.overflow_after_s)
            for each in pools
        ),
    )


def trunk_entry(row: Trunk) -> TrunkEntry:
    """The trunk as the exchange reads it."""
    fields: dict[str, Any] = {
        name: getattr(row, name)
        for name in (
            "name",
            "country",
            "number_from",
            "strip_prefix",
            "transport",
            "registrar",
            "user",
            "secret",
            "target",
            "ca_file",
            "client_certificate",
            "keep_alive_s",
        )
    }
    return TrunkEntry(addresses=tuple(row.addresses), **fields)


FINISHED = (ProofState.PASSED, ProofState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofView:
    """One test as pages show it; see `models.ForwardingProof`. `why` is None when it passed or goes on."""

    key: str
    client: str
    number: str
    called: str
    way: ProofWay
    state: ProofState
    daily: bool
    asked_by: str
    asked_at: datetime
    ends_at: datetime
    ended_at: datetime | None
    why: Why | None
    note: rules.Note
    detail: str

    @property
    def is_open(self) -> bool:
        """Whether it goes on."""
        return self.state in OPEN_STATES

    @property
    def is_direct(self) -> bool:
        """Whether the call a person made arrived without naming a forwarding, so that it may have been a direct one."""
        return self.is_passed and self.way is ProofWay.WATCHED and self.note is rules.Note.UNNAMED

    @property
    def is_passed(self) -> bool:
        """Whether the call arrived on the line it should."""
        return self.state is ProofState.PASSED

    @property
    def proves(self) -> bool:
        """Whether it proves that the client's calls come to us."""
        return self.is_passed and not self.is_direct


def proofs_of(*, house: str, client: str, limit: int = 20) -> tuple[ProofView, ...]:
    """The last tests of a client's lines, newest first. One query."""
    rows = ForwardingProof.objects.for_house(house).filter(client=row_key(client)).select_related("asked_by")
    return tuple(_view(row) for row in rows.order_by("-asked_at", "-pk")[:limit])


def dialling(*, house: str, client: str) -> tuple[dict[str, str], bool]:
    """The lines of a client that are tested each day (number -> time of his clock), and whether the house can call out
    at all. One query.
    """
    checks = ForwardingCheck.objects.for_house(house).filter(client=row_key(client)).order_by()
    trunks = Trunk.objects.for_house(house).order_by()
    found = dict(checks.values_list("number", "clock").union(trunks.values_list(Value(""), Value(""))))
    return {number: clock for number, clock in found.items() if number}, "" in found


def last_proofs(*, house: str) -> dict[tuple[str, str], ProofView]:
    """Of each line of a house the last finished test, of either way: (client, number) -> test. One query.

    What a number proved for a client who had it before says nothing of who has it now.
    """
    mine = {"client": OuterRef("client"), "number": OuterRef("number")}
    later = ForwardingProof.objects.filter(house=OuterRef("house"), **mine, state__in=FINISHED)
    newest = later.order_by("-asked_at", "-pk").values("pk")[:1]
    rows = ForwardingProof.objects.for_house(house).filter(pk=Subquery(newest)).select_related("asked_by")
    return {(str(row.client_id), row.number): _view(row) for row in rows}


def watched_arrivals(*, house: str, since: datetime) -> frozenset[tuple[str, datetime]]:
    """The calls since a moment that ended a test made by a person: the line and the moment of each. One query."""
    rows = ForwardingProof.objects.for_house(house).filter(way=ProofWay.WATCHED, ended_at__gte=since)
    found = rows.filter(state__in=FINISHED).values_list("number", "ended_at")
    return frozenset((number, ended) for number, ended in found if ended is not None)


def standing_failures(*, house: str) -> tuple[ProofView, ...]:
    """Of each line that is tested daily the last finished test, where it failed, by the line's number. Two queries."""
    here = {(each.client, each.number) for each in lines.lines_of_house(house=house)}
    finished = ForwardingProof.objects.filter(
        house=OuterRef("house"),
        client=OuterRef("client"),
        number=OuterRef("number"),
        way=ProofWay.DIALLED,
        state__in=FINISHED,
    )
    checks = ForwardingCheck.objects.for_house(house).exclude(client__state=ClientState.ENDED)
    last = checks.annotate(last=Subquery(finished.order_by("-asked_at", "-pk").values("pk")[:1])).values("last")
    rows = ForwardingProof.objects.for_house(house).filter(pk__in=last, state=ProofState.FAILED)
    found = (_view(row) for row in rows.select_related("asked_by").order_by("number"))
    return tuple(each for each in found if (each.client, each.number) in here)


def _view(row: ForwardingProof) -> ProofView:
    return ProofView(
        key=str(row.pk),
        client=str(row.client_id),
        number=row.number,
        called=row.called,
        way=ProofWay(row.way),
        state=ProofState(row.state),
        daily=row.daily,
        asked_by="" if row.asked_by is None else row.asked_by.name,
        asked_at=row.asked_at,
        ends_at=row.ends_at,
        ended_at=row.ended_at,
        why=Why(row.why) if row.why else None,
        note=rules.Note(row.note),
        detail=row.detail,
    )
