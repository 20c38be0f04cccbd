# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shelf against a list that is sorted every time."""

from hypothesis import given
from hypothesis import strategies as st

from permanence.reception.shelf import SLACK, Shelf

labels = st.lists(st.sampled_from("abc"), max_size=3, unique=True).map(tuple)
acts = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.sampled_from("pqrs"), st.integers(0, 5), labels),
        st.tuples(st.just("take"), st.sampled_from("pqrs"), st.just(0), st.just(())),
    )
)


@given(acts, labels)
def test_the_first_is_the_smallest_of_the_living(script, asked):
    shelf = Shelf()
    living: dict[str, tuple[int, tuple[str, ...]]] = {}
    for act, thing, key, under in script:
        if act == "put":
            shelf.put(thing, key, under)
            living[thing] = (key, under)
        else:
            shelf.take(thing)
            living.pop(thing, None)
        fitting = sorted((key, thing) for thing, (key, under) in living.items() if set(under) & set(asked))
        assert shelf.first(asked) == (fitting[0][1] if fitting else None)
        assert set(shelf.things) == set(living)


def test_a_label_nobody_asks_for_does_not_grow():
    shelf = Shelf()
    for key in range(10_000):
        shelf.put("same", key, ("never",))
    assert len(shelf._heaps["never"]) <= 2 + SLACK + 1
    assert shelf.things["same"] == (9_999, "same")
