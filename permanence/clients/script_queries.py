# SPDX-License-Identifier: AGPL-3.0-or-later
"""Reads of the scripts: which is in force, what was written before, and where something or somebody stands in them."""

import dataclasses
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

import orjson
from django.db.models import Max, OuterRef, Subquery

from permanence.clients.models import RedFlagValidation
from permanence.clients.models import Script as ScriptRow
from permanence.clients.rules.script import (
    NO,
    YES,
    Clause,
    QuestionKind,
    RedFlag,
    Script,
    plain,
    read_script,
    read_text,
)
from permanence.clients.rules.script_run import fold
from permanence.foundation.keys import row_key
from permanence.reception.showing import digest_of
from permanence.reception.table import ScriptEntry

FOUND_LIMIT = 200
"""Places a search names at most; it counts them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptVersion:
    """One version. `published_at` None: never; `in_force`: calls are shown this one; `draft`: written after it."""

    client: str
    version: int
    title: str
    text: str
    author: str
    written_at: datetime
    published_at: datetime | None
    in_force: bool
    draft: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What a doctor validated, in which version of the script, and when. `recorded_by`: who wrote it down."""

    version: int
    doctor: str
    validated_date: date
    red_flags: tuple[RedFlag, ...]
    recorded_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something stands: the part of a script by its id, and the text. `draft`: in a version not published."""

    client: str
    client_name: str
    version: int
    draft: bool
    part: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The first places where words were found, and how many there are in all."""

    places: tuple[Place, ...]
    total: int


def script_entry(*, house: str, client: int) -> ScriptEntry | None:
    """What the telephone shows: the script published last, with the red flags in force. Two queries at most.

    Without samples, which nobody needs in a call; red flags that nobody validated are not in it.
    """
    rows = ScriptRow.objects.for_house(house).for_client(client).exclude(published_at=None)
    row = rows.order_by("-published_at", "-version").first()
    if row is None:
        return None
    validations = RedFlagValidation.objects.for_house(house).for_client(client).order_by("-number")
    dated = tuple((text, day.isoformat()) for text, day in validations.values_list("text", "validated_date"))
    return entry_from(row.version, row.text, dated)


def script_shown(*, house: str, client: str, version: int, digest: str) -> ScriptEntry | None:
    """The script as a card showed it: that version with the red flags of then, known again by its digest.

    None where this house has no such version, or no validation makes that text of it. Two queries.
    """
    row = ScriptRow.objects.for_house(house).for_client(row_key(client)).filter(version=version).first()
    if row is None:
        return None
    rows = RedFlagValidation.objects.for_house(house).for_client(row_key(client)).order_by("-number")
    dated = tuple((text, day.isoformat()) for text, day in rows.values_list("text", "validated_date"))
    found = (entry_from(row.version, row.text, dated[later:]) for later in range(len(dated) + 1))
    return next((each for each in found if each is not None and digest_of(each.text) == digest), None)


@lru_cache(maxsize=64)
def entry_from(version: int, text: str, validations: tuple[tuple[str, str], ...]) -> ScriptEntry | None:
    """As above, from the published version and all validations (red flags and day, the newest first). No query.

    A client's file is read far more often than his script changes, hence the cache.
    """
    script = _read(text)
    if script is None:  # written by a later version of the product: no script is better than half of one
        return None
    dated = ((red_flags_of(flags), day) for flags, day in validations)
    red_flags, day = next((each for each in dated if _fits(script, each[0])), ((), ""))
    shown = dataclasses.replace(script, samples=(), red_flags=red_flags)
    return ScriptEntry(version=version, text=orjson.dumps(plain(shown)).decode(), validated_date=day)


def versions(*, house: str, client: str) -> tuple[ScriptVersion, ...]:
    """All versions of a client's script, the newest first; empty for a client of another house. One query."""
    rows = list(ScriptRow.objects.for_house(house).for_client(row_key(client)).order_by("-version"))
    times = [row.published_at for row in rows if row.published_at is not None]
    in_force = next((row.version for row in rows if times and row.published_at == max(times)), 0)
    newest = rows[0].version if rows else 0
    return tuple(
        ScriptVersion(
            client=client,
            version=row.version,
            title=row.title,
            text=row.text,
            author=row.author_name,
            written_at=row.written_at,
            published_at=row.published_at,
            in_force=row.version == in_force,
            draft=row.version == newest and row.published_at is None,
        )
        for row in rows
    )


def last_validation(*, house: str, client: str) -> Validation | None:
    """What was validated last: in force with the script published, or as soon as one is that it fits. One query."""
    return next(_validations(house, client), None)


def validation_in_force(*, house: str, client: str, script: Script) -> Validation | None:
    """The newest validation whose red flags can fire in the published `script`. One query.

    One made for a draft with other questions waits until that draft is published: until then the one before it holds.
    """
    return in_force(_validations(house, client), script)


def in_force(validations: Iterable[Validation], script: Script) -> Validation | None:
    """Of a client's validations, the newest first, the one that holds in the published `script`."""
    return next((each for each in validations if _fits(script, each.red_flags)), None)


def validations_of(*, house: str, client: str) -> tuple[Validation, ...]:
    """All validations of a client, the newest first. One query."""
    return tuple(_validations(house, client))


