# SPDX-License-Identifier: AGPL-3.0-or-later
"""Two entries that are one person: merged with a trace, and parted again within a day.

What other rooms hold (appointments, messages) follows by the events `PatientsMerged` and `PatientsParted`.
"""

import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from permanence.callers import index, queries
from permanence.callers.acts import PatientMerged, account, himself, locked, note
from permanence.callers.events import PatientsMerged, PatientsParted
from permanence.callers.models import (
    KeptVisit,
    NoShow,
    Patient,
    PatientConsent,
    PatientLink,
    PatientMerge,
    PatientNumber,
)
from permanence.callers.operations import PatientChangedMeanwhile
from permanence.callers.queries import NOTES, MergeView
from permanence.callers.rules.form import TooManyNumbers
from permanence.callers.rules.identity import MOST_NUMBERS, ContactWay, IdentityStatus
from permanence.callers.rules.merging import (
    PLAIN,
    MergePlan,
    Record,
    links_taken_away,
    may_be_undone,
    merge_plan,
)
from permanence.foundation import outbox, secrecy
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal

BEFORE = "patient.merge"
"""What the state before a merge is sealed for."""
_FIELDS = {"sealed_notes": "notes"}
"""Of which field of the plan a column is, where it is called otherwise."""
_AGREED = tuple(f"{way}_agreed_at" for way in ContactWay)


class MergeUnfit(Refusal):
    """A person is not merged with himself."""

    code = "merge_unfit"


class MergeUnknown(Refusal):
    """No such merge at this client, or it was undone."""

    code = "merge_unknown"


class MergeTooOld(Refusal):
    """A merge is undone within a day; later it stands."""

    code = "merge_too_old"


def plan(*, client: str, kept: str, merged: str, by: Who) -> MergePlan:
    """What `kept` would take over, and what it would not; nothing is changed.

    Raises ClientUnknown, PatientUnknown, MergeUnfit, rules' TwoValidatedIdentities, NotesTooLong.
    """
    view = account(client, by=by)
    rows = Patient.objects.for_house(by.house_key).for_client(view.id)
    found = {row.pk: row for row in rows.filter(pk__in=[row_key(kept), row_key(merged)])}
    both = [found.get(row_key(each)) for each in (kept, merged)]
    if both[0] is None or both[1] is None:
        raise queries.PatientUnknown(f"{kept}, {merged}")
    if both[0].pk == both[1].pk:
        raise MergeUnfit
    return merge_plan(_record(both[0], by.house), _record(both[1], by.house))


@transaction.atomic
def merge(
    *, client: str, kept: str, merged: str, by: Who, at: datetime, seen: Mapping[str, datetime] | None = None
) -> MergeView:
    """`merged` was the same person as `kept`, who stands for both from now on and takes over what he lacks.

    `seen`: the `changed_at` of each as she compared them, by id, None where she saw none. Raises ClientUnknown,
    PatientUnknown, PatientMerged (one of them went into somebody already), PatientChangedMeanwhile, MergeUnfit,
    TooManyNumbers, rules' TwoValidatedIdentities, NotesTooLong.
    """
    view = account(client, by=by)
    if row_key(kept) == row_key(merged):
        raise MergeUnfit
    rows = {each: himself(each, client=view.id, by=by) for each in sorted((kept, merged), key=row_key)}
    unseen = [] if seen is None else [key for key, person in rows.items() if seen.get(key) != person.changed_at]
    if unseen:
        raise PatientChangedMeanwhile(unseen[0])
    stays, goes = rows[kept], rows[merged]
    made = merge_plan(_record(stays, by.house), _record(goes, by.house))
    before: dict[str, Any] = {"fields": {}, "numbers": [], "links": _links(stays, goes)}
    before["fields"] = _take_over(stays, made.changes, by=by)
    before["numbers"] = _take_numbers(stays, goes)
    _move_links(stays, goes)
    goes.merged_into = stays
    goes.save(update_fields=["merged_into"])
    _tell_consents(stays)
    Patient.objects.filter(pk=stays.pk).update(no_shows=_no_shows(stays), changed_at=at)
    index.rewrite_words(stays)
    index.rewrite_words(goes)
    row = PatientMerge.objects.create(
        house_id=stays.house_id,
        client_id=stays.client_id,
        kept=stays,
        merged=goes,
        taken=sorted({*made.taken, *(["numbers"] if before["numbers"] else [])}),
        sealed_before=_sealed(before, by.house),
        at=at,
        by_id=by.person_key,
        by_name=by.name,
    )
    for each, other in ((stays, goes), (goes, stays)):
        note(each, "patient.merged", by=by, at=at, detail={"with": str(other.pk), "taken": row.taken})
    outbox.announce(PatientsMerged(house=by.house, at=at, client=view.id, **_ids(row)))
    return _view(row)


