# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the test of a trunk chooses, and how it says what the carrier did."""

from datetime import UTC, datetime, timedelta

import numpy
import pytest

from permanence.kernel.events import to_plain
from permanence.project import trunk_report, trunk_test
from permanence.project.phone import sound
from permanence.reception.table import HouseSlice, RoutingTable, TrunkEntry
from permanence.telephony import events, spool
from tests.rooms.test_project_phone import client

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def table(*names):
    trunks = tuple(TrunkEntry(name=name, addresses=("192.0.2.1",), country="FR") for name in names)
    house = HouseSlice(house="h", version=1, name="H", language="fr", secretaries=(), trunks=trunks)
    return RoutingTable({"h": house}, {}, {"+33199001234": ("h", "1"), "+33199009999": ("other", "2")})


def test_the_only_trunk_and_a_line_of_the_house_are_chosen():
    assert trunk_test.choose(table("carrier"), "h", None, None) == ("carrier", "+33199001234")


@pytest.mark.parametrize(
    ("names", "trunk", "caller", "words"),
    [
        ((), None, None, "no trunk"),
        (("a", "b"), None, None, "--trunk a or b"),
        (("a",), "c", None, "no trunk 'c'"),
        (("a",), "a", "+33199009999", "no line of the house"),
    ],
)
def test_what_is_missing_is_said(names, trunk, caller, words):
    with pytest.raises(trunk_test.CannotTest, match=words):
        trunk_test.choose(table(*names), "h", trunk, caller)


def test_a_line_of_the_house_is_never_called():
    with pytest.raises(trunk_test.CannotTest, match=r"the line of Dr Weber.*ring a secretary"):
        trunk_test.refuse_own_line(RoutingTable().put(client()), "+35220000101")
    trunk_test.refuse_own_line(RoutingTable().put(client()), "+33199009999")


def plain(event):
    return {"type": type(event).__name__, **to_plain(event)}


def ended(**fields):
    base = {"house": "h", "at": AT, "dial": "d", "by": "system", "why": "done"}
    return plain(events.DialEnded(**{**base, **fields}))


def test_every_event_of_a_call_of_ours_is_a_sentence():
    started = events.DialStarted(house="h", at=AT, dial="d", trunk="carrier", number="+33199000000")
    progressed = events.DialProgressed(house="h", at=AT, dial="d", status=183, early_media=True)
    answered = events.DialAnswered(house="h", at=AT, dial="d", payload_type=8)
    assert trunk_test.words(plain(started)) == "INVITE sent over carrier to +33199000000"
    assert trunk_test.words(plain(progressed)) == "the carrier says 183, with sound before the answer"
    assert trunk_test.words(plain(answered)) == "answered, G.711 A-law"
    assert "refused with 403: Forbidden" in trunk_test.words(ended(by="carrier", why="Forbidden", status=403))


def dialled():
    return plain(events.DialStarted(house="h", at=AT, dial="d", trunk="carrier", number="+33199000000"))


def answered(**fields):
    base = {
        "house": "h",
        "at": AT + timedelta(seconds=1.5),
        "dial": "d",
        "payload_type": 8,
        "media_host": "192.0.2.9",
        "our_address": "198.51.100.1:5060",
        "telephone_event": True,
    }
    return plain(events.DialAnswered(**{**base, **fields}))


def said(*found, digits="", public="", echo=None):
    lines, works = trunk_report.report(found, shown="+33199001234", digits=digits, public=public, echo=echo)
    return " ".join(lines), works


def test_a_whole_call_is_reported_with_times_codec_and_echo():
    rings = events.DialProgressed(house="h", at=AT + timedelta(seconds=0.4), dial="d", status=180, early_media=False)
    echo = trunk_report.Echo(0.97, 140)
    words, works = said(dialled(), plain(rings), answered(), ended(answered_at_ms=1, heard=True), echo=echo)
    assert works
    assert "it rings after 0.4 s" in words
    assert "Answered after 1.5 s, codec G.711 A-law" in words
    assert "our own voice came back (likeness 97%)" in words
    assert "we gave +33199001234" in words


