# SPDX-License-Identifier: AGPL-3.0-or-later
"""What lives in a media process, as it tells the exchange (docs/contracts.md)."""

from permanence.kernel.record import record


@record
class LivingLine:
    """One line that lives. `state`: new, up or lost. `leg`: what is plugged into it.

    `loss`: part of what we sent that the browser says it missed, 0 to 1, over its last report.
    """

    line: str
    state: str
    leg: str | None = None
    muted: bool = False
    loss: float = 0.0


@record
class LivingLeg:
    """One leg that lives. `heard`: RTP came. `playing`: something plays to it. `recording`: file, or None."""

    leg: str
    port: int
    heard: bool
    playing: bool = False
    recording: str | None = None


@record
class Living:
    """What lives in a media process. `instance` changes when the process is another one (it was restarted).

    `beats`: it answers `AskAlive`.
    """

    instance: str
    lines: tuple[LivingLine, ...] = ()
    legs: tuple[LivingLeg, ...] = ()
    beats: bool = False
