# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many accounts at once, in one transaction and a number of questions that does not grow with them.

With one fault nothing is saved, nor when a line makes what is said contradict itself. `dry`: nothing is saved either,
the answer is the same. What is saved is noted and announced for every client that changed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction

from permanence.clients import greetings, rules
from permanence.clients.bulk_found import BroughtIn
from permanence.clients.bulk_proving import proved_lines, shape_of, slices_by_name
from permanence.clients.bulk_rules import (
    NEEDED_OF_A_NEW_CLIENT,
    AccountLine,
    EntryLine,
    Fault,
    consent_fault,
    contract_runs_forward,
)
from permanence.clients.directory_operations import change_of
from permanence.clients.directory_queries import facts_of
from permanence.clients.directory_rules import MOST_CONTACTS, MOST_SITES, is_urgent_number
from permanence.clients.events import ClientChanged
from permanence.clients.models import Client, Contact, EntryChange, Greeting, Line, Quarantine, Site, WeeklyOpening
from permanence.clients.operations import number_given
from permanence.foundation import audit, outbox
from permanence.foundation.models import House
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal
from permanence.reception.table import ClientSlice

BATCH = 400
"""Rows written at a time."""


class HouseChanged(Refusal):
    """Somebody changed one of these clients between the look and the writing: nothing is saved."""

    code = "house_changed"


class _OnlyTried(Exception):
    """Takes back what was written to be looked at."""


def bring_in_clients(*, lines: Sequence[AccountLine], dry: bool, by: Who, at: datetime) -> BroughtIn:
    """Open the clients whose name the house does not know, change the others; one who has ended is given no number.

    All is written, read as the telephone would have it, and taken back; the proof of it holds up nobody. Then it is
    written to stay, if it is still what was proved. Raises HouseChanged, IntegrityError when numbers or names were
    given to others meanwhile.
    """
    work, before, after = _tried(lines, by=by, at=at)
    if work.faults:
        return work.result()
    proved = proved_lines(((line.line, line.name) for _row, line in work.touched()), before, after, at=at)
    if not dry and not any(each.found.conflicts for each in proved):
        with transaction.atomic():
            final = _taken(lines, by=by, at=at)
            if final.faults:
                return final.result()
            final.save()
            written = slices_by_name(house=by.house, names=after.keys(), at=at)
            if any(shape_of(written[name]) != shape_of(each) for name, each in after.items()):
                raise HouseChanged(by.house)
            work = final
    return replace(work.result(), proved=proved)


def _tried(
    lines: Sequence[AccountLine], *, by: Who, at: datetime
) -> tuple["_Accounts", dict[str, ClientSlice], dict[str, ClientSlice]]:
    """What the lines would do, and those whom they touch before and after; nothing of it stays."""
    try:
        with transaction.atomic():
            work = _taken(lines, by=by, at=at)
            names = {line.name for _row, line in work.touched()}
            before = after = {}
            if not work.faults:
                before = slices_by_name(house=by.house, names=names, at=at)
                work.save()
                after = slices_by_name(house=by.house, names=names, at=at)
            raise _OnlyTried
    except _OnlyTried:
        return work, before, after


def _taken(lines: Sequence[AccountLine], *, by: Who, at: datetime) -> "_Accounts":
    work = _Accounts(by, at)
    for line in lines:
        work.take(line)
    return work


@transaction.atomic
def bring_in_sites(*, lines: Sequence[EntryLine], dry: bool, by: Who, at: datetime) -> BroughtIn:
    """Add the sites whose name the client does not have, change the others. Fields are those of the table of sites."""
    return _bring_in_entries(_Entries(Site, MOST_SITES, by), "client.sites_imported", lines, dry=dry, at=at)


@transaction.atomic
def bring_in_contacts(*, lines: Sequence[EntryLine], dry: bool, by: Who, at: datetime) -> BroughtIn:
    """Add the contacts whose name the client does not have, change the others. Fields: the table of contacts."""
    return _bring_in_entries(_Entries(Contact, MOST_CONTACTS, by), "client.contacts_imported", lines, dry=dry, at=at)


