# SPDX-License-Identifier: AGPL-3.0-or-later
"""The list of clients says how each is: whether his calls come to us, and what is missing from what will be said."""

from datetime import timedelta

import pytest
from django.utils import translation

from permanence.backstage.client_health import coverage as coverage_cell
from permanence.backstage.client_list import COLUMNS, Asked, client_page
from permanence.clients import absences, said
from permanence.clients import forwarding as lines
from permanence.clients import operations as clients
from permanence.clients.access import choose_clients
from permanence.clients.models import Client, Greeting, Quarantine
from permanence.clients.rules import ClientState
from permanence.countries.forwarding import ForwardingMode
from permanence.staff.models import Secretary
from permanence.switchboard import coverage, forwarding, queries, tasks
from permanence.switchboard.models import CoverageCount, ForwardingProof
from permanence.switchboard.rules import ProofState, Why
from tests.rooms.conftest import NOW

pytestmark = pytest.mark.usefixtures("in_english")
LINE, PUBLIC = "+35220000101", "+35226000001"
DAY = timedelta(days=1)


@pytest.fixture
def in_english():
    with translation.override("en"):
        yield


def cell(cast, code, client=None):
    """What a column says of a client, and its mark."""
    place = [column.code for column in COLUMNS].index(code)
    [row] = [
        row for row in client_page(cast.marc, Asked(state="all")).rows if row.client.pk == int(client or cast.weber)
    ]
    return row.cells[place].lines, row.cells[place].mark


def was_tested(cast, state, why="", *, number=LINE):
    test = forwarding.watch_arrival(client=cast.weber, number=number, by=cast.marc, at=NOW)
    ForwardingProof.objects.filter(pk=test).update(state=state, why=why, ended_at=NOW)


def settle(deliver_all, at=NOW):
    """What the worker does: the slices, then the counts until none is due."""
    deliver_all(at)
    while tasks.count_findings(at=at):
        pass


# -- forwarding ----------------------------------------------------------------------------------------------------


def test_the_last_test_of_a_line_stands_in_the_list(cast):
    assert cell(cast, "forwarding") == (("never tested",), "")
    was_tested(cast, ProofState.FAILED, Why.ANSWERED)
    [words], mark = cell(cast, "forwarding")
    assert words.startswith("did not arrive")
    assert mark == "danger"
    was_tested(cast, ProofState.FAILED, Why.NO_TRUNK)
    [words], mark = cell(cast, "forwarding")
    assert (words.startswith("could not be tested"), mark) == (True, "")  # the test failed, not his forwarding
    was_tested(cast, ProofState.PASSED)
    [words], mark = cell(cast, "forwarding")
    assert (words.startswith("arrived"), mark) == (True, "")


def test_of_two_lines_each_has_its_own_words_in_the_order_of_the_numbers(cast):
    second = "+35220000109"
    clients.give_line(client=cast.weber, number=second, by=cast.marc, at=NOW)
    was_tested(cast, ProofState.FAILED, Why.ANSWERED, number=second)
    words, mark = cell(cast, "forwarding")
    assert (words[0], words[1][:14], mark) == ("never tested", "did not arrive", "danger")


def test_a_number_proves_nothing_for_who_is_given_it_next(cast, browser_of):
    """Fault of a list by number alone: the new client would show the green of the one before."""
    was_tested(cast, ProofState.PASSED)
    clients.set_state(client=cast.weber, state=ClientState.ENDED, by=cast.marc, at=NOW)
    Quarantine.objects.update(until=NOW.date())
    clients.give_line(client=cast.dupont, number=LINE, by=cast.marc, at=NOW)
    assert (cast.weber, LINE) in queries.last_proofs(house=cast.house)
    assert (cast.dupont, LINE) not in queries.last_proofs(house=cast.house)
    assert "arrived" not in "".join(cell(cast, "forwarding", cast.dupont)[0])
    page = browser_of(cast.marc).get("/backstage/onboarding/").content.decode()
    assert "onboarding__proof--good" not in page


