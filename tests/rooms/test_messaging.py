# SPDX-License-Identifier: AGPL-3.0-or-later
"""Messages are kept once, for the right person, sealed; persons read, acknowledge, answer under their own names."""

import os
import struct
from dataclasses import replace
from datetime import timedelta

import pytest
from django.conf import settings as django_settings

from permanence.calls.events import VoiceMessageReceived
from permanence.calls.models import Call
from permanence.clients.models import Recipient
from permanence.foundation.models import AuditEntry, LiveTouch, OutboxEvent
from permanence.messaging import handlers, operations, queries, recordings, rules, tasks, words
from permanence.messaging.models import Draft, Message, MessageAnswer
from permanence.messaging.rules import Box
from tests import spool
from tests.rooms.messaging_cast import NOON, form, make_cast

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=6)


@pytest.fixture
def cast(settings, tmp_path):
    settings.PERMANENCE = django_settings.PERMANENCE.changed(data=tmp_path)
    return make_cast()


def take(cast, *, account=None, recipient=None, call="call-1", by=None, at=NOON, **changes):
    account = account or cast.weber
    return operations.take_message(
        house=cast.house,
        client_id=account.id,
        call=call,
        by=by or cast.claire,
        at=at,
        form=form(recipient or account.doctor, **changes),
    )


def announced():
    return list(OutboxEvent.objects.filter(name__startswith="Message").order_by("pk").values_list("name", flat=True))


def test_a_message_is_kept_as_it_was_taken(cast):
    found = take(cast)
    assert (found.client_name, found.recipient_name, found.taken_by_name) == ("Weber", "Dr Weber", "Claire")
    assert (found.caller_number, found.caller_typed) == ("+352621000147", "621 000 147")
    assert (found.reason, found.urgency, found.read_back) == ("Renouvellement", rules.Urgency.TODAY, True)
    assert found.text.startswith("Renouvellement du traitement")
    assert announced() == ["MessageTaken"]
    topics = set(LiveTouch.objects.values_list("topic", flat=True))
    assert topics == {"house/centre/messages", f"client/{cast.weber.id}/messages"}


def test_the_text_is_sealed_and_nothing_of_it_travels(cast):
    take(cast)
    assert "anticoagulant" not in Message.objects.get().sealed_text
    for body in OutboxEvent.objects.values_list("body", flat=True):
        assert not {"Jeanne Hoffmann", "+352621000147"} & set(map(str, body.values()))
    assert not AuditEntry.objects.filter(detail__icontains="Hoffmann").exists()


def test_a_retry_of_the_browser_never_doubles_it(cast):
    first = take(cast)
    again = take(cast, at=LATER)
    assert (again.message, again.taken_at) == (first.message, first.taken_at)
    assert Message.objects.count() == 1
    assert announced() == ["MessageTaken"]


@pytest.mark.parametrize("changes", [{"text": "autre chose"}, {"urgency": "urgent"}, {"caller_number": "621 000 148"}])
def test_the_same_id_for_other_words_is_refused_not_dropped(cast, changes):
    take(cast)
    with pytest.raises(operations.MessageIdTaken):
        take(cast, **changes)


def test_a_wrong_recipient_is_impossible(cast):
    for stranger in (cast.cabinet.doctor, cast.other_client.doctor, "0", "x", ""):
        with pytest.raises(operations.NoSuchRecipient):
            operations.take_message(
                house=cast.house, client_id=cast.weber.id, call="c", by=cast.claire, at=NOON, form=form(stranger)
            )
    with pytest.raises(operations.NoSuchReason):
        take(cast, reason="other")
    assert not Message.objects.exists()


def test_nobody_new_writes_to_a_recipient_who_left(cast):
    """A page whose card is older than his leaving; what was kept before stays kept when the page asks again."""
    take(cast)
    Recipient.objects.filter(pk=cast.weber.doctor).update(active=False)
    assert take(cast, at=LATER).message == "m" * 20
    with pytest.raises(operations.NoSuchRecipient):
        take(cast, key="n" * 20)
    assert Message.objects.count() == 1