class _Accounts:
    """The house's accounts as they are, and what the lines make of them. Six questions."""

    def __init__(self, by: Who, at: datetime) -> None:
        self.by, self.at = by, at
        self.faults: list[Fault] = []
        self.known = {row.name: row for row in Client.objects.for_house(by.house_key).select_for_update()}
        self.house = House.objects.get(pk=by.house_key)
        lines = list(Line.objects.values_list("number", "client_id", "house_id", "public_number"))
        self.lines = {number: client for number, client, _house, _public in lines}
        self.public = {public for _number, _client, house, public in lines if house == by.house_key and public}
        rests = list(Quarantine.objects.values_list("number", "client_id", "until"))
        self.rested = {number for number, _client, _until in rests}
        self.resting = {number: client for number, client, until in rests if until > at.date()}
        self.week: dict[tuple[int, int], list[tuple[str, str]]] = {}
        openings = WeeklyOpening.objects.for_house(by.house_key).order_by("opens", "until")
        for client, day, opens, until in openings.values_list("client_id", "weekday", "opens", "until"):
            self.week.setdefault((client, day), []).append((opens, until))
        phrases = greetings.usual(Greeting.objects.for_house(by.house_key))
        self.phrases = {
            (client, language): (key, text)
            for key, client, language, text in phrases.values_list("pk", "client_id", "language", "text")
        }
        self.seen: dict[str, int] = {}
        self.given: dict[str, str] = {}
        self.colours = [row.colour for row in self.known.values()]
        self.added: list[tuple[Client, AccountLine]] = []
        self.changed: list[tuple[Client, AccountLine]] = []
        self.unchanged = 0

    def fault(self, line: AccountLine, column: str, code: str, value: object = "") -> None:
        """Keep what is wrong."""
        self.faults.append(Fault(line=line.line, column=column, code=code, value=str(value)))

    def take(self, line: AccountLine) -> None:
        """Judge one line and put it where it belongs."""
        before = len(self.faults)
        if line.name in self.seen:
            self.fault(line, "name", "name_twice", self.seen[line.name])
            return
        self.seen[line.name] = line.line
        row = self.known.get(line.name)
        if row is None:
            made = self._new(line)
            if len(self.faults) == before:
                self.added.append((made, line))
            return
        fields = dict(line.fields)
        if fields.pop("state", row.state) != row.state or row.state == rules.ClientState.ENDED:
            wanted = line.fields.get("state", row.state)
            if rules.ClientState.ENDED in {wanted, row.state} and wanted != row.state:
                self.fault(line, "state", "state_ended", wanted)
            else:
                fields["state"] = wanted
        if row.second_approval and fields.get("duty_contact", row.duty_contact) != row.duty_contact:
            self.fault(line, "duty_contact", "approval_needed", fields["duty_contact"])
        different = any(getattr(row, name) != value for name, value in fields.items())
        for name, value in fields.items():
            setattr(row, name, value)
        self._judge(row, line)
        if len(self.faults) > before:
            return
        if different or self._parts_differ(row, line):
            self.changed.append((row, line))
        else:
            self.unchanged += 1

    def _new(self, line: AccountLine) -> Client:
        given: dict[str, Any] = {
            "state": rules.ClientState.PROSPECT.value,
            "country": self.house.country,
            "time_zone": self.house.time_zone,
            "languages": [self.house.language],
            "initials": line.initials,
            **line.fields,
        }
        for name in NEEDED_OF_A_NEW_CLIENT:
            if not given.get(name):
                self.fault(line, name, "needed")
        if given["state"] == rules.ClientState.ENDED:
            self.fault(line, "state", "state_ended", given["state"])
        if not given.get("colour"):
            given["colour"] = rules.next_colour(self.colours)
        self.colours.append(given["colour"])
        row = Client(house_id=self.by.house_key, name=line.name, **given)
        self._judge(row, line)
        return row

    def _judge(self, row: Client, line: AccountLine) -> None:
        if column := consent_fault(row.sector, row.__dict__):
            self.fault(line, column, "consent_missing")
        if not contract_runs_forward(row.contract_from, row.contract_until):
            self.fault(line, "contract_until", "contract_backwards", row.contract_until or "")
        for number in line.numbers:
            owner = self.lines.get(number)
            if (owner is not None and owner != row.pk) or (owner is None and number in self.public):
                self.fault(line, "lines", "line_taken", number)
            elif owner is None and row.state == rules.ClientState.ENDED:
                self.fault(line, "lines", "line_of_ended", number)  # it rests with what it knew, until he is back
            elif self.resting.get(number, row.pk) != row.pk:
                self.fault(line, "lines", "line_rests", number)
            elif self.given.setdefault(number, line.name) != line.name:
                self.fault(line, "lines", "line_twice", number)

    def _parts_differ(self, row: Client, line: AccountLine) -> bool:
        return (
            any(self.lines.get(number) != row.pk for number in line.numbers)
            or any(self.week.get((row.pk, day), []) != sorted(times) for day, times in line.week.items())
            or any(self._phrase(row, language)[1] != text for language, text in line.greetings.items())
        )

    def touched(self) -> list[tuple[Client, AccountLine]]:
        """The clients who are new or change, each with his line."""
        return [*self.added, *self.changed]

    def save(self) -> None:
        """Write everything."""
        Client.objects.bulk_create((row for row, _line in self.added), batch_size=BATCH)
        columns = [field.name for field in Client._meta.concrete_fields if not field.primary_key]
        Client.objects.bulk_create(
            (row for row, _line in self.changed),
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=columns,
        )
        self._save_parts(self.touched())
        _tell((row.pk for row, _line in self.added), "client.opened", by=self.by, at=self.at)
        _tell((row.pk for row, _line in self.changed), "client.changed", by=self.by, at=self.at)

    def _save_parts(self, touched: Sequence[tuple[Client, AccountLine]]) -> None:
        house = self.by.house_key
        new = [(row, each) for row, line in touched for each in line.numbers if self.lines.get(each) != row.pk]
        number_given([number for _row, number in new if number in self.rested], at=self.at)
        Line.objects.bulk_create(
            (Line(house_id=house, client=row, number=number) for row, number in new), batch_size=BATCH
        )
        days = [
            (row, day, times)
            for row, line in touched
            for day, times in line.week.items()
            if self.week.get((row.pk, day), []) != sorted(times)
        ]
        for weekday in range(7):
            for some in _batches([row.pk for row, day, _times in days if day == weekday]):
                WeeklyOpening.objects.filter(client__in=some, weekday=weekday).delete()
        WeeklyOpening.objects.bulk_create(
            (
                WeeklyOpening(house_id=house, client=row, weekday=day, opens=opens, until=until)
                for row, day, times in days
                for opens, until in times
            ),
            batch_size=BATCH,
        )
        said = [
            Greeting(pk=self._phrase(row, language)[0], house_id=house, client=row, language=language, text=text)
            for row, line in touched
            for language, text in line.greetings.items()
            if self._phrase(row, language)[1] != text
        ]
        Greeting.objects.bulk_create((each for each in said if each.pk is None), batch_size=BATCH)
        Greeting.objects.bulk_update((each for each in said if each.pk is not None), ["text"], batch_size=BATCH)

    def _phrase(self, row: Client, language: str) -> tuple[int | None, str | None]:
        """The key and the text of his usual phrase in that language."""
        return self.phrases.get((row.pk, language), (None, None))

    def result(self) -> BroughtIn:
        """What became, or would become, of the lines."""
        return BroughtIn(
            added=len(self.added),
            changed=len(self.changed),
            unchanged=self.unchanged,
            faults=tuple(sorted(self.faults, key=lambda each: each.line)),
        )


