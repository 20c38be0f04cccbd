# SPDX-License-Identifier: AGPL-3.0-or-later
"""Each cause is named for what it is, the main one first, with what a person needs to know about it."""

import json
from dataclasses import replace
from datetime import date, timedelta

import pytest

from permanence.agenda.rules import why_not
from permanence.agenda.rules.free import Overbooking, counted, explain, free_slots, hidden, overbook, slot_at
from permanence.agenda.rules.kinds import (
    Asker,
    ExceptionKind,
    Need,
    Opening,
    OpeningException,
    OpeningKind,
    Question,
    TakenKind,
    Use,
    Way,
)
from permanence.agenda.rules.wishes import Slot
from tests.rules.agenda.house import (
    ECG,
    FOLLOW_UP,
    NOW,
    REASONS,
    TUESDAY,
    URGENT,
    away,
    block,
    later,
    on,
    visit,
    weber,
    wish,
)

NEXT_DAY = later(1)
OPENING = Opening(id="o", agenda="weber", weekday=1, opens="14:00", until="18:00")
HOLD = visit(
    "15:00", "15:20", kind=TakenKind.HOLD, by="Aoife", holder="call", until=NOW + timedelta(minutes=2)
)  # fmt: skip


def first_cause(book, starts="15:00", day=TUESDAY, reason="CS", at=NOW, **more):
    return explain(book, wish(reason, **more), starts=on(starts, day), at=at)[0]


def reasons_with(changed):
    return tuple(changed if each.id == changed.id else each for each in REASONS)


def test_a_free_start_has_none():
    assert explain(weber(), wish(), starts=on("15:00"), at=NOW) == ()


CAUSES = [
    (weber(), {"starts": "13:00"}, why_not.Past()),
    (weber(), {"starts": "19:00"}, why_not.Closed(because="week")),
    (weber(), {"starts": "08:00", "day": later(31)}, why_not.Closed(because="holiday", label="Chrëschtdag")),
    (weber(), {"starts": "15:10"}, why_not.OffStep(step=20)),
    (weber(), {"reason": "KIN"}, why_not.ReasonUnknown()),
    (
        weber(away("14:00", "16:00")),
        {},
        why_not.Absent(who="r-weber", starts=on("14:00"), until=on("16:00")),
    ),
    (
        weber(visit("14:50", "15:10", reason="ECG")),
        {},
        why_not.Occupied(starts=on("14:50"), until=on("15:10"), reason="ECG"),
    ),
    (weber(HOLD), {}, why_not.Held(by="Aoife", until=HOLD.until)),
    (weber(block("14:00", "18:00", label="Congrès")), {},
     why_not.Blocked(starts=on("14:00"), until=on("18:00"), label="Congrès")),
    (weber(visit("15:10", "15:30")), {}, why_not.TooShort(left=10, needed=20, until=on("15:10"), then="taken")),
    (weber(away("15:10", "15:30")), {}, why_not.TooShort(left=10, needed=20, until=on("15:10"), then="absent")),
    (weber(), {"starts": "17:40", "reason": "ECG"},
     why_not.TooShort(left=20, needed=30, until=on("18:00"), then="closed")),
    (weber(visit("14:40", "15:00", after=10)), {}, why_not.Buffer(starts=on("14:40"), until=on("15:10"))),
    (
        weber(visit("14:40", "15:10", subject="ecg1", after=10)),
        {"reason": "ECG"},
        why_not.EquipmentTaken(resource="ecg1", starts=on("14:40"), until=on("15:20")),
    ),
    (weber(visit("08:00", "08:10", reason="URG"), visit("09:00", "09:10", reason="URG")), {"reason": "URG"},
     why_not.MaxPerDay(most=2)),
]  # fmt: skip


@pytest.mark.parametrize(("book", "asked", "cause"), CAUSES, ids=lambda each: getattr(each, "code", ""))
def test_the_main_cause_is_named(book, asked, cause):
    assert first_cause(book, **asked) == cause