def _validations(house: str, client: str) -> Iterator[Validation]:
    """The validations of a client, the newest first."""
    rows = RedFlagValidation.objects.for_house(house).for_client(row_key(client)).order_by("-number")
    for row in rows.select_related("script", "recorded_by"):
        yield Validation(
            version=row.script.version,
            doctor=row.doctor_name,
            validated_date=row.validated_date,
            red_flags=red_flags_of(row.text),
            recorded_by="" if row.recorded_by is None else row.recorded_by.name,
        )


def _fits(script: Script, red_flags: tuple[RedFlag, ...]) -> bool:
    """Whether every condition of these red flags is on a question of the script, and on answers that it can have."""
    return all(_can_hold(script, clause) for flag in red_flags for clause in flag.when)


def _can_hold(script: Script, clause: Clause) -> bool:
    question = script.question(clause.question)
    if question is None:
        return False
    if clause.at_least is not None or clause.below is not None:
        return question.kind == QuestionKind.NUMBER
    known = {YES, NO} if question.kind == QuestionKind.YES_NO else {each.code for each in question.choices}
    return set(clause.one_of) <= known


def red_flags_of(text: str) -> tuple[RedFlag, ...]:
    """The red flags that a validation keeps as JSON."""
    whole = {
        "format": 1,
        "title": "-",
        "language": "fr",
        "questions": [],
        "routes": [],
        "red_flags": orjson.loads(text),
    }
    script, _faults = read_script(whole)
    return script.red_flags if script else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptState:
    """How far a client's script is: the versions in force and in draft, 0 for none."""

    in_force: int
    draft: int


def states(*, house: str) -> dict[str, ScriptState]:
    """The clients of a house that have a script, by id. Two queries."""
    found: dict[str, ScriptState] = {}
    for row, draft in _current(house):
        before = found.get(str(row.client_id), ScriptState(in_force=0, draft=0))
        changed = {"draft": row.version} if draft else {"in_force": row.version}
        found[str(row.client_id)] = dataclasses.replace(before, **changed)
    return found


def search(*, house: str, text: str, only: frozenset[str] | None = None) -> Found:
    """Where these words stand in the scripts of the house, in force or in draft; without accents and capitals.

    `only`: the ids of the clients looked at, None for all. Two queries.
    """
    wanted = fold(text)
    found: list[Place] = []
    for row, draft in _current(house) if wanted else ():
        if only is not None and str(row.client_id) not in only:
            continue
        script = _read(row.text)
        parts = _said(script) if script else ()
        found += [_place(row, draft, part, said) for part, said in parts if wanted in fold(said)]
    return Found(places=tuple(found[:FOUND_LIMIT]), total=len(found))


def scripts_of(*, house: str, client: str) -> tuple[Script, ...]:
    """The client's script in force and the draft after it. Two queries."""
    return tuple(script for row, _draft in _current(house, client) if (script := _read(row.text)) is not None)


def uses_of_recipient(*, house: str, client: str, recipient: str) -> tuple[Place, ...]:
    """Where a recipient of a client is named in his script: routes and alerts. Two queries."""
    return uses_of_recipients(house=house, client=client).get(recipient, ())


def uses_of_recipients(*, house: str, client: str) -> dict[str, tuple[Place, ...]]:
    """Where each recipient of a client is named in his script, in force or in draft. Two queries."""
    found: dict[str, list[Place]] = {}
    for row, draft in _current(house, client):
        script = _read(row.text)
        for route in script.routes if script else ():
            if route.recipient:
                found.setdefault(route.recipient, []).append(_place(row, draft, route.id, route.label))
        for flag in script.red_flags if script else ():
            if flag.alert:
                found.setdefault(flag.alert.recipient, []).append(_place(row, draft, flag.id, flag.label))
    return {recipient: tuple(places) for recipient, places in found.items()}


def _said(script: Script) -> Iterator[tuple[str, str]]:
    """Every text of a script and the id of the part it stands in."""
    yield "title", script.title
    for question in script.questions:
        yield from ((question.id, each) for each in (question.ask, question.label, question.hint) if each)
        yield from ((question.id, each.label) for each in question.choices)
    for route in script.routes:
        yield from ((route.id, each) for each in (route.label, route.say, route.number) if each)
    for flag in script.red_flags:
        yield from ((flag.id, each) for each in (flag.label, flag.say, *flag.words, *flag.asks))


def _current(house: str, client: str = "") -> Iterator[tuple[ScriptRow, bool]]:
    """The scripts in force of a house (or of one client) and the drafts after them: (row, whether a draft)."""
    rows = ScriptRow.objects.for_house(house).select_related("client").order_by("client__name", "client_id", "version")
    rows = rows.for_client(row_key(client)) if client else rows
    newest = rows.filter(client=OuterRef("client")).order_by("-version").values("version")[:1]
    last = rows.filter(client=OuterRef("client")).order_by().values("client").annotate(at=Max("published_at"))
    for row in rows.filter(published_at=Subquery(last.values("at")[:1])):
        yield row, False
    for row in rows.filter(published_at=None, version=Subquery(newest)):
        yield row, True


def _place(row: ScriptRow, draft: bool, part: str, text: str) -> Place:
    return Place(
        client=str(row.client_id),
        client_name=row.client.name,
        version=row.version,
        draft=draft,
        part=part,
        text=text,
    )


def _read(text: str) -> Script | None:
    return read_text(text)[0]
