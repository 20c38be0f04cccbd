# SPDX-License-Identifier: AGPL-3.0-or-later
"""Who has read what, as the telephone is told of it; for how long they are asked first; what the supervisor sees."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from permanence.clients import instructions, operations, queries, reading
from permanence.clients.models import Client
from permanence.clients.training import WaitUnfit
from permanence.foundation.models import AuditEntry
from permanence.reception.events import CallAnswered, CallOffered, Reason
from permanence.reception.table import RoutingTable
from permanence.switchboard import queries as switchboard
from permanence.switchboard.models import SliceVersion
from permanence.switchboard.operations import HOUSE, current_slice
from tests.rooms.conftest import NOW
from tests.rooms.test_calls import START, Engine
from tests.rooms.test_calls_shown import House

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def write(cast, text="Absente de 14 h à 16 h", *, at=NOW, **more):
    return operations.write_instruction(
        client=cast.weber, text=text, author=cast.marc.person, by=cast.marc, at=at, acknowledge=True, **more
    )


def revise(cast, key, *, at, **more):
    return operations.revise_instruction(
        client=cast.weber, instruction=key, text="Autre", author=cast.marc.person, by=cast.marc, at=at, **more
    )


def reads(key, *people, version=1, at=NOW):
    for by in people:
        reading.acknowledge_instruction(instruction=key, version=version, by=by, at=at)


def readers(cast, *, at=NOW):
    """Who has read each instruction of Dr Weber that the telephone holds and that asks for it."""
    found = switchboard.client_slice(house=cast.house, client=cast.weber, version=1, at=at).instructions
    return {(each.id, each.version): each.readers for each in found if each.acknowledge}


def noted(cast):
    return SliceVersion.objects.get(client=cast.weber).version


# what the telephone is told


def test_the_slice_says_who_has_read_this_version(cast):
    key, other = write(cast), write(cast, "Autre chose")
    reads(key, cast.aoife, cast.claire)
    both = tuple(sorted((cast.claire_secretary, cast.aoife_secretary), key=int))
    assert readers(cast) == {(key, 1): both, (other, 1): ()}
    whole = {each.client: each for each in switchboard.client_slices(house=cast.house, at=NOW)}[cast.weber]
    assert whole.instructions == current_slice(house=cast.house, client=cast.weber, at=NOW).instructions
    revise(cast, key, at=NOW + MINUTE)
    assert readers(cast, at=NOW + MINUTE) == {(key, 2): (), (other, 1): ()}, "a new version is read anew"


def test_a_version_that_is_still_to_begin_has_its_own_readers(cast):
    key = write(cast)
    reads(key, cast.claire)
    begins = NOW + timedelta(days=1)
    revise(cast, key, at=NOW + MINUTE, starts_at=begins)
    reads(key, cast.aoife, version=2, at=NOW + MINUTE)
    assert readers(cast, at=NOW + MINUTE) == {
        (key, 1): (cast.claire_secretary,),
        (key, 2): (cast.aoife_secretary,),
    }
    assert readers(cast, at=begins) == {(key, 2): (cast.aoife_secretary,)}


def test_what_is_retired_over_or_asks_no_more_is_nobodys_to_read(cast):
    gone, over, calm = write(cast), write(cast, ends_at=NOW + MINUTE), write(cast)
    for key in (gone, over, calm):
        reads(key, cast.claire)
    operations.retire_instruction(client=cast.weber, instruction=gone, author=cast.marc.person, by=cast.marc, at=NOW)
    revise(cast, calm, at=NOW, acknowledge=False)
    assert readers(cast, at=NOW + 2 * MINUTE) == {}


def test_a_reading_is_told_the_telephone_in_the_next_turn_and_told_again_changes_nothing(cast, deliver_all):
    key = write(cast)
    deliver_all(NOW)
    before = noted(cast)
    reads(key, cast.claire)
    deliver_all(NOW)
    assert noted(cast) == before + 1
    reads(key, cast.claire, at=NOW + MINUTE)
    deliver_all(NOW + MINUTE)
    assert noted(cast) == before + 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(["revise", "later", "ends", "calm", "retire"]), st.sets(st.integers(0, 1))),
        max_size=5,
    ),
    st.integers(0, 12),
)
def test_whoever_read_a_version_that_holds_is_told_and_nobody_else(cast, script, minutes):
    people = ((cast.claire, cast.claire_secretary), (cast.aoife, cast.aoife_secretary))
    key, oracle, version, retired = write(cast), {}, 1, False
    for number, (what, who) in enumerate(script):
        at = NOW + number * MINUTE
        if not retired and instructions.current(house=cast.house, client=cast.weber, instruction=key).acknowledge:
            reads(key, *(people[each][0] for each in who), version=version, at=at)
            oracle[version] = {people[each][1] for each in who}
        if retired:
            continue
        if what == "retire":
            operations.retire_instruction(
                client=cast.weber, instruction=key, author=cast.marc.person, by=cast.marc, at=at
            )
            retired, version = True, version + 1
            continue
        more = {
            "revise": {},
            "later": {"starts_at": at + 3 * MINUTE},
            "ends": {"ends_at": at + 2 * MINUTE},
            "calm": {"acknowledge": False},
        }[what]
        version = revise(cast, key, at=at, **more)
    at = NOW + minutes * MINUTE
    held = switchboard.client_slice(house=cast.house, client=cast.weber, version=1, at=at).instructions
    for each in (one for one in held if one.id == key):
        assert set(each.readers) == (oracle.get(each.version, set()) if each.acknowledge else set())


def test_another_house_has_no_part_in_it(cast):
    key = write(cast)
    with pytest.raises(instructions.InstructionUnknown):
        reads(key, cast.nadia)
    assert readers(cast) == {(key, 1): ()}


def test_who_has_read_costs_no_question_more(cast, django_assert_num_queries):
    key = write(cast)
    reads(key, cast.claire, cast.aoife)
    with django_assert_num_queries(2):
        switchboard.client_slice(house=cast.house, client=cast.weber, version=1, at=NOW)


# for how long


def test_every_client_waits_some_seconds_for_those_who_have_read_and_the_house_may_change_it(cast):
    weber = switchboard.client_slice(house=cast.house, client=cast.weber, version=1, at=NOW)
    assert weber.read_first_s == 20
    reading.set_read_first(client=cast.weber, seconds=0, by=cast.marc, at=NOW)
    reading.set_read_first(client=cast.weber, seconds=0, by=cast.marc, at=NOW)
    assert switchboard.client_slice(house=cast.house, client=cast.weber, version=1, at=NOW) == replace(
        weber, read_first_s=0
    )
    assert AuditEntry.objects.filter(action="client.read_first_set").count() == 1
    for seconds in (-1, 601):
        with pytest.raises(WaitUnfit):
            reading.set_read_first(client=cast.weber, seconds=seconds, by=cast.marc, at=NOW)
    for client, by in ((cast.other_client, cast.marc), (cast.weber, cast.nadia), ("9" * 30, cast.marc)):
        with pytest.raises(queries.ClientUnknown):
            reading.set_read_first(client=client, seconds=5, by=by, at=NOW)


def test_the_owner_writes_the_seconds_and_a_form_without_them_leaves_them(cast, browser_of):
    marc, url = browser_of(cast.marc), f"/backstage/skills/{cast.weber}/"
    assert 'name="read_first_s"' in marc.get(url).content.decode()
    held = lambda: Client.objects.get(pk=cast.weber).read_first_s  # noqa: E731
    assert marc.post(url, {"trained_only_s": "0", "read_first_s": "45"}).status_code == 302
    assert held() == 45
    assert marc.post(url, {"trained_only_s": "0"}).status_code == 302
    assert held() == 45
    for wrong in ("601", "-1", "x" * 99, "4 5"):
        answer = marc.post(url, {"trained_only_s": "30", "read_first_s": wrong})
        assert answer.status_code == 422
        assert 'role="alert"' in answer.content.decode()
    assert (held(), Client.objects.get(pk=cast.weber).trained_only_s) == (45, 0)
    assert marc.post(url, {"trained_only_s": "0", "read_first_s": ""}).status_code == 302
    assert held() == 0


# what the supervisor sees


def fallen_back(engine, call, code, *, answered=True, detail=""):
    cast = engine.cast
    engine.arrives(call, cast.weber)
    facts = {"at": START, "call": call, "client": cast.weber, "offer": f"o-{call}", "secretary": cast.claire_secretary}
    why = (Reason(code="only_ready", name='"unread_nobody"'), Reason(code=code, detail=detail))
    engine.say(CallOffered, **facts, seat="s", until_ms=0, why=why)
    if answered:
        engine.say(CallAnswered, **facts, seat="s", waited_ms=5000)


def test_the_list_of_calls_marks_what_fell_back_to_who_had_not_read(cast, browser_of):
    engine = Engine(cast)
    fallen_back(engine, "c1", "unread_waited", detail="20")
    fallen_back(engine, "c2", "unread_nobody")
    fallen_back(engine, "c3", "has_read")
    fallen_back(engine, "c4", "unread_waited", answered=False)
    marc, page = browser_of(cast.marc), "/supervision/calls"
    rows = {each.row.call: each.unread for each in marc.get(page).context["rows"]}
    assert rows == {"c1": True, "c2": True, "c3": False, "c4": False}
    assert marc.get(f"{page}?part=list").content.decode().count("badge badge--warn nowrap") == 2
    only = marc.get(f"{page}?unread=1")
    assert sorted(each.row.call for each in only.context["rows"]) == ["c1", "c2"]
    assert 'name="unread" value="1" checked' in only.content.decode()
    assert "unread=1&amp;page=1&amp;part=list" in only.content.decode()
    assert list(browser_of(cast.nadia).get(f"{page}?unread=1").context["rows"]) == []
    told = marc.get(f"{page}/c1").content.decode()
    assert "unread_waited" not in told
    assert "0:20" in told
    assert f"{page}?unread=1" in marc.get("/supervision/instructions").content.decode()


# from her console to the next choice


def test_what_she_says_at_her_console_brings_her_the_next_call(cast, browser_of, deliver_all):
    key = write(cast, at=NOW - MINUTE)
    house = House(cast)
    for each in (cast.claire_secretary, cast.aoife_secretary):
        house.sits(each)
    first = house.rings("c1")
    assert first.secretary == cast.claire_secretary
    assert (first.card.instructions[0].id, first.why[-1].code) == (key, "unread_nobody")
    house.keep(house.desk.call_gone("c1", at=NOW))
    assert browser_of(cast.aoife).post(f"/console/instructions/{key}/1/read").status_code == 204
    deliver_all(NOW)
    table = RoutingTable().put(current_slice(house=cast.house, client=HOUSE, at=NOW))
    house.keep(house.desk.table_changed(table.put(current_slice(house=cast.house, client=cast.weber, at=NOW)), at=NOW))
    second = house.rings("c2")
    assert second.secretary == cast.aoife_secretary
    assert [each.code for each in second.why] == ["has_read", "speaks"]