def test_no_page_takes_the_id_of_a_voice_message(cast):
    with pytest.raises(rules.MessageIdMalformed):
        take(cast, key="voice-call-0123456789")


def test_a_call_belongs_to_one_client(cast):
    take(cast, call="call-7")
    with pytest.raises(operations.CallOfAnotherClient):
        take(cast, account=cast.cabinet, call="call-7", key="n" * 20)
    take(cast, call="call-7", key="o" * 20, recipient=cast.weber.practice)
    take(cast, account=cast.cabinet, call="", key="p" * 20)
    take(cast, call="", key="q" * 20)
    assert Message.objects.count() == 4


def test_the_clients_of_message_and_recorded_call_are_the_same(cast):
    for call, client in (("call-8", cast.weber.id), ("call-9", None)):
        Call.objects.create(
            house_id=cast.claire.house_key, call=call, client_id=client and int(client), arrived_at=NOON
        )
    with pytest.raises(operations.CallOfAnotherClient):
        take(cast, account=cast.cabinet, call="call-8")
    take(cast, call="call-8")
    take(cast, account=cast.cabinet, call="call-9", key="n" * 20)  # a line nobody has: she chooses the client


def test_the_other_houses_client_is_not_there(cast):
    with pytest.raises(operations.NoSuchClient):
        take(cast, account=cast.other_client)
    with pytest.raises(operations.NotOfThisHouse):
        take(cast, by=cast.other_secretary)
    with pytest.raises(operations.NotOfThisHouse):
        operations.save_draft(house=cast.house, by=cast.other_secretary, call="c", at=NOON, body={})


def test_a_number_that_cannot_be_one_stays_as_typed(cast):
    found = take(cast, caller_number="poste 12")
    assert (found.caller_number, found.caller_shown) == ("", "poste 12")
    assert take(cast, key="n" * 20, caller_number="").caller_shown == ""


def test_the_number_is_spelt_by_the_clients_country(cast):
    assert take(cast, account=cast.cabinet, caller_number="06 12 34 56 78", call="").caller_number == "+33612345678"


def test_the_draft_is_kept_until_the_message_is(cast):
    for at, text in ((NOON, "Ren"), (LATER, "Renouv")):
        operations.save_draft(house=cast.house, by=cast.claire, call="call-1", at=at, body={"text": text})
    assert Draft.objects.count() == 1
    assert "Renouv" not in Draft.objects.get().sealed_body
    found = queries.draft(cast.house, cast.claire.person, "call-1")
    assert found is not None
    assert (found.body, found.saved_at) == ({"text": "Renouv"}, LATER)
    assert queries.draft(cast.house, cast.marc.person, "call-1") is None
    with pytest.raises(rules.TextMissing):
        take(cast, text="")
    assert queries.drafts(cast.house, cast.claire.person) == [found]
    take(cast)
    assert queries.drafts(cast.house, cast.claire.person) == []


def test_a_retry_after_a_lost_answer_clears_the_draft_too(cast):
    take(cast)
    operations.save_draft(house=cast.house, by=cast.claire, call="call-1", at=LATER, body={"text": "late save"})
    take(cast)
    assert not Draft.objects.exists()


def test_a_draft_is_forgotten_on_request_and_never_too_large(cast):
    operations.save_draft(house=cast.house, by=cast.claire, call="c", at=NOON, body={})
    operations.discard_draft(house=cast.house, by=cast.claire, call="c")
    assert not Draft.objects.exists()
    with pytest.raises(operations.DraftTooLarge):
        operations.save_draft(house=cast.house, by=cast.claire, call="c", at=NOON, body={"text": "x" * 70_000})


def test_reading_counts_once_and_means_delivered(cast):
    key = take(cast).message
    for at in (LATER, LATER + timedelta(minutes=1)):
        found = operations.mark_read(house=cast.house, message=key, by=cast.dr_weber, at=at)
    assert (found.state.reached, found.state.since) == (Box.READ, LATER)
    assert announced() == ["MessageTaken", "MessageRead"]


