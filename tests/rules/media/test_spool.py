# SPDX-License-Identifier: AGPL-3.0-or-later
"""The spool's files: sealed for one key, whole up to where a crash cut them, never opened out of their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.telephony import spool

PRIVATE, PUBLIC = spool.make_pair()
OTHER_PRIVATE, OTHER_PUBLIC = spool.make_pair()
KEYS = {spool.key_id(PUBLIC): PRIVATE, spool.key_id(OTHER_PUBLIC): OTHER_PRIVATE}


def sealed(*parts, public=PUBLIC, file="a.alaw", first=0):
    numbered = enumerate(parts, start=first)
    return [spool.seal_block(part, public=public, file=file, index=index) for index, part in numbered]


def opened(data, file="a.alaw"):
    return spool.open_file(data, file=file, private=KEYS.__getitem__)


@given(parts=st.lists(st.binary(min_size=1, max_size=50), max_size=4), cut=st.integers(0, 400))
def test_what_a_crash_leaves_opens_up_to_its_last_whole_block(parts, cut):
    whole = sealed(*parts)
    data = b"".join(whole)
    kept = data[: max(0, len(data) - cut)]
    ends = [sum(map(len, whole[: number + 1])) for number in range(len(whole))]
    count = sum(end <= len(kept) for end in ends)
    assert opened(kept) == b"".join(parts[:count])
    assert [block.end for block in spool.blocks(kept)] == ends[:count]
    assert sum(block.samples for block in spool.blocks(kept)) == sum(map(len, parts[:count]))


def test_nothing_of_the_audio_can_be_seen_and_the_recorder_cannot_open_it():
    (block,) = sealed(b"\x2a" * 8000)
    assert b"\x2a" * 8 not in block
    with pytest.raises(spool.SpoolBroken):
        spool.open_file(block, file="a.alaw", private=lambda _key: OTHER_PRIVATE)


def test_blocks_cannot_change_places_or_files():
    one, two = sealed(b"one", b"two")
    assert opened(one + two) == b"onetwo"
    for data, file in ((two + one, "a.alaw"), (two, "a.alaw"), (one + one, "a.alaw"), (one, "b.alaw")):
        with pytest.raises(spool.SpoolBroken):
            opened(data, file)


@pytest.mark.parametrize("place", [12, 43, 44, 50, -1])
def test_an_altered_block_does_not_open(place):
    (block,) = sealed(b"spoken")
    data = bytearray(block)
    data[place] ^= 1
    with pytest.raises(spool.SpoolBroken):
        opened(bytes(data))


def test_a_recording_goes_on_under_the_key_that_replaced_its_first():
    (one,) = sealed(b"one")
    (two,) = sealed(b"two", public=OTHER_PUBLIC, first=1)
    assert opened(one + two) == b"onetwo"


@given(st.binary(max_size=300))
def test_whatever_stands_in_a_file_is_read_without_harm(data):
    assert sum(block.samples for block in spool.blocks(data)) <= len(data)
