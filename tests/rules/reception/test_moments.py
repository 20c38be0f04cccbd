# SPDX-License-Identifier: AGPL-3.0-or-later
"""Moments in the kept states, against what the standard library writes."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from permanence.reception.moments import read, written

ZONES = st.sampled_from([UTC, timezone(timedelta(hours=-3, minutes=-30)), ZoneInfo("Europe/Paris")])


@given(st.datetimes(datetime(1970, 1, 1), timezones=ZONES))  # noqa: DTZ001 - hypothesis takes no other
def test_a_moment_is_written_as_everywhere_and_comes_back(moment):
    assert written(moment) == moment.isoformat()
    assert read(written(moment)) == moment


def test_no_moment():
    assert read(None) is None