def test_acknowledging_keeps_name_and_moment_and_implies_reading(cast):
    key = take(cast).message
    operations.acknowledge(house=cast.house, message=key, by=cast.dr_weber, at=LATER)
    found = operations.acknowledge(house=cast.house, message=key, by=cast.dr_weber, at=LATER + timedelta(hours=1))
    (act,) = found.state.acknowledged_by
    assert (act.name, act.at, act.stands) == ("Anne Weber", LATER, True)
    assert announced() == ["MessageTaken", "MessageRead", "MessageAcknowledged"]
    assert AuditEntry.objects.filter(action="message.acknowledged", by=int(cast.dr_weber.person)).count() == 1


def test_dupont_a_colleagues_acknowledgement_is_his_own(cast):
    key = take(cast, account=cast.cabinet, call="").message
    found = operations.acknowledge(house=cast.house, message=key, by=cast.dr_lemaire, at=LATER)
    assert not found.state.is_acknowledged
    assert found.state.reached is None
    assert [act.name for act in found.state.others_acknowledged] == ["Zoé Lemaire"]
    assert not found.is_mine
    found = operations.acknowledge(house=cast.house, message=key, by=cast.dr_dupont, at=LATER)
    assert found.state.is_acknowledged
    assert found.is_mine
    assert [act.name for act in found.state.acknowledged_by] == ["Paul Dupont", "Zoé Lemaire"]
    assert [act.name for act in found.state.others_acknowledged] == ["Zoé Lemaire"]


def test_dupont_an_assistant_does_not_stand_for_a_practitioner_but_does_for_the_practice(cast):
    personal = take(cast, account=cast.cabinet, call="").message
    shared = take(cast, account=cast.cabinet, call="", recipient=cast.cabinet.practice, key="n" * 20).message
    for key, stands in ((personal, False), (shared, True)):
        found = operations.acknowledge(house=cast.house, message=key, by=cast.assistant, at=LATER)
        assert found.state.is_acknowledged is stands
        assert found.is_mine is stands


def test_answers_go_to_the_secretary_once(cast):
    key = take(cast).message
    for _ in range(2):
        kept = operations.answer(
            house=cast.house, message=key, answer="a" * 20, by=cast.dr_weber, at=LATER, text=" Rappelez-la à 16 h. "
        )
    assert (kept.text, kept.name) == ("Rappelez-la à 16 h.", "Anne Weber")
    assert "16 h" not in MessageAnswer.objects.get().sealed_text
    found = queries.message(cast.house, key, LATER)
    assert found is not None
    assert found.answer_texts == (kept,)
    assert found.answers == 1
    assert announced().count("MessageAnswered") == 1
    with pytest.raises(rules.TextMissing):
        operations.answer(house=cast.house, message=key, answer="b" * 20, by=cast.dr_weber, at=LATER, text=" ")


def test_an_answers_id_is_not_taken_from_another_message(cast):
    one, two = take(cast).message, take(cast, key="n" * 20).message
    operations.answer(house=cast.house, message=one, answer="a" * 20, by=cast.dr_weber, at=LATER, text="un")
    with pytest.raises(operations.MessageIdTaken):
        operations.answer(house=cast.house, message=two, answer="a" * 20, by=cast.dr_weber, at=LATER, text="deux")


@pytest.mark.parametrize("who", ["dr_dupont", "other_doctor", "claire", "marc"])
def test_whoever_is_no_portal_user_of_the_client_finds_no_message(cast, who):
    key = take(cast).message
    by = getattr(cast, who)
    acts = (
        lambda house: operations.mark_read(house=house, message=key, by=by, at=LATER),
        lambda house: operations.acknowledge(house=house, message=key, by=by, at=LATER),
        lambda house: operations.answer(house=house, message=key, answer="a" * 20, by=by, at=LATER, text="x"),
    )
    for house in {cast.house, by.house}:
        for act in acts:
            with pytest.raises(operations.NoSuchMessage):
                act(house)
        assert queries.message_for_person(house, by.person, key, LATER) is None
        assert all(row.message != key for row in queries.messages_for_person(house, by.person, LATER))
    assert announced() == ["MessageTaken"]