def test_the_account_says_it_too(cast, browser_of, deliver_all):
    was_tested(cast, ProofState.FAILED, Why.ANSWERED)
    Greeting.objects.for_client(int(cast.weber)).delete()
    clients.set_hours(client=cast.weber, always=True, week=(), by=cast.marc, at=NOW)
    settle(deliver_all)
    page = browser_of(cast.marc).get(f"/backstage/accounts/{cast.weber}/").content.decode()
    assert 'badge--danger">' in page
    assert "badge--warn" in page


def test_a_client_is_found_by_the_number_his_callers_dial(cast):
    assert client_page(cast.marc, Asked(text="26 00 00 01")).total == 0
    lines.set_forwarding(
        client=cast.weber, number=LINE, mode=ForwardingMode.ALL, public_number=PUBLIC, by=cast.marc, at=NOW
    )
    [row] = client_page(cast.marc, Asked(text="26 00 00 01")).rows
    assert row.client.name == "Dr Weber"


# -- coverage ------------------------------------------------------------------------------------------------------


def test_who_was_not_looked_at_says_so(cast):
    assert cell(cast, "coverage") == (("not looked at yet",), "")


def test_the_count_is_that_of_the_proof(cast, deliver_all):
    settle(deliver_all)
    for client in (cast.weber, cast.dupont, cast.atlas):
        proof = said.proof_of(house=cast.house, client=client, at=NOW)
        found = coverage.counts(house=cast.house, clients=[client])[client]
        assert (found.conflicts, found.gaps) == (len(proof.conflicts), len(proof.gaps))
    assert coverage.next_due(at=NOW) == ()


def test_it_follows_a_change_of_the_client_alone(cast, deliver_all):
    settle(deliver_all)
    before = cell(cast, "coverage")
    Greeting.objects.for_client(int(cast.weber)).delete()
    clients.set_hours(client=cast.weber, always=True, week=(), by=cast.marc, at=NOW)
    deliver_all(NOW)
    assert coverage.next_due(at=NOW) == (int(cast.weber),)
    assert tasks.count_findings(at=NOW) == 1
    assert coverage.next_due(at=NOW) == ()
    words, mark = cell(cast, "coverage")
    assert (words, mark) != before
    assert mark == "warn"


def test_it_is_looked_at_anew_when_a_day_begins(cast, deliver_all):
    """An absence that lies further ahead than twelve months comes into the proof by itself."""
    far = NOW + timedelta(days=380)
    practice, dupont = cast.recipients["Dr Marc Lemaire"], cast.recipients["Dr Anne Dupont"]
    fields = {"words": "x", "announced_by": cast.marc.person, "by": cast.marc, "at": NOW, "client": cast.dupont}
    absences.announce_absence(starts=far, ends=far + DAY, recipient=dupont, urgent_to=practice, **fields)
    absences.announce_absence(starts=far, ends=far + DAY, recipient=practice, **fields)
    settle(deliver_all)
    before = coverage.counts(house=cast.house, clients=[cast.dupont])[cast.dupont].gaps
    settle(deliver_all, at=NOW + timedelta(hours=1))
    later = NOW + timedelta(days=30)
    assert set(coverage.next_due(at=later, limit=99)) >= {int(cast.weber), int(cast.dupont), int(cast.atlas)}
    settle(deliver_all, at=later)
    assert coverage.counts(house=cast.house, clients=[cast.dupont])[cast.dupont].gaps == before + 1
    assert coverage.next_due(at=later, limit=99) == ()


def test_who_changed_comes_before_who_is_only_a_day_old(cast, deliver_all):
    settle(deliver_all)
    clients.set_hours(client=cast.weber, always=True, week=(), by=cast.marc, at=NOW)
    deliver_all(NOW)
    assert coverage.next_due(at=NOW + DAY, limit=1) == (int(cast.weber),)


