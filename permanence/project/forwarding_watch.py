# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with the clients' forwardings, as alarms of their houses: the part of `project.watch` about them."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from permanence.clients import queries as clients
from permanence.foundation.alarms import Alarm
from permanence.switchboard import queries as switchboard
from permanence.switchboard.queries import ProofView
from permanence.switchboard.rules import UNTESTED

LOOK_EVERY = timedelta(seconds=20)


class ForwardingWatch:
    """Looks every `LOOK_EVERY`, and says the same in between."""

    def __init__(self) -> None:
        self._looked_at: datetime | None = None
        self._found: dict[str, list[Alarm]] = {}

    def alarms(self, houses: Iterable[str], *, at: datetime) -> Mapping[str, list[Alarm]]:
        """The alarms of each house, by its slug."""
        if self._looked_at is None or at >= self._looked_at + LOOK_EVERY:
            self._looked_at = at
            self._found = {house: _failed_tests(house) for house in houses}
        return self._found


def _failed_tests(house: str) -> list[Alarm]:
    """The lines whose last daily test failed. The reason goes as its code: each reader gets it in his language."""
    failed = switchboard.standing_failures(house=house)
    names = {each.id: each.name for each in clients.clients(house=house)} if failed else {}
    return [_alarm(each, names.get(each.client, "")) for each in failed]


def _alarm(failed: ProofView, client: str) -> Alarm:
    params = {"client": client, "why": str(failed.why), "detail": failed.detail}
    if failed.why in UNTESTED:
        return Alarm(code="forwarding_untested", about=failed.number, params=params, since=failed.ended_at)
    return Alarm(code="forwarding", about=failed.number, params=params, since=failed.ended_at)
