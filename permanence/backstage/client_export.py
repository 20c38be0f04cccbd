# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything the house holds about one client, as one ZIP: each table as JSON and as CSV, the recorded announcements
as WAV files by their content, and the list of recordings.

Every table whose rows carry their client is in it, also those of rooms that come later; what is sealed under the
house's key is opened. Left out is what is not the client's: see `LEFT_OUT`.
"""

import io
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db import models

from permanence.agenda.interop import events
from permanence.agenda.operations import public_forms
from permanence.agenda.queries.appointments import ANSWERS
from permanence.agenda.queries.place_answers import SAID
from permanence.backstage.sheets import write_sheet
from permanence.callers.merge_operations import BEFORE
from permanence.callers.queries import NOTES
from permanence.calls.models import CallOffer
from permanence.clients import announcements
from permanence.clients.models import Client
from permanence.dispatch import sms_operations
from permanence.foundation import secrecy
from permanence.foundation.models import AuditEntry, Person
from permanence.foundation.who import Who
from permanence.messaging.models import Message
from permanence.messaging.queries import ANSWER, TEXT
from permanence.messaging.recordings import wav

LEFT_OUT = {
    "switchboard.SliceVersion": "a counter of the telephone",
    "switchboard.CoverageCount": "a counter of the lists",
    "clients.ImportDraft": "a file of the house's that was never brought in",
    "callers.NameWord": "the words of the search, made from the names of the patients",
}
"""Tables with a client that are not about him, and why."""
BESIDE = {"calls.CallOffer": ("call__client", CallOffer), "foundation.AuditEntry": ("client_key", AuditEntry)}
"""Tables about him whose rows reach him another way: by which lookup."""
SEALED = {
    ("callers.Patient", "sealed_notes"): NOTES,
    ("callers.PatientMerge", "sealed_before"): BEFORE,
    ("messaging.Message", "sealed_text"): TEXT,
    ("messaging.MessageAnswer", "sealed_text"): ANSWER,
    ("agenda.CalendarObject", "body"): events.PURPOSE,
    ("agenda.Appointment", "sealed_answers"): ANSWERS,
    ("agenda.WaitingPlace", "sealed_answers"): SAID,
    ("agenda.PublicForm", "sealed"): public_forms.PURPOSE,
    ("dispatch.Sms", "sealed_text"): sms_operations.TEXT,
    ("dispatch.SmsReply", "sealed_text"): sms_operations.REPLY,
}
"""Sealed fields, and for which purpose each was sealed."""
FORMAT = 1
AUDIO_COLUMNS = ("message", "call", "taken_at", "seconds", "file")


def export_client(client: Client, *, by: Who, at: datetime) -> bytes:
    """The ZIP file. Rows are read and written one at a time."""
    out = io.BytesIO()
    counts: dict[str, int] = {}
    unreadable = 0
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for label, rows in _tables(client):
            texts = list(_texts(label, rows, by.house))
            unreadable += sum(text.pop("", 0) for text in texts)
            counts[label] = len(texts)
            _write(archive, f"json/{label}.json", json.dumps(texts, ensure_ascii=False, indent=1, default=str), at)
            columns = list(texts[0]) if texts else _columns(label, rows.model)
            cells = ({column: _cell(value) for column, value in text.items()} for text in texts)
            _write(archive, f"csv/{label}.csv", write_sheet(columns, cells, language=by.language), at)
        for content, audio in announcements.sounds(house=by.house, client=str(client.pk)):
            _write(archive, f"announcements/{content}.wav", wav(audio), at)
        recordings = list(_recordings(client, by.house))
        _write(archive, "audio.csv", write_sheet(AUDIO_COLUMNS, recordings, language=by.language), at)
        index = {
            "format": FORMAT,
            "house": by.house,
            "client": str(client.pk),
            "name": client.name,
            "at": at.isoformat(),
            "by": by.name,
            "rows": counts,
            "recordings": len(recordings),
            "unreadable": unreadable,
        }
        _write(archive, "index.json", json.dumps(index, ensure_ascii=False, indent=1), at)
    return out.getvalue()


def tables_about_clients() -> dict[str, type[models.Model]]:
    """The tables whose rows carry a client, by their label, those left out included."""
    return {
        table._meta.label: table
        for table in apps.get_models()
        if table.__module__.startswith("permanence.") and _carries_client(table)
    }


def _carries_client(table: type[models.Model]) -> bool:
    return any(
        isinstance(field, models.ForeignKey) and field.name == "client" and field.related_model is Client
        for field in table._meta.concrete_fields
    )


def _tables(client: Client) -> Iterator[tuple[str, models.QuerySet[Any]]]:
    """Each table with this client's rows of this house, in the order of their keys."""
    yield Client._meta.label, Client.objects.for_house(client.house_id).filter(pk=client.pk)
    for label, table in sorted(tables_about_clients().items()):
        if label not in LEFT_OUT:
            yield label, _rows(table, "client", client)
    for lookup, table in BESIDE.values():
        yield table._meta.label, _rows(table, lookup, client)