@pytest.mark.parametrize(
    ("status", "words"), [(403, "does not let this account"), (486, "busy"), (408, "firewall"), (599, "documentation")]
)
def test_a_refusal_is_explained(status, words):
    found, works = said(dialled(), ended(by="carrier", why="No", status=status))
    assert not works
    assert words in found


def test_no_sound_and_a_strange_voice_are_told_apart():
    silent, works = said(dialled(), answered(), ended(answered_at_ms=1, heard=False))
    assert not works
    assert "media.rtp" in silent
    strange, _ = said(dialled(), answered(), ended(answered_at_ms=1, heard=True), echo=trunk_report.Echo(0.1, 0))
    assert "not our own voice" in strange


def test_keys_that_come_back_or_do_not():
    keys = [plain(events.DialDigit(house="h", at=AT, dial="d", digit=digit)) for digit in "12"]
    last = ended(answered_at_ms=1, heard=True)
    assert (
        "12 went as telephone-event (RFC 4733) and came back"
        in said(dialled(), answered(), *keys, last, digits="12")[0]
    )
    assert "none came back" in said(dialled(), answered(), last, digits="12")[0]
    assert "by INFO" in said(dialled(), answered(telephone_event=False), last, digits="12")[0]


def test_what_stands_behind_a_nat_is_said():
    last = ended(answered_at_ms=1, heard=True)
    nat = answered(media_host="192.168.1.5", our_address="8.8.4.4:5060")
    assert "NAT of its own" in said(dialled(), nat, last)[0]
    inside = answered(our_address="192.168.1.2:5060", media_host="192.168.1.1")
    assert "`public.address` (8.8.4.4) was not used" in said(dialled(), inside, last, public="8.8.4.4")[0]


def voice():
    return sound.from_alaw(sound.built_in_voice("fr"))


def test_our_own_voice_is_found_again_late_quiet_and_noisy():
    noise = numpy.random.default_rng(1).normal(0, 60, 8 * 8000)
    heard = noise
    heard[1120 : 1120 + 40_000] += voice()[:40_000] * 0.4
    echo = trunk_report.find_echo(voice(), heard.astype(numpy.int16))
    assert echo.likeness > 0.9
    assert echo.begins_ms == 140


def test_another_voice_silence_and_nothing_are_not_ours():
    other = sound.from_alaw((sound.VOICES / "en" / "voice-secretary.alaw").read_bytes())
    assert trunk_report.find_echo(voice(), other).likeness < 0.3
    assert trunk_report.find_echo(voice(), numpy.zeros(50_000, numpy.int16)).likeness < 0.01
    assert trunk_report.find_echo(voice(), numpy.zeros(0, numpy.int16)).likeness == 0.0


def test_the_recording_is_listened_to_and_deleted(tmp_path):
    private, public = spool.make_pair()
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / spool.private_key_file(spool.key_id(public))).write_bytes(private)
    (tmp_path / "spool").mkdir()
    sealed = spool.seal_block(sound.built_in_voice("fr"), public=public, file="d.alaw", index=0)
    recorded = plain(events.DialRecorded(house="h", at=AT, dial="d", file="d.alaw", seconds=9.0))
    (tmp_path / "spool" / "d.alaw").write_bytes(sealed)
    echo = trunk_test.listen([recorded], tmp_path, "fr/voice-caller")
    assert echo is not None
    assert echo.likeness > 0.99
    assert list((tmp_path / "spool").iterdir()) == []
    assert trunk_test.listen([recorded], tmp_path, "fr/voice-caller") is None


def test_a_call_is_whole_once_its_recording_is_there():
    last = ended(answered_at_ms=1, heard=True)
    recorded = plain(events.DialRecorded(house="h", at=AT, dial="d", file="d.alaw", seconds=9.0))
    assert not trunk_test.whole([dialled(), answered()])
    assert not trunk_test.whole([dialled(), answered(), last])
    assert trunk_test.whole([dialled(), answered(), last, recorded])
    assert trunk_test.whole([dialled(), ended(by="carrier", status=403)])
