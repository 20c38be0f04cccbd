# SPDX-License-Identifier: AGPL-3.0-or-later
"""External agendas of many clients at once, in one transaction; with one fault nothing is saved, with `dry` neither."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from permanence.clients.bulk_rules import BroughtIn, EntryLine, Fault
from permanence.clients.events import ClientChanged
from permanence.clients.models import Client, ExternalAgenda, Recipient
from permanence.foundation import audit, outbox
from permanence.foundation.who import Who


@transaction.atomic
def bring_in_agendas(*, lines: Sequence[EntryLine], dry: bool, by: Who, at: datetime) -> BroughtIn:
    """Add the agendas that a client, or his recipient, does not have, change the others; none is taken away.

    `fields` of a line: `recipient` (his name, "" for all of them), product, link, remark.
    """
    work = _Agendas(by)
    for line in lines:
        work.take(line)
    if not work.faults and not dry:
        work.save(at)
    return BroughtIn(
        added=len(work.added), changed=len(work.changed), unchanged=work.unchanged, faults=tuple(work.faults)
    )


class _Agendas:
    """The house's agendas as they are, and what the lines make of them. Three questions."""

    def __init__(self, by: Who) -> None:
        self.by = by
        self.clients = dict(Client.objects.for_house(by.house_key).select_for_update().values_list("name", "pk"))
        names = Recipient.objects.for_house(by.house_key).values_list("client_id", "name", "pk")
        self.recipients = {(client, name): key for client, name, key in names}
        rows = ExternalAgenda.objects.for_house(by.house_key)
        self.rows = {(row.client_id, row.recipient_id): row for row in rows}
        self.seen: dict[tuple[int, int | None], int] = {}
        self.faults: list[Fault] = []
        self.added: list[ExternalAgenda] = []
        self.changed: list[ExternalAgenda] = []
        self.unchanged = 0

    def take(self, line: EntryLine) -> None:
        """Judge one line and put it where it belongs."""
        client = self.clients.get(line.client)
        if client is None:
            self.faults.append(Fault(line=line.line, column="client", code="client_unknown", value=line.client))
            return
        fields = dict(line.fields)
        name = str(fields.pop("recipient", ""))
        whose = self.recipients.get((client, name)) if name else None
        if name and whose is None:
            self.faults.append(Fault(line=line.line, column="recipient", code="recipient_unknown", value=name))
            return
        before = self.seen.setdefault((client, whose), line.line)
        if before != line.line:
            self.faults.append(Fault(line=line.line, column="recipient", code="name_twice", value=str(before)))
            return
        row = self.rows.get((client, whose))
        if row is None:
            house = self.by.house_key
            self.added.append(ExternalAgenda(house_id=house, client_id=client, recipient_id=whose, **fields))
        elif any(getattr(row, column) != value for column, value in fields.items()):
            for column, value in fields.items():
                setattr(row, column, value)
            self.changed.append(row)
        else:
            self.unchanged += 1

    def save(self, at: datetime) -> None:
        """Write everything, note it and announce it."""
        ExternalAgenda.objects.bulk_create(self.added)
        ExternalAgenda.objects.bulk_update(self.changed, ["product", "link", "remark"], batch_size=400)
        keys = sorted({row.client_id for row in (*self.added, *self.changed)})
        subjects = ((f"clients.client:{key}", key) for key in keys)
        audit.note_many(by=self.by, at=at, action="client.agendas_imported", subjects=subjects)
        outbox.announce_many([ClientChanged(house=self.by.house, at=at, client=str(key)) for key in keys])
