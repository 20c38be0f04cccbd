# SPDX-License-Identifier: AGPL-3.0-or-later
"""The parts of a client's file in the classes of the routing table, from the rows that `file_rows` reads."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from sys import intern
from typing import Any

import orjson

from permanence.clients.rules import InstructionStretch, InstructionVersion, Scope, stretches
from permanence.clients.rules.agenda_links import LinkUnfit, read_link
from permanence.countries.numbers import spell_number
from permanence.kernel.phone import PhoneNumber
from permanence.reception.closing import CLOSED, MAX_WAIT
from permanence.reception.table import (
    AbsenceEntry,
    AgendaEntry,
    ClosingWords,
    ContactEntry,
    GreetingEntry,
    InstructionEntry,
    SiteEntry,
)
from permanence.telephony.media.g711 import SAMPLES_PER_SECOND

GREETING_FIELDS = (
    "pk",
    "language",
    "text",
    "line__number",
    "day_type",
    "weekdays",
    "opens",
    "until",
    "announcement__content",
    "announcement__samples",
    "announcement__language",
    "announcement__withdrawn_at",
)
CLOSING_FIELDS = ("pk", "language", "content", "closing", "unanswered")
ABSENCE_FIELDS = (
    "starts_at",
    "pk",
    "recipient",
    "ends_at",
    "words",
    "urgent_to",
    "treatment",
    "announced_by__name",
    "announced_at",
)
INSTRUCTION_FIELDS = (
    "pk",
    "root",
    "version",
    "text",
    "author__name",
    "written_at",
    "starts_at",
    "ends_at",
    "priority",
    "retired",
    "recipient",
    "recipient__name",
    "line",
    "reason",
    "caller",
    "acknowledge",
)
SITE_FIELDS = ("position", "pk", "name", "address", "access", "parking", "lift", "floor", "hours")
AGENDA_FIELDS = ("pk", "recipient", "product", "link", "remark")
CONTACT_FIELDS = ("position", "pk", "name", "function", "numbers", "number_for", "may_say")

type Readers = tuple[str, ...]
"""Ids of secretaries, the same few words in every instruction of a house."""

type Moment = str | datetime | None
"""As a field has it, or as JSON has it: there a database may leave out that it is UTC."""


def greetings_from(rows: Iterable[Iterable[Any]]) -> tuple[GreetingEntry, ...]:
    """From rows of `GREETING_FIELDS`."""
    return tuple(_greeting(*row) for row in rows)


def _greeting(_key: int, language: str, text: str, line: str | None, *when_and_sound: Any) -> GreetingEntry:
    day_type, weekdays, opens, until, content, samples, recorded_in, withdrawn = when_and_sound
    heard = bool(content) and withdrawn is None and recorded_in == language
    return GreetingEntry(
        language=intern(language),
        text=text,
        line=line or "",
        day_type=intern(day_type),
        weekdays=tuple(int(digit) for digit in weekdays),
        opens=intern(opens),
        until=intern(until),
        announcement=content if heard else "",
        announcement_s=-(-samples // SAMPLES_PER_SECOND) if heard else 0,
    )


def closing_from(rows: Iterable[Iterable[Any]]) -> tuple[ClosingWords, ...]:
    """From rows of `CLOSING_FIELDS`: one a language and occasion."""
    return tuple(
        ClosingWords(
            language=intern(language),
            prompts=(content,),
            occasions=tuple(word for word, held in ((CLOSED, closing), (MAX_WAIT, unanswered)) if held),
        )
        for _key, language, content, closing, unanswered in rows
    )


def absences_from(rows: Iterable[Iterable[Any]]) -> tuple[AbsenceEntry, ...]:
    """From rows of `ABSENCE_FIELDS`."""
    return tuple(
        AbsenceEntry(
            id=str(key),
            recipient=str(recipient or ""),
            starts=_known(starts),
            ends=_known(ends),
            words=words,
            urgent_to=str(urgent_to or ""),
            treatment=treatment,
            by=by,
            announced_at=_known(announced),
        )
        for starts, key, recipient, ends, words, urgent_to, treatment, by, announced in rows
    )


def instructions_from(
    rows: Iterable[Iterable[Any]],
    *,
    at: datetime,
    labels: Mapping[str, str],
    readers: Mapping[tuple[str, int], Readers],
) -> tuple[InstructionEntry, ...]:
    """Those that are not over at `at`, from rows of `INSTRUCTION_FIELDS`. `labels`: the client's reasons by code;
    `readers`: who has read a version of what."""
    found = [each for each in stretches(map(_version, rows)) if each.span.ends is None or at < each.span.ends]
    found.sort(key=lambda each: (-each.version.priority, each.version.written_at, each.version.series))
    return tuple(
        _instruction(each, labels, readers.get((each.version.series, each.version.version), ())) for each in found
    )


def readers_from(rows: Iterable[Iterable[Any]]) -> dict[tuple[str, int], Readers]:
    """The ids of those who have read, by instruction and version: from rows of its key, its root, its version and the
    keys of the secretaries with commas between them."""
    return {
        (str(root or key), version): tuple(intern(each) for each in sorted(keys.split(","), key=int))
        for key, root, version, keys in rows
        if keys
    }


def _version(row: Iterable[Any]) -> InstructionVersion:
    (key, root, version, text, author, written, starts, ends, priority, retired) = (fields := tuple(row))[:10]
    recipient, recipient_name, line, reason, caller, acknowledge = fields[10:]
    return InstructionVersion(
        series=str(root or key),
        version=version,
        text=text,
        author=intern(author),  # the same few words in fifty thousand rows
        written_at=_known(written),
        starts_at=_moment(starts),
        ends_at=_moment(ends),
        priority=priority,
        retired=bool(retired),
        scope=Scope(recipient=str(recipient or ""), line=line, reason=intern(reason), caller=caller),
        recipient_name=intern(recipient_name or ""),
        acknowledge=bool(acknowledge),
    )


def _instruction(stretch: InstructionStretch, labels: Mapping[str, str], readers: Readers) -> InstructionEntry:
    version = stretch.version
    return InstructionEntry(
        id=version.series,
        version=version.version,
        text=version.text,
        author=version.author,
        written_at=version.written_at,
        starts=stretch.span.starts,
        ends=stretch.span.ends,
        priority=version.priority,
        recipient=version.scope.recipient,
        recipient_name=version.recipient_name,
        line=version.scope.line,
        reason=version.scope.reason,
        reason_label=labels.get(version.scope.reason, version.scope.reason),
        caller=version.scope.caller,
        acknowledge=version.acknowledge,
        readers=readers,
    )


def sites_from(rows: Iterable[Iterable[Any]]) -> tuple[SiteEntry, ...]:
    """From rows of `SITE_FIELDS`."""
    return tuple(SiteEntry(**dict(zip(SITE_FIELDS[2:], tuple(row)[2:], strict=True))) for row in rows)


def contacts_from(rows: Iterable[Iterable[Any]], *, country: str) -> tuple[ContactEntry, ...]:
    """From rows of `CONTACT_FIELDS`; `country` spells their numbers."""
    return tuple(
        ContactEntry(
            name=name,
            function=function,
            numbers=tuple(numbers := _items(listed)),
            shown=tuple(_spelled(number, country) for number in numbers),
            number_for=number_for,
            may_say=may_say,
        )
        for _position, _key, name, function, listed, number_for, may_say in rows
    )


@lru_cache(maxsize=4096)
def _spelled(number: str, country: str) -> str:
    """A directory is assembled again at every change of its client, and its numbers stay the same."""
    return spell_number(PhoneNumber(number), country=country)


def agendas_from(rows: Iterable[Iterable[Any]]) -> tuple[AgendaEntry, ...]:
    """From rows of `AGENDA_FIELDS`, that of all recipients first.

    A row whose link is not one that may be opened (written by another hand than ours) is left out.
    """
    entries = (
        agenda_entry(recipient=str(recipient or ""), product=product, link=link, remark=remark)
        for _key, recipient, product, link, remark in rows
    )
    return tuple(sorted((each for each in entries if each.host), key=lambda entry: entry.recipient != ""))


def agenda_entry(*, recipient: str, product: str, link: str, remark: str) -> AgendaEntry:
    """One as the telephone has it; without `host` where the link is not one that may be opened."""
    return AgendaEntry(recipient=recipient, product=product, link=link, host=_host(link), remark=remark)


def _host(link: str) -> str:
    try:
        return read_link(link).host
    except LinkUnfit:
        return ""


def _items(value: Any) -> list[Any]:
    """A list kept as JSON, which SQLite gives as its text where it stands in another list."""
    return list(orjson.loads(value) if isinstance(value, str) else value)


def _known(value: Moment) -> datetime:
    found = _moment(value)
    if found is None:
        raise ValueError("a moment that every row has is missing")
    return found


def _moment(value: Moment) -> datetime | None:
    if value is None:
        return None
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
