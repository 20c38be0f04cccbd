# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who knows which client: training, calls taken, and the matrix of both."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.calls import queries as calls
from permanence.calls.handlers import apply_engine_event
from permanence.calls.models import Call, Familiarity
from permanence.clients import queries as client_queries
from permanence.clients import training
from permanence.clients.models import Training
from permanence.foundation.models import AuditEntry, EnginePosition
from permanence.project.demo_cast import MARC
from permanence.reception.events import CallAnswered, CallOffered
from permanence.staff import queries as staff
from permanence.staff.operations import SecretaryUnknown
from permanence.switchboard import queries as switchboard
from tests.rooms.conftest import NOW, person
from tests.rooms.test_backstage import fill

DAY = date(2026, 11, 2)


def train(cast, secretary, *, client=None, day=DAY, by=None):
    training.train(client=client or cast.weber, secretary=secretary, trained_date=day, by=by or cast.marc, at=NOW)


def test_the_slice_says_who_is_trained(cast):
    train(cast, cast.claire_secretary)
    training.set_trained_only(client=cast.weber, seconds=20, by=cast.marc, at=NOW)
    weber = switchboard.client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    assert (weber.trained, weber.trained_only_s) == ((cast.claire_secretary,), 20)
    dupont = switchboard.client_slice(house="demo", client=cast.dupont, version=1, at=NOW)
    assert (dupont.trained, dupont.trained_only_s) == ((), 0)


def test_a_training_has_its_day_and_who_noted_it(cast):
    train(cast, cast.claire_secretary)
    train(cast, cast.claire_secretary, day=DAY + timedelta(days=1))
    (held,) = training.trainings(house="demo", clients=(cast.weber,))
    assert (held.secretary, held.trained_date, held.by_name) == (cast.claire_secretary, date(2026, 11, 3), "Marc")
    assert training.trainings(house="nadia", clients=(cast.weber,)) == ()
    training.untrain(client=cast.weber, secretary=cast.claire_secretary, by=cast.marc, at=NOW)
    training.untrain(client=cast.weber, secretary=cast.claire_secretary, by=cast.marc, at=NOW)
    assert training.trainings(house="demo", clients=(cast.weber,)) == ()
    noted = AuditEntry.objects.filter(action__startswith="client.secretary").values_list("action", flat=True)
    assert sorted(noted) == ["client.secretary_trained", "client.secretary_trained", "client.secretary_untrained"]


def test_refusals_of_the_training(cast):
    with pytest.raises(SecretaryUnknown):
        train(cast, "999999")
    with pytest.raises(training.TrainingInTheFuture):
        train(cast, cast.claire_secretary, day=NOW.date() + timedelta(days=1))
    for unknown in (cast.other_client, "", "x", "9" * 30):
        with pytest.raises(client_queries.ClientUnknown):
            train(cast, cast.claire_secretary, client=unknown or "0")
    with pytest.raises(client_queries.ClientUnknown):
        train(cast, cast.claire_secretary, by=cast.nadia)
    for seconds in (-1, 601):
        with pytest.raises(training.WaitUnfit):
            training.set_trained_only(client=cast.weber, seconds=seconds, by=cast.marc, at=NOW)
    assert not Training.objects.exists()


# calls taken --------------------------------------------------------------------------------------------------------


class Engine:
    """Tells the room of calls, each event under the next sequence."""

    def __init__(self):
        self.sequence = 0

    def tell(self, event):
        self.sequence += 1
        apply_engine_event("e1", self.sequence, event)
        apply_engine_event("e1", self.sequence, event)

    def answered(self, call, client, secretary, *, minutes=0, offer=None):
        at, offer = NOW + timedelta(minutes=minutes), offer or f"{call}-{secretary}"
        facts = {"house": "demo", "at": at, "call": call, "client": client, "offer": offer, "secretary": secretary}
        self.tell(CallOffered(**facts, seat="s", until_ms=0))
        self.tell(CallAnswered(**facts, seat="s", waited_ms=5))


def taken(*clients):
    found = calls.familiarity(house="demo", clients=clients)
    return {key: (each.taken, (each.last_at - NOW) / timedelta(minutes=1)) for key, each in found.items()}


def test_every_call_taken_is_counted_once(cast):
    engine, claire, aoife = Engine(), cast.claire_secretary, cast.aoife_secretary
    engine.answered("c1", cast.weber, claire, minutes=1)
    engine.answered("c2", cast.weber, claire, minutes=9)
    engine.answered("c3", cast.weber, aoife, minutes=5)
    engine.answered("c4", None, claire)
    engine.answered("c5", cast.weber, claire, minutes=4)  # told late: the last call stays the last
    assert taken(cast.weber, cast.dupont) == {(cast.weber, claire): (3, 9), (cast.weber, aoife): (1, 5)}


