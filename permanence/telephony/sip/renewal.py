# SPDX-License-Identifier: AGPL-3.0-or-later
"""Session timers (RFC 4028): a session whose other side has vanished must end.

One side refreshes at half the interval; the other ends the session when no refresh came by shortly before its end.
"""

from collections.abc import Callable
from typing import Any

from permanence.telephony.sip.grammar import BadSyntax, decimal, parse_params
from permanence.telephony.sip.message import SipMessage
from permanence.telephony.sip.stack import Stack
from permanence.telephony.sip.timers import Timer

_MAX_INTERVAL = 2**31


def session_expires(message: SipMessage) -> tuple[int, str] | None:
    """Interval in seconds and refresher (`uac`, `uas` or empty) of a Session-Expires header; None when unusable."""
    if "Session-Expires" not in message.headers:
        return None
    number, semicolon, params = message.headers["Session-Expires"][0].partition(";")
    interval = decimal(number.strip(), _MAX_INTERVAL)
    if interval is None:
        return None
    try:
        refresher = (parse_params(semicolon + params).get("refresher") or "").lower()
    except BadSyntax:
        return None
    return interval, refresher


def _nothing() -> None:
    """What a session that is over does."""


class Renewal:
    """The session timer of one session."""

    # What a session begins with stands here once: most sessions never have a timer of their own.
    interval = 0
    ours = False
    _timer: Timer | None = None
    _deadline: Timer | None = None

    def __init__(self, stack: Stack, refresh: Callable[[], object], expire: Callable[[], object]) -> None:
        self._stack = stack
        self._refresh = refresh
        self._expire = expire

    def grant(self, request: SipMessage) -> list[tuple[str, str]]:
        """As the receiver of an INVITE or UPDATE: the headers of our 2xx. Without a wish, no session timer."""
        wish = session_expires(request)
        if wish is None:
            return []
        interval, refresher = wish
        able = "timer" in request.tokens("Supported")
        refresher = refresher if refresher in {"uac", "uas"} and able else ("uac" if able else "uas")
        self.interval = max(interval, self._stack.settings.min_se)
        self.ours = refresher == "uas"
        self.restart()
        headers = [("Session-Expires", f"{self.interval};refresher={refresher}")]
        return [("Require", "timer"), *headers] if refresher == "uac" else headers

    def agree(self, response: SipMessage) -> None:
        """As the sender of an INVITE or UPDATE: what the 2xx says. Without the header, no session timer."""
        said = session_expires(response)
        if said is None:
            self.interval = 0
            self.stop()
            return
        self.interval, refresher = max(said[0], self._stack.settings.min_se), said[1]
        self.ours = refresher != "uas"
        self.restart()

    def wish(self) -> list[tuple[str, str]]:
        """The headers of a refresh of ours: we keep the role we have."""
        if not self.interval:
            return []
        role = "uac" if self.ours else "uas"
        return [("Session-Expires", f"{self.interval};refresher={role}"), ("Min-SE", str(self._stack.settings.min_se))]

    def restart(self) -> None:
        """The session was refreshed now."""
        self.stop()
        if not self.interval:
            return
        # Who waits for a refresh ends a little early (RFC 4028 section 10); who sends it, when its time is over.
        ending = self.interval if self.ours else self.interval - min(32, self.interval / 3)
        self._deadline = self._stack.after(ending, self._expire)
        if self.ours:
            self._timer = self._stack.after(self.interval / 2, self._refresh)

    def stop(self) -> None:
        """No timer runs any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def end(self) -> None:
        """The session is over: nothing will be asked of it any more."""
        self.stop()
        self._refresh = self._expire = _nothing

    def to_plain(self) -> dict[str, Any]:
        """The agreement as JSON values."""
        return {"interval": self.interval, "ours": self.ours}

    def take_over(self, data: dict[str, Any]) -> None:
        """In a new process: the interval begins again; when it is ours to refresh, we do so within some seconds."""
        self.interval, self.ours = int(data["interval"]), bool(data["ours"])
        self.restart()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = self._stack.after(2 + 8 * self._stack.fraction(), self._refresh)
