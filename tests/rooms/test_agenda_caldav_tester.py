# SPDX-License-Identifier: AGPL-3.0-or-later
"""The CalDAV server against an independent tester of servers, in a process and environment of its own.

`LACKING` is all that it finds wanting; each stands in docs/rooms/agenda.md with its reason. What is not named there the
tester found to be as the standards have it, or could not try because of one of these.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from permanence.agenda.interop import devices
from permanence.agenda.models import Block, CalendarObject
from permanence.agenda.operations import appointments
from permanence.foundation.models import Person
from permanence.kernel.system import SystemClock, SystemEntropy
from tests.rooms.agenda_cast import MONDAY, make_agenda_cast
from tests.rooms.messaging_cast import NOON

ENVIRONMENT = Path(sys.prefix) / "caldav" / "bin" / "python"
TESTER = Path(__file__).with_name("caldav_tester.py")
LACKING = {
    "calendar-color",
    "calendar-color.name",
    "calendar-order",
    "create-calendar",
    "principal-search",
    "save-load.journal",
    "save-load.todo",
    "scheduling",
    "search.text.comp-type-optional",
    "search.time-range.todo",
    "sync-token.limit",
}
GOOD = {"full", "unknown"}


@pytest.mark.django_db(transaction=True)
def test_an_independent_tester_finds_wanting_what_is_documented_and_nothing_else(live_server):
    assert ENVIRONMENT.exists(), "./test rooms makes the environment of the tester"
    cast, at = make_agenda_cast(), SystemClock().now()
    appointments.book(
        key=cast.key(), agenda=cast.dupont, starts_at=MONDAY, booking=cast.booking(), by=cast.claire, at=NOON
    )
    _view, secret = devices.make_device(
        client=cast.cabinet.id, label="Tester", names=True, by=cast.dr_dupont, at=at, entropy=SystemEntropy()
    )
    user = Person.objects.get(pk=int(cast.dr_dupont.person)).email
    done = subprocess.run(
        [str(ENVIRONMENT), str(TESTER), f"{live_server.url}/dav/", user, secret, "Dr Dupont"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    assert found["unfinished"] == {}
    lacking = {name: said for name, said in found["features"].items() if said["support"] not in GOOD}
    assert lacking.keys() == LACKING, lacking
    assert found["features"]["auth.www-authenticate"]["support"] == "full"
    assert found["features"]["save.no-uid-conflict"]["support"] == "full"
    assert list(Block.objects.filter(removed_at=None)) == list(CalendarObject.objects.all()) == []
