# SPDX-License-Identifier: AGPL-3.0-or-later
"""What is wrong with the clients' forwardings, as alarms of their houses: the part of `project.watch` about them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from permanence.calls import queries as calls
from permanence.clients import forwarding
from permanence.clients import queries as clients
from permanence.clients.away import closings
from permanence.clients.queries import ClientView
from permanence.countries.forwarding import ForwardingMode
from permanence.foundation.alarms import Alarm
from permanence.kernel.span import Span
from permanence.project.contract_watch import outside_contracts
from permanence.reception.hours import is_open_at, opening_at
from permanence.reception.table import ANSWERED, OpeningHours
from permanence.switchboard import queries as switchboard
from permanence.switchboard import rules
from permanence.switchboard.queries import ProofView
from permanence.switchboard.rules import UNTESTED, Hours

LOOK_EVERY = timedelta(seconds=20)
WATCHDOG_EVERY = timedelta(minutes=5)
NORMS_EVERY = timedelta(hours=24)
OUTSIDE_FOR = timedelta(hours=24)
"""How far back calls outside the contract are told of."""


@dataclass(slots=True)
class _Kept:
    """What was worked out last of one house, and when."""

    norms_at: datetime | None = None
    norms: dict[str, Hours] = field(default_factory=dict)
    looked_at: datetime | None = None
    found: list[Alarm] = field(default_factory=list)


class ForwardingWatch:
    """Looks every `LOOK_EVERY` for failed tests, every `WATCHDOG_EVERY` for silence and for calls that should not come,
    and says the same in between."""

    def __init__(self) -> None:
        self._looked_at: datetime | None = None
        self._found: dict[str, list[Alarm]] = {}
        self._kept: dict[str, _Kept] = {}

    def alarms(self, houses: Iterable[str], *, at: datetime) -> Mapping[str, list[Alarm]]:
        """The alarms of each house, by its slug."""
        if self._looked_at is None or at >= self._looked_at + LOOK_EVERY:
            self._looked_at = at
            self._found = {house: [*_failed_tests(house), *self._watchdog(house, at)] for house in houses}
        return self._found

    def _watchdog(self, house: str, at: datetime) -> list[Alarm]:
        kept = self._kept.setdefault(house, _Kept())
        if kept.norms_at is None or at >= kept.norms_at + NORMS_EVERY:
            kept.norms_at, kept.norms = at, _norms(house, at)
        if kept.looked_at is None or at >= kept.looked_at + WATCHDOG_EVERY:
            kept.looked_at = at
            known = clients.hours_of_clients(house=house)
            away = closings(house=house, since=at - rules.LONGEST_SILENCE)
            kept.found = [*_silent(house, kept.norms, known, away, at), *_outside(house, known, away, at)]
        return kept.found


type Known = Mapping[str, tuple[ClientView, OpeningHours]]
type Away = Mapping[str, tuple[Span, ...]]
"""By client (his id) when absences close his lines."""


def _norms(house: str, at: datetime) -> dict[str, Hours]:
    """The usual calls an hour of each client."""
    counted = calls.counted_calls(house=house, since=at - timedelta(weeks=rules.NORM_WEEKS), until=at)
    return {
        client: rules.norm(each.by_hour, first=each.first_at, last=each.last_at, at=at)
        for client, each in counted.items()
    }


def _silent(house: str, norms: Mapping[str, Hours], known: Known, away: Away, at: datetime) -> Iterator[Alarm]:
    """The clients of whom no call came for longer than chance allows."""
    horizon = at - rules.LONGEST_SILENCE
    last = calls.last_calls(house=house, since=horizon)
    zone = calls.zone_of(house=house).key
    for client, (view, hours) in known.items():
        since, usual = last.get(client, horizon), norms.get(client, {})
        if view.state not in ANSWERED or not rules.may_be_silent(usual, since=since, at=at):
            continue
        spans = rules.left_of(_open_spans(view, hours, since, at), away.get(client, ()))
        if rules.is_silent(rules.expected_calls(usual, spans, zone=zone)):
            yield Alarm(code="forwarding_silent", about=client, params={"client": view.name}, since=since)


def _open_spans(
    view: ClientView, hours: OpeningHours, since: datetime, at: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """When he was open between two moments."""
    starts = since
    while starts < at:
        opening = opening_at(hours, zone=view.time_zone, country=view.country, region=view.region, at=starts)
        ends = at if opening.changes_at is None else min(opening.changes_at, at)
        if opening.is_open:
            yield starts, ends
        starts = ends


def _is_open(view: ClientView, hours: OpeningHours, at: datetime) -> bool:
    return is_open_at(hours, zone=view.time_zone, country=view.country, region=view.region, at=at)


def _outside(house: str, known: Known, away: Away, at: datetime) -> Iterator[Alarm]:
    """Calls that are none of their client's contract, and those on lines that the client should have switched off."""
    since = at - OUTSIDE_FOR
    came = calls.arrivals(house=house, since=since)
    if not came:
        return
    yield from outside_contracts(house, came, since=since)
    arrived: dict[str, list[datetime]] = {}
    for client, line, moment in came:
        if not any(
            moment in span for span in away.get(client, ())
        ):  # forwarded, so that callers hear the closing words
            arrived.setdefault(line, []).append(moment)
    for each in forwarding.lines_of_house(house=house):
        view, hours = known[each.client]
        if each.mode is not ForwardingMode.HOURS or view.state not in ANSWERED or each.number not in arrived:
            continue
        found = rules.outside(arrived[each.number], is_open=partial(_is_open, view, hours))
        if len(found) >= rules.TOO_MANY_OUTSIDE:
            params = {"client": view.name, "count": len(found)}
            yield Alarm(code="forwarding_outside", about=each.number, params=params, since=found[0])


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
