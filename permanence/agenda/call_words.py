# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was done with appointments in a call, in words: in the house's own agendas and in those elsewhere, in order."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from permanence.agenda import elsewhere_queries as elsewhere
from permanence.agenda.elsewhere_words import ACTS, act_words, whole_words
from permanence.agenda.queries import call_acts
from permanence.agenda.rules.elsewhere import ActElsewhere
from permanence.foundation import dates, moments


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAct:
    """One act of a call, whose client, and the line that says it."""

    client: str
    act: ActElsewhere
    at: datetime
    words: str


type ByCall = Mapping[str, tuple[ToldAct, ...]]


def acts_of_calls(*, house: str, calls: Iterable[str]) -> ByCall:
    """What was done in each of these calls, the first act first. Two queries."""
    wanted = list(calls)
    there = elsewhere.acts_of_calls(house=house, calls=wanted)
    return _by_call(call_acts.of_calls(house=house, calls=wanted), there)


def acts_of_month(*, house: str, client: str, first: date, last: date, zone: ZoneInfo) -> ByCall:
    """What was done in the calls of one client in those days (both included, on the clock `zone`). Two queries."""
    there = elsewhere.acts_of_month(house=house, client=client, first=first, last=last, zone=zone)
    since, until = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, last + timedelta(days=1)))
    return _by_call(call_acts.of_client(house=house, client=client, since=since, until=until), there)


def _by_call(
    here: Iterable[call_acts.CallActView], there: Mapping[str, tuple[elsewhere.ActRow, ...]]
) -> dict[str, tuple[ToldAct, ...]]:
    found: dict[str, list[ToldAct]] = {}
    for each in here:
        found.setdefault(each.call, []).append(
            ToldAct(client=each.client, act=each.act, at=each.at, words=f"{ACTS[each.act]}: {_visit_words(each)}")
        )
    for call, rows in there.items():
        found.setdefault(call, []).extend(
            ToldAct(client=row.client, act=row.act, at=row.recorded_at, words=f"{act_words(row)}: {whole_words(row)}")
            for row in rows
        )
    return {call: tuple(sorted(acts, key=lambda each: each.at)) for call, acts in found.items()}


def _visit_words(each: call_acts.CallActView) -> str:
    zone = ZoneInfo(each.time_zone)
    day = dates.say(each.starts_at.astimezone(zone), dates.Form.SHORT_NAMED_WHOLE)
    return f"{each.agenda_name} · {day}, {moments.clock(each.starts_at, zone)}"
