# SPDX-License-Identifier: AGPL-3.0-or-later
"""A 2xx to an INVITE is repeated by the session until its ACK comes, on every transport (RFC 3261 section 13.3.1.4)."""

from collections.abc import Callable

from permanence.telephony.sip.flow import Flow
from permanence.telephony.sip.stack import Stack
from permanence.telephony.sip.timers import Timer


class Acceptance:
    """One 2xx that waits for its ACK: sent again after T1, doubled up to T2, given up after 64 T1."""

    def __init__(self, stack: Stack, data: bytes, flow: Flow, on_silence: Callable[[], object]) -> None:
        self.data = data
        self._stack = stack
        self._flow = flow
        self._on_silence = on_silence
        self._interval = stack.settings.t1
        self._deadline = stack.now + 64 * stack.settings.t1
        self._timer: Timer = stack.after(self._interval, self._again)

    def _again(self) -> None:
        if self._stack.now >= self._deadline:
            self._on_silence()
            return
        self._stack.send(self.data, self._flow)
        self._interval = min(self._interval * 2, self._stack.settings.t2)
        self._timer = self._stack.after(min(self._interval, self._deadline - self._stack.now), self._again)

    def stop(self) -> None:
        """The ACK came, or the session is over."""
        self._timer.cancel()
