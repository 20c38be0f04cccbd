# SPDX-License-Identifier: AGPL-3.0-or-later
"""The state of a message, and what a message may hold."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from permanence.kernel.events import EventCatalogue
from permanence.messaging import events, rules
from permanence.messaging.rules import AgeLevel, Box, Fill, MessageForm, PersonAct, Transmission, Urgency

TAKEN = datetime(2026, 11, 24, 13, 15, tzinfo=UTC)
FIELDS = {"message": "k" * 26, "recipient": "1", "text": "Bonjour", "urgency": "today"}


def after(minutes):
    return TAKEN + timedelta(minutes=minutes)


def act(name, minutes, *, stands=True):
    return PersonAct(person=name, name=name, at=after(minutes), stands=stands)


def state(*, transmission=None, reads=(), acknowledgements=(), at=60, urgency=Urgency.TODAY):
    return rules.state_of(
        urgency=urgency,
        taken_at=TAKEN,
        transmission=transmission or Transmission(),
        reads=reads,
        acknowledgements=acknowledgements,
        at=after(at),
    )


def filled(found):
    return [fill.value for _, fill in found.boxes]


def test_nothing_left_yet():
    found = state()
    assert (found.reached, found.since, found.failed) == (None, TAKEN, None)
    assert filled(found) == ["empty"] * 4


def test_sent_without_a_receipt_is_delivery_unknown():
    found = state(transmission=Transmission(sent_at=after(1)))
    assert found.delivery_unknown
    assert filled(found) == ["done", "empty", "empty", "empty"]
    assert (found.since, found.step_age) == (after(1), timedelta(minutes=59))


def test_a_receipt_delivers():
    found = state(transmission=Transmission(sent_at=after(1), delivered_at=after(2)))
    assert not found.delivery_unknown
    assert found.reached is Box.DELIVERED


def test_reading_fills_what_the_relay_never_confirmed():
    found = state(transmission=Transmission(failed_at=after(1), failure="550 no"), reads=(act("weber", 5),))
    assert filled(found) == ["done", "done", "done", "empty"]
    assert (found.failed, found.failure) == (None, "")


@pytest.mark.parametrize(
    ("transmission", "box"),
    [
        (Transmission(failed_at=after(1), failure="550 no"), Box.SENT),
        (Transmission(sent_at=after(1), failed_at=after(2), failure="550 no"), Box.DELIVERED),
    ],
)
def test_the_box_where_it_failed_is_struck(transmission, box):
    found = state(transmission=transmission)
    assert (found.failed, found.failure) == (box, "550 no")
    assert dict(found.boxes)[box] is Fill.FAILED


def test_another_persons_acts_do_not_stand_for_the_recipient():
    theirs = act("lemaire", 3, stands=False)
    found = state(transmission=Transmission(sent_at=after(1)), reads=(theirs,), acknowledgements=(theirs,))
    assert found.reached is Box.SENT
    assert not found.is_acknowledged
    assert found.others_acknowledged == (theirs,)


def test_own_acknowledgement_comes_first_and_ends_the_clock():
    other, own = act("lemaire", 3, stands=False), act("dupont", 9)
    found = state(acknowledgements=(other, own), at=60 * 24 * 9, urgency=Urgency.URGENT)
    assert found.acknowledged_by == (own, other)
    assert (found.since, found.age_level) == (after(9), AgeLevel.CALM)


moments = st.one_of(st.none(), st.integers(0, 1000).map(after))
acts = st.lists(st.builds(act, st.sampled_from("abcd"), st.integers(0, 1000), stands=st.booleans()), max_size=4).map(
    tuple
)


@given(
    st.builds(
        Transmission, sent_at=moments, delivered_at=moments, failed_at=moments, failure=st.sampled_from(["", "no"])
    ),
    acts,
    acts,
)
def test_boxes_fill_from_the_left_and_fail_at_most_once(transmission, reads, acknowledgements):
    found = state(transmission=transmission, reads=reads, acknowledgements=acknowledgements, at=2000)
    fills = filled(found)
    done = fills.count("done")
    assert fills[:done] == ["done"] * done
    assert fills.count("failed") <= 1
    assert set(fills[done + 1 :]) <= {"empty"}
    assert found.is_acknowledged == any(each.stands for each in acknowledgements)


@given(st.sampled_from(Urgency), st.integers(0, 5000), st.integers(0, 5000))
def test_age_only_gets_worse(urgency, one, other):
    levels = list(AgeLevel)
    first, second = sorted((one, other))
    worse = rules.age_level(urgency, timedelta(minutes=first)), rules.age_level(urgency, timedelta(minutes=second))
    assert levels.index(worse[0]) <= levels.index(worse[1])


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"message": "short"}, rules.MessageIdMalformed),
        ({"message": "k" * 20 + "/../x"}, rules.MessageIdMalformed),
        ({"message": "k" * 20 + "\n"}, rules.MessageIdMalformed),
        ({"text": " \n "}, rules.TextMissing),
        ({"text": "x" * (rules.TEXT_LIMIT + 1)}, rules.TextTooLong),
        ({"caller_name": "x" * 121}, rules.TextTooLong),
        ({"caller_number": "1" * 41}, rules.TextTooLong),
        ({"urgency": "yesterday"}, rules.UrgencyUnknown),
    ],
)
def test_a_form_that_cannot_be_a_message(changes, refusal):
    with pytest.raises(refusal):
        rules.check_form(MessageForm(**{**FIELDS, **changes}))


def test_a_form_that_can():
    assert rules.check_form(MessageForm(**FIELDS)) is Urgency.TODAY


@pytest.mark.parametrize(
    "event",
    [
        events.MessageTaken(
            house="h", at=TAKEN, message="m", client="1", recipient="2", call="c", taken_by="3", urgency="today"
        ),
        events.MessageRead(house="h", at=TAKEN, message="m", client="1", person="3", stands=True),
        events.MessageAcknowledged(house="h", at=TAKEN, message="m", client="1", person="3", stands=False),
        events.MessageAnswered(house="h", at=TAKEN, message="m", client="1", person="3", answer="a"),
    ],
)
def test_events_survive_the_wire(event):
    catalogue: EventCatalogue = events.MESSAGING_EVENTS
    assert catalogue.read(catalogue.write(event)) == event
