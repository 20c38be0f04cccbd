# SPDX-License-Identifier: AGPL-3.0-or-later
"""A message names a person of its own client, and nobody else's; a merge moves nothing and is followed."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from permanence.callers import merge_operations
from permanence.callers import operations as callers
from permanence.callers.rules.form import PatientForm
from permanence.messaging import operations, queries
from permanence.messaging.patients import NoSuchPatient
from permanence.messaging.rules import MessageForm
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.django_db


def add(cast, client, number, first_name="Jeanne"):
    form = PatientForm(birth_name="Lefèvre", first_name=first_name, birth_date="140361")
    return callers.add_patient(client=client, patient=f"{number:020d}", form=form, by=cast.claire, at=NOW)


def take(cast, patient, key="m" * 20):
    form = MessageForm(
        message=key, recipient=cast.recipients["Dr Weber"], caller_name="Sa fille", text="Rappeler", patient=patient
    )
    return operations.take_message(house=cast.house, client_id=cast.weber, call="", by=cast.claire, at=NOW, form=form)


def test_the_doctor_sees_whom_a_message_is_about(cast):
    jeanne = add(cast, cast.weber, 1)
    taken = take(cast, jeanne.id)
    assert taken.patient == jeanne
    assert take(cast, jeanne.id) == taken
    seen = queries.message_for_person(cast.house, cast.dr_weber.person, "m" * 20, NOW)
    assert (seen.patient.name, seen.patient.birth_date) == ("LEFÈVRE Jeanne", "1961-03-14")
    assert take(cast, "", key="n" * 20).patient is None


def test_a_person_of_another_client_or_nobody_is_refused_and_no_message_is_kept(cast):
    other = add(cast, cast.dupont, 1)
    for patient in (other.id, "999999", "x", "1 OR 1=1", "9" * 40):
        with pytest.raises(NoSuchPatient):
            take(cast, patient)
    assert queries.todays_messages(cast.house, NOW) == []


def test_the_same_id_with_another_person_is_another_message(cast):
    one, two = add(cast, cast.weber, 1), add(cast, cast.weber, 2, "Marie")
    take(cast, one.id)
    with pytest.raises(operations.MessageIdTaken):
        take(cast, two.id)


def test_who_was_merged_is_shown_as_who_stands_for_him_and_as_himself_again(cast):
    one, two, three = (add(cast, cast.weber, number) for number in (1, 2, 3))
    take(cast, one.id)
    told = {"client": cast.weber, "by": cast.claire, "at": NOW}
    merge_operations.merge(kept=two.id, merged=one.id, **told)
    last = merge_operations.merge(kept=three.id, merged=two.id, **told)
    assert queries.message(cast.house, "m" * 20, NOW).patient.id == three.id
    merge_operations.part(merge=last.id, **told)
    assert queries.message(cast.house, "m" * 20, NOW).patient.id == two.id


def test_a_list_asks_for_all_persons_at_once(cast):
    counts = []
    for number in range(1, 4):
        take(cast, add(cast, cast.weber, number).id, key=f"{number:020d}")
        with CaptureQueriesContext(connection) as asked:
            assert len(queries.todays_messages(cast.house, NOW)) == number
        counts.append(len(asked))
    assert len(set(counts)) == 1
