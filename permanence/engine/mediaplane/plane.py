# SPDX-License-Identifier: AGPL-3.0-or-later
"""What lives in the media process and what the exchange's commands do to it. Media thread only."""

from collections.abc import Callable
from dataclasses import dataclass

from permanence.engine.mediaplane.dtls import DtlsIdentity
from permanence.engine.mediaplane.ice import IceServer, Watch
from permanence.engine.mediaplane.leg import Leg
from permanence.engine.mediaplane.line import Line
from permanence.engine.mediaplane.mixer import Mixer
from permanence.engine.mediaplane.party import Party
from permanence.engine.mediaplane.player import Frames, Player
from permanence.engine.mediaplane.recorder import Recording, Writer
from permanence.engine.mediaplane.transport import LineTransport
from permanence.kernel.clock import Clock, Entropy
from permanence.telephony.media import control
from permanence.telephony.media.living import Living, LivingLeg, LivingLine
from permanence.telephony.media.sdp_browser import BrowserOffer, Candidate

_LIVENESS_STEPS = 10  # 200 ms
_SLOW_STEPS = 50  # 1 s


class CommandRefused(Exception):
    """A command that cannot be done; `code` goes into the reply."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the plane needs of the process around it."""

    watch: Watch
    identity: DtlsIdentity
    entropy: Entropy
    clock: Clock
    writer: Writer
    music: Frames
    hosts: tuple[str, ...]
    tell: Callable[[control.MediaEvent], None]


