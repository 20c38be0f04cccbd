# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of clients: search, order, pages, and of each client at a glance what is well and what is missing.

A column is one entry of `COLUMNS`: its words, and a reader that gets the clients of one page and answers for all of
them with a number of questions that does not grow with them. A room that knows more about clients adds an entry.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Subquery, TextField
from django.db.models.functions import Cast
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext, pgettext
from django.utils.translation import gettext_lazy as _

from permanence.backstage.cells import Cell, Reader, spelt_moment
from permanence.backstage.client_health import coverages, forwardings
from permanence.calls.models import Call
from permanence.clients.models import Client, Contact, Greeting, Line, PlannedEnd, Recipient, WeeklyOpening
from permanence.clients.rules import ClientState
from permanence.countries.numbers import spell_number
from permanence.foundation.folded import Folded, folded
from permanence.foundation.keys import row_key
from permanence.foundation.models import House
from permanence.foundation.who import Who
from permanence.kernel.phone import PhoneNumber
from permanence.reception.table import HEALTH_SECTOR

PAGE = 50
"""Clients of one page."""
PRESENT = "present"
"""The choice of all who did not end, which is what the page shows unasked."""
FEWEST_DIGITS = 3
"""Fewer digits are no number that is looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the page is asked for. `order`: a column's code, with "-" before it the other way round."""

    text: str = ""
    state: str = PRESENT
    order: str = "name"
    page: int = 1

    def address(self, **changed: Any) -> str:
        """The query of the same page with something changed."""
        fields = {"q": self.text, "state": self.state, "order": self.order, "page": self.page, **changed}
        usual = {"q": "", "state": PRESENT, "order": "name", "page": 1}
        return urlencode({name: value for name, value in fields.items() if value != usual[name]})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its code, its words, its reader, and by what it orders the whole list ("" not at all)."""

    code: str
    title: str | Promise
    read: Reader
    order: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One client of the page, and his cells in the order of the columns."""

    client: Client
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """One page of the list."""

    rows: tuple[Row, ...]
    total: int
    page: int
    pages: int


def read_asked(given: QueryDict) -> Asked:
    """What the address asks for; what makes no sense is as if it had not been asked."""
    order, page = given.get("order", "name"), given.get("page", "1")
    state = given.get("state", PRESENT)
    return Asked(
        text=given.get("q", "").replace("\x00", "").strip()[:80],
        state=state if state in {PRESENT, "all", *ClientState} else PRESENT,
        order=order if order.removeprefix("-") in ORDERS else "name",
        page=int(page) if page.isascii() and page.isdecimal() and 0 < int(page[:9]) < 10**6 else 1,
    )


