# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything of one client as a ZIP: nothing of his is missing, nothing of anybody else's is in it."""

import csv
import hashlib
import io
import json
import zipfile

import pytest
from django.conf import settings as django_settings

from permanence.backstage.client_export import (
    AUDIO_COLUMNS,
    BESIDE,
    LEFT_OUT,
    SEALED,
    export_client,
    tables_about_clients,
)
from permanence.calls.models import Call, CallOffer, WithheldNumber
from permanence.clients.announcement_operations import add_announcement
from permanence.clients.models import Client
from permanence.foundation.models import AuditEntry
from permanence.messaging import operations as messaging
from permanence.messaging.models import Message
from permanence.messaging.rules import MessageForm
from permanence.staff.models import Secretary
from tests.rooms.conftest import NOW
from tests.rooms.test_backstage_accounts import supervisor

__all__ = ("supervisor",)

TEXT = "anticoagulant-canari"
EVIL = '=HYPERLINK("https://evil.example")'


def row(key):
    return Client.objects.get(pk=int(key))


def opened(raw):
    return zipfile.ZipFile(io.BytesIO(raw))


def table(archive, label):
    return json.loads(archive.read(f"json/{label}.json"))


@pytest.fixture
def lively(cast):
    """Calls, offers, a withheld number, a message and a voice message of each client of both houses."""
    for slug, key, by in (("demo", cast.weber, cast.claire), ("demo", cast.dupont, cast.claire)):
        house = row(key).house_id
        call = Call.objects.create(
            house_id=house, client_id=int(key), call=f"call-{key}", caller="+352621000147", display=EVIL, arrived_at=NOW
        )
        WithheldNumber.objects.create(house_id=house, call=call, sealed="1.withheld-canary")
        CallOffer.objects.create(
            house_id=house,
            call=call,
            offer=f"offer-{key}",
            secretary=Secretary.objects.get(pk=int(cast.claire_secretary)),
            offered_at=NOW,
        )
        recipient = next(
            pk for name, pk in cast.recipients.items() if name == ("Dr Weber" if key == cast.weber else "Le cabinet")
        )
        form = MessageForm(message=f"{key}".rjust(20, "m"), recipient=recipient, caller_name=EVIL, text=f"{TEXT} {key}")
        messaging.take_message(house=slug, client_id=key, call=f"call-{key}", by=by, at=NOW, form=form)
    Message.objects.filter(client=int(cast.weber)).update(voice_seconds=12.5)
    return cast


def test_recorded_announcements_are_files_of_sound(lively):
    for client, audio in (
        (lively.weber, b"\x11" * 8000),
        (lively.weber, b"\x11" * 8000),
        (lively.dupont, b"\x12" * 8000),
    ):
        add_announcement(client=client, language="fr", text="Fermé.", audio=audio, by=lively.marc, at=NOW)
    archive = opened(export_client(row(lively.weber), by=lively.marc, at=NOW))
    content = hashlib.sha256(b"\x11" * 8000).hexdigest()
    assert [each for each in archive.namelist() if each.startswith("announcements/")] == [
        f"announcements/{content}.wav"
    ]
    assert archive.read(f"announcements/{content}.wav")[:4] == b"RIFF"
    assert [each["content"] for each in table(archive, "clients.Announcement")] == [content] * 2
    assert all("audio" not in each for each in table(archive, "clients.Announcement"))


def test_every_row_of_the_client_is_there_once_and_no_other(lively):
    archive = opened(export_client(row(lively.weber), by=lively.marc, at=NOW))
    index = json.loads(archive.read("index.json"))
    wanted = {"clients.Client", *(set(tables_about_clients()) - set(LEFT_OUT)), *BESIDE}
    assert set(index["rows"]) == wanted
    for label, model in tables_about_clients().items():
        if label in wanted:
            keys = [
                str(each)
                for each in model.objects.filter(client=int(lively.weber)).order_by("pk").values_list("pk", flat=True)
            ]
            assert [str(each["id"]) for each in table(archive, label)] == keys
            assert index["rows"][label] == len(keys)
    assert [each["offer"] for each in table(archive, "calls.CallOffer")] == [f"offer-{lively.weber}"]
    audited = AuditEntry.objects.filter(client_key=int(lively.weber)).count()
    assert len(table(archive, "foundation.AuditEntry")) == audited > 5
    assert table(archive, "clients.Client")[0]["name"] == "Dr Weber"
    assert len(table(archive, "clients.Contact")) == 3


def test_nothing_of_anybody_else_is_in_it(lively):
    archive = opened(export_client(row(lively.weber), by=lively.marc, at=NOW))
    everything = b"\n".join(archive.read(name) for name in archive.namelist()).decode()
    for canary in ("Dupont", "Lemaire", "Atlas", "Nadia", f"{TEXT} {lively.dupont}", "withheld-canary", "argon2"):
        assert canary not in everything


def test_texts_are_opened_and_recordings_are_listed(lively):
    archive = opened(export_client(row(lively.weber), by=lively.marc, at=NOW))
    (message,) = table(archive, "messaging.Message")
    assert (message["text"], message["taken_by_name"]) == (f"{TEXT} {lively.weber}", "Claire")
    assert "sealed_text" not in message
    sheet = csv.DictReader(io.StringIO(archive.read("audio.csv").decode("utf-8-sig")), delimiter=";")
    (recording,) = list(sheet)
    assert tuple(recording) == AUDIO_COLUMNS
    assert (recording["seconds"], recording["file"]) == ("12.5", f"audio/demo-{message['key']}.sealed")
    assert json.loads(archive.read("index.json"))["unreadable"] == 0


def test_a_lost_key_is_counted_and_stops_nothing(lively):
    for path in (django_settings.PERMANENCE.data / "keys").glob("house-demo*"):
        path.unlink()
    archive = opened(export_client(row(lively.weber), by=lively.marc, at=NOW))
    assert json.loads(archive.read("index.json"))["unreadable"] == 1
    assert table(archive, "messaging.Message")[0]["text"] is None


def test_the_tables_open_in_a_spreadsheet_and_are_not_computed(lively):
    archive = opened(export_client(row(lively.weber), by=lively.marc, at=NOW))
    for name in archive.namelist():
        if not name.endswith(".csv"):
            continue
        rows = list(csv.reader(io.StringIO(archive.read(name).decode("utf-8-sig"), newline=""), delimiter=";"))
        assert len({len(each) for each in rows}) == 1
        assert [cell for each in rows for cell in each if cell[:1] in {*"=+-@"} and cell] == []
    assert f"'{EVIL}" in [
        each["caller_name"]
        for each in csv.DictReader(
            io.StringIO(archive.read("csv/messaging.Message.csv").decode("utf-8-sig")), delimiter=";"
        )
    ]


def test_no_sealed_field_leaves_unopened():
    sealed = {
        (label, field.name)
        for label, model in tables_about_clients().items()
        for field in model._meta.concrete_fields
        if field.name.startswith("sealed")
    }
    assert sealed <= set(SEALED)


def test_the_owner_alone_takes_it_and_that_is_noted(lively, browser_of, supervisor):
    address = f"/backstage/accounts/{lively.weber}/take-away"
    for somebody in (supervisor, browser_of(lively.claire), browser_of(lively.dr_weber)):
        assert somebody.post(address).status_code == 403
    assert browser_of(lively.nadia).post(address).status_code == 404
    noted = AuditEntry.objects.filter(action="client.exported")
    assert not noted.exists()
    answer = browser_of(lively.marc).post(address)
    assert (answer["Content-Type"], noted.get().by_name) == ("application/zip", "Marc")
    assert opened(answer.content).testzip() is None