class MediaPlane:
    """Lines, legs and mixes by id. Methods that do a command raise CommandRefused; moments are monotonic seconds."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self.ice = IceServer(around.watch)
        self.instance = around.entropy.token(8).hex()
        self._lines: dict[str, Line] = {}
        self._legs: dict[str, Leg] = {}
        self._mixes: dict[str, Mixer] = {}
        self._recordings: dict[str, Recording] = {}
        self._steps = 0

    @property
    def idle(self) -> bool:
        """Whether nothing lives."""
        return not self._legs and not self._lines

    # Lines

    def open_line(self, name: str, offer: BrowserOffer, candidates: tuple[Candidate, ...], now: float) -> str:
        """Negotiate a new association for a line, known or not; gives the SDP answer."""
        line = self._lines.get(name)
        if line is None:
            if name in self._legs:
                raise CommandRefused("id_in_use")
            line = Line(name, self._around.entropy.token(10), self._line_told, self.ice.remove)
            self._lines[name] = line
        transport = LineTransport(
            owner=line, identity=self._around.identity, entropy=self._around.entropy, offer=offer, now=now
        )
        line.negotiate(transport)
        self.ice.add(transport)
        return transport.answer(line.out.ssrc, candidates)

    def renegotiate_line(self, name: str, offer: BrowserOffer, candidates: tuple[Candidate, ...], now: float) -> str:
        """ICE restart on the living association; a new one where its certificate changed or it is gone."""
        line = self._lines.get(name)
        if line is None:
            raise CommandRefused("unknown")
        transport = line.transport
        if transport is None or transport.dead or transport.offer.fingerprint != offer.fingerprint:
            return self.open_line(name, offer, candidates, now)
        transport.restart(offer)
        self.ice.add(transport)
        return transport.answer(line.out.ssrc, candidates)

    def close_line(self, name: str) -> None:
        """Forget a line; its leg hears the hold music."""
        line = self._lines.pop(name, None)
        if line is None:
            return
        leg = line.peer
        line.close()
        line.leave()
        if leg is not None:
            self._hold(leg)

    def mute(self, name: str, on: bool) -> None:
        """Silence what the line says."""
        self._line(name).muted = on

    # Legs

    def open_leg(self, command: control.OpenLeg) -> None:
        """Bind a leg; a leg that lives is re-pointed."""
        if command.leg in self._lines:
            raise CommandRefused("id_in_use")
        living = self._legs.get(command.leg)
        if living is not None and living.port == command.port:
            self._point(living, command)
            return
        if living is not None:
            self.close_leg(command.leg)
        version = 6 if ":" in (command.host or command.remote_host or "") else 4
        host = next((one for one in self._around.hosts if (6 if ":" in one else 4) == version), self._around.hosts[0])
        try:
            leg = Leg(command, host, self._around.entropy.token(10), self._leg_told)
        except OSError:
            self._around.tell(control.LegFailed(leg=command.leg, why="port_in_use"))
            raise CommandRefused("port_in_use") from None
        except (ValueError, OverflowError):
            self._around.tell(control.LegFailed(leg=command.leg, why="address"))
            raise CommandRefused("address") from None
        self._legs[leg.name] = leg
        self._around.watch(leg.socket, leg.ready)

    def update_leg(self, command: control.UpdateLeg) -> None:
        """The far side's new description."""
        self._point(self._leg(command.leg), command)

    def close_leg(self, name: str) -> None:
        """Close a leg and what records it."""
        leg = self._legs.pop(name, None)
        if leg is not None:
            self.stop_record(name)
            self._around.watch(leg.socket, None)
            leg.close()

    def record(self, command: control.Record) -> None:
        """Start a recording; one that runs on this leg ends first."""
        leg = self._leg(command.leg)
        self.stop_record(command.leg)
        recording = self._around.writer.start(command.leg, command.file, command.max_s)
        leg.recording = self._recordings[command.leg] = recording

    def stop_record(self, name: str) -> None:
        """End a recording; `Recorded` comes from the writing thread."""
        recording = self._recordings.pop(name, None)
        if recording is not None:
            recording.close()
        if name in self._legs:
            self._legs[name].recording = None

    # Who hears whom

    def plug(self, line_name: str, leg_name: str) -> None:
        """Line and leg hear each other."""
        line, leg = self._line(line_name), self._leg(leg_name)
        if line.last_leg != leg_name:
            line.muted, line.last_leg = False, leg_name
        if line.peer is not leg:
            line.leave()
            leg.leave()
            line.peer, leg.peer = leg, line
        line.player = leg.player = None
        if line.state != "up":
            self._hold(leg)

    def unplug(self, name: str) -> None:
        """Take the leg out of the line."""
        line = self._line(name)
        if line.peer is not None:
            line.peer.player = None
            line.leave()

    def play(self, command: control.Play, frames: Frames) -> None:
        """Play prompts to a party."""
        self._party(command.party).player = Player(frames, loop=command.loop, tag=command.tag)

    def stop(self, name: str) -> None:
        """Stop what plays to a party."""
        party = self._party(name)
        party.player = None
        self._hold_if_line_is_away(party)

    def dtmf(self, name: str, digits: str) -> None:
        """Send keys to a party."""
        self._party(name).send_keys(digits)

    def mix(self, command: control.Mix) -> None:
        """Mix parties, in place of what they heard."""
        parties = [self._party(name) for name in command.parties]
        self.unmix(command.mix)
        for party in parties:
            party.leave()
        self._mixes[command.mix] = Mixer(command.mix, parties, command.matrix)

    def unmix(self, name: str) -> None:
        """End a mix."""
        mixer = self._mixes.pop(name, None)
        if mixer is not None:
            mixer.close()

    def living(self) -> Living:
        """What lives."""
        return Living(
            instance=self.instance,
            beats=True,
            lines=tuple(
                LivingLine(
                    line=name,
                    state=line.state,
                    leg=line.peer.name if line.peer else None,
                    muted=line.muted,
                    loss=line.loss,
                )
                for name, line in self._lines.items()
            ),
            legs=tuple(
                LivingLeg(
                    leg=name,
                    port=leg.port,
                    heard=leg.heard,
                    playing=leg.player is not None,
                    recording=self._recordings[name].file if name in self._recordings else None,
                )
                for name, leg in self._legs.items()
            ),
        )

    def step(self, now: float) -> None:
        """20 ms of audio, and the slower timers."""
        for mixer in list(self._mixes.values()):
            mixer.step(now)
        for parties in (self._legs, self._lines):
            for party in parties.values():
                if party.player is not None or party.sends_keys:
                    tag = party.step(now)
                    if tag is not None:
                        self._hold_if_line_is_away(party)
                        self._around.tell(control.Played(party=party.name, tag=tag))
        self._steps += 1
        if self._steps % _LIVENESS_STEPS == 0:
            unix_seconds = self._around.clock.now().timestamp()
            for line in self._lines.values():
                line.step_liveness(now, unix_seconds)
        if self._steps % _SLOW_STEPS == 0:
            self._slow_step(now)

    def close(self) -> None:
        """End everything: recordings are handed over, browsers are told."""
        for leg in list(self._legs):
            self.close_leg(leg)
        for line in list(self._lines):
            self.close_line(line)

    def _slow_step(self, now: float) -> None:
        self.ice.step(now)
        for name, mixer in list(self._mixes.items()):
            if mixer.empty:
                del self._mixes[name]
        for name, recording in list(self._recordings.items()):
            if recording.over(now):
                self.stop_record(name)
        for leg in self._legs.values():
            leg.step_silence(now)
            leg.keep_alive(now)

    def _hold(self, leg: Party) -> None:
        """The hold music, until the line is back or somebody says otherwise; what plays already goes on."""
        if leg.player is None:
            leg.player = Player(self._around.music, loop=True, holding=True)

    def _hold_if_line_is_away(self, party: Party) -> None:
        if isinstance(party.peer, Line) and party.peer.state != "up":
            self._hold(party)

    def _line_told(self, line: Line, what: str, why: str, _now: float) -> None:
        leg = line.peer
        if what == "up":
            if leg is not None and leg.player is not None and leg.player.holding:
                leg.player = None
            self._around.tell(control.LineUp(line=line.name))
        elif what == "lost":
            if leg is not None:
                self._hold(leg)
            self._around.tell(control.LineLost(line=line.name))
        else:
            self._around.tell(control.LineFailed(line=line.name, why=why))

    def _leg_told(self, leg: Leg, what: str, _now: float) -> None:
        if what == "heard":
            self._around.tell(control.LegHeard(leg=leg.name))
        elif what == "silent":
            self._around.tell(control.LegSilent(leg=leg.name))
        else:
            self._around.tell(control.DtmfHeard(party=leg.name, digit=what))

    def _point(self, leg: Leg, command: control.OpenLeg | control.UpdateLeg) -> None:
        try:
            leg.point(command)
        except ValueError:
            raise CommandRefused("address") from None

    def _line(self, name: str) -> Line:
        line = self._lines.get(name)
        if line is None:
            raise CommandRefused("unknown")
        return line

    def _leg(self, name: str) -> Leg:
        leg = self._legs.get(name)
        if leg is None:
            raise CommandRefused("unknown")
        return leg

    def _party(self, name: str) -> Party:
        party = self._legs.get(name) or self._lines.get(name)
        if party is None:
            raise CommandRefused("unknown")
        return party
