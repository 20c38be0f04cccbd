# SPDX-License-Identifier: AGPL-3.0-or-later
"""The rows of client accounts, of one client or of a whole house, in one question to the database.

Each table that belongs to a client gives a part: a JSON list a row, all parts joined by UNION ALL, so that neither the
number of clients nor that of the tables is a number of questions. JSON has neither moments nor days: `file_parts` reads
the first as both databases write them, and a day stays the text it is.

A table that the telephone is to know too is one `Part` here, one reader in `file_parts` and one line in
`queries.client_file`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet, StringAgg, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, JSONArray

from permanence.clients import file_parts as parts
from permanence.clients.models import (
    Absence,
    Announcement,
    Client,
    Contact,
    ExternalAgenda,
    Greeting,
    HoursException,
    Instruction,
    InstructionAcknowledgement,
    Line,
    Quarantine,
    Reason,
    Recipient,
    RedFlagValidation,
    Script,
    Site,
    Training,
    WeeklyOpening,
)

type Rows = Mapping[str, Sequence[list[Any]]]
"""By part the rows of one client, each the values of its fields, in the order of the part."""


@dataclass(frozen=True, slots=True)
class Part:
    """One table of a client: the fields of a row (or what is made of them), those that order rows first. `where`
    narrows, given the moment."""

    name: str
    table: Any
    fields: tuple[Any, ...]
    where: Any = None

    def rows(self, house: int, client: int | None, at: datetime) -> QuerySet[Any]:
        """The rows as (client, part, JSON), of one client of the house, or of all."""
        # Asked for both, SQLite may choose to look through the house.
        found = self.table.objects.for_house(house) if client is None else self.table.objects.for_client(client)
        if self.where is not None:
            found = found.filter(self.where(at))
        body = Cast(JSONArray(*self.fields), TextField())
        named = found.annotate(of=F("client_id"), part=Value(self.name), row=body)
        return named.order_by().values_list("of", "part", "row")  # type: ignore[no-any-return]


def _published_last(_at: datetime) -> Q:
    newest = Script.objects.filter(client=OuterRef("client")).exclude(published_at=None)
    return Q(pk=Subquery(newest.order_by("-published_at", "-version").values("pk")[:1]))


def _must_be_read(at: datetime) -> Q:
    """The versions that ask to be read and that no later one has taken the place of."""
    later = Instruction.objects.filter(root=Coalesce(OuterRef("root"), OuterRef("pk")), version__gt=OuterRef("version"))
    taken_over = later.filter(Q(starts_at__lte=at) | Q(starts_at=None, written_at__lte=at))
    over = Q(ends_at__isnull=False, ends_at__lte=at)
    return Q(acknowledge=True, retired=False) & ~over & ~Q(Exists(taken_over))


_WHO_HAS_READ = Subquery(
    InstructionAcknowledgement.objects.filter(instruction=OuterRef("pk"))
    .order_by()
    .values("instruction")
    .annotate(keys=StringAgg(Cast("secretary", TextField()), delimiter=Value(",")))
    .values("keys")
)

PARTS = (
    Part("lines", Line, ("number",)),
    Part("resting", Quarantine, ("number",)),
    Part("openings", WeeklyOpening, ("weekday", "opens", "until")),
    Part("exceptions", HoursException, ("date", "opens", "until", "label")),
    Part("greetings", Greeting, parts.GREETING_FIELDS),
    Part("closing", Announcement, parts.CLOSING_FIELDS, lambda _at: Q(closing=True) | Q(unanswered=True)),
    Part("instructions", Instruction, parts.INSTRUCTION_FIELDS),
    Part("readers", Instruction, ("pk", "root", "version", _WHO_HAS_READ), _must_be_read),
    Part("recipients", Recipient, ("position", "pk", "name"), lambda _at: Q(active=True)),
    Part("reasons", Reason, ("position", "pk", "code", "label")),
    Part("absences", Absence, parts.ABSENCE_FIELDS, lambda at: Q(ends_at__gt=at, withdrawn_at=None)),
    Part("trained", Training, ("pk", "secretary")),
    Part("sites", Site, parts.SITE_FIELDS),
    Part("contacts", Contact, parts.CONTACT_FIELDS),
    Part(
        "agendas",
        ExternalAgenda,
        parts.AGENDA_FIELDS,
        lambda _at: Q(recipient=None) | Q(recipient__active=True),
    ),
    Part("scripts", Script, ("version", "text"), _published_last),
    Part("validations", RedFlagValidation, ("number", "text", "validated_date")),
)
_ANYBODY, _EVER = -(1 << 40), datetime(1901, 2, 3, 4, 5, 6, tzinfo=UTC)
"""Stand in the question for the client and the moment asked about; no client and no row has them."""
_NO_ROWS: Rows = {part.name: () for part in PARTS}


def accounts_of(*, clients: QuerySet[Client], at: datetime, client: int | None = None) -> Iterator[tuple[Client, Rows]]:
    """Each of `clients`, all of one house, with his rows. `client`: the only one asked for. Two queries.

    Of a whole house the rows are read client by client, so that only one of them is held as rows.
    """
    accounts = {row.pk: row for row in clients}
    if not accounts:
        return
    if client is not None:
        yield accounts[client], _gathered(_rows_of(client, at))
        return
    joined = _joined(next(iter(accounts.values())).house_id, None, at)
    left = dict(accounts)
    held: int | None = None
    rows: list[Any] = []
    for row in joined.order_by("of").iterator(chunk_size=2000):
        if row[0] != held:
            if held is not None and held in left:
                yield left.pop(held), _gathered(rows)
            held, rows = row[0], []
        rows.append(row)
    if held is not None and held in left:
        yield left.pop(held), _gathered(rows)
    for alone in left.values():
        yield alone, _NO_ROWS


def _joined(house: int, client: int | None, at: datetime) -> QuerySet[Any]:
    first, *others = (part.rows(house, client, at) for part in PARTS)
    return first.union(*others, all=True).order_by()


@dataclass(frozen=True, slots=True)
class _Question:
    """The question about one client as the database is asked it, and where the client and the moment stand in it."""

    sql: str
    params: tuple[Any, ...]
    clients: frozenset[int]
    moments: frozenset[int]


def _rows_of(client: int, at: datetime) -> Iterator[tuple[int, str, str]]:
    """The rows of one client. The question is the same for all: it is put into words once, which costs most of it."""
    asked, moment = _question(connection.vendor), connection.ops.adapt_datetimefield_value(at)
    params = [
        type(given)(client) if place in asked.clients else moment if place in asked.moments else given
        for place, given in enumerate(asked.params)
    ]
    with connection.cursor() as cursor:
        cursor.execute(asked.sql, params)
        yield from cursor.fetchall()


@lru_cache(maxsize=4)
def _question(_vendor: str) -> _Question:
    """By the kind of database."""
    sql, params = _joined(0, _ANYBODY, _EVER).query.get_compiler(connection=connection).as_sql()
    moment = connection.ops.adapt_datetimefield_value(_EVER)
    return _Question(
        sql=sql,
        params=tuple(params),
        clients=frozenset(place for place, given in enumerate(params) if given == _ANYBODY),
        moments=frozenset(place for place, given in enumerate(params) if given == moment),
    )


def _gathered(rows: Any) -> Rows:
    found: dict[str, list[list[Any]]] = {part.name: [] for part in PARTS}
    for _client, part, body in rows:
        found[part].append(orjson.loads(body))
    for each in found.values():
        each.sort(key=_ordering)
    return found


def _ordering(row: list[Any]) -> list[Any]:
    return row[:2]
