# SPDX-License-Identifier: AGPL-3.0-or-later
"""What becomes of two entries that are one person: what the one that stays takes over, and what it does not."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from permanence.callers.rules.birth import BirthDate
from permanence.callers.rules.identity import NOTES_LIMIT, IdentityStatus
from permanence.callers.rules.letters import same_letters
from permanence.kernel.refusals import Refusal

UNDONE_WITHIN = timedelta(days=1)
"""So long after it a merge can be undone."""
PLAIN = ("birth_name", "used_name", "first_name", "sex", "mail", "language", "address")
"""Fields of which the one that stays keeps its own."""


class TwoValidatedIdentities(Refusal):
    """Both were compared with a document and say other things: two persons, or a document to be seen again."""

    code = "two_validated_identities"


class NotesTooLong(Refusal):
    """The notes of both together are longer than notes may be."""

    code = "notes_too_long"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An entry as the plan sees it. `fields` holds those of `PLAIN`; `birth_date` is ISO or ""."""

    fields: Mapping[str, str]
    birth_date: str = ""
    status: IdentityStatus = IdentityStatus.PROVISIONAL
    document: tuple[str, datetime | None, str] = ("", None, "")
    known: bool = False
    is_deceased: bool = False
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergePlan:
    """`changes`: the fields of the one that stays with their new values. `taken`: their names, for the trace.

    `left`: fields in which both say something else, with what the one that goes had said.
    """

    changes: Mapping[str, object]
    taken: tuple[str, ...]
    left: Mapping[str, str]


def merge_plan(kept: Record, merged: Record, *, only: Collection[str] | None = None) -> MergePlan:
    """What `kept` takes over from `merged`: what it lacks, and all traits of an identity that a document proved.

    `only`: these fields of a merge that stands, whose identities are one by now; None for all of a new one. Raises
    TwoValidatedIdentities for a new one, NotesTooLong.
    """
    if only is None and kept.status == merged.status == IdentityStatus.VALIDATED and _contradict(kept, merged):
        raise TwoValidatedIdentities
    proved = merged.status is IdentityStatus.VALIDATED and kept.status is IdentityStatus.PROVISIONAL
    changes: dict[str, object] = {}
    left: dict[str, str] = {}
    for name in PLAIN:
        mine, other = kept.fields[name], merged.fields[name]
        if other and (not mine or (proved and name in {"birth_name", "first_name", "sex"} and mine != other)):
            changes[name] = other
        elif other and mine != other:
            left[name] = other
    if merged.birth_date and (not kept.birth_date or proved or _more_exact(merged.birth_date, kept.birth_date)):
        changes["birth_date"] = merged.birth_date
    elif merged.birth_date and merged.birth_date != kept.birth_date:
        left["birth_date"] = merged.birth_date
    if proved:
        document, seen_at, seen_by = merged.document
        changes |= {
            "identity_status": merged.status.value,
            "identity_document": document,
            "identity_seen_at": seen_at,
            "identity_seen_by": seen_by,
        }
    changes |= {name: True for name in ("known", "is_deceased") if getattr(merged, name) and not getattr(kept, name)}
    if merged.notes and merged.notes != kept.notes and (only is None or "notes" in only):
        changes["notes"] = f"{kept.notes}\n\n{merged.notes}".strip()
        if len(str(changes["notes"])) > NOTES_LIMIT:
            raise NotesTooLong
    changes = {
        name: value
        for name, value in changes.items()
        if value != kept.fields.get(name) and (only is None or name in only)
    }
    if changes.get("birth_date") == kept.birth_date:
        changes.pop("birth_date", None)
    return MergePlan(changes=changes, taken=tuple(changes), left=left)


def links_taken_away(before: Iterable[Mapping[str, Any]], *, stays: int, goes: int) -> dict[int, int | None]:
    """The links of both before a merge (rows with `pk`) that it took away: each with the one that says the same of who
    stays and remained, None for one between the two.
    """
    away: dict[int, int | None] = {}
    remained: dict[tuple[object, ...], int] = {}
    for tie in sorted(before, key=lambda tie: (goes in {tie["patient_id"], tie["other_id"]}, tie["pk"])):
        patient, other = (stays if tie[name] == goes else tie[name] for name in ("patient_id", "other_id"))
        said = patient, other, tie["kind"], tie["name"]
        if patient == other:
            away[tie["pk"]] = None
        elif said in remained:
            away[tie["pk"]] = remained[said]
        else:
            remained[said] = tie["pk"]
    return away


def stands_for(into: Mapping[int, int | None]) -> dict[int, int]:
    """Who stands for each person, himself where he was not merged. `into`: the one he was merged into, of everybody;
    left out is whom no such chain leads to somebody of them.
    """
    found: dict[int, int] = {}
    for person in into:
        now, steps = person, 0
        while (after := into.get(now)) is not None and steps < len(into):
            now, steps = after, steps + 1
        if into.get(now, now) is None:
            found[person] = now
    return found


def may_be_undone(*, merged_at: datetime, at: datetime) -> bool:
    """Whether it is not longer ago than `UNDONE_WITHIN`."""
    return at - merged_at <= UNDONE_WITHIN


def _contradict(one: Record, other: Record) -> bool:
    """Whether two proved identities differ in a trait that a document shows."""
    births = one.birth_date and other.birth_date and one.birth_date != other.birth_date
    names = (
        one.fields[name] and other.fields[name] and not same_letters(one.fields[name], other.fields[name])
        for name in ("birth_name", "first_name")
    )
    sexes = one.fields["sex"] and other.fields["sex"] and one.fields["sex"] != other.fields["sex"]
    return bool(births or any(names) or sexes)


def _more_exact(one: str, other: str) -> bool:
    """Whether `one` says more of the same day."""
    return len(one) > len(other) and BirthDate.from_iso(one).agrees_with(BirthDate.from_iso(other))
