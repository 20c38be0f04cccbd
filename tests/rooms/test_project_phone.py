# SPDX-License-Identifier: AGPL-3.0-or-later
"""The command line's telephone: what it reads before it dials, and calls over loopback to a real user agent."""

import asyncio
import hashlib
import itertools
import math
import wave
from datetime import UTC, datetime

import numpy
import pytest

from permanence.engine.exchange.slices import SliceStore
from permanence.engine.mediaplane.prompts import PromptLibrary
from permanence.kernel.system import SystemEntropy
from permanence.project import line_states
from permanence.project.phone import directory, sound
from permanence.project.phone.audio import Audio
from permanence.project.phone.command import known_sounds, told
from permanence.project.phone.softphone import Softphone
from permanence.reception.table import (
    AbsenceEntry,
    ClientSlice,
    DateHours,
    GreetingEntry,
    Interval,
    OpeningHours,
    RoutingTable,
    WeekdayHours,
    write_slice,
)
from permanence.telephony.media import dtmf, rtp
from permanence.telephony.media.sdp import parse_sdp
from permanence.telephony.media.sdp_audio import answer_audio
from permanence.telephony.sip import events
from permanence.telephony.sip.endpoint import SipEndpoint
from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.settings import SipSettings

TUESDAY_NOON = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)


def client(**changes):
    base = {
        "house": "h",
        "client": "1",
        "version": 1,
        "name": "Dr Weber",
        "initials": "WE",
        "colour": 1,
        "kind": "practitioner",
        "sector": "health",
        "place": "Luxembourg",
        "country": "LU",
        "region": "",
        "time_zone": "Europe/Luxembourg",
        "languages": ("fr",),
        "state": "active",
        "lines": ("+35220000101",),
        "hours": OpeningHours(always=True),
        "greetings": (),
    }
    return ClientSlice(**{**base, **changes})


@pytest.mark.parametrize(
    "typed", ["+353209100101", "+353 20 910 0101", "00353 20-910.0101", "+353 (0)20 910 0101", " +353209100101 "]
)
def test_a_number_is_read_as_people_write_it(typed):
    assert directory.read_number(typed).e164 == "+353209100101"


@pytest.mark.parametrize("typed", ["12", "0612345678", "claire", "", "+0123456789", "+353 20 910 01O1"])
def test_what_is_not_a_number_is_explained(typed):
    with pytest.raises(directory.NotANumber, match=r"\+353209100101"):
        directory.read_number(typed)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("0472001122", "+33472001122, a line"),
        ("04 72 00.11-22", "+33472001122, a line"),
        ("20000101", "+35220000101, a line"),
        ("0472001123", "as in +353209100101"),
        ("22", "as in +353209100101"),
    ],
)
def test_a_number_without_its_country_is_answered_with_the_line_that_was_meant(typed, said):
    with pytest.raises(directory.NotANumber) as refused:
        directory.read_number(typed, lines=("+33472001122", "+35220000101"))
    assert f"Write it in full: {said}" in refused.value.why


def look_up(number, *clients, at=TUESDAY_NOON):
    table = RoutingTable()
    for entry in clients:
        table = table.put(entry)
    return directory.look_up(directory.read_number(number), table, at=at)


def test_an_open_line_is_said_to_be_open():
    found = look_up("+35220000101", client())
    assert found.known
    assert found.remarks == ("Dr Weber (Luxembourg)", "The line is open.")
    assert found.language == "fr"


def test_a_client_without_a_place_has_no_brackets():
    assert look_up("+35220000101", client(place="")).remarks[0] == "Dr Weber"


def test_a_closed_line_says_until_when_on_its_own_clock():
    morning = WeekdayHours(weekday=2, intervals=(Interval(opens="08:30", until="12:00"),))
    found = look_up("+35220000101", client(hours=OpeningHours(week=(morning,))))
    assert "closed now until Wednesday 25 November, 08:30 (Europe/Luxembourg)" in found.remarks[1]


def test_a_closed_day_says_why():
    closing = DateHours(date="2026-11-24", intervals=(), label="congrès")
    found = look_up("+35220000101", client(hours=OpeningHours(exceptions=(closing,))))
    assert "closed now (congrès)" in found.remarks[1]


