# SPDX-License-Identifier: AGPL-3.0-or-later
"""Twenty systems that want the same slot at the same moment through $book: one has it, nineteen read why not."""

from bench import agenda_doors
from tests.rooms.test_agenda_race import url

__all__ = ("url",)


def test_twenty_at_once_for_one_slot(url, tmp_path):
    found = agenda_doors.run(tmp_path, url, door="fhir", attempts=20, slots=1, processes=20)
    assert found["unnamed"] == []
    assert found["wrong"] == {"agendas": 0, "devices": 0, "visits": 0, "without": 0}
    assert found["done"] == {"book": 1}
    assert sum(found["refused"].values()) == 19
    assert found["refused"].keys() <= {"slot_already_taken", "agenda_busy"}
