# SPDX-License-Identifier: AGPL-3.0-or-later
"""The validator that every answer of the FHIR door passes is one: it finds what is wrong, and where."""

import pytest

from tests.rooms.fhir_definitions import faults

SLOT = {
    "resourceType": "Slot",
    "id": "f.1",
    "schedule": {"reference": "Schedule/1"},
    "status": "free",
    "start": "2026-11-30T07:00:00Z",
    "end": "2026-11-30T07:20:00Z",
}


def test_a_resource_as_it_should_be_has_no_fault():
    assert faults(SLOT) == []
    assert faults({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": SLOT}]}) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"status": "vacant"}, "Slot.status"),
        ({"end": None}, "Slot.end"),
        ({"comments": "x"}, "Slot.comments"),
        ({"schedule": {"reference": "Patient/1"}}, "Slot.schedule"),
        ({"serviceType": {"text": "x"}}, "Slot.serviceType"),
        ({"resourceType": "Slott"}, ""),
    ],
)
def test_what_is_wrong_is_found_at_any_depth(change, where):
    wrong = {key: value for key, value in {**SLOT, **change}.items() if value is not None}
    assert [each.partition(": ")[0] for each in faults(wrong)] == [where]
    assert len(faults({"resourceType": "Bundle", "type": "collection", "entry": [{"resource": wrong}]})) == 1