def test_a_line_that_an_absence_closes_says_so_and_until_when():
    absence = AbsenceEntry(
        id="1", starts=TUESDAY_NOON, ends=TUESDAY_NOON.replace(hour=15), words="Absente", by="Dr Weber",
        announced_at=TUESDAY_NOON, treatment="announce",
    )  # fmt: skip
    entry = client(absences=(absence,))
    assert "closed now (an absence) until Tuesday 24 November, 1" in look_up("+35220000101", entry).remarks[1]
    assert line_states.state_of("+35220000101", RoutingTable().put(entry), at=TUESDAY_NOON).startswith("closed until")


def test_a_prospects_line_is_not_open():
    entry = client(state="prospect")
    assert "closed now (the account is prospect)" in look_up("+35220000101", entry).remarks[1]


def test_the_state_of_a_line_is_told_in_three_words():
    afternoon = WeekdayHours(weekday=1, intervals=(Interval(opens="14:00", until="18:00"),))
    table = RoutingTable().put(client(hours=OpeningHours(week=(afternoon,))))
    assert line_states.state_of("+35220000101", table, at=TUESDAY_NOON) == "closed until 14:00"
    assert not line_states.is_open("+35220000101", table, at=TUESDAY_NOON)
    assert line_states.state_of("+35220000101", table, at=TUESDAY_NOON.replace(hour=14)) == "open now"
    assert line_states.state_of("+33199009999", table, at=TUESDAY_NOON) == ""


def test_an_unknown_number_is_explained_with_the_lines_there_are():
    found = look_up("+33199009999", client())
    assert not found.known
    assert "+35220000101" in found.remarks[0]
    assert "unknown line" in found.remarks[0]


def tone(rate, seconds=0.5, channels=1):
    at = numpy.arange(int(rate * seconds)) / rate
    samples = (8000 * numpy.sin(2 * math.pi * 440 * at)).astype("<i2")
    return numpy.repeat(samples, channels).tobytes()


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (16000, 1), (44100, 2), (48000, 2)])
def test_a_wav_file_of_any_rate_keeps_its_pitch_and_length(tmp_path, rate, channels):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone(rate, channels=channels))
    linear = sound.from_alaw(sound.read_wav(tmp_path / "a.wav"))
    assert abs(len(linear) - 4000) <= 1
    spectrum = numpy.abs(numpy.fft.rfft(linear))
    assert abs(int(spectrum.argmax()) * 8000 / len(linear) - 440) < 4


def test_a_file_that_is_no_wav_is_refused_with_its_name(tmp_path):
    (tmp_path / "a.wav").write_bytes(b"RIFF....")
    with pytest.raises(sound.UnusableSound, match=r"a\.wav"):
        sound.read_wav(tmp_path / "a.wav")


def test_the_sound_is_played_whole_then_again_after_a_pause():
    played = list(itertools.islice(sound.frames(b"\x01" * 400, repeat=True), 3 + sound.PAUSE_FRAMES + 1))
    assert b"".join(played[:3]) == b"\x01" * 400 + b"\xd5" * 80
    assert set(b"".join(played[3:-1])) == {0xD5}
    assert played[-1] == played[0]
    once = list(itertools.islice(sound.frames(b"\x01" * 160, repeat=False), 500))
    assert once.count(b"\x01" * 160) == 1


def test_the_recorder_puts_silence_where_packets_are_missing(tmp_path):
    recorder = sound.Recorder()
    recorder.hear(7, 0xFFFFFFFF - 159, b"\x01" * 160)
    recorder.hear(7, 160, b"\x02" * 160)
    recorder.hear(7, 0, b"\x03" * 160)
    assert recorder.seconds == 0.06
    recorder.write(tmp_path / "sub" / "heard.wav")
    with wave.open(str(tmp_path / "sub" / "heard.wav")) as file:
        heard = numpy.frombuffer(file.readframes(480), dtype="<i2")
    assert [sound.to_alaw(heard)[at] for at in (0, 160, 320)] == [1, 3, 2]


