# SPDX-License-Identifier: AGPL-3.0-or-later
"""The record of calls: written once from the engine's events, read by house and client."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction

from permanence.calls import operations, queries
from permanence.calls.handlers import WITHHELD, apply_engine_event
from permanence.calls.models import Call, CallOffer, WithheldNumber
from permanence.calls.queries import CallFilters
from permanence.foundation import secrecy
from permanence.foundation.models import AuditEntry, LiveTouch, OutboxEvent
from permanence.messaging import handlers as messaging_handlers
from permanence.messaging.events import MessageTaken
from permanence.reception.events import (
    CallAbandoned,
    CallAnswered,
    CallClosed,
    CallOffered,
    CallQueued,
    OfferEnded,
    PresenceChanged,
    Reason,
    WrapUpEnded,
)
from permanence.telephony.events import CallArrived, CallEnded, UnknownLineCalled, VoiceMessageBegun, VoiceMessageKept

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CALLER = "+33199000001"
ZONE = ZoneInfo("Europe/Luxembourg")


class Engine:
    """Announces what an engine would, in order, with its own sequence."""

    def __init__(self, cast, name="e1"):
        self.cast, self.name = cast, name
        self.sequence = count(1)
        self.last = 0

    def say(self, kind, *, at=START, house=None, again=False, **fields):
        self.last = self.last if again else next(self.sequence)
        event = kind(house=house or self.cast.house, at=at, **fields)
        apply_engine_event(self.name, self.last, event)
        return event

    def arrives(self, call, client, *, at=START, caller=CALLER, **fields):
        self.say(
            CallArrived, at=at, call=call, client=client, trunk="carrier", called_line="+35220000101", caller=caller,
            **fields,
        )  # fmt: skip

    def ends(self, call, *, at, by="caller", why="hang_up", arrived=START, house=None):
        self.say(
            CallEnded, at=at, house=house, call=call, by=by, why=why, arrived_at_ms=int(arrived.timestamp() * 1000)
        )

    def answered(self, call, client, *, at=START, secretary=None, caller=CALLER, talk_s=60):
        """A whole call: offered, answered after 5 s, over after `talk_s`, its outcome."""
        who = secretary or self.cast.claire_secretary
        self.arrives(call, client, at=at, caller=caller)
        self.say(
            CallOffered, at=at, call=call, client=client, offer=f"o-{call}", secretary=who, seat="s", until_ms=0,
            why=(Reason(code="longest_ready", detail="30"),), greeting="Bonjour", shown=("4:1",),
        )  # fmt: skip
        moment = at + timedelta(seconds=5)
        self.say(
            CallAnswered, at=moment, call=call, client=client, offer=f"o-{call}", secretary=who, seat="s",
            waited_ms=5000,
        )  # fmt: skip
        self.ends(call, at=moment + timedelta(seconds=talk_s), arrived=at)
        self.say(
            WrapUpEnded, at=moment + timedelta(seconds=talk_s + 9), call=call, client=client, secretary=who,
            outcome="message",
        )  # fmt: skip

    def abandoned(self, call, client, *, at=START, caller=CALLER, waited_s=40):
        self.arrives(call, client, at=at, caller=caller)
        moment = at + timedelta(seconds=waited_s)
        self.say(CallAbandoned, at=moment, call=call, client=client, waited_ms=waited_s * 1000, caller=caller)
        self.ends(call, at=moment, why="abandoned", arrived=at)


@pytest.fixture
def engine(cast):
    return Engine(cast)


def listed(cast, **filters):
    return queries.call_page(house=cast.house, filters=CallFilters(**filters), zone=ZONE).rows


def test_a_call_that_was_answered(cast, engine):
    engine.answered("c1", cast.weber)
    (row,) = listed(cast)
    assert (row.client, row.client_name, row.caller) == (cast.weber, "Dr Weber", CALLER)
    assert (row.wait_ms, row.talked_ms, row.outcome, row.ended_by, row.why) == (
        5000,
        60000,
        "message",
        "caller",
        "hang_up",
    )
    assert (row.secretary, row.secretary_name, row.abandoned) == (cast.claire_secretary, "Claire", False)
    assert [(offer.secretary_name, offer.how) for offer in row.offers] == [("Claire", "answered")]
    offer = CallOffer.objects.get()
    assert (offer.why, offer.shown, offer.greeting) == (
        [{"code": "longest_ready", "detail": "30", "name": ""}],
        ["4:1"],
        "Bonjour",
    )
    assert LiveTouch.objects.filter(topic="house/demo/calls").exists()
    assert OutboxEvent.objects.get(name="CallRecorded").body["call"] == "c1"


def test_the_same_event_again_changes_nothing(cast, engine):
    engine.answered("c1", cast.weber)
    before = (listed(cast), OutboxEvent.objects.count(), LiveTouch.objects.count())
    engine.say(CallAbandoned, call="c1", client=cast.weber, waited_ms=1, again=True)
    for sequence in range(1, engine.last + 1):
        apply_engine_event("e1", sequence, CallAbandoned(house=cast.house, at=START, call="c1", waited_ms=1))
    assert (listed(cast), OutboxEvent.objects.count(), LiveTouch.objects.count()) == before
    apply_engine_event("e2", 1, CallAbandoned(house=cast.house, at=START, call="c2", waited_ms=1))
    assert len(listed(cast)) == 2


def test_a_failure_keeps_neither_record_nor_position(cast, engine):
    with pytest.raises(Exception, match="House"):
        engine.say(CallArrived, house="nowhere", call="c1", trunk="t", called_line="l", caller=None)
    assert not Call.objects.exists()
    engine.say(CallArrived, again=True, call="c1", client=cast.weber, trunk="t", called_line="l", caller=None)
    assert listed(cast)[0].call == "c1"


def test_a_masked_number_is_stored_apart_sealed_and_never_listed(cast, engine):
    engine.arrives("c1", cast.weber, caller=None, masked=True, withheld="+33199000099", display="Jean")
    (row,) = listed(cast)
    assert (row.caller, row.display, row.masked) == ("", "", True)
    sealed = WithheldNumber.objects.get().sealed
    assert "+33199000099" not in sealed
    assert secrecy.unseal(sealed, house=cast.house, purpose=WITHHELD) == "+33199000099"
    assert queries.earlier_calls(house=cast.house, client=cast.weber, number="+33199000099", before=START) == ()
    with pytest.raises(IntegrityError), transaction.atomic():
        Call.objects.filter(call="c1").update(caller="+33199000099")


def test_an_abandoned_call_knows_how_long_he_waited(cast, engine):
    engine.abandoned("c1", cast.dupont)
    (row,) = listed(cast, abandoned_only=True)
    assert (row.abandoned, row.wait_ms, row.answered_at, row.why) == (True, 40000, None, "abandoned")


def test_offers_that_came_to_nothing_are_kept_with_how(cast, engine):
    engine.arrives("c1", cast.weber)
    for number, (secretary, how) in enumerate(((cast.claire_secretary, "missed"), (cast.aoife_secretary, "declined"))):
        engine.say(
            CallOffered, call="c1", client=cast.weber, offer=f"o{number}", secretary=secretary, seat="s", until_ms=0
        )
        engine.say(OfferEnded, call="c1", client=cast.weber, offer=f"o{number}", secretary=secretary, how=how)
    assert [(offer.secretary_name, offer.how) for offer in listed(cast)[0].offers] == [
        ("Claire", "missed"),
        ("Aoife", "declined"),
    ]


def test_closing_words_and_a_voice_message(cast, engine):
    engine.arrives("c1", cast.atlas)
    moment = START + timedelta(seconds=180)
    engine.say(
        CallClosed, at=moment, call="c1", client=cast.atlas, reason="max_wait", voice_message=True,
        why=(Reason(code="voice_message_allowed"),),
    )  # fmt: skip
    assert listed(cast)[0].voice_begun_at is None
    for later in (10, 14):  # told again where the recording had to begin anew
        engine.say(VoiceMessageBegun, at=moment + timedelta(seconds=later), call="c1", client=cast.atlas)
    assert listed(cast)[0].voice_begun_at == moment + timedelta(seconds=10)
    engine.say(VoiceMessageKept, at=moment, call="c1", client=cast.atlas, file="c1.alaw", seconds=12.5, caller=CALLER)
    engine.ends("c1", at=moment, by="system", why="max_wait")
    (row,) = listed(cast)
    assert (row.closed_reason, row.wait_ms, row.voice_seconds, row.ended_by) == ("max_wait", 180000, 12.5, "system")
    body = OutboxEvent.objects.get(name="VoiceMessageReceived").body
    assert (body["file"], body["client"], CALLER in str(body)) == ("c1.alaw", cast.atlas, False)


def test_a_second_answer_keeps_the_first_wait(cast, engine):
    engine.arrives("c1", cast.weber)
    for seconds, secretary in ((5, cast.claire_secretary), (100, cast.aoife_secretary)):
        engine.say(
            CallAnswered, at=START + timedelta(seconds=seconds), call="c1", client=cast.weber, offer=f"o{seconds}",
            secretary=secretary, seat="s", waited_ms=seconds * 1000,
        )  # fmt: skip
    (row,) = listed(cast)
    assert (row.wait_ms, row.secretary, row.answered_at) == (5000, cast.aoife_secretary, START + timedelta(seconds=5))


def test_a_call_whose_arrival_was_never_heard_is_recorded_all_the_same(cast, engine):
    engine.ends("c9", at=START + timedelta(seconds=30))
    (row,) = listed(cast)
    assert (row.call, row.client, row.arrived_at) == ("c9", None, START)


def test_what_is_no_fact_of_a_call_leaves_no_call(cast, engine):
    engine.say(PresenceChanged, secretary=cast.claire_secretary, seat="s", state="ready")
    assert listed(cast) == ()
    engine.arrives("c1", None)
    engine.say(UnknownLineCalled, call="c1", trunk="t", called_line="+352")
    engine.say(CallQueued, call="c1", place=1)
    assert [row.client_name for row in listed(cast)] == [""]


def test_another_houses_client_or_secretary_is_never_written(cast, engine):
    engine.arrives("c1", cast.other_client)
    assert listed(cast)[0].client is None
    other = queries.call_page(house=cast.other_house, filters=CallFilters(), zone=ZONE)
    assert other.rows == ()
    engine.say(
        CallOffered, house=cast.other_house, call="c2", client=cast.weber, offer="o", secretary=cast.claire_secretary,
        seat="s", until_ms=0,
    )  # fmt: skip
    assert not CallOffer.objects.exists()


def test_filters_by_client_secretary_day_and_month(cast, engine):
    evening = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)  # 1 December in Luxembourg
    engine.answered("c1", cast.weber)
    engine.answered("c2", cast.dupont, secretary=cast.aoife_secretary)
    engine.answered("c3", cast.weber, at=evening)
    calls = lambda **filters: [row.call for row in listed(cast, **filters)]  # noqa: E731
    assert calls() == ["c3", "c2", "c1"]
    assert calls(client=cast.weber) == ["c3", "c1"]
    assert calls(secretary=cast.aoife_secretary) == ["c2"]
    assert calls(first=date(2026, 11, 1), last=date(2026, 11, 30)) == ["c2", "c1"]
    assert calls(first=date(2026, 12, 1), last=date(2026, 12, 1)) == ["c3"]
    assert calls(client="x") == calls(client=cast.other_client) == calls(secretary="99999") == []


def test_pages(cast, engine):
    for number in range(queries.PAGE + 3):
        engine.arrives(f"c{number:03}", cast.weber, at=START + timedelta(seconds=number))
    page = lambda number: queries.call_page(house=cast.house, filters=CallFilters(), page=number, zone=ZONE)  # noqa: E731
    assert (page(1).total, page(1).pages, len(page(1).rows)) == (queries.PAGE + 3, 2, queries.PAGE)
    assert [row.call for row in page(2).rows] == ["c002", "c001", "c000"]
    assert (page(99).page, page(-1).page) == (2, 1)


def test_the_list_of_those_to_be_called_back(cast, engine):
    late = START + timedelta(minutes=5)
    engine.abandoned("lost", cast.weber)
    engine.abandoned("masked", cast.weber, caller=None)
    engine.abandoned("twice", cast.dupont, caller="+33199000002")
    engine.abandoned("twice again", cast.dupont, at=late, caller="+33199000002")
    engine.abandoned("answered later", cast.weber, caller="+33199000003")
    engine.answered("then", cast.weber, at=late, caller="+33199000003")
    engine.abandoned("answered elsewhere", cast.weber, caller="+33199000004")
    engine.answered("other client", cast.dupont, at=late, caller="+33199000004")
    engine.arrives("running", cast.weber, caller="+33199000005")
    found = queries.to_call_back(house=cast.house, at=late)
    assert [row.call for row in found] == ["lost", "answered elsewhere", "twice again"]
    assert queries.to_call_back(house=cast.other_house, at=late) == ()
    assert queries.to_call_back(house=cast.house, at=START + timedelta(days=40)) == ()


def test_called_back_and_undone(cast, engine):
    engine.abandoned("lost", cast.weber)
    later = START + timedelta(hours=1)
    operations.mark_called_back(call="lost", by=cast.marc, at=later)
    operations.mark_called_back(call="lost", by=cast.claire, at=later + timedelta(hours=1))
    assert queries.to_call_back(house=cast.house, at=later) == ()
    (done,) = queries.called_back(house=cast.house, since=START)
    assert (done.called_back_by, done.called_back_at) == ("Marc", later)
    operations.undo_called_back(call="lost", by=cast.marc, at=later)
    assert [row.call for row in queries.to_call_back(house=cast.house, at=later)] == ["lost"]
    assert list(
        AuditEntry.objects.filter(action__startswith="call.").order_by("pk").values_list("action", flat=True)
    ) == [
        "call.called_back",
        "call.called_back_undone",
    ]


def test_nobody_of_another_house_acts_on_a_call(cast, engine):
    engine.abandoned("lost", cast.weber)
    for act in (operations.mark_called_back, operations.undo_called_back):
        with pytest.raises(operations.CallUnknown):
            act(call="lost", by=cast.nadia, at=START)


def test_earlier_calls_of_a_number_are_those_to_this_client_only(cast, engine):
    engine.answered("c1", cast.weber)
    engine.answered("c2", cast.dupont)
    engine.answered("c3", cast.weber, caller="+33199000002")
    engine.abandoned("c4", cast.weber, at=START + timedelta(hours=1))
    before = START + timedelta(hours=2)
    earlier = lambda **more: [  # noqa: E731
        row.call
        for row in queries.earlier_calls(
            **{"house": cast.house, "client": cast.weber, "number": CALLER, "before": before, **more}
        )
    ]
    assert earlier() == ["c4", "c1"]
    assert earlier(client=cast.dupont) == ["c2"]
    assert earlier(before=START + timedelta(hours=1)) == ["c1"]
    assert earlier(limit=1) == ["c4"]
    assert earlier(house=cast.other_house) == earlier(client=cast.other_client) == earlier(number="") == []
    assert earlier(client="x") == []


def test_the_number_of_queries_does_not_grow_with_the_list(cast, engine, django_assert_num_queries):
    for number in range(30):
        engine.answered(f"c{number}", cast.weber, at=START + timedelta(minutes=number))
    with django_assert_num_queries(3):
        listed(cast)
    with django_assert_num_queries(1):
        list(queries.exported_calls(
            house=cast.house, client=cast.weber, first=date(2026, 11, 1), last=date(2026, 11, 30), zone=ZONE
        ))  # fmt: skip
    with django_assert_num_queries(1):
        queries.to_call_back(house=cast.house, at=START)


def test_a_message_says_what_became_of_its_call_until_she_says_it(cast):
    at = datetime(2026, 11, 24, 9, tzinfo=UTC)
    for call, before in (("told", ""), ("said", "appointment")):
        Call.objects.create(
            house_id=cast.claire.house_key, call=call, client_id=int(cast.weber), called_line="+35220000101",
            arrived_at=at, outcome=before,
        )  # fmt: skip
        event = MessageTaken(
            house=cast.house, at=at, message="m" * 20, client=cast.weber, recipient="1", call=call, taken_by="1",
            urgency="normal",
        )  # fmt: skip
        messaging_handlers.on_message_taken("e1", event)
        messaging_handlers.on_message_taken("e1", event)
    assert dict(Call.objects.values_list("call", "outcome")) == {"told": "message", "said": "appointment"}
