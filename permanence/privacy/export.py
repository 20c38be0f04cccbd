# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a person may ask for by law (GDPR, articles 15 and 20): all that the house holds about him, in one JSON file.

The client is the controller and gives it to him; the house, his processor, makes it. What was said about him by
somebody else stands in it as it was written down: the client looks at it before he passes it on.
"""

import json
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.db import transaction

from permanence.agenda.queries.views import AppointmentView
from permanence.callers.acts import account
from permanence.callers.entries import entries_of
from permanence.callers.queries import PatientFile
from permanence.dispatch.written_queries import written_to
from permanence.foundation import audit
from permanence.foundation.who import Who
from permanence.messaging import queries as messages
from permanence.messaging.queries import MessageRow
from permanence.privacy.holdings import holdings

FORMAT = 1


@transaction.atomic
def export_patient(*, client: str, patient: str, by: Who, at: datetime) -> bytes:
    """The file as UTF-8; that it was taken out stands in the trail. Raises ClientUnknown, PatientUnknown."""
    view = account(client, by=by)
    held = holdings(client=view.id, patient=patient, by=by, at=at)
    entries = entries_of(house=by.house, client=view.id, patient=patient)
    subjects = [f"callers.patient:{each}" for each in entries]
    told = {
        "format": FORMAT,
        "house": by.house,
        "client": view.name,
        "made_at": at,
        "made_by": by.name,
        "person": _person(held.file),
        "consents": [asdict(each) for each in held.file.consents],
        "relatives": [_without(asdict(each), "id", "other") for each in held.file.links],
        "appointments": [_visit(each, held.agendas) for each in reversed(held.visits)],
        "appointments_not_kept": len(held.counted),
        "messages": [_message(each, by.house, at) for each in reversed(held.messages)],
        "sms": [asdict(each) for each in written_to(house=by.house, client=view.id, patients=entries)],
        "requests": [_without(asdict(each), "id", "patient") for each in held.requests],
        "merged_files": [_without(asdict(each), "id", "kept", "merged") for each in held.file.merges],
        "who_did_what": [
            asdict(each) for each in audit.about(house_key=by.house_key, client=view.id, subjects=subjects)
        ],
    }
    audit.note(by=by, at=at, action="patient.exported", subject=subjects[0], client=view.id)
    return json.dumps(told, ensure_ascii=False, indent=1, default=_plain).encode()


def _person(file: PatientFile) -> dict[str, Any]:
    proof = {
        "identity_document": file.identity_document,
        "identity_seen_at": file.identity_seen_at,
        "identity_seen_by": file.identity_seen_by,
    }
    kept = _without(asdict(file.view), "id", "client", "merged_into")
    return {**kept, **proof, "notes": file.notes, "added_at": file.added_at, "changed_at": file.changed_at}


def _visit(each: AppointmentView, agendas: dict[str, str]) -> dict[str, Any]:
    return {
        "agenda": agendas.get(each.agenda, ""),
        "reason": each.reason_name,
        "starts_at": each.starts_at,
        "ends_at": each.ends_at,
        "state": each.state,
        "booked_at": each.booked_at,
        "booked_by": each.booked_by_name,
        "cancel_cause": each.cancel_cause,
        "cancel_words": each.cancel_words,
    }


def _message(row: MessageRow, house: str, at: datetime) -> dict[str, Any]:
    opened = messages.message(house, row.message, at)
    return {
        "taken_at": row.taken_at,
        "taken_by": row.taken_by_name,
        "for": row.recipient_name,
        "caller_name": row.caller_name,
        "caller_number": row.caller_shown,
        "reason": row.reason,
        "urgency": row.urgency,
        "text": "" if opened is None else opened.text,
        "answers": []
        if opened is None
        else [_without(asdict(each), "answer", "person") for each in opened.answer_texts],
    }


def _without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
