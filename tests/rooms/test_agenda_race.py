# SPDX-License-Identifier: AGPL-3.0-or-later
"""Processes that book at the same moment: nothing is taken twice, and every no has its name. A short run of the bench.

It runs on the database of the suite: SQLite in a file of its own, or a database of its own in the suite's cluster.
"""

from urllib.parse import quote

import pytest
from django.db import connection, connections

from bench import agenda_race

ATTEMPTS = 480


@pytest.fixture
def url(transactional_db):
    """An empty database beside that of the test, on a server; "" where it is a file."""
    if connection.vendor == "sqlite":
        yield ""
        return
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE race")
    settings = connection.settings_dict
    yield f"postgresql://{settings['USER']}@{quote(settings['HOST'], safe='')}/race"
    with connections["default"].cursor() as cursor:
        cursor.execute("DROP DATABASE race WITH (FORCE)")


def test_nothing_is_taken_twice_however_many_try(url, tmp_path):
    found = agenda_race.run(tmp_path, url, attempts=ATTEMPTS)
    assert found["unnamed"] == []
    assert found["wrong"] == {"agendas": 0, "devices": 0, "visits": 0, "without": 0, "covered": 0}
    assert (found["race_attempts"], found["race_overlaps"]) == (ATTEMPTS, 0)
    assert found["done"]["book"] > 0
    assert found["overbooked"] > 0
    assert found["combined"] > 0
    assert found["grouped"] > 0
    assert sum(found["done"].values()) + sum(found["refused"].values()) >= ATTEMPTS
    assert found["refused"].keys() <= {
        "slot_already_taken",
        "slot_refused",
        "too_many_holds",
        "agenda_busy",
        "not_now",
        "appointment_unknown",
    }
