# SPDX-License-Identifier: AGPL-3.0-or-later
"""Acts on the persons known to a client. Each is one transaction, noted in the trail and announced.

Who acts must have to do with the client: one he has nothing to do with is not there (clients.ClientUnknown), as a
person of another client is not (PatientUnknown).
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import IntegrityError, transaction

from permanence.callers import index, queries
from permanence.callers.acts import account, changed, himself, locked, note
from permanence.callers.events import PatientAdded
from permanence.callers.models import NoShow, NoShowRule, Patient, PatientConsent, PatientLink, PatientNumber
from permanence.callers.models.trace import ACT_LENGTH
from permanence.callers.queries import NOTES, PatientView, today_of
from permanence.callers.rules.form import Kept, PatientForm, check_id, read_form, read_number
from permanence.callers.rules.identity import (
    INVERSE,
    MOST_LINKS,
    ContactWay,
    FieldUnfit,
    IdentityDocument,
    IdentityStatus,
    LinkKind,
    clean_name,
)
from permanence.callers.rules.no_show import Rule
from permanence.foundation import audit, outbox, secrecy
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal

PROVED = ("birth_name", "first_name", "birth_date", "sex")
"""The traits that a document proves: who changes one has to see the document again."""


class PatientIdTaken(Refusal):
    """Another person was added under this id: the page must make a new one."""

    code = "patient_id_taken"


class PatientChangedMeanwhile(Refusal):
    """Somebody else changed him after she had opened his file: she would have acted on what she has not seen."""

    code = "patient_changed_meanwhile"


class IdentityIncomplete(Refusal):
    """An identity is proved by birth name, first name, birth date and sex together; `why` names what lacks."""

    code = "identity_incomplete"


class LinkUnfit(Refusal):
    """A person is not linked with himself, nor twice in the same way; one has so many links and no more."""

    code = "link_unfit"


class LinkUnknown(Refusal):
    """No such link of this person."""

    code = "link_unknown"


def add_patient(*, client: str, patient: str, form: PatientForm, by: Who, at: datetime) -> PatientView:
    """Keep a new person; `patient` is the id made by the page: a retry gives the one that was kept.

    Raises ClientUnknown, PatientIdMalformed, PatientIdTaken, and what `rules.form.read_form` raises.
    """
    view = account(client, by=by)
    kept = read_form(form, country=view.country, on=today_of(view, at))
    key = check_id(patient)
    try:
        with transaction.atomic():
            row = _kept_before(view.id, key, kept)
            if row is None:
                row = _new(view.id, key, kept, by=by, at=at)
    except IntegrityError:  # the same id came at the same moment on another connection
        row = _kept_before(view.id, key, kept)
        if row is None:
            raise
    return queries.patient(house=by.house, client=view.id, patient=str(row.pk))


@transaction.atomic
def change_patient(
    *, client: str, patient: str, form: PatientForm, by: Who, at: datetime, seen: datetime | None = None
) -> PatientView:
    """The person is now so. A proved identity of which a proved trait changes is provisional again.

    `seen`: the `changed_at` of the state that was before her eyes, None where she saw none. Raises ClientUnknown,
    PatientUnknown, PatientMerged, PatientChangedMeanwhile, and what `rules.form.read_form` raises.
    """
    view = account(client, by=by)
    row = himself(patient, client=view.id, by=by)
    if seen is not None and seen != row.changed_at:
        raise PatientChangedMeanwhile(patient)
    kept = read_form(form, country=view.country, on=today_of(view, at))
    before = queries.patient(house=by.house, client=view.id, patient=patient)
    fields = {name: value for name, value in kept.fields.items() if getattr(row, name) != value}
    if kept.notes != queries.notes_of(row, by.house):
        fields["sealed_notes"] = secrecy.seal(kept.notes, house=by.house, purpose=NOTES) if kept.notes else ""
    if row.identity_status == IdentityStatus.VALIDATED and set(PROVED) & set(fields):
        fields |= {"identity_status": IdentityStatus.PROVISIONAL.value, "identity_document": ""}
    for name, value in fields.items():
        setattr(row, name, value)
    if fields:
        row.save(update_fields=list(fields))
    if {"birth_name", "used_name", "first_name"} & set(fields):
        index.rewrite_words(row)
    if before.numbers != kept.numbers:
        _write_numbers(row, kept.numbers)
        fields["numbers"] = ""
    if fields:
        changed(row, "patient.changed", by=by, at=at, detail={"fields": sorted(fields)})
    return queries.patient(house=by.house, client=view.id, patient=patient)


@transaction.atomic
def validate_identity(
    *, client: str, patient: str, document: str, by: Who, at: datetime, seen: datetime | None = None
) -> PatientView:
    """`by` has compared the traits with this document. `seen` as of `change_patient`.

    Raises ClientUnknown, PatientUnknown, PatientMerged, PatientChangedMeanwhile, IdentityIncomplete, FieldUnfit.
    """
    row = himself(patient, client=account(client, by=by).id, by=by)
    if seen is not None and seen != row.changed_at:
        raise PatientChangedMeanwhile(patient)
    if document not in set(IdentityDocument):
        raise FieldUnfit("identity_document")
    lacking = [name for name in PROVED if not getattr(row, name)]
    if lacking or len(row.birth_date) < len("1961-03-14"):
        raise IdentityIncomplete(", ".join(lacking or ["birth_date"]))
    row.identity_status, row.identity_document = IdentityStatus.VALIDATED.value, document
    row.identity_seen_at, row.identity_seen_by = at, by.name
    row.save(update_fields=["identity_status", "identity_document", "identity_seen_at", "identity_seen_by"])
    changed(row, "patient.identity_validated", by=by, at=at, detail={"document": document})
    return queries.patient(house=by.house, client=client, patient=patient)


@transaction.atomic
def note_consent(*, client: str, patient: str, way: str, given: bool, by: Who, at: datetime) -> PatientView:
    """He was asked whether he may be written to, and said so. Raises ClientUnknown, PatientUnknown, PatientMerged,
    FieldUnfit.
    """
    row = himself(patient, client=account(client, by=by).id, by=by)
    if way not in set(ContactWay):
        raise FieldUnfit("way")
    PatientConsent.objects.create(
        house_id=row.house_id,
        client_id=row.client_id,
        patient=row,
        way=way,
        given=given,
        at=at,
        by_id=by.person_key,
        by_name=by.name,
    )
    Patient.objects.filter(pk=row.pk).update(**{f"{way}_agreed_at": at if given else None})
    changed(row, "patient.consent_noted", by=by, at=at, detail={"way": way, "given": given})
    return queries.patient(house=by.house, client=client, patient=patient)


@transaction.atomic
def note_death(*, client: str, patient: str, is_deceased: bool, by: Who, at: datetime) -> PatientView:
    """He died (or did not, after all): nobody writes to him. Raises ClientUnknown, PatientUnknown, PatientMerged."""
    row = himself(patient, client=account(client, by=by).id, by=by)
    Patient.objects.filter(pk=row.pk).update(is_deceased=is_deceased)
    changed(row, "patient.death_noted", by=by, at=at, detail={"is_deceased": is_deceased})
    return queries.patient(house=by.house, client=client, patient=patient)


@transaction.atomic
def link(
    *,
    client: str,
    patient: str,
    kind: str,
    other: str = "",
    name: str = "",
    number: str = "",
    may_speak: bool = False,
    by: Who,
    at: datetime,
) -> str:
    """Somebody belongs to him: `other`, a patient of the same client, or who is called `name`. Gives the link's id.

    Between two patients the tie is written from both sides where it has a name (parent and child). Raises
    ClientUnknown, PatientUnknown, PatientMerged, LinkUnfit, FieldUnfit, FieldTooLong, NumberUnreadable.
    """
    view = account(client, by=by)
    if kind not in set(LinkKind):
        raise FieldUnfit("kind")
    # Always in one order: two who link each other at once must not wait for each other.
    rows = {each: himself(each, client=view.id, by=by) for each in sorted({patient, other or patient}, key=row_key)}
    row, known = rows[patient], rows.get(other)
    called = "" if known else clean_name(name, field="name")
    reached = read_number(number, country=view.country) if number.strip() else ""
    if (known is None and not called) or (known is not None and known.pk == row.pk):
        raise LinkUnfit
    made = _tie(row, known, called, reached, LinkKind(kind), may_speak=may_speak)
    back = INVERSE[LinkKind(kind)]
    if known is not None and back is not None and not _is_tied(known, row, "", back):
        _tie(known, row, "", "", back, may_speak=False)
        changed(known, "patient.linked", by=by, at=at, detail={"kind": back.value})
    changed(row, "patient.linked", by=by, at=at, detail={"kind": kind})
    return str(made.pk)


@transaction.atomic
def unlink(*, client: str, patient: str, link: str, by: Who, at: datetime) -> None:
    """That link was wrong, or is no more; also from the other side. Raises ClientUnknown, PatientUnknown, LinkUnknown,
    PatientMerged.
    """
    row = himself(patient, client=account(client, by=by).id, by=by)
    tie = PatientLink.objects.filter(patient=row, pk=row_key(link)).select_related("other").first()
    if tie is None:
        raise LinkUnknown(link)
    back = INVERSE[LinkKind(tie.kind)]
    if tie.other is not None and back is not None:
        PatientLink.objects.filter(patient=tie.other, other=row, kind=back).delete()
        changed(tie.other, "patient.unlinked", by=by, at=at)
    tie.delete()
    changed(row, "patient.unlinked", by=by, at=at)


@transaction.atomic
def count_no_show(*, client: str, patient: str, act: str, by: Who, at: datetime) -> int:
    """He did not keep an appointment; `act` names it and counts once. Gives how many he did not keep.

    One who was merged counts for whoever stands for him. Raises ClientUnknown, PatientUnknown, FieldUnfit.
    """
    view = account(client, by=by)
    stands = queries.standing(house=by.house, client=view.id, patient=patient)
    row = locked(stands.id, client=view.id, by=by)
    if not 0 < len(act) <= ACT_LENGTH:
        raise FieldUnfit("act")
    _, new = NoShow.objects.get_or_create(
        client_id=row.client_id, act=act, defaults={"house_id": row.house_id, "patient": row, "at": at}
    )
    return _recount(row, "patient.no_show_counted", by=by, at=at) if new else row.no_shows


@transaction.atomic
def forgive_no_show(*, client: str, act: str, by: Who, at: datetime) -> None:
    """That appointment counts no more: he had cancelled, or was there. Nothing where it did not count.

    Raises ClientUnknown.
    """
    view = account(client, by=by)
    found = NoShow.objects.for_house(by.house_key).for_client(view.id).filter(act=act).first()
    if found is None:
        return
    stands = queries.standing(house=by.house, client=view.id, patient=str(found.patient_id))
    row = locked(stands.id, client=view.id, by=by)
    found.delete()
    _recount(row, "patient.no_show_forgiven", by=by, at=at)


@transaction.atomic
def set_no_show_rule(*, client: str, rule: Rule, by: Who, at: datetime) -> None:
    """What the client wants done about appointments that were not kept. Raises ClientUnknown."""
    view = account(client, by=by)
    NoShowRule.objects.update_or_create(
        client_id=int(view.id),
        defaults={
            "house_id": by.house_key,
            "warn_from": rule.warn_from,
            "block_online_from": rule.block_online_from,
            "deposit_from": rule.deposit_from,
            "deposit_note": rule.deposit_note.strip()[:200],
        },
    )
    subject = f"clients.client:{view.id}"
    audit.note(by=by, at=at, action="patient.no_show_rule_set", subject=subject, client=view.id)


def _kept_before(client: str, key: str, kept: Kept) -> Patient | None:
    row = Patient.objects.for_client(client).filter(key=key).first()
    if row is not None and any(getattr(row, name) != kept.fields[name] for name in ("birth_name", "first_name")):
        raise PatientIdTaken(key)
    return row


def _new(client: str, key: str, kept: Kept, *, by: Who, at: datetime) -> Patient:
    row = Patient.objects.create(
        house_id=by.house_key,
        client_id=int(client),
        key=key,
        sealed_notes=secrecy.seal(kept.notes, house=by.house, purpose=NOTES) if kept.notes else "",
        added_at=at,
        changed_at=at,
        **kept.fields,
    )
    index.rewrite_words(row)
    _write_numbers(row, kept.numbers)
    note(row, "patient.added", by=by, at=at)
    outbox.announce(PatientAdded(house=by.house, at=at, client=client, patient=str(row.pk)))
    return row


def _write_numbers(row: Patient, numbers: Iterable[str]) -> None:
    PatientNumber.objects.filter(patient=row).delete()
    PatientNumber.objects.bulk_create(
        PatientNumber(house_id=row.house_id, client_id=row.client_id, patient=row, number=number, position=position)
        for position, number in enumerate(numbers)
    )


def _is_tied(row: Patient, other: Patient | None, name: str, kind: LinkKind) -> bool:
    return PatientLink.objects.filter(patient=row, other=other, name=name, kind=kind).exists()


def _tie(
    row: Patient, other: Patient | None, name: str, number: str, kind: LinkKind, *, may_speak: bool
) -> PatientLink:
    if _is_tied(row, other, name, kind) or PatientLink.objects.filter(patient=row).count() >= MOST_LINKS:
        raise LinkUnfit(kind)
    return PatientLink.objects.create(
        house_id=row.house_id,
        client_id=row.client_id,
        patient=row,
        other=other,
        name=name,
        number=number,
        kind=kind.value,
        may_speak=may_speak,
    )


def _recount(row: Patient, action: str, *, by: Who, at: datetime) -> int:
    everybody = [row.pk, *(each.pk for each in index.merged_into(row))]
    count = NoShow.objects.filter(patient__in=everybody).count()
    Patient.objects.filter(pk=row.pk).update(no_shows=count)
    changed(row, action, by=by, at=at)
    return count
