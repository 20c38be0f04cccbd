# SPDX-License-Identifier: AGPL-3.0-or-later
"""What may be recorded of an act in an agenda that is not ours."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.agenda.rules import elsewhere as rules
from permanence.agenda.rules.elsewhere import ActElsewhere, ElsewhereForm, check_act, may_correct

TODAY = date(2026, 11, 27)
KEY = "k" * 26
DAYS = st.dates(min_value=TODAY - timedelta(days=31), max_value=TODAY + timedelta(days=1098))


def form(**changes: str) -> ElsewhereForm:
    return ElsewhereForm(**{"key": KEY, "recipient": "4", "act": "booked", **changes})


@given(act=st.sampled_from(ActElsewhere), day=DAYS, hour=st.times(), name=st.text(max_size=120))
def test_what_is_possible_is_read_as_it_was_written(act, day, hour, name):
    whole = hour.replace(second=0, microsecond=0)
    found = check_act(
        form(act=act.value, day=day.isoformat(), hour=whole.strftime("%H:%M"), patient_name=name), today=TODAY
    )
    assert (found.act, found.day, found.hour) == (act, day, whole)
    assert found.patient_name == " ".join(name.split())


def test_neither_day_nor_hour_nor_patient_is_needed():
    found = check_act(form(), today=TODAY)
    assert (found.day, found.hour, found.patient_name) == (None, None, "")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"key": "short"}, rules.ActIdMalformed),
        ({"key": "k" * 41}, rules.ActIdMalformed),
        ({"key": "k" * 25 + "\n"}, rules.ActIdMalformed),
        ({"act": "invented"}, rules.ActUnknown),
        ({"act": ""}, rules.ActUnknown),
        ({"day": "2026-10-26"}, rules.DayImpossible),
        ({"day": "2029-12-01"}, rules.DayImpossible),
        ({"day": "2026-02-30"}, rules.DayImpossible),
        ({"day": "20261128"}, rules.DayImpossible),
        ({"day": "28/11"}, rules.DayImpossible),
        ({"hour": "14:30"}, rules.HourImpossible),
        ({"day": "2026-12-01", "hour": "24:00"}, rules.HourImpossible),
        ({"day": "2026-12-01", "hour": "9:00"}, rules.HourImpossible),
        ({"day": "2026-12-01", "hour": "14:30\n"}, rules.HourImpossible),
        ({"patient_name": "x" * 121}, rules.PatientNameTooLong),
        ({"caller_number": "1" * 41}, rules.PatientNameTooLong),
    ],
)
def test_what_cannot_be_is_refused_by_its_name(changes, refusal):
    with pytest.raises(refusal):
        check_act(form(**changes), today=TODAY)


@given(words=st.text(max_size=60))
def test_no_text_in_the_place_of_a_day_or_an_hour_gets_through_but_as_one(words):
    for changes in ({"day": words}, {"day": TODAY.isoformat(), "hour": words}):
        try:
            found = check_act(form(**changes), today=TODAY)
        except (rules.DayImpossible, rules.HourImpossible):
            continue
        assert found.day is None or isinstance(found.day, date)
        assert found.hour is None or isinstance(found.hour, time)


@pytest.mark.parametrize("zone", ["Europe/Luxembourg", "Europe/Dublin"])
@given(
    recorded=st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2026, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    later=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=2)),
)
def test_a_correction_is_taken_until_midnight_on_the_houses_clock(zone, recorded, later):
    at, clock = recorded + later, ZoneInfo(zone)
    same_day = recorded.astimezone(clock).toordinal() == at.astimezone(clock).toordinal()
    assert may_correct(recorded_at=recorded, zone=clock, at=at) == same_day