def test_the_same_id_in_two_houses_is_two_messages(cast):
    take(cast)
    operations.take_message(
        house=cast.other_house,
        client_id=cast.other_client.id,
        call="call-1",
        by=cast.other_secretary,
        at=NOON,
        form=form(cast.other_client.doctor, text="autre maison"),
    )
    mine, theirs = queries.message(cast.house, "m" * 20, NOON), queries.message(cast.other_house, "m" * 20, NOON)
    assert mine is not None
    assert theirs is not None
    assert (mine.client_name, theirs.client_name) == ("Weber", "Muller")
    assert [row.client_name for row in queries.todays_messages(cast.house, NOON)] == ["Weber"]


def test_todays_list_keeps_what_waits_and_drops_what_is_done(cast):
    old = NOON - timedelta(days=3)
    waiting = take(cast, at=old).message
    done = take(cast, at=old, key="n" * 20).message
    today = take(cast, key="o" * 20).message
    take(cast, at=NOON - timedelta(days=20), key="p" * 20)
    operations.acknowledge(house=cast.house, message=done, by=cast.dr_weber, at=old)
    assert [row.message for row in queries.todays_messages(cast.house, NOON)] == [today, waiting]


def test_todays_begins_at_the_houses_midnight(cast):
    midnight = NOON.replace(hour=23)  # 00:00 in Luxembourg
    done = take(cast, at=midnight - timedelta(minutes=1)).message
    operations.acknowledge(house=cast.house, message=done, by=cast.dr_weber, at=midnight)
    before, after = midnight - timedelta(seconds=1), midnight
    assert [row.message for row in queries.todays_messages(cast.house, before)] == [done]
    assert queries.todays_messages(cast.house, after) == []


def test_earlier_messages_are_those_of_the_caller_with_this_client_only(cast):
    take(cast)
    take(cast, account=cast.cabinet, call="", key="n" * 20, caller_number="+352 621 000 147")
    take(cast, key="o" * 20, caller_number="")
    number = "+352621000147"
    found = queries.earlier_messages(cast.house, cast.weber.id, number, LATER)
    assert [row.message for row in found] == ["m" * 20]
    assert queries.earlier_messages(cast.other_house, cast.weber.id, number, LATER) == []
    assert queries.earlier_messages(cast.house, cast.weber.id, "", LATER) == []


def test_the_portals_list_puts_what_waits_first_and_ones_own_before_a_colleagues(cast):
    keys = {}
    wanted = (("done", cast.cabinet.doctor), ("mine", cast.cabinet.doctor), ("theirs", cast.lemaire_recipient))
    for number, (name, recipient) in enumerate(wanted):
        at = NOON + timedelta(minutes=number)
        keys[name] = take(cast, account=cast.cabinet, call="", recipient=recipient, key=f"{name:_<20}", at=at).message
    operations.acknowledge(house=cast.house, message=keys["done"], by=cast.dr_dupont, at=LATER)
    found = queries.messages_for_person(cast.house, cast.dr_dupont.person, LATER)
    assert [row.message for row in found] == [keys["mine"], keys["theirs"], keys["done"]]
    assert [row.is_mine for row in found] == [True, False, True]


@pytest.mark.parametrize("count", [1, 7])
def test_a_list_costs_the_same_however_long(cast, count, django_assert_num_queries):
    for number in range(count):
        key = take(cast, key=f"{number:020}", call="").message
        operations.acknowledge(house=cast.house, message=key, by=cast.dr_weber, at=NOON)
    with django_assert_num_queries(5):
        assert len(queries.todays_messages(cast.house, LATER)) == count
    with django_assert_num_queries(5):
        assert len(queries.messages_for_person(cast.house, cast.dr_weber.person, LATER)) == count


