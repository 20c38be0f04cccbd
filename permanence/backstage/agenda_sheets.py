# SPDX-License-Identifier: AGPL-3.0-or-later
"""The table of the external agendas that comes and goes as CSV; what is written is read back to the same."""

from collections.abc import Iterator, Mapping
from typing import Any

from permanence.backstage.account_sheets import Read
from permanence.backstage.sheets import Sheet
from permanence.clients.bulk_rules import EntryLine, Fault
from permanence.clients.models import ExternalAgenda
from permanence.clients.rules.agenda_links import PRODUCT_LIMIT, REMARK_LIMIT, LinkUnfit, read_link

AGENDA_COLUMNS = ("client", "recipient", "product", "link", "remark")
_LIMITS = {"product": PRODUCT_LIMIT, "remark": REMARK_LIMIT}


def read_agendas(sheet: Sheet) -> Read[EntryLine]:
    """The agendas of a table."""
    faults = list(sheet.faults)
    lines = [_line(number, cells, faults) for number, cells in sheet.lines]
    return Read(lines=tuple(line for line in lines if line is not None), faults=tuple(faults))


def _line(number: int, cells: Mapping[str, str], faults: list[Fault]) -> EntryLine | None:
    before = len(faults)
    needed = [column for column in ("client", "product", "link") if not cells.get(column)]
    faults += [Fault(line=number, column=column, code="needed") for column in needed]
    for column, limit in _LIMITS.items():
        if len(cells.get(column, "")) > limit:
            faults.append(Fault(line=number, column=column, code="too_long", value=cells[column][:80]))
    fields: dict[str, Any] = {column: cells[column] for column in AGENDA_COLUMNS[1:] if column in cells}
    try:
        fields["link"] = read_link(cells.get("link", "")).text
    except LinkUnfit as refusal:
        if cells.get("link"):
            faults.append(Fault(line=number, column="link", code=refusal.code, value=cells["link"][:80]))
    return EntryLine(line=number, client=cells["client"], fields=fields) if len(faults) == before else None


def agenda_rows(house: int) -> Iterator[dict[str, str]]:
    """Every agenda of a house, by client. One question."""
    rows = ExternalAgenda.objects.for_house(house).order_by("client__name", "pk")
    for values in rows.values_list("client__name", "recipient__name", "product", "link", "remark"):
        yield {column: value or "" for column, value in zip(AGENDA_COLUMNS, values, strict=True)}
