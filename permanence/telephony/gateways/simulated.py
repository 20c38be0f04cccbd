# SPDX-License-Identifier: AGPL-3.0-or-later
"""A media gateway in memory for the stories: no audio, but it knows at every moment who hears what.

Time moves only by `forward(seconds)`. A prompt lasts `prompt_s` seconds. Everything that comes "later" (answers,
events, status) waits in order until `settle()` or `forward()` brings it, as it would over a socket.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from permanence.telephony.gateways.port import OnAnswer, OnEvent, OnStatus
from permanence.telephony.media import control
from permanence.telephony.media.living import Living, LivingLeg, LivingLine

SILENCE = "silence"
"""What a party hears when nothing is sent to it."""


@dataclass(slots=True)
class _Playing:
    prompts: tuple[str, ...]
    loop: bool
    tag: str
    holding: bool = False
    elapsed: float = 0.0


@dataclass(slots=True)
class _Party:
    kind: str
    peer: str | None = None
    playing: _Playing | None = None
    state: str = "new"
    muted: bool = False
    last_leg: str | None = None
    port: int = 0
    heard: bool = False
    opened: control.OpenLeg | None = None
    keys: list[str] = field(default_factory=list)
    recording: tuple[str, float] | None = None
    recorded: float = 0.0


class SimulatedGateway:
    """Implements `MediaGateway`, and lets a story play the far ends (`line_up`, `press`, `lose_line`...)."""

    def __init__(self, prompt_s: float = 2.0) -> None:
        """`prompt_s`: how long every prompt lasts, seconds."""
        self.prompt_s = prompt_s
        self.instance = 1
        self.reachable = True
        self.busy_ports: set[int] = set()
        self.auto_up = True
        self._parties: dict[str, _Party] = {}
        self._mixes: dict[str, control.Mix] = {}
        self._later: deque[Callable[[], None]] = deque()
        self._on_event: OnEvent | None = None

    # What a story asks

    def hears(self, party: str) -> str:
        """What a party hears now: a prompt's name, the id of who speaks to it (several joined by +), or "silence"."""
        one = self._parties.get(party)
        if one is None:
            return SILENCE
        if one.playing is not None and one.playing.prompts:
            at = int(one.playing.elapsed / self.prompt_s)
            return one.playing.prompts[at % len(one.playing.prompts)]
        mix = next((mix for mix in self._mixes.values() if party in mix.parties), None)
        if mix is not None:
            row = mix.matrix[mix.parties.index(party)]
            speakers = [name for name, gain in zip(mix.parties, row, strict=True) if gain and self._speaks(name)]
            return "+".join(speakers) or SILENCE
        return one.peer if one.peer is not None and self._speaks(one.peer) else SILENCE

    def leg(self, leg: str) -> control.OpenLeg | None:
        """How a leg was opened or last updated, None where it does not live."""
        one = self._parties.get(leg)
        return None if one is None else one.opened

    def keys_sent(self, party: str) -> str:
        """The keys that were sent to a party."""
        one = self._parties.get(party)
        return "" if one is None else "".join(one.keys)

    def living(self) -> Living:
        """What lives."""
        parties = self._parties.items()
        return Living(
            instance=str(self.instance),
            lines=tuple(
                LivingLine(line=name, state=one.state, leg=one.peer, muted=one.muted)
                for name, one in parties
                if one.kind == "line"
            ),
            legs=tuple(
                LivingLeg(
                    leg=name,
                    port=one.port,
                    heard=one.heard,
                    playing=one.playing is not None,
                    recording=one.recording[0] if one.recording else None,
                )
                for name, one in parties
                if one.kind == "leg"
            ),
        )

    # What a story does

    def settle(self) -> None:
        """Bring everything that waits, and what follows from it."""
        while self._later:
            self._later.popleft()()

    def forward(self, seconds: float) -> None:
        """Let time go by: prompts come to their end, recordings to their limit."""
        self.settle()
        for name, one in list(self._parties.items()):
            if one.playing is not None:
                one.playing.elapsed += seconds
                if not one.playing.loop and one.playing.elapsed >= self.prompt_s * len(one.playing.prompts):
                    tag, one.playing = one.playing.tag, None
                    self._tell(control.Played(party=name, tag=tag))
            if one.recording is not None:
                one.recorded += seconds
                if one.recorded >= one.recording[1]:
                    self.stop_record(name)
        self.settle()

    def line_up(self, line: str) -> None:
        """The browser's association is up (again); after `open_line` this happens by itself unless `auto_up` is off."""
        one = self._parties.get(line)
        if one is not None and one.kind == "line":
            one.state = "up"
            peer = self._parties.get(one.peer or "")
            if peer is not None and peer.playing is not None and peer.playing.holding:
                peer.playing = None
            self._tell(control.LineUp(line=line))

    def lose_line(self, line: str) -> None:
        """Nothing comes from the browser any more."""
        one = self._parties[line]
        one.state = "lost"
        self._hold(one.peer)
        self._tell(control.LineLost(line=line))

    def speak(self, leg: str) -> None:
        """The first RTP of a leg arrives."""
        self._parties[leg].heard = True
        self._tell(control.LegHeard(leg=leg))

    def fall_silent(self, leg: str) -> None:
        """No RTP of a leg for 10 s."""
        self._parties[leg].heard = False
        self._tell(control.LegSilent(leg=leg))

    def press(self, party: str, digits: str) -> None:
        """A party presses keys."""
        for digit in digits:
            self._tell(control.DtmfHeard(party=party, digit=digit))

    def die(self) -> None:
        """The media process is killed: everything in it is gone."""
        self._parties.clear()
        self._mixes.clear()
        self._later.clear()
        self.instance += 1
        self.reachable = False
        self._tell(control.MediaLost())

    def come_back(self) -> None:
        """The media process is reachable (again)."""
        self.reachable = True
        self._later.append(lambda: self._now(control.MediaConnected(living=self.living())))

    # MediaGateway

    def listen(self, on_event: OnEvent) -> None:
        """See `MediaGateway`."""
        self._on_event = on_event

    def open_line(self, line: str, offer: str, page_host: str, on_answer: OnAnswer) -> None:
        """See `MediaGateway`. Any offer that is not empty is good."""
        if not self.reachable:
            self._later.append(lambda: on_answer(None, "unavailable"))
            return
        if not offer:
            self._later.append(lambda: on_answer(None, "bad_offer"))
            return
        self._parties.setdefault(line, _Party("line"))
        self._later.append(lambda: on_answer(f"answer to {offer} for {page_host}", ""))
        if self.auto_up:
            self._later.append(lambda: self.line_up(line))

    def renegotiate_line(self, line: str, offer: str, page_host: str, on_answer: OnAnswer) -> None:
        """See `MediaGateway`."""
        if line in self._parties:
            self.open_line(line, offer, page_host, on_answer)
        else:
            self._later.append(lambda: on_answer(None, "unknown"))

    def close_line(self, line: str) -> None:
        """See `MediaGateway`."""
        one = self._parties.get(line)
        if one is not None:
            peer = one.peer
            self._leave(line)
            del self._parties[line]
            self._hold(peer)

    def open_leg(self, command: control.OpenLeg) -> None:
        """See `MediaGateway`. A port of `busy_ports`, or of another leg, is in use."""
        taken = any(one.port == command.port for name, one in self._parties.items() if name != command.leg)
        if not self.reachable:
            return
        if taken or command.port in self.busy_ports:
            self._tell(control.LegFailed(leg=command.leg, why="port_in_use"))
            return
        one = self._parties.setdefault(command.leg, _Party("leg"))
        one.port, one.opened = command.port, command

    def update_leg(self, command: control.UpdateLeg) -> None:
        """See `MediaGateway`."""
        one = self._parties.get(command.leg)
        if one is not None and one.opened is not None:
            one.opened = control.OpenLeg(
                leg=command.leg,
                port=one.port,
                host=one.opened.host,
                remote_host=command.remote_host,
                remote_port=command.remote_port,
                signalled_host=command.signalled_host,
                payload_type=command.payload_type,
                dtmf_payload_type=command.dtmf_payload_type,
                sending=command.sending,
            )

    def close_leg(self, leg: str) -> None:
        """See `MediaGateway`."""
        if leg in self._parties:
            self.stop_record(leg)
            self._leave(leg)
            del self._parties[leg]

    def plug(self, line: str, leg: str) -> None:
        """See `MediaGateway`."""
        if line not in self._parties or leg not in self._parties:
            return
        self._leave(line)
        self._leave(leg)
        one = self._parties[line]
        if one.last_leg != leg:
            one.muted, one.last_leg = False, leg
        one.peer, self._parties[leg].peer = leg, line
        if one.state != "up":
            self._hold(leg)

    def unplug(self, line: str) -> None:
        """See `MediaGateway`."""
        one = self._parties.get(line)
        if one is not None and one.peer is not None:
            self._leave(one.peer)
            self._leave(line)

    def mute(self, line: str, on: bool) -> None:
        """See `MediaGateway`."""
        if line in self._parties:
            self._parties[line].muted = on

    def play(self, party: str, prompts: tuple[str, ...], *, loop: bool = False, tag: str = "") -> None:
        """See `MediaGateway`."""
        if party in self._parties:
            self._parties[party].playing = _Playing(prompts, loop, tag)

    def stop(self, party: str) -> None:
        """See `MediaGateway`."""
        if party in self._parties:
            self._parties[party].playing = None

    def record(self, leg: str, file: str, max_s: float) -> None:
        """See `MediaGateway`."""
        if leg in self._parties:
            self.stop_record(leg)
            self._parties[leg].recording, self._parties[leg].recorded = (file, max_s), 0.0

    def stop_record(self, leg: str) -> None:
        """See `MediaGateway`."""
        one = self._parties.get(leg)
        if one is not None and one.recording is not None:
            (file, limit), one.recording = one.recording, None
            self._tell(control.Recorded(leg=leg, file=file, seconds=min(one.recorded, limit)))

    def dtmf(self, party: str, digits: str) -> None:
        """See `MediaGateway`."""
        if party in self._parties:
            self._parties[party].keys += digits

    def mix(self, mix: str, parties: tuple[str, ...], matrix: tuple[tuple[float, ...], ...]) -> None:
        """See `MediaGateway`."""
        if all(party in self._parties for party in parties):
            for party in parties:
                self._leave(party)
            self._mixes[mix] = control.Mix(mix=mix, parties=parties, matrix=matrix)

    def unmix(self, mix: str) -> None:
        """See `MediaGateway`."""
        self._mixes.pop(mix, None)

    def status(self, on_status: OnStatus) -> None:
        """See `MediaGateway`."""
        self._later.append(lambda: on_status(self.living() if self.reachable else None))

    def _speaks(self, party: str) -> bool:
        one = self._parties.get(party)
        return one is not None and not one.muted and (one.kind == "leg" or one.state == "up")

    def _leave(self, party: str) -> None:
        one = self._parties[party]
        if one.peer is not None and one.peer in self._parties:
            self._parties[one.peer].peer = None
        one.peer = one.playing = None

    def _hold(self, leg: str | None) -> None:
        if leg is not None and self._parties[leg].playing is None:
            self._parties[leg].playing = _Playing(("music",), loop=True, tag="", holding=True)

    def _tell(self, event: control.MediaEvent) -> None:
        self._later.append(lambda: self._now(event))

    def _now(self, event: control.MediaEvent) -> None:
        if self._on_event is not None:
            self._on_event(event)
