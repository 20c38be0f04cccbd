# SPDX-License-Identifier: AGPL-3.0-or-later
"""What media does by itself as time goes by, stepped by hand; and the sockets it inherits."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from permanence.engine.mediaplane.dtls import DtlsIdentity
from permanence.engine.mediaplane.loop import MediaLoop
from permanence.engine.mediaplane.plane import MediaPlane, Surroundings
from permanence.engine.mediaplane.player import frames_of
from permanence.engine.mediaplane.recorder import Writer
from permanence.kernel.system import SystemClock, SystemEntropy
from permanence.telephony import spool
from permanence.telephony.media import control
from permanence.telephony.media.sdp import parse_sdp
from permanence.telephony.media.sdp_browser import parse_browser_offer
from tests.spool import make_keys, opened, write
from tests.wire.media_client_webrtc import BrowserLine, tone
from tests.wire.media_process import free_port, running_media


class Stepped:
    """A plane whose time the test moves; `ear` is the caller's socket."""

    def __init__(self, folder: Path) -> None:
        self.told: list[control.MediaEvent] = []
        self.written: list[tuple[str, str, float, str]] = []
        self.loop = MediaLoop()
        make_keys(folder.parent)
        self.writer = Writer(folder, folder.parent / "keys", lambda *what: self.written.append(what))
        self.plane = MediaPlane(
            Surroundings(
                watch=self.loop.watch,
                identity=DtlsIdentity(datetime(2026, 1, 1, tzinfo=UTC)),
                entropy=SystemEntropy(),
                clock=SystemClock(),
                writer=self.writer,
                music=frames_of(bytes([7]) * 320),
                hosts=("127.0.0.1",),
                tell=self.told.append,
            )
        )
        self.now = 0.0
        self.ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.ear.bind(("127.0.0.1", 0))
        self.ear.setblocking(False)
        self.port = free_port()
        host, port = self.ear.getsockname()
        self.plane.open_leg(control.OpenLeg(leg="leg", port=self.port, remote_host=host, remote_port=port))

    def forward(self, seconds: float) -> list[bytes]:
        """Let time go by in steps of 20 ms; gives what the caller was sent."""
        heard: list[bytes] = []
        for _ in range(round(seconds / 0.02)):
            self.now += 0.02
            self.loop._read(self.now)
            self.plane.step(self.now)
            try:
                heard.append(self.ear.recv(2048))
            except BlockingIOError:
                continue
        return heard

    def speak(self, sequence: int) -> None:
        head = b"\x80\x08" + sequence.to_bytes(2, "big") + (sequence * 160).to_bytes(4, "big") + b"ssrc"
        self.ear.sendto(head + bytes(160), ("127.0.0.1", self.port))


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[Stepped]:
    one = Stepped(tmp_path / "spool")
    yield one
    one.plane.close()
    one.writer.stop()
    one.ear.close()


def test_a_caller_who_falls_silent_is_told_once_and_again_when_he_speaks(stepped: Stepped) -> None:
    stepped.speak(1)
    stepped.forward(9)
    assert stepped.told == [control.LegHeard(leg="leg")]
    stepped.forward(20)
    assert stepped.told == [control.LegHeard(leg="leg"), control.LegSilent(leg="leg")]
    stepped.speak(2)
    stepped.forward(1)
    assert stepped.told[2:] == [control.LegHeard(leg="leg")]


def test_a_leg_nothing_is_sent_to_is_kept_alive(stepped: Stepped) -> None:
    heard = stepped.forward(20)
    assert 5 <= len(heard) <= 10
    assert {packet[12:] for packet in heard} == {b"\xd5" * 160}
    sequences = [int.from_bytes(packet[2:4], "big") for packet in heard]
    timestamps = [int.from_bytes(packet[4:8], "big") for packet in heard]
    assert [(number - sequences[0]) & 0xFFFF for number in sequences] == list(range(len(heard)))
    assert (timestamps[-1] - timestamps[0]) & 0xFFFFFFFF == pytest.approx(8000 * 2 * (len(heard) - 1), rel=0.1)


def test_a_recording_ends_at_its_limit_by_itself(stepped: Stepped, tmp_path: Path) -> None:
    stepped.plane.record(control.Record(leg="leg", file="a.alaw", max_s=2))
    for sequence in range(200):
        stepped.speak(sequence)
        stepped.forward(0.02)
    assert stepped.plane.living().legs[0].recording is None
    stepped.writer.stop()
    assert stepped.written == [("leg", "a.alaw", 2.0, "")]
    assert len(opened(tmp_path, "a.alaw")) == 16000
    stepped.writer = Writer(tmp_path, tmp_path, lambda *what: None)