OPENED = [
    ({"kind": OpeningKind.WALK_IN}, {}, why_not.WalkIn(until=on("18:00"))),
    ({"kind": OpeningKind.TELE}, {}, why_not.OtherWay(way=Way.TELE)),
    ({"reasons": ("URG",)}, {}, why_not.NotThisReason(reasons=("URG",))),
    ({"new_patients": False}, {"is_new": True}, why_not.NewPatientsNot(weekdays=(3,))),
    ({"online": False}, {"asked_by": Asker.ONLINE}, why_not.NotOnlineHere()),
    ({"site": "nord"}, {"sites": ("sud",)}, why_not.OtherSite(site="nord")),
    ({"kind": OpeningKind.SAME_DAY, "released_at": "14:30"}, {}, why_not.NotReleased(released=on("14:30"))),
]


@pytest.mark.parametrize(("opening", "asked", "cause"), OPENED, ids=lambda each: getattr(each, "code", ""))
def test_an_opening_says_for_whom_it_is(opening, asked, cause):
    thursday = replace(OPENING, id="p", weekday=3)
    book = weber(openings=(replace(OPENING, **opening), thursday))
    assert explain(book, wish(**asked), starts=on("15:00"), at=NOW) == (cause,)


REASONED = [
    ({"notice": 60}, {}, why_not.TooSoon(notice=60, earliest=NOW + timedelta(minutes=60))),
    ({"horizon": 1}, {"day": later(2)}, why_not.BeyondHorizon(days=1, last=NEXT_DAY)),
    ({"bookable_by": frozenset({Asker.DOCTOR})}, {},
     why_not.NotBookable(asked_by=Asker.SECRETARY, by=(Asker.DOCTOR,))),
    ({"oldest": 15}, {"born": (date(2010, 6, 1), date(2010, 6, 1))},
     why_not.AgeOutside(age=16, youngest=None, oldest=15)),
    ({"contra_indications": (Question(id="pm", text="Pacemaker ?"),)}, {"yes_to": frozenset({"pm"})},
     why_not.ContraIndicated(question="pm", text="Pacemaker ?")),
    ({"needs": (Need(kind="laser"),)}, {}, why_not.EquipmentMissing(kind="laser", site="")),
    ({"needs": (Need(kind="ecg"), Need(ids=("ecg1",)))}, {}, why_not.EquipmentMissing(kind="ecg", site="")),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "asked", "cause"), REASONED, ids=lambda each: getattr(each, "code", ""))
def test_a_reason_says_who_may_come_and_when(changed, asked, cause):
    book = weber(reasons=reasons_with(replace(FOLLOW_UP, **changed)))
    assert first_cause(book, **asked) == cause
    assert first_cause(book, **asked).code == cause.code


def test_maxima_of_half_days_and_of_new_patients_name_themselves():
    morning = visit("08:00", "08:10", NEXT_DAY, reason="URG", is_new=True)
    half = weber(morning, reasons=reasons_with(replace(URGENT, max_per_half_day=1)))
    assert first_cause(half, "11:00", NEXT_DAY, "URG") == why_not.MaxPerHalfDay(most=1)
    assert explain(half, wish("URG"), starts=on("14:00", NEXT_DAY), at=NOW) == ()
    new = weber(morning, reasons=reasons_with(replace(URGENT, max_new_per_day=1)))
    assert first_cause(new, "14:00", NEXT_DAY, "URG", is_new=True) == why_not.MaxNewPerDay(most=1)
    assert explain(new, wish("URG"), starts=on("14:00", NEXT_DAY), at=NOW) == ()


def test_a_group_is_full_when_all_its_places_are_taken():
    group = replace(OPENING, opens="17:00", until="18:00", capacity=2)
    reason = replace(FOLLOW_UP, minutes=60, minutes_new=0)
    seats = [visit("17:00", "18:00") for _ in range(2)]
    book = weber(*seats[:1], openings=(group,), reasons=(reason,))
    assert [each.capacity for each in free_slots(book, wish(), first=TUESDAY, until=NEXT_DAY, at=NOW)] == [2]
    assert first_cause(weber(*seats, openings=(group,), reasons=(reason,)), "17:00") == why_not.Full(places=2)


def test_his_own_hold_does_not_hinder_who_holds():
    assert explain(weber(HOLD), wish(holder="call"), starts=on("15:00"), at=NOW) == ()
    assert explain(weber(HOLD), wish(), starts=on("15:00"), at=NOW + timedelta(minutes=2)) == ()


def test_a_closed_day_says_why():
    exception = OpeningException(
        id="e", agenda="weber", date=NEXT_DAY, kind=ExceptionKind.CLOSED, label="Congrès"
    )  # fmt: skip
    found = first_cause(weber(exceptions=(exception,)), day=NEXT_DAY)
    assert found == why_not.Closed(because="exception", label="Congrès")