@transaction.atomic
def part(*, client: str, merge: str, by: Who, at: datetime) -> MergeView:
    """They were two after all: everything as before the merge, but for what was changed after it.

    Raises ClientUnknown, MergeUnknown, MergeTooOld, PatientMerged (who stood for both went into a third one).
    """
    view = account(client, by=by)
    rows = PatientMerge.objects.for_house(by.house_key).for_client(view.id).select_for_update(of=("self",))
    row = rows.filter(pk=row_key(merge), undone_at__isnull=True).first()
    if row is None:
        raise MergeUnknown(merge)
    if not may_be_undone(merged_at=row.at, at=at):
        raise MergeTooOld(merge)
    both = {key: locked(str(key), client=view.id, by=by) for key in sorted((row.kept_id, row.merged_id))}
    stays, goes = both[row.kept_id], both[row.merged_id]
    if stays.merged_into_id is not None:
        raise PatientMerged(str(stays.merged_into_id))
    before = _before(row, by.house)
    was_known = stays.known
    _take_out(row, stays, before, by=by)
    if was_known and not stays.known:
        _know_who_came(stays, goes, since=row.at)
    _put_links_back(before["links"], stays, goes)
    goes.merged_into = None
    goes.save(update_fields=["merged_into"])
    _tell_consents(stays)
    for each in (stays, goes):
        Patient.objects.filter(pk=each.pk).update(no_shows=_no_shows(each), changed_at=at)
        index.rewrite_words(each)
        note(each, "patient.parted", by=by, at=at)
    row.undone_at = at
    row.save(update_fields=["undone_at"])
    outbox.announce(PatientsParted(house=by.house, at=at, client=view.id, **_ids(row)))
    return _view(row)


def _record(row: Patient, house: str) -> Record:
    return Record(
        fields={name: getattr(row, name) for name in PLAIN},
        birth_date=row.birth_date,
        status=IdentityStatus(row.identity_status),
        document=(row.identity_document, row.identity_seen_at, row.identity_seen_by),
        known=row.known,
        is_deceased=row.is_deceased,
        notes=queries.notes_of(row, house),
    )


def _take_over(stays: Patient, changes: Mapping[str, object], *, by: Who) -> dict[str, list[Any]]:
    """Write the plan; gives each field with its value before and after, for the undoing."""
    values = dict(changes)
    if "notes" in values:
        values["sealed_notes"] = secrecy.seal(str(values.pop("notes")), house=by.house, purpose=NOTES)
    kept = {name: [_plain(getattr(stays, name)), _plain(value)] for name, value in values.items()}
    for name, value in values.items():
        setattr(stays, name, value)
    if values:
        stays.save(update_fields=list(values))
    return kept


def _take_out(row: PatientMerge, stays: Patient, before: Mapping[str, Any], *, by: Who) -> None:
    """Give back what the merge `row` wrote. Who was merged into the same file later took over from what it had made of
    it: their merges are given back too, and made again without it, as far as nobody changed the fields since.
    """
    rows = PatientMerge.objects.filter(kept=stays, undone_at__isnull=True, pk__gt=row.pk)
    later = [(each, _before(each, by.house)) for each in rows.select_for_update(of=("self",)).order_by("pk")]
    back: set[str] = set()
    for _each, its in reversed(later):
        own = _give_back(stays, its["fields"])
        its["fields"] = {name: values for name, values in its["fields"].items() if name not in own}
        back |= own
    back |= _give_back(stays, before["fields"])
    own_numbers = PatientNumber.objects.filter(patient=stays, number__in=before["numbers"])
    gone = set(own_numbers.values_list("number", flat=True))
    own_numbers.delete()
    again = {_FIELDS.get(name, name) for name in back}
    for each, its in later:
        goes = Patient.objects.get(pk=each.merged_id)
        # Of what was changed by hand since nothing is taken again: no rule about it may refuse the parting.
        changes = merge_plan(_record(stays, by.house), _record(goes, by.house), only=again).changes
        its["fields"] |= _take_over(stays, changes, by=by)
        its["numbers"] += _take_numbers(stays, goes, only=gone)
        each.taken = sorted({*each.taken, *changes, *(["numbers"] if its["numbers"] else [])})
        each.sealed_before = _sealed(its, by.house)
        each.save(update_fields=["taken", "sealed_before"])


def _before(row: PatientMerge, house: str) -> dict[str, Any]:
    """What was before the merge: `fields` (name to its value before and after), `numbers` that were new, `links`."""
    found: dict[str, Any] = json.loads(secrecy.unseal(row.sealed_before, house=house, purpose=BEFORE))
    # Until when a merge kept the consents too, they stand in it: they are told from what was said, below.
    found["fields"] = {name: values for name, values in found["fields"].items() if name not in _AGREED}
    return found


def _sealed(before: Mapping[str, Any], house: str) -> str:
    return secrecy.seal(json.dumps(before), house=house, purpose=BEFORE)


