# SPDX-License-Identifier: AGPL-3.0-or-later
"""The media gateway as the exchange sees it: it asks and forgets, the truth comes back as events.

Implemented by `embedded.py` (our own media process), `simulated.py` (the stories). All methods return at once, are
called from one thread (the exchange's loop) and never raise for what happens at the far end. While the connection to
media is down, commands are dropped: `MediaConnected` brings what lives, and the exchange re-states what it wants.
"""

from collections.abc import Callable
from typing import Protocol

from permanence.telephony.media.control import (
    MediaEvent,
    OpenLeg,
    UpdateLeg,
)
from permanence.telephony.media.living import Living

OnAnswer = Callable[[str | None, str], None]
"""Called once with (SDP answer, "") or (None, code): bad_offer, no_pcma, unavailable (media not reachable), timeout."""
OnEvent = Callable[[MediaEvent], None]
OnStatus = Callable[[Living | None], None]
"""Called once with what lives, or None where media did not answer."""


class MediaGateway(Protocol):
    """What an exchange asks of media; the commands are described in `telephony.media.control`."""

    def listen(self, on_event: OnEvent) -> None:
        """Tell every event (`MediaConnected` and `MediaLost` included) to `on_event` from now on; one listener."""
        ...

    def open_line(self, line: str, offer: str, page_host: str, on_answer: OnAnswer) -> None:
        """Negotiate a line, new or replacing the transport of a living one; `on_answer` is called later, once."""
        ...

    def renegotiate_line(self, line: str, offer: str, page_host: str, on_answer: OnAnswer) -> None:
        """ICE restart of a living line; `on_answer` is called later, once."""
        ...

    def close_line(self, line: str) -> None:
        """Forget a line; its plugged leg hears the hold music."""
        ...

    def open_leg(self, command: OpenLeg) -> None:
        """Bind the RTP port of a leg; `LegFailed` tells when it cannot be."""
        ...

    def update_leg(self, command: UpdateLeg) -> None:
        """The whole new state of a leg's far side."""
        ...

    def close_leg(self, leg: str) -> None:
        """Close the leg."""
        ...

    def plug(self, line: str, leg: str) -> None:
        """Line and leg hear each other; what they heard or played before ends."""
        ...

    def unplug(self, line: str) -> None:
        """Take the leg out of the line; both hear nothing."""
        ...

    def mute(self, line: str, on: bool) -> None:
        """Silence what the line says, or stop doing so."""
        ...

    def play(self, party: str, prompts: tuple[str, ...], *, loop: bool = False, tag: str = "") -> None:
        """Play prompts to a party; `Played(tag)` follows unless `loop`."""
        ...

    def stop(self, party: str) -> None:
        """Stop what plays to a party."""
        ...

    def record(self, leg: str, file: str, max_s: float) -> None:
        """Record what the leg says into the spool; `Recorded` follows at the end."""
        ...

    def stop_record(self, leg: str) -> None:
        """End the recording of a leg."""
        ...

    def dtmf(self, party: str, digits: str) -> None:
        """Send digits to a party (RFC 4733)."""
        ...

    def mix(self, mix: str, parties: tuple[str, ...], matrix: tuple[tuple[float, ...], ...]) -> None:
        """Mix parties: row i holds the gains with which party i hears each party."""
        ...

    def unmix(self, mix: str) -> None:
        """End a mix."""
        ...

    def status(self, on_status: OnStatus) -> None:
        """Ask what lives; `on_status` is called later, once."""
        ...
