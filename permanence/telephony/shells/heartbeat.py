# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether the other side of a connection still does its work: it is asked once a second, and has to answer."""

import asyncio
from collections.abc import Callable
from typing import Any

BEAT_S = 1.0
MISSED_BEATS = 3
"""How many looks in a row may find no answer. Looks are counted, not seconds: who was held up himself finds, at his
first look, what had come meanwhile. Media answers within its tick of 5 ms, so that three seconds without an answer are
dead air for every caller, whatever the reason; and nothing is taken from a media process that was only slow but the
new calls of those seconds."""

Answered = Callable[[Any], None]


class Heartbeat:
    """`ask(answered)` puts the question; `answered` gets the answer, or None where none came. `silent` is called once
    when there is none, `back` when there is one again. Everything runs in the loop that calls `start`."""

    def __init__(
        self, ask: Callable[[Answered], None], *, silent: Callable[[], None], back: Callable[[], None]
    ) -> None:
        self._ask = ask
        self._silent = silent
        self._back = back
        self._timer: asyncio.TimerHandle | None = None
        self._asked = False
        self._missed = 0

    def start(self) -> None:
        """Begins, if it has not begun."""
        if self._timer is None:
            self._asked, self._missed = False, 0
            self._look()

    def stop(self) -> None:
        """Ends; what is answered later means nothing."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(BEAT_S, self._look)
        if not self._asked:  # one question at a time: behind what is not read the next would wait as well
            self._asked = True
            self._ask(self._answered)
            return
        self._missed += 1
        if self._missed == MISSED_BEATS:
            self._silent()

    def _answered(self, answer: Any) -> None:
        self._asked = False
        if answer is None or self._timer is None:
            return
        was_silent, self._missed = self._missed >= MISSED_BEATS, 0
        if was_silent:
            self._back()