class _Entries:
    """The sites or contacts of the house as they are, and what the lines make of them. Two questions."""

    def __init__(self, table: type[Site] | type[Contact], most: int, by: Who) -> None:
        self.table, self.most, self.by = table, most, by
        clients = Client.objects.for_house(by.house_key).select_for_update()
        self.clients = dict(clients.values_list("name", "pk"))
        self.guarded = set(clients.filter(second_approval=True).values_list("pk", flat=True))
        rows: Iterable[Any] = table.objects.for_house(by.house_key).order_by("position", "pk")
        self.rows: dict[tuple[int, str], Any] = {(row.client_id, row.name): row for row in rows}
        self.places: dict[int, list[int]] = {}
        for row in self.rows.values():
            self.places.setdefault(row.client_id, []).append(row.position)
        self.seen: dict[tuple[int, str], int] = {}
        self.faults: list[Fault] = []
        self.added: list[Any] = []
        self.changed: list[Any] = []
        self.were: dict[int, dict[str, Any]] = {}
        self.unchanged = 0

    def take(self, line: EntryLine) -> None:
        """Judge one line and put it where it belongs."""
        client, name = self.clients.get(line.client), str(line.fields["name"])
        if client is None:
            self.faults.append(Fault(line=line.line, column="client", code="client_unknown", value=line.client))
            return
        before = self.seen.setdefault((client, name), line.line)
        if before != line.line:
            self.faults.append(Fault(line=line.line, column="name", code="name_twice", value=str(before)))
            return
        row = self.rows.get((client, name))
        if client in self.guarded and self._is_urgent(row, line.fields):
            self.faults.append(Fault(line=line.line, column="numbers", code="approval_needed", value=name))
        elif row is None:
            self._add(line, client)
        elif any(getattr(row, column) != value for column, value in line.fields.items()):
            self.were[row.pk] = facts_of(row)
            for column, value in line.fields.items():
                setattr(row, column, value)
            self.changed.append(row)
        else:
            self.unchanged += 1

    def _is_urgent(self, row: Any, fields: Mapping[str, Any]) -> bool:
        """Whether the line changes a contact whose number may be given, before or after."""
        if self.table is not Contact:
            return False
        held = {"numbers": [], "number_for": ""} if row is None else vars(row)
        wanted = {**{name: held[name] for name in ("numbers", "number_for")}, **fields}
        changed = row is None or any(held[name] != value for name, value in fields.items())
        return changed and any(
            is_urgent_number(list(each["numbers"]), str(each["number_for"])) for each in (held, wanted)
        )

    def _add(self, line: EntryLine, client: int) -> None:
        held = self.places.setdefault(client, [])
        if len(held) >= self.most:
            self.faults.append(Fault(line=line.line, column="name", code="directory_full", value=str(self.most)))
            return
        held.append(max(held, default=0) + 1)
        fields = {"position": held[-1], **line.fields}
        self.added.append(self.table(house_id=self.by.house_key, client_id=client, **fields))

    def save(self, action: str, at: datetime) -> None:
        """Write everything."""
        columns = [field.name for field in self.table._meta.concrete_fields if not field.primary_key]
        manager: Any = self.table.objects
        manager.bulk_create(self.added, batch_size=BATCH)
        manager.bulk_create(
            self.changed, batch_size=BATCH, update_conflicts=True, unique_fields=["pk"], update_fields=columns
        )
        EntryChange.objects.bulk_create(
            (
                change_of(row, before=self.were.get(row.pk), after=facts_of(row), by=self.by, at=at)
                for row in (*self.added, *self.changed)
            ),
            batch_size=BATCH,
        )
        _tell(sorted({row.client_id for row in (*self.added, *self.changed)}), action, by=self.by, at=at)


def _bring_in_entries(work: _Entries, action: str, lines: Sequence[EntryLine], *, dry: bool, at: datetime) -> BroughtIn:
    for line in lines:
        work.take(line)
    if not work.faults and not dry:
        work.save(action, at)
    return BroughtIn(
        added=len(work.added), changed=len(work.changed), unchanged=work.unchanged, faults=tuple(work.faults)
    )


def _tell(clients: Iterable[int], action: str, *, by: Who, at: datetime) -> None:
    keys = list(clients)
    audit.note_many(by=by, at=at, action=action, subjects=((f"clients.client:{key}", key) for key in keys))
    outbox.announce_many([ClientChanged(house=by.house, at=at, client=str(key)) for key in keys])


def _batches(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + BATCH] for start in range(0, len(values), BATCH))
