# SPDX-License-Identifier: AGPL-3.0-or-later
"""What persons ask for by law: noted by whoever heard it, answered when the practice has decided. Nothing is done here.

The client is the controller and decides; the house, his processor, keeps that he was asked, and by when he answers.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from permanence.callers import queries
from permanence.callers.acts import account, changed, himself, locked
from permanence.callers.models import PatientRequest
from permanence.callers.rules.identity import FieldUnfit, clean
from permanence.callers.rules.requests import ANSWER_LIMIT, RequestKind
from permanence.foundation.keys import row_key
from permanence.foundation.who import Who
from permanence.kernel.refusals import Refusal


class RequestUnknown(Refusal):
    """No such request of this person, or it was answered already."""

    code = "request_unknown"


class AnswerMissing(Refusal):
    """Without words nothing is answered."""

    code = "answer_missing"


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestView:
    """A request. `answered_at` is None, `answer` and `answered_by_name` are "" while it waits."""

    id: str
    patient: str
    kind: RequestKind
    asked_at: datetime
    noted_by_name: str
    answered_at: datetime | None
    answered_by_name: str
    answer: str


def requests_of(*, house: str, client: str, patients: Iterable[str]) -> tuple[RequestView, ...]:
    """What these persons (ids) of a client asked for, the oldest first. One query."""
    keys = [row_key(each) for each in patients]
    rows = PatientRequest.objects.for_house(house).for_client(row_key(client)).filter(patient__in=keys)
    return tuple(_view(row) for row in rows.order_by("asked_at", "pk"))


def open_requests(*, house: str, client: str) -> tuple[RequestView, ...]:
    """What waits for an answer of this client, the oldest first. One query."""
    rows = PatientRequest.objects.for_house(house).for_client(row_key(client)).filter(answered_at__isnull=True)
    return tuple(_view(row) for row in rows.order_by("asked_at", "pk"))


@transaction.atomic
def note_request(*, client: str, patient: str, kind: str, by: Who, at: datetime) -> None:
    """He asked for it; one that waits already is not noted twice. Raises ClientUnknown, PatientUnknown, PatientMerged,
    FieldUnfit.
    """
    row = himself(patient, client=account(client, by=by).id, by=by)
    if kind not in set(RequestKind):
        raise FieldUnfit("kind")
    _request, new = PatientRequest.objects.get_or_create(
        patient=row,
        kind=kind,
        answered_at=None,
        defaults={"house_id": row.house_id, "client_id": row.client_id, "asked_at": at, "noted_by_name": by.name},
    )
    if new:
        changed(row, "patient.request_noted", by=by, at=at, detail={"kind": kind})


@transaction.atomic
def answer_request(*, client: str, patient: str, request: str, answer: str, by: Who, at: datetime) -> None:
    """The practice has decided, and this is what became of it. Raises ClientUnknown, PatientUnknown, RequestUnknown,
    AnswerMissing, FieldUnfit, FieldTooLong.
    """
    view = account(client, by=by)
    stands = queries.standing(house=by.house, client=view.id, patient=patient)
    words = clean(answer, field="answer", limit=ANSWER_LIMIT)
    if not words:
        raise AnswerMissing
    rows = PatientRequest.objects.for_house(by.house_key).for_client(view.id).select_for_update(of=("self",))
    row = rows.filter(pk=row_key(request), answered_at__isnull=True).first()
    if row is None or queries.standing(house=by.house, client=view.id, patient=str(row.patient_id)).id != stands.id:
        raise RequestUnknown(request)
    row.answered_at, row.answered_by_name, row.answer = at, by.name, words
    row.save(update_fields=["answered_at", "answered_by_name", "answer"])
    person = locked(stands.id, client=view.id, by=by)
    changed(person, "patient.request_answered", by=by, at=at, detail={"kind": row.kind})


def _view(row: PatientRequest) -> RequestView:
    return RequestView(
        id=str(row.pk),
        patient=str(row.patient_id),
        kind=RequestKind(row.kind),
        asked_at=row.asked_at,
        noted_by_name=row.noted_by_name,
        answered_at=row.answered_at,
        answered_by_name=row.answered_by_name,
        answer=row.answer,
    )