def test_what_the_transmission_reports(cast):
    key = take(cast).message
    report = {"house": cast.house, "message": key}
    operations.record_transmission(**report, at=NOON, sent=False, delivered=False, why="550 no")
    assert queries.message(cast.house, key, LATER).state.failed is Box.SENT
    operations.record_transmission(**report, at=LATER, sent=True, delivered=False, why=None)
    state = queries.message(cast.house, key, LATER).state
    assert (state.failed, state.reached, state.since) == (None, Box.SENT, LATER)
    operations.record_transmission(**report, at=LATER + timedelta(minutes=1), sent=True, delivered=True, why=None)
    state = queries.message(cast.house, key, LATER + timedelta(minutes=1)).state
    assert (state.reached, state.delivery_unknown) == (Box.DELIVERED, False)
    with pytest.raises(operations.NoSuchMessage):
        operations.record_transmission(
            house=cast.other_house, message=key, at=LATER, sent=True, delivered=False, why=None
        )


def test_every_state_has_its_sentence_and_its_track(cast):
    row = take(cast)
    base = row.state
    act = rules.PersonAct(person="1", name="Anne Weber", at=NOON, stands=True)
    states = {
        "waiting": base,
        "unknown": replace(base, reached=Box.SENT, delivery_unknown=True),
        "delivered": replace(base, reached=Box.DELIVERED),
        "read": replace(base, reached=Box.READ, read_by=(act,)),
        "acknowledged": replace(base, reached=Box.ACKNOWLEDGED, acknowledged_by=(act,)),
        "failed": replace(base, failed=Box.SENT, failure="no_address"),
    }
    sentences = {words.state_sentence(state, NOON.tzinfo) for state in states.values()}
    assert len(sentences) == len(states)
    assert [words.track_state(state) for state in states.values()] == list(states)


SPOKEN = bytes(range(256)) * 31 + b"\x55"


def spoken(cast, tmp_path, *, call="call-v", client=None, file="call-v.alaw"):
    """What the exchange leaves: a file in the spool, a recorded call, and the event of the calls."""
    spool.write(tmp_path, "call-v.alaw", SPOKEN)
    client = client or cast.cabinet.id
    fields = {"house_id": cast.claire.house_key, "client_id": int(client), "caller": "+33612345678"}
    Call.objects.get_or_create(call=call, defaults={**fields, "arrived_at": NOON})
    return VoiceMessageReceived(house=cast.house, at=NOON, call=call, client=client, file=file, seconds=32.5)


def test_a_voice_message_becomes_a_message_of_the_practice_once(cast, tmp_path, django_capture_on_commit_callbacks):
    event = spoken(cast, tmp_path)
    for number in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            handlers.on_voice_message_received(str(number), event)
    (row,) = queries.todays_messages(cast.house, LATER)
    assert (row.voice_seconds, row.caller_number, row.recipient) == (32.5, "+33612345678", cast.cabinet.practice)
    assert (row.taken_by, row.taken_by_name, row.state.reached) == ("", "", None)
    assert row.reason
    assert announced() == ["MessageTaken"]
    assert list((tmp_path / "spool").iterdir()) == []


def test_what_was_spoken_is_sealed_and_heard_by_the_client_only(cast, tmp_path):
    handlers.on_voice_message_received("1", spoken(cast, tmp_path))
    (sealed,) = (tmp_path / "audio").iterdir()
    assert SPOKEN[:64] not in sealed.read_bytes()
    assert sealed.stat().st_mode & 0o777 == 0o600
    (row,) = queries.messages_for_person(cast.house, cast.assistant.person, LATER)
    heard = queries.recording_for_person(cast.house, cast.assistant.person, row.message)
    assert heard is not None
    assert SPOKEN in heard
    for stranger in (cast.dr_weber, cast.other_doctor, cast.claire):
        for house in (cast.house, cast.other_house):
            assert queries.recording_for_person(house, stranger.person, row.message) is None
    found = operations.acknowledge(house=cast.house, message=row.message, by=cast.assistant, at=LATER)
    assert found.state.is_acknowledged
    assert found.text == ""


def test_a_spool_file_that_is_not_there_yet_is_asked_for_again(cast, tmp_path):
    event = spoken(cast, tmp_path)
    (tmp_path / "spool" / event.file).unlink()
    with pytest.raises(recordings.RecordingMissing):
        handlers.on_voice_message_received("1", event)
    assert not Message.objects.exists()