def client_page(by: Who, asked: Asked) -> ListPage:
    """The clients of `by`'s house that fit. One query for each column that needs one, and two."""
    found = _matching(Client.objects.for_house(by.house_key), by, asked)
    total = found.count()
    pages = max(1, -(-total // PAGE))
    page = min(asked.page, pages)
    ordered = _ordered(found, asked.order)
    clients = list(_judged(ordered)[(page - 1) * PAGE : page * PAGE])
    answers = [column.read(by, clients) for column in COLUMNS]
    rows = tuple(Row(client=each, cells=tuple(found.get(each.pk, Cell()) for found in answers)) for each in clients)
    return ListPage(rows=rows, total=total, page=page, pages=pages)


def _matching(rows: QuerySet[Client], by: Who, asked: Asked) -> QuerySet[Client]:
    if by.clients is not None:
        rows = rows.filter(pk__in=by.clients)
    if asked.state == PRESENT:
        rows = rows.exclude(state=ClientState.ENDED)
    elif asked.state != "all":
        rows = rows.filter(state=asked.state)
    if not asked.text:
        return rows
    text = folded(asked.text)
    rows = rows.alias(small_name=Folded("name"), small_place=Folded("place"))
    contacts = Contact.objects.for_house(by.house_key).filter(client=OuterRef("pk"))
    recipients = Recipient.objects.for_house(by.house_key).filter(client=OuterRef("pk"))
    wanted = Q(small_name__contains=text) | Q(small_place__contains=text)
    wanted |= Q(Exists(contacts.alias(small=Folded("name")).filter(small__contains=text)))
    wanted |= Q(Exists(recipients.alias(small=Folded("name")).filter(small__contains=text)))
    digits = re.sub(r"\D", "", asked.text).removeprefix("00").removeprefix("0")
    if len(digits) >= FEWEST_DIGITS and re.fullmatch(r"[\d +().\-/\u00a0\u202f]+", asked.text):
        lines = Line.objects.for_house(by.house_key).filter(client=OuterRef("pk"))
        lines = lines.filter(Q(number__contains=digits) | Q(public_number__contains=digits))
        spoken = contacts.annotate(digits=Cast("numbers", TextField())).filter(digits__contains=digits)
        wanted |= Q(Exists(lines)) | Q(Exists(spoken))
    return rows.filter(wanted)


def _ordered(rows: QuerySet[Client], order: str) -> QuerySet[Client]:
    field, down = ORDERS[order.removeprefix("-")], order.startswith("-")
    if field == "last_call":
        calls = Call.objects.filter(client=OuterRef("pk")).order_by().values("client")
        rows = rows.annotate(last_call=Subquery(calls.annotate(last=Max("arrived_at")).values("last")))
    # Where there is nothing to order by, databases disagree: here it comes after all that there is, or before it.
    way = F(field).desc(nulls_last=True) if down else F(field).asc(nulls_first=True)
    return rows.order_by(way, "name", "pk")


def _judged(rows: QuerySet[Client]) -> QuerySet[Client]:
    """With what `_missing` asks, of the client alone: asked for his house too, SQLite reads all of it."""
    his = {"client": OuterRef("pk")}
    return rows.annotate(
        has_line=Exists(Line.objects.filter(**his)),
        has_hours=Exists(WeeklyOpening.objects.filter(**his)),
        has_greeting=Exists(Greeting.objects.filter(**his)),
        has_recipient=Exists(Recipient.objects.filter(**his, active=True).exclude(email="")),
        planned_end=Subquery(PlannedEnd.objects.filter(**his).values("ends_on")[:1]),
    )


def _states(_by: Who, clients: Sequence[Client]) -> Mapping[int, Cell]:
    marks = {ClientState.SUSPENDED.value: "warn"}
    words = state_words()
    return {
        each.pk: Cell(lines=(words[each.state], *_planned(each)), mark=marks.get(each.state, "")) for each in clients
    }


def _planned(client: Client) -> tuple[str, ...]:
    """The planned end of his contract."""
    day: date | None = getattr(client, "planned_end", None)
    return () if day is None else (gettext("ends on %(day)s") % {"day": date_format(day, "SHORT_DATE_FORMAT")},)


def _places(_by: Who, clients: Sequence[Client]) -> Mapping[int, Cell]:
    return {each.pk: Cell(lines=tuple(filter(None, (each.place, each.get_kind_display())))) for each in clients}


def _lines(by: Who, clients: Sequence[Client]) -> Mapping[int, Cell]:
    countries = {each.pk: each.country for each in clients}
    numbers: dict[int, list[str]] = {}
    rows = Line.objects.for_house(by.house_key).filter(client__in=list(countries)).order_by("number")
    for client, number in rows.values_list("client_id", "number"):
        numbers.setdefault(client, []).append(spell_number(PhoneNumber(number), country=countries[client]))
    return {client: Cell(lines=tuple(found)) for client, found in numbers.items()}


def _last_calls(by: Who, clients: Sequence[Client]) -> Mapping[int, Cell]:
    zone = ZoneInfo(House.objects.get(pk=by.house_key).time_zone)
    rows = Call.objects.for_house(by.house_key).filter(client__in=[each.pk for each in clients]).order_by()
    found = rows.values("client_id").annotate(last=Max("arrived_at")).values_list("client_id", "last")
    return {client: Cell(lines=(spelt_moment(last, zone),)) for client, last in found}


def _consents(_by: Who, clients: Sequence[Client]) -> Mapping[int, Cell]:
    return {each.pk: consent(each) for each in clients}


def consent(client: Client) -> Cell:
    """Whether callers may leave a voice message, and since when a doctor agreed."""
    if not client.voice_message:
        return Cell(lines=(gettext("no"),))
    if client.sector != HEALTH_SECTOR or client.voice_message_agreed_date is None:
        return Cell(lines=(gettext("yes"),))
    return Cell(
        lines=(
            gettext("agreed on %(day)s") % {"day": date_format(client.voice_message_agreed_date, "SHORT_DATE_FORMAT")},
        )
    )


def _missing(_by: Who, clients: Sequence[Client]) -> Mapping[int, Cell]:
    return {each.pk: missing(each) for each in clients}


def missing(client: Client) -> Cell:
    """What the client still lacks, in the words of the start page. Nothing is missing where a contract has ended."""
    if client.state == ClientState.ENDED:
        return Cell()
    judged: Any = client
    needs = (
        (judged.has_line, gettext("Its number")),
        (judged.has_hours or client.open_always, gettext("Its opening hours")),
        (judged.has_greeting, gettext("The phrase to say")),
        (judged.has_recipient, gettext("Who gets the messages")),
    )
    lacking = tuple(words for there, words in needs if not there)
    mark = "danger" if client.state in {ClientState.ACTIVE, ClientState.TRIAL} else "warn"
    return Cell(lines=lacking, mark=mark if lacking else "")


COLUMNS = (
    Column(code="state", title=_("State"), read=_states, order="state"),
    Column(code="place", title=_("Town"), read=_places, order="place"),
    Column(code="lines", title=_("Lines"), read=_lines),
    Column(code="forwarding", title=_("Forwarding"), read=forwardings),
    Column(code="coverage", title=_("Coverage"), read=coverages),
    Column(code="call", title=_("Last call"), read=_last_calls, order="last_call"),
    Column(code="voice", title=_("Voice messages"), read=_consents),
    Column(code="missing", title=_("Missing"), read=_missing),
)
"""Every column after the name, in the order of the page."""
ORDERS = {"name": "name", **{column.code: column.order for column in COLUMNS if column.order}}


def heads(asked: Asked) -> list[dict[str, Any]]:
    """The heads of the columns: the words, the address that orders by it, and which way it is ordered now."""
    found = []
    for code, title in (("name", _("Name")), *((column.code, column.title) for column in COLUMNS)):
        way = {code: "ascending", f"-{code}": "descending"}.get(asked.order, "")
        order = f"-{code}" if way == "ascending" else code
        address = asked.address(order=order, page=1) if code in ORDERS else None
        found.append({"title": capfirst(str(title)), "way": way, "address": address})
    return found


def state_words() -> dict[str, str]:
    """The states of a client in a word each."""
    return {
        ClientState.PROSPECT.value: pgettext("client", "prospect"),
        ClientState.TRIAL.value: pgettext("client", "trial"),
        ClientState.ACTIVE.value: pgettext("client", "active"),
        ClientState.SUSPENDED.value: pgettext("client", "suspended"),
        ClientState.ENDED.value: pgettext("client", "ended"),
    }


def state_choices() -> list[tuple[str, str]]:
    """The states one can ask for."""
    return [(PRESENT, gettext("All but those who ended")), *state_words().items(), ("all", gettext("All"))]


def one_client(by: Who, key: str) -> Client | None:
    """The client with what `missing` asks, and the end that is planned; None when the house has none of that key.

    One query.
    """
    number = row_key(key)
    planned = PlannedEnd.objects.filter(client=OuterRef("pk"))
    rows = _judged(Client.objects.for_house(by.house_key)).annotate(
        planned_until=Subquery(planned.values("until")[:1]), planned_by=Subquery(planned.values("planned_by")[:1])
    )
    return rows.filter(pk=number).first()