def test_the_electrocardiograph_and_the_next_visit_are_both_told():
    """At 15:00 the device is being cleaned until 15:20, and of 30 minutes 20 are left."""
    book = weber(
        visit("14:50", "15:10", subject="ecg1", after=10), visit("15:20", "15:40"), visit("14:30", "15:00")
    )  # fmt: skip
    assert [each.code for each in explain(book, wish("ECG"), starts=on("15:00"), at=NOW)] == [
        "equipment_taken",
        "too_short",
    ]


def test_the_hidden_starts_are_counted_by_cause():
    book = weber(
        away("14:00", "16:00"), visit("16:00", "17:00", subject="ecg1"), visit("17:20", "17:40"), reasons=REASONS
    )  # fmt: skip
    stretches = hidden(book, wish("ECG"), first=TUESDAY, until=NEXT_DAY, at=on("14:00"))
    assert [(each.count, each.why.code) for each in stretches] == [
        (6, "absent"), (3, "equipment_taken"), (1, "too_short"), (1, "taken"), (1, "too_short"),
    ]  # fmt: skip
    assert [(count, why.code) for count, why in counted(stretches)] == [
        (6, "absent"), (3, "equipment_taken"), (2, "too_short"), (1, "taken"),
    ]  # fmt: skip
    assert (stretches[0].starts, stretches[0].last) == (on("14:00"), on("15:40"))
    assert free_slots(book, wish("ECG"), first=TUESDAY, until=NEXT_DAY, at=on("14:00")) == []


def test_overbooking_is_borne_only_where_it_is_allowed_and_said_why():
    taken = visit("15:00", "15:20")
    allowed = weber(taken, overbookings_per_day=1)

    def codes(book, cause="Douleur", reason="CS", **more):
        found = overbook(book, wish(reason, **more), starts=on("15:00"), cause=cause, at=NOW)
        return found if isinstance(found, Overbooking) else [each.code for each in found]

    done = codes(allowed)
    assert (done.slot.starts, done.cause, [each.code for each in done.borne]) == (on("15:00"), "Douleur", ["taken"])
    assert codes(weber(taken)) == ["overbooking_not"]
    assert codes(allowed, reason="URG") == ["overbooking_not"]
    assert codes(allowed, asked_by=Asker.ONLINE) == ["overbooking_not"]
    assert codes(allowed, cause="  ") == ["cause_missing"]
    once = visit("09:00", "09:20", overbooked=True)
    assert codes(weber(taken, once, overbookings_per_day=1)) == ["overbooked_enough"]
    assert codes(weber(taken, away("14:00", "16:00"), overbookings_per_day=1)) == ["absent"]
    assert codes(weber(visit("15:10", "15:20"), away("15:15", "16:00"), overbookings_per_day=1)) == ["too_short"]
    assert codes(weber(HOLD, overbookings_per_day=1)) == ["held"]
    assert codes(weber(overbookings_per_day=1)).borne == ()
    assert codes(allowed, reason="KIN") == ["reason_unknown"]


def test_every_cause_goes_over_the_wire():
    made = [cause for *_, cause in (*CAUSES, *OPENED, *REASONED)]
    for cause in made:
        fields = why_not.as_fields(cause)
        assert json.loads(json.dumps(fields)) == fields
        assert fields["code"] == cause.code
    assert why_not.as_fields(made[5])["until"] == "2026-11-24T15:00:00+00:00"


def test_no_code_stands_for_two_causes():
    kinds = [each for each in vars(why_not).values() if isinstance(each, type) and each is not why_not.WhyNot]
    kinds = [each for each in kinds if issubclass(each, why_not.WhyNot)]
    assert len({each.code for each in kinds}) == len(kinds) > 25


def test_the_need_of_an_opening_meets_that_of_a_reason():
    """A room that the opening takes anyway is not asked for twice."""
    need = replace(ECG, needs=(Need(kind="ecg", after=10),))
    book = weber(openings=(replace(OPENING, resources=("ecg1",)),), reasons=(need,))
    slot = slot_at(book, wish("ECG"), starts=on("15:00"), at=NOW)
    assert isinstance(slot, Slot)
    assert slot.resources == (Use("ecg1", 0, 10),)
