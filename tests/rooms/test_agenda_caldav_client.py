# SPDX-License-Identifier: AGPL-3.0-or-later
"""The CalDAV server against an independent client: the `caldav` library, in a process and environment of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from permanence.agenda.interop import devices
from permanence.agenda.models import Block
from permanence.agenda.operations import appointments
from permanence.api import calendars
from permanence.foundation.models import Person
from permanence.kernel.system import SystemEntropy
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast
from tests.rooms.messaging_cast import NOON

ENVIRONMENT = Path(sys.prefix) / "caldav" / "bin" / "python"
CLIENT = Path(__file__).with_name("caldav_client.py")


class Noon:
    def now(self):
        return NOON


@pytest.mark.django_db(transaction=True)
def test_an_independent_client_reads_writes_and_is_refused(live_server, monkeypatch):
    assert ENVIRONMENT.exists(), "./test rooms makes the environment of the client"
    monkeypatch.setattr(calendars, "_CLOCK", Noon())
    cast = make_agenda_cast()
    appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=MONDAY, booking=cast.booking(), by=cast.claire, at=NOON
    )
    _view, secret = devices.make_device(
        client=cast.cabinet.id, label="Client", names=True, by=cast.dr_dupont, at=NOON, entropy=SystemEntropy()
    )
    user = Person.objects.get(pk=int(cast.dr_dupont.person)).email
    done = subprocess.run(
        [str(ENVIRONMENT), str(CLIENT), f"{live_server.url}/dav/", user, secret],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == {
        "name": "Dr Dupont",
        "before": ["HOFFMANN Jeanne"],
        "after": ["Formation", "HOFFMANN Jeanne"],
        "changed": 1,
        "refused": "PutError",
        "renamed": ["Formation continue", "HOFFMANN Jeanne"],
        "deleted": ["HOFFMANN Jeanne"],
    }
    assert list(Block.objects.filter(removed_at=None)) == []