def test_a_call_that_came_back_to_her_counts_once_and_one_she_took_over_for_both(cast):
    engine, claire, aoife = Engine(), cast.claire_secretary, cast.aoife_secretary
    engine.answered("c1", cast.weber, claire, offer="o1")
    engine.answered("c1", cast.weber, claire, offer="o2", minutes=1)
    engine.answered("c1", cast.weber, aoife, offer="o3", minutes=2)
    assert taken(cast.weber) == {(cast.weber, claire): (1, 0), (cast.weber, aoife): (1, 2)}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 1)), max_size=12))
def test_the_count_is_that_of_calls_and_secretaries(cast, script):
    for table in (Familiarity, Call, EnginePosition):
        table.objects.all().delete()
    engine, people, clients = Engine(), (cast.claire_secretary, cast.aoife_secretary), (cast.weber, cast.dupont)
    oracle = set()
    for number, (call, who, client) in enumerate(script):
        name = f"c{call}-{client}"
        engine.answered(name, clients[client], people[who], offer=f"o{number}")
        oracle.add((clients[client], people[who], name))
    counted = {key: each.taken for key, each in calls.familiarity(house="demo", clients=clients).items()}
    assert counted == {
        key: sum((client, who) == key for client, who, _ in oracle) for key in {each[:2] for each in oracle}
    }


# the pages ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def marc(cast, browser_of):
    return browser_of(person(MARC))


def test_the_matrix_shows_training_and_calls(cast, marc, django_assert_max_num_queries):
    train(cast, cast.claire_secretary)
    Engine().answered("c1", cast.dupont, cast.aoife_secretary)
    with django_assert_max_num_queries(12):
        page = marc.get("/backstage/skills/").content.decode()
    for word in ("Claire", "Aoife", "Dr Weber", "Cabinet Dupont", "2026"):
        assert word in page
    assert "Dr Weber" not in marc.get("/backstage/skills/?q=dup").content.decode()
    assert "Dupont" not in marc.get("/backstage/skills/?q=zzz&page=x").content.decode()


def test_the_owner_notes_who_is_trained(cast, marc):
    url = f"/backstage/skills/{cast.weber}/"
    given = {
        "trained_only_s": "25",
        f"trained_{cast.claire_secretary}": "on",
        f"day_{cast.claire_secretary}": "2026-11-02",
    }
    assert marc.post(url, {**given, f"day_{cast.aoife_secretary}": "2026-11-02"}).status_code == 302
    weber = switchboard.client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    assert (weber.trained, weber.trained_only_s) == ((cast.claire_secretary,), 25)
    assert marc.post(url, {"trained_only_s": "0"}).status_code == 302
    weber = switchboard.client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    assert (weber.trained, weber.trained_only_s) == ((), 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trained_only_s": "601"},
        {"trained_only_s": "-5"},
        {"trained_only_s": "x" * 99},
        {"day": "2999-01-01"},
        {"day": "soon"},
    ],
)
def test_a_mistake_is_said_and_nothing_is_half_kept(cast, marc, wrong):
    key = cast.claire_secretary
    given = {"trained_only_s": "25", f"trained_{key}": "on", f"day_{key}": "2026-11-02"}
    given |= {f"{name}_{key}" if name == "day" else name: value for name, value in wrong.items()}
    answer = marc.post(f"/backstage/skills/{cast.weber}/", given)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.content.decode()
    weber = switchboard.client_slice(house="demo", client=cast.weber, version=1, at=NOW)
    assert (weber.trained, weber.trained_only_s) == ((), 0)


def test_the_trades_a_secretary_knows_stand_over_her_column(cast, marc):
    url = f"/backstage/foundation/person/{cast.claire.person}/change/"
    assert fill(marc, url, sectors=["health", "legal"]).status_code == 302
    (claire,) = [each for each in staff.secretaries(house="demo") if each.name == "Claire"]
    assert claire.sectors == ("health", "legal")
    head = marc.get("/backstage/skills/").content.decode().partition("<tbody")[0]
    assert head.count(", ") >= 1
    assert fill(marc, url, sectors=["dance"]).status_code == 200
    assert fill(marc, url, sectors=[]).status_code == 302
    assert [each.sectors for each in staff.secretaries(house="demo")] == [(), ()]


def test_another_houses_client_is_not_there(cast, marc):
    for key in (cast.other_client, "0", "x", "9" * 30):
        assert marc.get(f"/backstage/skills/{key}/").status_code == 404
        assert marc.post(f"/backstage/skills/{key}/", {}).status_code == 404