def test_the_ear_waits_before_it_calls_it_silence():
    ear = sound.Ear()
    loud, quiet = sound.to_alaw(numpy.full(160, 5000, dtype=numpy.int16)), b"\xd5" * 160
    words = [ear.hears(frame) for frame in [loud] * 20 + [quiet] * 30 + [loud] * 5 + [quiet] * 60]
    assert [word for word in words if word] == ["speech", "silence"]


def test_the_ear_knows_the_sounds_of_the_house_within_a_second(tmp_path):
    library = PromptLibrary(tmp_path)
    known = sound.house_sounds(library)
    person = sound.to_alaw(numpy.full(160, 5000, dtype=numpy.int16))
    for name, word in [("music", "music"), ("fr/place-3", "place"), ("en/closed", "closing"), ("beep", "tone")]:
        ear = sound.Ear(known)
        heard = [ear.hears(frame) for frame in library.frames(name)]
        assert word in heard[:50], name
        assert "speech" not in heard, name
        assert [ear.hears(person) for _ in range(10)][-1] == "speech"


def test_the_phone_tells_what_clients_recorded_before_the_music_from_their_closing_words(tmp_path):
    (tmp_path / "prompts").mkdir()
    names = {}
    for word, value in (("announcement", 4000), ("closing", 6000)):
        audio = sound.to_alaw(numpy.full(1600, value, dtype=numpy.int16))
        names[word] = hashlib.sha256(audio).hexdigest()
        (tmp_path / "prompts" / f"{names[word]}.alaw").write_bytes(audio)
    greeting = GreetingEntry(language="fr", text="Bonjour.", announcement=names["announcement"])
    SliceStore(tmp_path / "table").publish(write_slice(client(greetings=(greeting,))))
    known = known_sounds(tmp_path)
    for word, name in names.items():
        assert {known[each] for each in PromptLibrary(tmp_path / "prompts").frames(name)} == {word}
        assert told("hears", word) != word


class House(asyncio.DatagramProtocol):
    """The called side: a user agent that answers as `script` says, and what it heard."""

    def __init__(self, script):
        self.endpoint = SipEndpoint(SipSettings(), SystemEntropy(), lambda _flow: "trunk")
        self.script = script
        self.seen = []
        self.digits = []
        self.audio_heard = asyncio.Event()
        self.timer = None

    async def open(self):
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        self.local = self.transport.get_extra_info("sockname")
        outer, receiver = self, dtmf.DtmfReceiver()

        class Ear(asyncio.DatagramProtocol):
            def datagram_received(self, data, addr):
                kind, _, timestamp, _, payload = rtp.parse_rtp(data)
                if kind == 101 and (digit := receiver.packet(timestamp, payload)):
                    outer.digits.append(digit)
                elif kind == 8 and set(payload) != {0xD5}:
                    outer.audio_heard.set()

        self.rtp, _ = await loop.create_datagram_endpoint(Ear, local_addr=("127.0.0.1", 0))

    def now(self):
        return asyncio.get_running_loop().time()

    def datagram_received(self, data, addr):
        self.endpoint.receive(data, Flow("udp", self.local, addr), self.now())
        self.turn()

    def turn(self):
        for event in self.endpoint.drain_events():
            self.seen.append(event)
            if isinstance(event, events.InviteReceived):
                self.script(self, event)
        for data, flow in self.endpoint.drain_output():
            self.transport.sendto(data, flow.remote)
        if self.timer is not None:
            self.timer.cancel()
        due = self.endpoint.next_deadline()
        self.timer = None if due is None else asyncio.get_running_loop().call_at(due, self.tick)

    def tick(self):
        self.endpoint.tick(self.now())
        self.turn()

    def answer(self, event):
        port = self.rtp.get_extra_info("sockname")[1]
        text, _ = answer_audio(parse_sdp(event.invite.offer), host="127.0.0.1", port=port, session_id=1)
        self.endpoint.accept(event.session, text, now=self.now())

    def close(self):
        if self.timer is not None:
            self.timer.cancel()
        self.transport.close()
        self.rtp.close()