@pytest.mark.parametrize("file", ["../keys/django.key", "/etc/hostname", "", ".hidden", "a/b"])
def test_nothing_outside_the_spool_is_taken(cast, tmp_path, file):
    with pytest.raises(recordings.RecordingMissing):
        handlers.on_voice_message_received("1", spoken(cast, tmp_path, file=file))


def test_a_voice_message_on_a_line_nobody_has_is_left_to_the_calls(cast, tmp_path):
    handlers.on_voice_message_received("1", replace(spoken(cast, tmp_path), client=None))
    assert not Message.objects.exists()
    assert (tmp_path / "spool" / "call-v.alaw").exists()


def forgotten(cast, tmp_path, *, audio=SPOKEN * 2, ended=NOON, written=NOON):
    """A recording whose engine died before it told of it; the call's record is complete."""
    spoken(cast, tmp_path)
    path = spool.write(tmp_path, "call-v.alaw", audio)
    os.utime(path, (written.timestamp(), written.timestamp()))
    Call.objects.filter(call="call-v").update(ended_at=ended)
    return path


def taken_over(deliver_all, capture):
    with capture(execute=True):
        found = tasks.take_over_forgotten(at=LATER)
        deliver_all(LATER)
    return found


def test_a_recording_nobody_told_of_becomes_a_message_once(
    cast, tmp_path, deliver_all, django_capture_on_commit_callbacks
):
    path = forgotten(cast, tmp_path)
    assert [taken_over(deliver_all, django_capture_on_commit_callbacks) for _ in range(2)] == [1, 0]
    (row,) = queries.todays_messages(cast.house, LATER)
    assert row.voice_seconds == len(SPOKEN) * 2 / 8000
    assert not path.exists()
    assert queries.recording_for_person(cast.house, cast.assistant.person, row.message)


def test_what_was_taken_over_before_the_worker_died_is_deleted(
    cast, tmp_path, deliver_all, django_capture_on_commit_callbacks
):
    path = forgotten(cast, tmp_path)
    handlers.on_voice_message_received("1", spoken(cast, tmp_path))  # its commit was never seen: the file is there
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    assert taken_over(deliver_all, django_capture_on_commit_callbacks) == 0
    assert not path.exists()
    assert Message.objects.count() == 1


def test_a_recording_of_nothing_is_deleted(cast, tmp_path, deliver_all, django_capture_on_commit_callbacks):
    path = forgotten(cast, tmp_path, audio=b"\xd5" * 7900)
    assert taken_over(deliver_all, django_capture_on_commit_callbacks) == 0
    assert not path.exists()
    assert not Message.objects.exists()


@pytest.mark.parametrize("fields", [{"ended": None}, {"ended": LATER}, {"written": LATER}])
def test_a_recording_that_may_still_be_written_or_told_of_is_left(
    cast, tmp_path, deliver_all, django_capture_on_commit_callbacks, fields
):
    path = forgotten(cast, tmp_path, **fields)
    assert taken_over(deliver_all, django_capture_on_commit_callbacks) == 0
    assert path.exists()


def test_a_recording_of_a_call_that_is_not_recorded_yet_is_left(cast, tmp_path):
    path = forgotten(cast, tmp_path)
    Call.objects.filter(call="call-v").delete()
    assert tasks.take_over_forgotten(at=LATER) == 0
    assert path.exists()


@pytest.mark.parametrize("audio", [b"", b"\x55", SPOKEN])
def test_the_wav_file_is_what_its_chunks_say(audio):
    # RIFF: every chunk is id, length (little-endian), content, padded to an even length
    data = recordings.wav(audio)
    assert (data[:4], struct.unpack("<I", data[4:8])[0], data[8:12]) == (b"RIFF", len(data) - 8, b"WAVE")
    chunks, place = {}, 12
    while place < len(data):
        name, size = struct.unpack("<4sI", data[place : place + 8])
        chunks[name] = data[place + 8 : place + 8 + size]
        place += 8 + size + size % 2
    assert place == len(data)
    assert struct.unpack("<HHIIHHH", chunks[b"fmt "]) == (6, 1, 8000, 8000, 1, 8, 0)
    assert struct.unpack("<I", chunks[b"fact"])[0] == len(audio)
    assert chunks[b"data"] == audio
