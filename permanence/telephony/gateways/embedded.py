# SPDX-License-Identifier: AGPL-3.0-or-later
"""The media gateway in front of our own media process (`permanence.engine.mediaplane`)."""

from pathlib import Path

from permanence.telephony.gateways.port import OnAnswer, OnEvent, OnStatus
from permanence.telephony.media import control
from permanence.telephony.media.control_wire import ControlError, living_from_result
from permanence.telephony.shells.media_client import MediaClient


class EmbeddedGateway:
    """Implements `MediaGateway`. Start `run()` as a task of the exchange's loop; all calls belong to that loop."""

    def __init__(self, path: Path) -> None:
        """`path`: of `media.sock`."""
        self._on_event: OnEvent | None = None
        self._client = MediaClient(path, self._event)

    async def run(self) -> None:
        """Stay connected to media until cancelled."""
        await self._client.run()

    @property
    def connected(self) -> bool:
        """Whether media is reachable."""
        return self._client.connected

    def listen(self, on_event: OnEvent) -> None:
        """See `MediaGateway`."""
        self._on_event = on_event

    def open_line(self, line: str, offer: str, page_host: str, on_answer: OnAnswer) -> None:
        """See `MediaGateway`."""
        self._negotiate(control.OpenLine(line=line, offer=offer, page_host=page_host), on_answer)

    def renegotiate_line(self, line: str, offer: str, page_host: str, on_answer: OnAnswer) -> None:
        """See `MediaGateway`."""
        self._negotiate(control.RenegotiateLine(line=line, offer=offer, page_host=page_host), on_answer)

    def close_line(self, line: str) -> None:
        """See `MediaGateway`."""
        self._client.send(control.CloseLine(line=line))

    def open_leg(self, command: control.OpenLeg) -> None:
        """See `MediaGateway`."""
        self._client.send(command)

    def update_leg(self, command: control.UpdateLeg) -> None:
        """See `MediaGateway`."""
        self._client.send(command)

    def close_leg(self, leg: str) -> None:
        """See `MediaGateway`."""
        self._client.send(control.CloseLeg(leg=leg))

    def plug(self, line: str, leg: str) -> None:
        """See `MediaGateway`."""
        self._client.send(control.Plug(line=line, leg=leg))

    def unplug(self, line: str) -> None:
        """See `MediaGateway`."""
        self._client.send(control.Unplug(line=line))

    def mute(self, line: str, on: bool) -> None:
        """See `MediaGateway`."""
        self._client.send(control.Mute(line=line, on=on))

    def play(self, party: str, prompts: tuple[str, ...], *, loop: bool = False, tag: str = "") -> None:
        """See `MediaGateway`."""
        self._client.send(control.Play(party=party, prompts=prompts, loop=loop, tag=tag))

    def stop(self, party: str) -> None:
        """See `MediaGateway`."""
        self._client.send(control.Stop(party=party))

    def record(self, leg: str, file: str, max_s: float) -> None:
        """See `MediaGateway`."""
        self._client.send(control.Record(leg=leg, file=file, max_s=max_s))

    def stop_record(self, leg: str) -> None:
        """See `MediaGateway`."""
        self._client.send(control.StopRecord(leg=leg))

    def dtmf(self, party: str, digits: str) -> None:
        """See `MediaGateway`."""
        self._client.send(control.SendDtmf(party=party, digits=digits))

    def mix(self, mix: str, parties: tuple[str, ...], matrix: tuple[tuple[float, ...], ...]) -> None:
        """See `MediaGateway`."""
        self._client.send(control.Mix(mix=mix, parties=parties, matrix=matrix))

    def unmix(self, mix: str) -> None:
        """See `MediaGateway`."""
        self._client.send(control.Unmix(mix=mix))

    def status(self, on_status: OnStatus) -> None:
        """See `MediaGateway`."""

        def replied(reply: control.Reply | None) -> None:
            try:
                on_status(living_from_result(reply.result) if reply is not None and reply.ok else None)
            except ControlError:
                on_status(None)

        self._client.send(control.AskStatus(), replied)

    def _negotiate(self, command: control.OpenLine | control.RenegotiateLine, on_answer: OnAnswer) -> None:
        def replied(reply: control.Reply | None) -> None:
            if reply is None:
                on_answer(None, "unavailable")
                return
            answer = reply.result.get("answer")
            if reply.ok and isinstance(answer, str):
                on_answer(answer, "")
            else:
                on_answer(None, reply.code or "failed")

        self._client.send(command, replied)

    def _event(self, event: control.MediaEvent) -> None:
        if self._on_event is not None:
            self._on_event(event)
