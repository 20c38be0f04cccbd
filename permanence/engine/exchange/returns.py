# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calls of ours that are to come back to the house, over the line of a client that is forwarded to us.

One that comes back is known by the number we showed when we dialled: a line of the house, from which nobody calls. No
other hint counts, neither the moment nor the line nor who forwarded it: a real caller is never taken for it. A carrier
that hides our number from us makes it ring like any call.
"""

from dataclasses import dataclass

GRACE_S = 32.0
"""How long after its end a call of ours may still arrive: as long as an INVITE lives (RFC 3261, timer B)."""


@dataclass(slots=True, kw_only=True)
class Expected:
    """One call of ours under way. `line`: where it should come back; `over_at`: monotonic seconds of its end."""

    dial: str
    house: str
    shown: str
    line: str
    asked_at: float
    over_at: float | None = None
    returned: bool = False


class Returns:
    """What is expected back, in one exchange's life: after a restart every call of ours is ended anyway."""

    def __init__(self) -> None:
        self.expected: dict[str, Expected] = {}
        """By the id of the call. Empty at nearly every moment: whoever asks for each call looks here first."""

    def expect(self, expected: Expected) -> None:
        """A call goes out that is to come back."""
        self.expected[expected.dial] = expected

    def over(self, dial: str, now: float) -> None:
        """Our side of it has ended."""
        expected = self.expected.get(dial)
        if expected is not None and expected.over_at is None:
            expected.over_at = now

    def knows(self, dial: str) -> bool:
        """Whether this call was expected, and may be still."""
        return dial in self.expected

    def find(self, *, house: str, line: str, numbers: tuple[str, ...], now: float) -> Expected | None:
        """The call of ours that arrives on `line` from one of `numbers` (E.164); None for a call of somebody else.

        Of several that showed the same number it is the one expected on that line, else one still under way.
        """
        for dial in [key for key, one in self.expected.items() if _is_old(one, now)]:
            del self.expected[dial]
        found = [one for one in self.expected.values() if one.house == house and one.shown in numbers]
        return min(found, key=lambda one: (one.line != line, one.over_at is not None, -one.asked_at), default=None)


def _is_old(one: Expected, now: float) -> bool:
    return one.over_at is not None and now > one.over_at + GRACE_S
