# SPDX-License-Identifier: AGPL-3.0-or-later
"""Combined visits: free where both agendas are, refused by the one or the other with its name, and taken of both."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, event, given, settings

from permanence.agenda.rules.free import Overbooking, counted, explain, free_slots, hidden, overbook, slot_at
from permanence.agenda.rules.index import Index
from permanence.agenda.rules.kinds import Need, Opening, Resource, TakenKind, Use
from permanence.agenda.rules.search import propose, taken_by
from permanence.agenda.rules.series import plan_series
from permanence.agenda.rules.why_not import AlsoRefuses, Blocked, Closed, Occupied, OtherSite, as_fields
from permanence.agenda.rules.wishes import Also, SeriesWish
from tests.rules.agenda.house import FOLLOW_UP, NOW, TUESDAY, block, later, on, practice, visit, weber, wish
from tests.rules.agenda.made import books
from tests.rules.agenda.oracle import Oracle, wall

FEW = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
BOTH = replace(FOLLOW_UP, id="BOTH", also="nurse")
ASKED = wish("BOTH")


def both(*taken, nurse=None, reasons=(BOTH, FOLLOW_UP), **more):
    """Dr Weber, with the nurse."""
    return weber(*taken, reasons=reasons, beside=(nurse or practice("nurse", reasons=reasons),), **more)


def sited(book, site):
    return replace(book, openings=tuple(replace(each, site=site) for each in book.openings))


@FEW
@given(one=books(), two=books())
def test_it_is_free_where_the_oracle_finds_both_free_at_one_place(one, two):
    book, asked, day, at = one
    theirs = two[0]
    taken = tuple(replace(each, subject="b" if each.subject == "a" else each.subject) for each in theirs.taken)
    reasons = tuple(replace(each, also="b") for each in book.reasons)
    agenda = replace(book.agenda, id="b", recipient="r-b", step=theirs.agenda.step)
    nurse = replace(theirs, agenda=agenda, reasons=reasons, taken=taken)
    combined = replace(book, reasons=reasons, beside=(nurse,))
    bare = replace(nurse, reasons=tuple(replace(each, also="", needs=()) for each in reasons))

    def of(alone, site):
        return Oracle(alone, replace(asked, sites=(site,)), day=day, at=at)

    wanted_sites = asked.sites or ("", "north")
    pairs = [
        (of(book, one), of(bare, two))
        for one in wanted_sites
        for two in wanted_sites
        if one == two or not one or not two
    ]
    minutes = [each for each, _ in wall(book.agenda.zone, day) if each % 5 == 0]
    wanted = [each for each in minutes if any(a.is_free(each) and b.is_free(each) for a, b in pairs)]
    event(f"free: {bool(wanted)}")
    slots = free_slots(combined, asked, first=day, until=day + timedelta(days=1), at=at)
    assert [int(each.starts.timestamp() // 60) for each in slots] == wanted
    for each in slots:
        assert slot_at(combined, asked, starts=each.starts, at=at) == each
        after = combined.taking(taken_by(each, is_new=asked.is_new))
        assert explain(after, replace(asked, holder=""), starts=each.starts, at=at) != () or each.capacity > 1
    for each in sorted({*wanted, *minutes[::5]}):
        starts = datetime.fromtimestamp(each * 60, UTC)
        assert (explain(combined, asked, starts=starts, at=at) == ()) == (each in wanted)
    index = Index(first=day, days=1)
    index.put(combined)
    assert index.starts("a", asked, at=at) == [each.starts for each in slots]


def test_the_refusal_names_which_of_the_two_and_why():
    nurse = practice("nurse", visit("14:40", "15:00"), block("15:20", "15:40", label="Réunion"), reasons=(BOTH,))
    book = both(visit("14:20", "14:40"), nurse=nurse)
    own = explain(book, ASKED, starts=on("14:20"), at=NOW)
    theirs = explain(book, ASKED, starts=on("14:40"), at=NOW)
    assert own == (Occupied(starts=on("14:20"), until=on("14:40"), reason="CS"),)
    [refused] = theirs
    assert refused == AlsoRefuses(who="r-nurse", why=Occupied(starts=on("14:40"), until=on("15:00"), reason="CS"))
    assert as_fields(refused)["why"]["code"] == "taken"
    assert as_fields(refused)["who"] == "r-nurse"
    starts = [each.starts for each in free_slots(book, ASKED, first=TUESDAY, until=later(1), at=NOW)]
    assert starts[:2] == [on("15:00"), on("15:40")]
    stretches = hidden(book, ASKED, first=TUESDAY, until=later(1), at=NOW)
    assert {why for _, why in counted(stretches)} >= {
        refused,
        AlsoRefuses(who="r-nurse", why=Blocked(starts=on("15:20"), until=on("15:40"), label="Réunion")),
    }


def test_what_refuses_both_is_said_once():
    causes = explain(both(), ASKED, starts=on("12:00"), at=NOW)
    assert causes[0].code == "past"
    assert [each for each in causes if isinstance(each, AlsoRefuses)] == []
    closed = practice("nurse", reasons=(BOTH,), openings=())
    [why] = explain(both(nurse=closed), ASKED, starts=on("14:40"), at=NOW)
    assert why == AlsoRefuses(who="r-nurse", why=Closed(because="week"))


def test_it_is_not_booked_in_the_other_agenda_nor_where_that_is_not_known():
    nurse = practice("nurse", reasons=(BOTH,))
    assert [each.code for each in explain(nurse, ASKED, starts=on("14:40"), at=NOW)] == ["reason_unknown"]
    alone = weber(reasons=(BOTH,))
    assert [each.code for each in explain(alone, ASKED, starts=on("14:40"), at=NOW)] == ["reason_unknown"]
    index = Index(first=TUESDAY, days=1)
    for each in (both(), nurse):
        index.put(each)
    assert index.next_free(ASKED, at=NOW) == {"weber": on("14:20")}


def test_the_two_meet_at_one_site_and_take_a_room_once():
    room = Resource(id="room1", client="c", kind="room")
    reason = replace(BOTH, needs=(Need(kind="room", after=10),))
    openings = (Opening(id="n", agenda="nurse", weekday=1, opens="14:00", until="18:00", resources=("room1",)),)
    nurse = practice("nurse", reasons=(reason,), openings=openings)
    book = both(nurse=replace(nurse, resources=(room,)), reasons=(reason,))
    book = replace(book, resources=(room,))
    slot = slot_at(book, ASKED, starts=on("14:20"), at=NOW)
    assert (slot.resources, slot.also) == ((Use("room1", 0, 10),), Also(agenda="nurse"))
    assert [each.subject for each in taken_by(slot, is_new=False)] == ["weber", "nurse", "room1"]
    south = sited(replace(book, beside=(sited(book.beside[0], "south"),)), "north")
    [why] = explain(south, ASKED, starts=on("14:20"), at=NOW)
    assert why == AlsoRefuses(who="r-nurse", why=OtherSite(site="south"))


def test_overbooking_bears_nothing_of_the_other_agenda():
    reasons = (BOTH,)
    free_nurse = both(visit("14:20", "14:40"), overbookings_per_day=1, reasons=reasons)
    done = overbook(free_nurse, ASKED, starts=on("14:20"), cause="urgent", at=NOW)
    assert isinstance(done, Overbooking)
    assert (done.slot.also, [each.code for each in done.borne]) == (Also(agenda="nurse"), ["taken"])
    busy = practice("nurse", visit("14:20", "14:40"), reasons=reasons, overbookings_per_day=1)
    refused = overbook(
        both(overbookings_per_day=1, nurse=busy, reasons=reasons), ASKED, starts=on("14:20"), cause="urgent", at=NOW
    )
    assert [each.code for each in refused] == ["also_refuses"]


def test_a_hold_of_the_other_agenda_hinders_all_but_its_holder_and_lapses_in_the_index():
    held = visit("14:20", "15:00", kind=TakenKind.HOLD, holder="call", until=NOW + timedelta(minutes=2))
    book = both(nurse=practice("nurse", held, reasons=(BOTH,)))
    index = Index(first=TUESDAY, days=1)
    index.put(book)
    assert index.next_free(ASKED, at=NOW) == {"weber": on("15:00")}
    assert index.next_free(replace(ASKED, holder="call"), at=NOW) == {"weber": on("14:20")}
    assert index.next_free(ASKED, at=NOW + timedelta(minutes=2)) == {"weber": on("14:20")}


def test_what_is_proposed_and_planned_is_free_in_both_and_taken_in_both():
    nurse = practice("nurse", block("14:00", "15:00"), reasons=(BOTH,))
    book = both(block("15:00", "16:00"), nurse=nurse)
    found = propose([book], ASKED, first=TUESDAY, days=1, at=NOW, most=1)
    assert found.proposals[0].slot.starts == on("16:00")
    plan = plan_series([book], SeriesWish(wish=ASKED, first=TUESDAY, days=(0, 1)), at=NOW)
    assert [(each.slot.starts, each.slot.also.agenda) for each in plan.sessions] == [
        (on("16:00"), "nurse"),
        (on("16:00", later(1)), "nurse"),
    ]
