# SPDX-License-Identifier: AGPL-3.0-or-later
"""The gateway of the stories behaves as media does, as far as who hears what."""

import pytest

from permanence.telephony.gateways.port import MediaGateway
from permanence.telephony.gateways.simulated import SimulatedGateway
from permanence.telephony.media import control
from permanence.telephony.media.living import Living


@pytest.fixture
def told() -> list[control.MediaEvent]:
    return []


@pytest.fixture
def media(told: list[control.MediaEvent]) -> SimulatedGateway:
    gateway = SimulatedGateway()
    port: MediaGateway = gateway
    port.listen(told.append)
    port.open_line("claire", "offer", "localhost", lambda answer, code: None)
    port.open_leg(control.OpenLeg(leg="caller", port=10000))
    gateway.settle()
    return gateway


def test_plug_and_unplug(media: SimulatedGateway, told: list[control.MediaEvent]) -> None:
    assert told == [control.LineUp(line="claire")]
    media.plug("claire", "caller")
    assert (media.hears("caller"), media.hears("claire")) == ("claire", "caller")
    media.mute("claire", True)
    assert media.hears("caller") == "silence"
    media.unplug("claire")
    assert (media.hears("caller"), media.hears("claire")) == ("silence", "silence")


def test_a_lost_line_means_music_until_it_is_back(media: SimulatedGateway, told: list[control.MediaEvent]) -> None:
    media.plug("claire", "caller")
    media.lose_line("claire")
    assert media.hears("caller") == "music"
    media.open_line("claire", "another offer", "localhost", lambda answer, code: None)
    media.settle()
    assert media.hears("caller") == "claire"
    assert told[-2:] == [control.LineLost(line="claire"), control.LineUp(line="claire")]


def test_prompts_take_their_time(media: SimulatedGateway, told: list[control.MediaEvent]) -> None:
    media.play("caller", ("fr/closed", "beep"), tag="closing")
    assert media.hears("caller") == "fr/closed"
    media.forward(2)
    assert media.hears("caller") == "beep"
    media.forward(2)
    assert media.hears("caller") == "silence"
    assert told[-1] == control.Played(party="caller", tag="closing")
    media.play("caller", ("music",), loop=True)
    media.forward(1000)
    assert media.hears("caller") == "music"


def test_recording_ends_at_its_limit(media: SimulatedGateway, told: list[control.MediaEvent]) -> None:
    media.record("caller", "c.alaw", 5)
    media.forward(3)
    assert media.living().legs[0].recording == "c.alaw"
    media.forward(3)
    assert told[-1] == control.Recorded(leg="caller", file="c.alaw", seconds=5)


def test_ports_mixes_and_keys(media: SimulatedGateway, told: list[control.MediaEvent]) -> None:
    media.open_leg(control.OpenLeg(leg="second", port=10000))
    media.settle()
    assert told[-1] == control.LegFailed(leg="second", why="port_in_use")
    media.open_leg(control.OpenLeg(leg="second", port=10002))
    media.mix("room", ("claire", "caller", "second"), ((0, 1, 1), (1, 0, 1), (1, 1, 0)))
    assert media.hears("claire") == "caller+second"
    media.dtmf("caller", "12")
    media.press("second", "9")
    media.settle()
    assert media.keys_sent("caller") == "12"
    assert told[-1] == control.DtmfHeard(party="second", digit="9")


def test_killed_media_forgets_and_comes_back_as_another(
    media: SimulatedGateway, told: list[control.MediaEvent]
) -> None:
    before = media.living().instance
    media.die()
    answers: list[tuple[str | None, str]] = []
    media.open_line("claire", "offer", "localhost", lambda answer, code: answers.append((answer, code)))
    media.come_back()
    media.settle()
    assert answers == [(None, "unavailable")]
    assert isinstance(told[-1], control.MediaConnected)
    assert told[-1].living == Living(instance=media.living().instance)
    assert told[-1].living.instance != before