def test_one_who_cannot_be_proved_is_told_and_keeps_nobody_waiting(cast, deliver_all):
    settle(deliver_all)
    Client.objects.filter(pk=int(cast.weber)).update(time_zone="Europe/Nowhere")
    settle(deliver_all, at=NOW + DAY)
    assert cell(cast, "coverage") == (("cannot be proved",), "danger")
    assert coverage.next_due(at=NOW + DAY, limit=99) == ()


def test_who_left_is_not_counted(cast, deliver_all):
    settle(deliver_all)
    clients.set_state(client=cast.weber, state=ClientState.ENDED, by=cast.marc, at=NOW)
    deliver_all(NOW)
    assert int(cast.weber) not in coverage.next_due(at=NOW + DAY, limit=99)
    assert cell(cast, "coverage") == ((), "")


def test_the_other_house_reads_nothing_of_it(cast, deliver_all):
    settle(deliver_all)
    assert coverage.counts(house=cast.other_house, clients=[cast.weber, "x", "9" * 40]) == {}
    assert CoverageCount.objects.for_house(cast.house).filter(client=int(cast.weber)).exists()


@pytest.mark.parametrize(
    ("count", "words", "mark"),
    [
        (coverage.CountView(conflicts=0, gaps=0), ("complete",), ""),
        (coverage.CountView(conflicts=1, gaps=0), ("1 conflict",), "danger"),
        (coverage.CountView(conflicts=2, gaps=3), ("2 conflicts", "3 gaps"), "danger"),
        (coverage.CountView(conflicts=0, gaps=1), ("1 gap",), "warn"),
    ],
)
def test_how_a_count_is_said(count, words, mark):
    found = coverage_cell(count)
    assert (found.lines, found.mark) == (words, mark)


# -- who is not answered yet, and whom nobody understands --------------------------------------------------------------


@pytest.mark.parametrize("state", [ClientState.PROSPECT, ClientState.SUSPENDED])
def test_without_a_phrase_who_is_not_answered_is_not_complete_either(cast, deliver_all, state):
    clients.set_state(client=cast.weber, state=state, by=cast.marc, at=NOW)
    settle(deliver_all)
    assert cell(cast, "coverage") == (("complete",), "")
    Greeting.objects.for_client(int(cast.weber)).delete()
    clients.set_hours(client=cast.weber, always=True, week=(), by=cast.marc, at=NOW)
    settle(deliver_all)
    assert cell(cast, "coverage") == (("1 gap",), "warn")


def test_nobody_who_speaks_his_language_is_a_gap_and_is_named(cast, browser_of):
    Client.objects.filter(pk=int(cast.weber)).update(languages=["pt"])
    codes = [each.code for each in said.proof_of(house=cast.house, client=cast.weber, at=NOW).gaps]
    assert "nobody_speaks" in codes
    page = browser_of(cast.marc).get(f"/backstage/clients/client/{cast.weber}/said/").content.decode()
    assert "ne parle sa langue (pt)" in page
    Secretary.objects.filter(pk=int(cast.claire_secretary)).update(languages=["fr", "pt"])
    codes = [each.code for each in said.proof_of(house=cast.house, client=cast.weber, at=NOW).gaps]
    assert "nobody_speaks" not in codes


def test_a_secretary_who_does_not_answer_for_him_does_not_count(cast):
    Client.objects.filter(pk=int(cast.weber)).update(languages=["pt"])
    row = Secretary.objects.get(pk=int(cast.claire_secretary))
    row.languages = ["pt"]
    row.save()
    choose_clients(person=cast.claire.person, clients=(cast.dupont,), by=cast.marc, at=NOW)
    codes = [each.code for each in said.proof_of(house=cast.house, client=cast.weber, at=NOW).gaps]
    assert "nobody_speaks" in codes
