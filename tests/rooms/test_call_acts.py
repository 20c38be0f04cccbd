# SPDX-License-Identifier: AGPL-3.0-or-later
"""Every act with an appointment stands on the record of its call, in order, also one that the next undid."""

import csv
import io
import random
from datetime import timedelta

import pytest

from permanence.agenda import call_words
from permanence.agenda.models import CallAct
from permanence.agenda.operations import appointments
from permanence.agenda.rules.elsewhere import ActElsewhere
from permanence.agenda.rules.states import CancelCause
from permanence.calls.models import Call
from permanence.foundation.models import OutboxEvent
from tests.rooms.agenda_cast import after, make_agenda_cast
from tests.rooms.messaging_cast import NOON


@pytest.fixture
def cast(db):
    return make_agenda_cast()


def a_call(cast, name, client=None):
    return Call.objects.create(
        house_id=cast.claire.house_key, call=name, client_id=int(client or cast.cabinet.id), arrived_at=NOON
    )


def book(cast, minutes, call, at=NOON):
    return appointments.book(
        key=cast.key(),
        agenda=cast.dupont,
        starts_at=after(minutes),
        booking=cast.booking(call=call),
        by=cast.claire,
        at=at,
    ).appointment


def cancel(cast, visit, call, at=NOON):
    given = {"cause": CancelCause.PATIENT, "by": cast.claire, "at": at}
    appointments.cancel(key=cast.key(), appointment=visit, call=call, **given)


def move(cast, visit, minutes, call, at=NOON):
    given = {"agenda": cast.dupont, "starts_at": after(minutes), "by": cast.claire, "at": at}
    appointments.move(key=cast.key(), appointment=visit, call=call, **given)


def acts(cast, *calls):
    told = call_words.acts_of_calls(house=cast.claire.house, calls=calls)
    return {call: [each.act.value for each in told.get(call, ())] for call in calls}


def test_a_booking_that_is_cancelled_in_the_same_call_leaves_both_on_its_record(cast, deliver_all, browser_of):
    a_call(cast, "call-1")
    visit = book(cast, 0, "call-1")
    cancel(cast, visit, "call-1", at=NOON + timedelta(minutes=1))
    deliver_all(NOON + timedelta(hours=1))
    assert acts(cast, "call-1") == {"call-1": ["booked", "cancelled"]}
    marc = browser_of(cast.marc)
    for page in ("/supervision/calls", "/supervision/calls/call-1"):
        html = marc.get(page, headers={"accept-language": "en"}).content.decode()
        booked, cancelled = html.index("Appointment booked: Dr Dupont"), html.index("Appointment cancelled: Dr Dupont")
        assert booked < cancelled, page
        assert "Mon 30 Nov. 2026, 08:00" in html
    query = f"client={cast.cabinet.id}&month={NOON:%Y-%m}"
    text = marc.get(f"/supervision/calls.csv?{query}", headers={"accept-language": "en"}).content.decode("utf-8-sig")
    head, row = csv.reader(io.StringIO(text))
    found = dict(zip(head, row, strict=True))
    counted = [found[f"Appointments {what}"] for what in ("booked", "moved", "cancelled")]
    assert counted == ["1", "", "1"]


def test_whatever_is_done_in_whatever_call_the_record_is_what_was_done(cast, deliver_all):
    """Against a list kept beside: three calls, one and the same visits, events that come twice."""
    chance = random.Random(2026)
    done: dict[str, list[str]] = {"call-1": [], "call-2": [], "call-3": []}
    standing: list[str] = []
    for step in range(24):
        call, at = chance.choice(list(done)), NOON + timedelta(seconds=step)
        act = chance.choice(["booked", "moved", "cancelled"]) if standing else "booked"
        if act == "booked":
            standing.append(book(cast, 1440 * (step // 6) + 20 * (step % 6), call, at=at))
        elif act == "moved":
            move(cast, chance.choice(standing), 1440 * (step // 6) + 360 + 20 * (step % 6), call, at=at)
        else:
            cancel(cast, standing.pop(chance.randrange(len(standing))), call, at=at)
        done[call].append(act)
    deliver_all(NOON + timedelta(hours=1))
    assert acts(cast, *done) == done
    OutboxEvent.objects.update(delivered_at=None, next_attempt_at=NOON)
    deliver_all(NOON + timedelta(hours=1))
    assert acts(cast, *done) == done


def test_what_was_done_without_a_call_or_by_no_person_is_on_no_record(cast, deliver_all):
    book(cast, 0, "")
    deliver_all(NOON + timedelta(hours=1))
    assert not CallAct.objects.exists()


def test_what_was_done_for_another_client_is_not_told_with_the_call(cast, deliver_all, browser_of):
    a_call(cast, "call-1", client=cast.weber.id)
    book(cast, 0, "call-1")
    deliver_all(NOON + timedelta(hours=1))
    assert acts(cast, "call-1") == {"call-1": [ActElsewhere.BOOKED.value]}
    assert Call.objects.get().outcome == ""
    answer = browser_of(cast.marc).get("/supervision/calls", headers={"accept-language": "en"})
    assert "Appointment booked: Dr" not in answer.content.decode()


def test_another_house_finds_nothing(cast, deliver_all):
    a_call(cast, "call-1")
    book(cast, 0, "call-1")
    deliver_all(NOON + timedelta(hours=1))
    assert call_words.acts_of_calls(house="elsewhere", calls=["call-1"]) == {}