class Line:
    """A telephone and the house it calls, for the length of a test."""

    def __init__(self, script):
        self.house = House(script)
        self.steps = []

    async def __aenter__(self):
        await self.house.open()
        self.phone = Softphone(self.house.local, SystemEntropy())
        await self.phone.open()
        return self

    async def __aexit__(self, *_):
        await self.phone.close()
        self.house.close()

    async def dial(self, **options):
        asked = {"caller": "+33639980147", "display": "", "anonymous": False, **options}
        frames = sound.frames(b"\x20" * 1600, repeat=True)
        return await self.phone.call(
            "+353209100101", frames=frames, progress=lambda step, detail: self.steps.append((step, detail)), **asked
        )


def ring_and_answer(house, event):
    house.endpoint.ring(event.session, now=house.now())
    house.answer(event)


async def test_a_call_rings_is_answered_speaks_presses_keys_and_hangs_up():
    async with Line(ring_and_answer) as line, asyncio.timeout(20):
        call = await line.dial()
        await call.answered.wait()
        call.audio.press("5#")
        await line.house.audio_heard.wait()
        while line.house.digits != ["5", "#"]:
            await asyncio.sleep(0.01)
        line.phone.hang_up(call)
        await call.over.wait()
    assert [step for step, _ in line.steps] == ["ringing", "answered", "ended"]
    invite = line.house.seen[0].invite
    assert (invite.request_user, invite.caller, invite.masked) == ("+353209100101", "+33639980147", False)
    assert call.outcome == "ended: you"


async def test_a_caller_who_withholds_his_number_is_masked():
    async with Line(ring_and_answer) as line, asyncio.timeout(20):
        call = await line.dial(anonymous=True)
        await call.answered.wait()
    invite = line.house.seen[0].invite
    assert (invite.masked, invite.caller) == (True, None)


async def test_a_line_that_forwards_says_which_number_was_dialled():
    async with Line(ring_and_answer) as line, asyncio.timeout(20):
        call = await line.dial(forwarded_from="+35226000001")
        await call.answered.wait()
    invite = line.house.seen[0].invite
    hints = [(one.source, one.user) for one in invite.called if one.source == "diversion"]
    assert hints == [("diversion", "+35226000001")]
    assert (invite.diversion_reason, invite.diversion_count) == ("unconditional", 1)
    assert invite.caller == "+33639980147"


async def test_a_refusal_is_told_with_its_reason():
    def busy(house, event):
        house.endpoint.reject(event.session, 486, now=house.now())

    async with Line(busy) as line, asyncio.timeout(20):
        call = await line.dial()
        await call.over.wait()
    assert call.outcome.startswith("failed: 486")
    assert not call.answered.is_set()


async def test_hanging_up_while_it_rings_cancels():
    def ring(house, event):
        house.endpoint.ring(event.session, now=house.now())

    async with Line(ring) as line, asyncio.timeout(20):
        call = await line.dial()
        while not call.ringing:
            await asyncio.sleep(0.01)
        line.phone.hang_up(call)
        await call.over.wait()
        while not any(isinstance(event, events.InviteCancelled) for event in line.house.seen):
            await asyncio.sleep(0.01)
    assert call.outcome == "ended: you, before an answer"


async def test_the_house_hangs_up():
    async with Line(ring_and_answer) as line, asyncio.timeout(20):
        call = await line.dial()
        await call.answered.wait()
        while not any(isinstance(event, events.SessionConfirmed) for event in line.house.seen):
            await asyncio.sleep(0.01)
        line.house.endpoint.end(line.house.seen[0].session, now=line.house.now())
        line.house.turn()
        await call.over.wait()
    assert line.steps[-1] == ("ended", "the house")


async def test_a_port_where_nobody_listens_is_told_at_once():
    async with Line(ring_and_answer) as line, asyncio.timeout(20):
        line.house.transport.close()
        await asyncio.sleep(0)
        call = await line.dial()
        await call.over.wait()
    assert "nothing listens at 127.0.0.1" in call.outcome


async def test_the_audio_has_a_free_port_of_its_own():
    audio = Audio(sound.frames(b"", repeat=False), SystemEntropy(), print)
    await audio.open("127.0.0.1")
    assert audio.port > 0
    audio.close()