def test_a_recording_keeps_its_pauses(stepped: Stepped, tmp_path: Path) -> None:
    stepped.plane.record(control.Record(leg="leg", file="a.alaw", max_s=60))
    for sequence in (*range(50), *range(150, 200)):  # one second, two seconds of nothing, one second
        if sequence == 150:
            stepped.forward(2)
        stepped.speak(sequence)
        stepped.forward(0.02)
    stepped.plane.stop_record("leg")
    stepped.writer.stop()
    assert opened(tmp_path, "a.alaw") == bytes(8000) + b"\xd5" * 16000 + bytes(8000)
    stepped.writer = Writer(tmp_path, tmp_path, lambda *what: None)


def test_a_recording_begun_again_goes_on_in_its_file(stepped: Stepped) -> None:
    for _ in range(2):
        stepped.plane.record(control.Record(leg="leg", file="a.alaw", max_s=60))
        for sequence in range(50):
            stepped.speak(sequence)
            stepped.forward(0.02)
        stepped.plane.stop_record("leg")
    stepped.writer.stop()
    assert [seconds for _, _, seconds, _ in stepped.written] == [1.0, 2.0]
    stepped.writer = Writer(Path("unused"), Path("unused"), lambda *what: None)


def test_a_disk_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("a file where the folder should be")
    stepped = Stepped(tmp_path / "spool")
    stepped.plane.record(control.Record(leg="leg", file="a.alaw", max_s=2))
    stepped.plane.stop_record("leg")
    stepped.writer.stop()
    ((leg, file, _, why),) = stepped.written
    assert (leg, file) == ("leg", "a.alaw")
    assert why
    stepped.plane.close()
    stepped.ear.close()


def test_without_a_key_nothing_is_written(stepped: Stepped, tmp_path: Path) -> None:
    (tmp_path / "keys" / spool.PUBLIC_KEY).unlink()
    stepped.plane.record(control.Record(leg="leg", file="a.alaw", max_s=2))
    stepped.speak(1)
    stepped.forward(0.1)
    stepped.plane.stop_record("leg")
    stepped.writer.stop()
    ((_, _, _, why),) = stepped.written
    assert spool.PUBLIC_KEY in why
    assert not (tmp_path / "spool").exists()
    stepped.writer = Writer(tmp_path, tmp_path, lambda *what: None)


def test_a_block_cut_off_by_a_crash_is_taken_away_before_the_recording_goes_on(
    stepped: Stepped, tmp_path: Path
) -> None:
    whole = write(tmp_path, "a.alaw", bytes([9]) * 16000)
    whole.write_bytes(whole.read_bytes()[:-1])
    stepped.plane.record(control.Record(leg="leg", file="a.alaw", max_s=60))
    for sequence in range(50):
        stepped.speak(sequence)
        stepped.forward(0.02)
    stepped.plane.stop_record("leg")
    stepped.writer.stop()
    assert [seconds for _, _, seconds, _ in stepped.written] == [2.0]
    assert opened(tmp_path, "a.alaw") == bytes([9]) * 8000 + bytes(8000)
    stepped.writer = Writer(tmp_path, tmp_path, lambda *what: None)


def test_a_line_no_check_reaches_has_failed(stepped: Stepped) -> None:
    offer = parse_browser_offer(BrowserLine().offer())
    stepped.plane.open_line("line", offer, (), stepped.now)
    stepped.forward(14)
    assert stepped.told == []
    stepped.forward(2)
    assert stepped.told == [control.LineFailed(line="line", why="unreachable")]


def test_after_a_prompt_a_caller_without_a_line_hears_the_music(stepped: Stepped) -> None:
    stepped.plane.open_line("line", parse_browser_offer(BrowserLine().offer()), (), stepped.now)
    stepped.plane.plug("line", "leg")
    stepped.plane.play(control.Play(party="leg", prompts=("x",), tag="t"), frames_of(bytes([9]) * 160))
    heard = [packet[12] for packet in stepped.forward(0.2)]
    assert heard[0] == 9
    assert set(heard[2:]) == {7}
    assert control.Played(party="leg", tag="t") in stepped.told


def test_closing_the_line_leaves_the_caller_with_the_music(stepped: Stepped) -> None:
    stepped.plane.open_line("line", parse_browser_offer(BrowserLine().offer()), (), stepped.now)
    stepped.plane.plug("line", "leg")
    stepped.plane.close_line("line")
    assert {packet[12] for packet in stepped.forward(0.2)} == {7}
    assert stepped.plane.living().lines == ()


async def test_inherited_sockets_are_served(tmp_path: Path) -> None:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
    ):
        udp.bind(("127.0.0.1", 0))
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        given = ("--fd", f"media-udp={udp.fileno()}", "--fd", f"media-tcp={tcp.fileno()}")
        async with running_media(tmp_path, *given, fds=(udp.fileno(), tcp.fileno())) as media:
            browser, caller = await media.browser("line"), await media.caller("leg")
            answer = parse_sdp(await media.answer("other", BrowserLine().offer()))
            assert f" {udp.getsockname()[1]} " in (answer.media[0].attribute("candidate") or "")
            browser.mouth.say(tone(1000))
            media.gateway.plug("line", "leg")
            await caller.ear.until_tone(1000)
