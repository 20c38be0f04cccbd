# SPDX-License-Identifier: AGPL-3.0-or-later
"""Symmetric RTP: who is heard on a leg's port."""

import pytest

from permanence.telephony.media.latch import Address, Latch

CALLER: Address = ("198.51.100.7", 4000)
SAME_HOST: Address = ("198.51.100.7", 9999)
SIGNALLING: Address = ("203.0.113.5", 7777)
STRANGER: Address = ("192.0.2.66", 6666)
PRIVATE: Address = ("10.0.0.5", 4000)


def latch(expected: Address | None = CALLER, signalled: str | None = "203.0.113.5") -> Latch:
    made = Latch()
    made.point(expected, signalled)
    return made


def test_the_sdp_address_is_locked_at_once() -> None:
    made = latch()
    assert made.target == CALLER
    assert made.accept(CALLER, 1, 100, 0.0)
    assert not made.accept(SAME_HOST, 1, 101, 0.1)
    assert not made.accept(SIGNALLING, 1, 101, 0.1)
    assert made.target == CALLER


@pytest.mark.parametrize("moment", [0.0, 1.0, 100.0])
def test_a_stranger_is_never_heard(moment: float) -> None:
    made = latch()
    assert not made.accept(STRANGER, 1, 1, moment)
    assert made.accept(CALLER, 1, 1, moment)
    assert not made.accept(STRANGER, 1, 2, moment + 50)  # however silent the caller, and with his SSRC


def test_the_caller_takes_over_from_one_who_was_quicker() -> None:
    made = latch()
    assert made.accept(SAME_HOST, 9, 1, 0.0)
    assert made.target == SAME_HOST
    assert made.accept(CALLER, 1, 1, 0.5)
    assert not made.accept(SAME_HOST, 9, 2, 0.6)


def test_behind_a_nat_the_signalling_host_is_heard_from_any_port() -> None:
    made = latch(PRIVATE)
    assert not made.accept(STRANGER, 1, 1, 0.0)
    assert made.accept(SIGNALLING, 1, 1, 0.1)
    assert made.target == SIGNALLING
    assert not made.accept(("203.0.113.5", 8888), 2, 1, 5.0)  # another stream from there


def test_a_new_port_of_the_same_stream_is_followed_after_silence() -> None:
    made = latch(PRIVATE)
    moved = ("203.0.113.5", 8888)
    assert made.accept(SIGNALLING, 1, 100, 0.0)
    assert not made.accept(moved, 1, 101, 1.9)
    assert not made.accept(moved, 2, 101, 2.1)
    assert not made.accept(moved, 1, 100 + 5000, 2.1)
    assert not made.accept(moved, 1, 99, 2.1)
    assert made.accept(moved, 1, 150, 2.1)
    assert made.target == moved
    assert not made.accept(SIGNALLING, 1, 151, 2.2)


def test_the_sequence_number_may_wrap_while_the_port_changes() -> None:
    made = latch(PRIVATE)
    assert made.accept(SIGNALLING, 1, 65535, 0.0)
    assert made.accept(("203.0.113.5", 8888), 1, 50, 3.0)


def test_without_knowing_where_the_signalling_came_from_a_private_address_is_learnt() -> None:
    made = latch(PRIVATE, None)
    assert made.accept(STRANGER, 1, 1, 0.0)  # nobody said better: the first one
    assert not made.accept(SIGNALLING, 2, 1, 0.1)
    assert made.accept(PRIVATE, 3, 1, 0.2)  # the SDP's own address always wins
    assert not made.accept(STRANGER, 1, 2, 0.3)


def test_nobody_is_heard_before_there_is_a_description() -> None:
    made = Latch()
    assert not made.accept(CALLER, 1, 1, 0.0)
    assert made.target is None


def test_a_new_description_starts_again_and_the_same_one_does_not() -> None:
    made = latch()
    made.accept(CALLER, 1, 1, 0.0)
    made.point(CALLER, "203.0.113.5")
    assert made.source == CALLER
    elsewhere = ("198.51.100.8", 4002)
    made.point(elsewhere, "203.0.113.5")
    assert made.target == elsewhere
    assert not made.accept(CALLER, 1, 2, 0.1)
    assert made.accept(elsewhere, 1, 2, 0.1)
