# SPDX-License-Identifier: AGPL-3.0-or-later
"""Several merges into one file, parted in any order: nothing of who was parted stays, nothing of the others goes."""

from datetime import timedelta
from importlib import import_module
from itertools import permutations

import pytest
from django.apps import apps

from permanence.callers import merge_operations, operations, queries
from permanence.callers.models import Patient, PatientMerge
from permanence.callers.rules.identity import NOTES_LIMIT, IdentityStatus
from tests.rooms.conftest import NOW
from tests.rooms.test_callers import add, change, state

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def three(cast):
    """Who stays, and two of whom the one takes over from what the other has too, each a little more exactly."""
    told = {"client": cast.dupont, "by": cast.claire}
    kept = add(cast, birth_date="", mail="", notes="", numbers=())
    second = add(cast, 2, birth_date="1961", mail="b@example.org", notes="b")
    third = add(cast, 3, mail="c@example.org", notes="c")
    for each, days in ((second, 2), (third, 1)):
        for way in ("sms", "mail"):
            operations.note_consent(patient=each.id, way=way, given=True, at=NOW - days * DAY, **told)
    Patient.objects.filter(pk__in=[int(second.id), int(third.id)]).update(known=True, is_deceased=True)
    return kept, second, third


def merged(cast, kept, *others):
    told = {"client": cast.dupont, "by": cast.claire, "at": NOW}
    return [merge_operations.merge(kept=kept.id, merged=each.id, **told) for each in others]


def part(cast, made):
    merge_operations.part(client=cast.dupont, merge=made.id, by=cast.claire, at=NOW)


def shown(cast, kept):
    """All that the file of who stays says."""
    view = queries.patient(house=cast.house, client=cast.dupont, patient=kept.id)
    return view, queries.file_of(house=cast.house, client=cast.dupont, patient=kept.id).notes


@pytest.mark.parametrize("order", list(permutations((0, 1))))
def test_two_merges_parted_in_any_order_leave_everything_as_it_was(cast, three, order):
    kept, *others = three
    before = state(cast)
    made = merged(cast, kept, *others)
    for each in order:
        part(cast, made[each])
    assert state(cast) == before


def test_once_one_of_two_is_parted_the_file_says_what_the_other_alone_would_have_brought(cast, three):
    kept, second, third = three
    (alone,) = merged(cast, kept, third)
    wanted = shown(cast, kept)
    part(cast, alone)
    first, _last = merged(cast, kept, second, third)
    part(cast, first)
    assert shown(cast, kept) == wanted
    view, notes = wanted
    assert (view.sms_agreed_at, view.birth_date, view.mail, notes) == (NOW - DAY, "1961-03-14", "c@example.org", "c")
    assert view.known
    assert view.is_deceased
    assert view.numbers == ("+33612345678",)


def test_what_was_changed_by_hand_stands_when_one_of_two_is_parted(cast, three):
    kept, second, third = three
    first, last = merged(cast, kept, second, third)
    change(cast, kept, mail="new@example.org", notes="by hand", birth_date="1961-03-14", numbers=())
    operations.note_consent(client=cast.dupont, patient=kept.id, way="sms", given=False, by=cast.claire, at=NOW)
    for made in (first, last):
        part(cast, made)
        view, notes = shown(cast, kept)
        assert (view.mail, notes, view.may_sms, view.numbers) == ("new@example.org", "by hand", False, ())
        assert queries.consents_of(view)[0].given is False
    assert not PatientMerge.objects.filter(undone_at__isnull=True).exists()


def test_notes_written_since_do_not_keep_two_of_three_together(cast, three):
    kept, second, third = three
    first, _last = merged(cast, kept, second, third)
    notes = "x" * NOTES_LIMIT
    change(cast, kept, notes=notes, birth_date="1961-03-14")
    part(cast, first)
    assert shown(cast, kept)[1] == notes
    assert [each.merged_id for each in PatientMerge.objects.filter(undone_at__isnull=True)] == [int(third.id)]


def test_an_identity_that_was_corrected_since_does_not_keep_two_of_three_together(cast, three):
    kept, second, third = three
    first, _last = merged(cast, kept, second, third)
    both = Patient.objects.filter(pk__in=[int(kept.id), int(third.id)])
    both.update(identity_status=IdentityStatus.VALIDATED, identity_document="passport", identity_seen_at=NOW)
    both.filter(pk=int(kept.id)).update(birth_date="1950-01-01")
    part(cast, first)
    view, _notes = shown(cast, kept)
    assert (view.mail, view.birth_date) == ("c@example.org", "1950-01-01")


def test_a_consent_that_a_parted_file_had_left_is_taken_from_the_files_that_are_there(cast, three):
    kept, second, third = three
    first, last = merged(cast, kept, second, third)
    part(cast, last)
    part(cast, first)
    before = state(cast)
    Patient.objects.filter(pk=int(kept.id)).update(sms_agreed_at=NOW - 2 * DAY, mail_agreed_at=NOW - 2 * DAY)
    assert state(cast) != before
    import_module("permanence.callers.migrations.0005_own_consents").tell(apps, None)
    assert state(cast) == before
    merged(cast, kept, second)
    wanted = shown(cast, kept)
    import_module("permanence.callers.migrations.0005_own_consents").tell(apps, None)
    assert shown(cast, kept) == wanted
    assert wanted[0].sms_agreed_at == NOW - 2 * DAY
