# SPDX-License-Identifier: AGPL-3.0-or-later
"""Calls that come outside a client's contract, as alarms of his house: the part of `project.forwarding_watch` on it."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby

from permanence.clients import contract_queries
from permanence.clients.rules.contract import OutsideContract
from permanence.foundation.alarms import Alarm
from permanence.switchboard import queries as switchboard
from permanence.switchboard.rules import TOO_MANY_OUTSIDE

ONE_ALONE = frozenset({OutsideContract.SUSPENDED})
"""Of what the first call is told already: the others begin with TOO_MANY_OUTSIDE, for one may be a wrong number."""


def outside_contracts(house: str, came: Iterable[tuple[str, str, datetime]], *, since: datetime) -> Iterator[Alarm]:
    """Of the calls that `came` (client, line, moment) since then: each client's that are none of his contract.

    A call that somebody made while the house watched for it is a test, whatever stands in the contract. Three queries.
    """
    known = contract_queries.contracts(house=house)
    tests = switchboard.watched_arrivals(house=house, since=since)
    found: list[tuple[str, OutsideContract, datetime]] = []
    for client, line, at in came:
        why = known[client].outside(line, at=at) if client in known and (line, at) not in tests else None
        if why is not None:
            found.append((client, why, at))
    for (client, why), calls in groupby(sorted(found), key=lambda call: call[:2]):
        moments = [at for _client, _why, at in calls]
        if len(moments) >= TOO_MANY_OUTSIDE or why in ONE_ALONE:
            yield _alarm(why, client, known[client].name, moments)


def _alarm(why: OutsideContract, about: str, name: str, moments: list[datetime]) -> Alarm:
    params, since = {"client": name, "count": len(moments)}, moments[0]
    match why:
        case OutsideContract.PROSPECT:
            return Alarm(code="forwarding_prospect", about=about, params=params, since=since)
        case OutsideContract.SUSPENDED:
            return Alarm(code="forwarding_suspended", about=about, params=params, since=since)
        case OutsideContract.ENDED:
            return Alarm(code="forwarding_ended", about=about, params=params, since=since)
        case OutsideContract.EARLY:
            return Alarm(code="forwarding_early", about=about, params=params, since=since)
        case OutsideContract.LATE:
            return Alarm(code="forwarding_late", about=about, params=params, since=since)
