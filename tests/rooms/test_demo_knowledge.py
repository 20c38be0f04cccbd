# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the demonstration house knows: a script with red flags in force, something to read, an absence to come."""

from datetime import timedelta

import orjson
import pytest

from permanence.clients import instructions, queries, said
from permanence.clients.models import Client
from permanence.project import demo_cast
from permanence.project.demo_knowledge import ASKED_AFTER, AWAY_DAYS, AWAY_IN_DAYS, load_demonstration
from permanence.staff.models import Secretary
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def files(demonstration):
    return {
        each.name: queries.client_file(house="demo", client=each.id, at=NOW) for each in queries.clients(house="demo")
    }


def test_dr_weber_has_a_script_whose_red_flags_he_validated(files):
    script = files["Dr Weber"].script
    assert len(orjson.loads(script.text)["red_flags"]) == 9
    assert script.validated_date == NOW.date().isoformat()
    assert files["Dr Weber"].sites[0].parking


def test_something_is_to_be_read_but_nothing_stands_before_the_first_call(files):
    for secretary in Secretary.objects.all():
        unread = [
            len(instructions.to_read(house="demo", secretary=str(secretary.pk), at=NOW + after))
            for after in (timedelta(), ASKED_AFTER - timedelta(minutes=1), ASKED_AFTER)
        ]
        assert unread == [0, 0, 1]
    first = next(file for file in files.values() if file.lines == (demo_cast.NUMBERS[0][1],))
    assert (first.view.name, first.script) == ("Atlas", None)
    assert not [each for each in first.instructions if each.acknowledge]


def test_somebody_will_be_away_and_nothing_contradicts_itself(files):
    [absence] = files["Cabinet Dupont"].absences
    assert absence.starts - NOW > timedelta(days=AWAY_IN_DAYS - 1)
    assert absence.ends - absence.starts == timedelta(days=AWAY_DAYS)
    assert absence.urgent_to
    for file in files.values():
        assert said.proof_of(house="demo", client=file.view.id, at=NOW).findings == ()


def test_it_is_made_once(files, entropy):
    load_demonstration(at=NOW + timedelta(days=1), entropy=entropy)
    assert Client.objects.count() == 4
    assert queries.client_file(house="demo", client=files["Dr Weber"].view.id, at=NOW).script.version == 1
