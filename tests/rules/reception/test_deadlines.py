# SPDX-License-Identifier: AGPL-3.0-or-later
"""The deadlines against a list that is searched every time."""

from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from permanence.reception.deadlines import SLACK, Deadlines, Due
from tests.rules.reception.house import START


@dataclass
class Thing:
    """Something with up to three limits, like a call."""

    id: str
    limits: dict[str, int]
    laid: Due | None = None

    def due(self) -> Due | None:
        return min(((START + timedelta(seconds=second), what) for what, second in self.limits.items()), default=None)


limits = st.sampled_from(("music", "place", "wait"))
acts = st.lists(
    st.one_of(
        st.tuples(st.just("set"), st.sampled_from("pqr"), limits, st.integers(0, 5)),
        st.tuples(st.just("drop"), st.sampled_from("pqr"), limits, st.just(0)),
        st.tuples(st.just("forget"), st.sampled_from("pqr"), st.just(""), st.just(0)),
    ),
    max_size=40,
)


@given(acts)
def test_the_first_is_what_is_due_next(script):
    deadlines = Deadlines()
    things = {name: Thing(name, {}) for name in "pqr"}
    for act, name, what, second in script:
        thing = things[name]
        if act == "forget":  # another of the same name comes
            thing.laid = None
            things[name] = Thing(name, {})
        else:
            if act == "set":
                thing.limits[what] = second
            else:
                thing.limits.pop(what, None)
            deadlines.lay(thing)
        pending = [(due, name) for name, thing in things.items() if (due := thing.due()) is not None]
        first = deadlines.first()
        assert (None if first is None else first[:2]) == min(pending, default=None)


def test_what_was_answered_in_time_does_not_pile_up():
    deadlines = Deadlines()
    for number in range(10_000):
        answered = Thing(str(number), {"offer": number + 12})
        deadlines.lay(answered)
        answered.laid = None
    assert len(deadlines._heap) <= SLACK + 1
    assert deadlines.first() is None