def _tell_consents(stays: Patient) -> None:
    """Since when he may be written to: the last word of those who are one with him counts, and nobody else's."""
    all_of_him = [stays.pk, *(each.pk for each in index.merged_into(stays))]
    for way in ContactWay:
        last = PatientConsent.objects.filter(patient__in=all_of_him, way=way).order_by("-at", "-pk").first()
        setattr(stays, f"{way}_agreed_at", last.at if last is not None and last.given else None)
    stays.save(update_fields=[*_AGREED])


def _give_back(stays: Patient, fields: Mapping[str, list[Any]]) -> set[str]:
    """What the merge wrote is as it was before; what somebody changed since stands. Gives the fields given back."""
    back = {name: before for name, (before, after) in fields.items() if _plain(getattr(stays, name)) == after}
    for name, value in back.items():
        moment = name.endswith("_at") and value is not None
        setattr(stays, name, datetime.fromisoformat(value) if moment else value)
    if back:
        stays.save(update_fields=list(back))
    return set(back)


def _know_who_came(stays: Patient, goes: Patient, *, since: datetime) -> None:
    """Whoever came himself while he was known by the other's file, from the merge on, is known by that."""
    others = {goes.pk, *(each.pk for each in index.merged_into(goes))}
    own = {stays.pk, *(each.pk for each in index.merged_into(stays))} - others
    came = KeptVisit.objects.filter(patient__in=own, at__gte=since).order_by("pk").first()
    if came is not None:
        KeptVisit.objects.filter(pk=came.pk).update(made_known=True)
        stays.known = True
        stays.save(update_fields=["known"])


def _take_numbers(stays: Patient, goes: Patient, *, only: Collection[str] | None = None) -> list[str]:
    """Add the numbers of who goes (of those alone that are in `only`); gives those that are new."""
    own = list(PatientNumber.objects.filter(patient=stays).values_list("number", flat=True))
    other = PatientNumber.objects.filter(patient=goes).values_list("number", "label")
    new = [(number, label) for number, label in other if number not in own and (only is None or number in only)]
    if len(own) + len(new) > MOST_NUMBERS:
        raise TooManyNumbers
    PatientNumber.objects.bulk_create(
        PatientNumber(
            house_id=stays.house_id,
            client_id=stays.client_id,
            patient=stays,
            number=number,
            label=label,
            position=position,
        )
        for position, (number, label) in enumerate(new, start=len(own))
    )
    return [number for number, _label in new]


def _links(*rows: Patient) -> list[dict[str, Any]]:
    found = PatientLink.objects.filter(Q(patient__in=rows) | Q(other__in=rows)).order_by("pk")
    return [dict(each) for each in found.values("pk", "patient_id", "other_id", "name", "number", "kind", "may_speak")]


def _move_links(stays: Patient, goes: Patient) -> None:
    """Links of who goes are those of who stays; one that both had is there once, one between the two is none."""
    PatientLink.objects.filter(Q(patient=stays, other=goes) | Q(patient=goes, other=stays)).delete()
    for tie in PatientLink.objects.filter(Q(patient=goes) | Q(other=goes)).order_by("pk"):
        patient = stays.pk if tie.patient_id == goes.pk else tie.patient_id
        other = stays.pk if tie.other_id == goes.pk else tie.other_id
        same = PatientLink.objects.filter(patient=patient, other=other, kind=tie.kind, name=tie.name)
        if same.exists():
            tie.delete()
        else:
            PatientLink.objects.filter(pk=tie.pk).update(patient=patient, other=other)


def _put_links_back(before: list[dict[str, Any]], stays: Patient, goes: Patient) -> None:
    """Each link is whose it was. One that the merge took away is there again, with its id, so that an earlier merge
    still finds it; what somebody removed since, or made anew, stands as it is.
    """
    away = links_taken_away(before, stays=stays.pk, goes=goes.pk)
    there = set(PatientLink.objects.filter(pk__in=[each["pk"] for each in before]).values_list("pk", flat=True))
    for tie in before:
        fields = {name: value for name, value in tie.items() if name != "pk"}
        if tie["pk"] in there:
            PatientLink.objects.filter(pk=tie["pk"]).update(**fields)
            continue
        remained = away.get(tie["pk"], tie["pk"])
        same = {name: fields[name] for name in ("patient_id", "other_id", "kind", "name")}
        if (remained is None or remained in there) and not PatientLink.objects.filter(**same).exists():
            PatientLink.objects.create(pk=tie["pk"], house_id=stays.house_id, client_id=stays.client_id, **fields)


def _no_shows(row: Patient) -> int:
    return NoShow.objects.filter(patient__in=[row.pk, *(each.pk for each in index.merged_into(row))]).count()


def _plain(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _ids(row: PatientMerge) -> dict[str, str]:
    return {"merge": str(row.pk), "kept": str(row.kept_id), "merged": str(row.merged_id)}


def _view(row: PatientMerge) -> MergeView:
    return MergeView(
        id=str(row.pk),
        kept=str(row.kept_id),
        merged=str(row.merged_id),
        taken=tuple(row.taken),
        at=row.at,
        by_name=row.by_name,
        undone_at=row.undone_at,
    )
