# SPDX-License-Identifier: AGPL-3.0-or-later
"""What will be said, as it is asked of the client accounts: a moment, and the twelve months to come."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import translation

from permanence.clients import absences, greetings, operations, queries, said
from permanence.clients.rules.spoken import GreetingWhen
from permanence.clients.said_words import cause_words
from permanence.reception.absence import ANNOUNCE
from permanence.reception.table import AbsenceEntry
from tests.rooms.conftest import NOW
from tests.rules.reception.house import client as slice_of

SUNDAY = datetime(2026, 11, 29, 2, 0, tzinfo=UTC)
"""Sunday 03:00 in Luxembourg."""


def test_what_will_be_said_on_sunday_at_three(cast):
    operations.set_greeting(
        client=cast.weber,
        language="fr",
        text="Bon dimanche.",
        when=GreetingWhen(day_type="sunday"),
        by=cast.marc,
        at=NOW,
    )
    found = said.what_is_said(house=cast.house, client=cast.weber, line="", at=SUNDAY)
    assert dict(found.greetings)["fr"].text == "Bon dimanche."
    assert (found.treatment.kind, found.treatment.why[0].code) == ("voice_message", "closed_by_week")
    assert found.line == queries.client_file(house=cast.house, client=cast.weber, at=NOW).lines[0]


def test_an_absence_of_the_client_shows_in_what_will_be_said(cast):
    absences.announce_absence(
        client=cast.weber,
        starts=NOW,
        ends=NOW + timedelta(days=7),
        words="Le cabinet est en congé.",
        treatment=ANNOUNCE,
        announced_by=cast.dr_weber.person,
        by=cast.dr_weber,
        at=NOW,
    )
    found = said.what_is_said(house=cast.house, client=cast.weber, line="", at=SUNDAY)
    assert (found.treatment.kind, found.treatment.why[0].code) == ("announce", "closed_by_absence")
    assert [each.words for each in found.absences] == ["Le cabinet est en congé."]


def test_a_line_that_is_not_his_and_a_client_who_is_not_theirs(cast):
    theirs = queries.client_file(house=cast.house, client=cast.dupont, at=NOW).lines[0]
    with pytest.raises(greetings.LineUnknown):
        said.what_is_said(house=cast.house, client=cast.weber, line=theirs, at=NOW)
    for read in (said.proof_of, said.client_at):
        with pytest.raises(queries.ClientUnknown):
            read(house=cast.other_house, client=cast.weber, at=NOW)
    with pytest.raises(queries.ClientUnknown):
        said.what_is_said(house=cast.other_house, client=cast.weber, line="", at=NOW)


def test_the_demonstrations_clients_are_in_order_for_twelve_months(cast):
    for client in (cast.weber, cast.dupont, cast.atlas):
        assert said.proof_of(house=cast.house, client=client, at=NOW).findings == ()


def test_a_day_both_open_and_closed_is_found_and_the_telephone_takes_the_times(cast):
    for opens, until in (("10:00", "12:00"), ("", "")):
        operations.add_exception(
            client=cast.weber, day=date(2026, 12, 24), opens=opens, until=until, by=cast.marc, at=NOW
        )
    proof = said.proof_of(house=cast.house, client=cast.weber, at=NOW)
    assert [each.code for each in proof.conflicts] == ["exception_twice"]
    eleven = datetime(2026, 12, 24, 10, 0, tzinfo=UTC)
    assert said.what_is_said(house=cast.house, client=cast.weber, line="", at=eleven).treatment.kind == "answer"


def test_a_proof_takes_one_query_more_than_the_file(cast, django_assert_num_queries):
    with django_assert_num_queries(3):
        said.proof_of(house=cast.house, client=cast.weber, at=NOW)


@pytest.mark.parametrize(
    ("ends", "words"),
    [
        (datetime(2026, 11, 29, 23, 0, tzinfo=UTC), "Sun 29 Nov. 2026 24:00"),
        (datetime(2026, 11, 29, 22, 59, tzinfo=UTC), "Sun 29 Nov. 2026 23:59"),
        (datetime(2026, 11, 29, 23, 1, tzinfo=UTC), "Mon 30 Nov. 2026 00:01"),
    ],
)
def test_an_absence_until_midnight_ends_with_its_last_day(ends, words):
    absence = AbsenceEntry(id="1", starts=NOW, ends=ends, words="w", by="b", announced_at=NOW)
    with translation.override("en"):
        said_of_it = cause_words(absence, slice_of("10", time_zone="Europe/Luxembourg"))
    assert said_of_it == f"absence of the whole client, Tue 24 Nov. 2026 14:15 to {words}"