def _rows(table: Any, lookup: str, client: Client) -> models.QuerySet[Any]:
    rows: models.QuerySet[Any] = table.objects.filter(house=client.house_id, **{lookup: client.pk}).order_by("pk")
    people = [field.name for field in _fields(table) if isinstance(field, models.ForeignKey)]
    return rows.select_related(*people) if people else rows


def _fields(table: type[models.Model]) -> "list[models.Field[Any, Any]]":
    """All but house and client, and but audio, which is in files of its own."""
    found = [field for field in table._meta.concrete_fields if field.name not in {"house", "client"}]
    return [field for field in found if not isinstance(field, models.BinaryField)]


def _columns(label: str, table: type[models.Model]) -> list[str]:
    """What the columns of a table are called: a link by its key and, where it is to a person, by his name."""
    found = []
    for field in _fields(table):
        if (label, field.name) in SEALED:
            found.append(field.name.removeprefix("sealed_"))
        elif isinstance(field, models.ForeignKey):
            found.append(field.attname)
            found += [f"{field.name}_name"] if field.related_model is Person else []
        else:
            found.append(field.name)
    return found


def _texts(label: str, rows: models.QuerySet[Any], house: str) -> Iterator[dict[str, Any]]:
    """The rows as JSON would have them; under "" how many sealed texts of a row could not be opened."""
    for row in rows.iterator(chunk_size=500):
        text: dict[str, Any] = {}
        for field in _fields(rows.model):
            purpose = SEALED.get((label, field.name))
            value = getattr(row, field.attname)
            if purpose is not None:
                opened = _opened(value, house, purpose)
                text[field.name.removeprefix("sealed_")] = opened
                text[""] = text.get("", 0) + (opened is None)
            elif isinstance(field, models.ForeignKey):
                text[field.attname] = None if value is None else str(value)
                if field.related_model is Person:
                    text[f"{field.name}_name"] = "" if value is None else getattr(row, field.name).name
            else:
                text[field.name] = _plain(value)
        yield text


def _opened(sealed: str, house: str, purpose: str) -> str | None:
    """The text; None where the key is not there any more. Nothing sealed is no text."""
    try:
        return secrecy.unseal(sealed, house=house, purpose=purpose) if sealed else ""
    except secrecy.SealBroken:
        return None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, (datetime, date)) else value


def _cell(value: Any) -> str:
    if isinstance(value, (list, dict)):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _recordings(client: Client, house: str) -> Iterable[Mapping[str, str]]:
    rows = Message.objects.for_house(client.house_id).for_client(client).filter(voice_seconds__isnull=False)
    for row in rows.order_by("taken_at", "pk"):
        yield {
            "message": row.key,
            "call": row.call,
            "taken_at": row.taken_at.isoformat(),
            "seconds": str(row.voice_seconds),
            "file": f"audio/{house}-{row.key}.sealed",
        }


def _write(archive: zipfile.ZipFile, name: str, text: str | bytes, at: datetime) -> None:
    moment = (at.year, at.month, at.day, at.hour, at.minute, at.second)
    entry = zipfile.ZipInfo(name, date_time=moment)
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, text)
