# SPDX-License-Identifier: AGPL-3.0-or-later
"""The proof that a client's line is forwarded to us: asked for by a person or each day, judged by what arrives.

Theory of operation. A test is a row. One that the house dials is `due` until the worker takes it, by an update filtered
on that state; it gets its call's id before the exchange is asked, so that no event can come too early. The exchange
recognises the call when it comes back (`engine.exchange.returns`); its events, and the arrivals of other calls for a
test that a person makes, end the test through `note_*`. A test nobody ended by `ends_at` failed. Every end is filtered
on the state: of two only the first counts, but a call of ours that comes back late passes a test that had failed.
"""

import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from permanence.calls import queries as calls
from permanence.clients import forwarding as lines
from permanence.clients import queries as clients
from permanence.clients.forwarding import LineView
from permanence.clients.queries import LineUnknown
from permanence.clients.rules import ClientState
from permanence.countries.forwarding import ForwardingMode
from permanence.foundation import audit, live
from permanence.foundation.keys import row_key
from permanence.foundation.models import House
from permanence.foundation.who import Who
from permanence.kernel.clock import Entropy
from permanence.kernel.ids import new_id
from permanence.kernel.phone import PhoneNumber
from permanence.kernel.refusals import Refusal
from permanence.reception.absence import closes, in_force
from permanence.reception.hours import is_open_at
from permanence.reception.table import ANSWERED
from permanence.switchboard import rules
from permanence.switchboard.models import ForwardingCheck, ForwardingProof, Trunk
from permanence.switchboard.rules import OPEN_STATES, ProofState, ProofWay, Verdict, Why


class NothingToDial(Refusal):
    """The client's public number is not written down, or his line is forwarded only while he is busy."""

    code = "nothing_to_dial"


class ProofRunning(Refusal):
    """A test of this line is under way."""

    code = "proof_running"


class ClockMalformed(Refusal):
    """A time of day is written as 07:30."""

    code = "clock_malformed"


class CallerMalformed(Refusal):
    """The number from which the call will come is none."""

    code = "caller_malformed"


def _line(client: str, number: str, by: Who) -> LineView:
    found = [each for each in lines.lines_of(house=by.house, client=client) if each.number == number]
    if not found:
        raise LineUnknown(f"no line {number[:20]} of client {client[:20]}")
    return found[0]


def _dialled(line: LineView) -> str:
    if not line.dialled_by_callers or not rules.can_be_dialled(line.mode):
        raise NothingToDial(line.number)
    return line.dialled_by_callers


@transaction.atomic
def ask_proof(*, client: str, number: str, by: Who, at: datetime) -> str:
    """The house shall call the client's public number now; gives the test's id.

    Raises LineUnknown, NothingToDial, ProofRunning.
    """
    line = _line(client, number, by)
    called = _dialled(line)
    row = _new(line, house_key=by.house_key, way=ProofWay.DIALLED, called=called, at=at, by=by)
    _note(row, "forwarding.test_asked", by=by, at=at)
    return str(row.pk)


@transaction.atomic
def watch_arrival(*, client: str, number: str, caller: str = "", by: Who, at: datetime) -> str:
    """Somebody calls the client's public number now, the house watches for `rules.WATCH_FOR`; gives the test's id.

    `caller` (E.164): the telephone he calls from, "" for any: then the first call on that line counts. Raises
    LineUnknown, ProofRunning, CallerMalformed.
    """
    line = _line(client, number, by)
    try:
        shown = str(PhoneNumber.parse_global(caller)) if caller.strip() else ""
    except ValueError as error:
        raise CallerMalformed(caller[:40]) from error
    called = line.dialled_by_callers
    row = _new(line, house_key=by.house_key, way=ProofWay.WATCHED, called=called, at=at, by=by, caller=shown)
    _note(row, "forwarding.watch_asked", by=by, at=at)
    return str(row.pk)


def _new(
    line: LineView, *, house_key: int, way: ProofWay, called: str, at: datetime, by: Who | None, caller: str = ""
) -> ForwardingProof:
    watched = way is ProofWay.WATCHED
    try:
        with transaction.atomic():
            return ForwardingProof.objects.create(
                house_id=house_key,
                client_id=int(line.client),
                number=line.number,
                called=called,
                way=way,
                state=ProofState.RUNNING if watched else ProofState.DUE,
                daily=by is None,
                asked_by_id=None if by is None else by.person_key,
                asked_at=at,
                started_at=at if watched else None,
                ends_at=at + (rules.WATCH_FOR if watched else rules.LATE),
                caller=caller,
            )
    except IntegrityError as error:  # another one is open
        raise ProofRunning(line.number) from error


@transaction.atomic
def stop_proof(*, client: str, test: str, by: Who, at: datetime) -> bool:
    """Give a test up; whether it still went on. A call of ours under way ends by itself."""
    rows = (
        ForwardingProof.objects.for_house(by.house_key)
        .select_for_update()
        .filter(pk=row_key(test), client=row_key(client))
    )
    row = rows.filter(state__in=OPEN_STATES).first()
    if row is None:
        return False
    row.state, row.ended_at = ProofState.STOPPED, at
    row.save(update_fields=["state", "ended_at"])
    _note(row, "forwarding.test_stopped", by=by, at=at)
    return True


@transaction.atomic
def repeat_daily(*, client: str, number: str, clock: str, by: Who, at: datetime) -> None:
    """Make the test call each day at `clock` ("07:30", the client's clock), or "" not any more.

    Raises LineUnknown, NothingToDial, ClockMalformed.
    """
    line = _line(client, number, by)
    mine = ForwardingCheck.objects.for_house(by.house_key).filter(client=int(line.client), number=line.number)
    if not clock:
        mine.delete()
    else:
        _dialled(line)
        if not rules.is_clock(clock):
            raise ClockMalformed(clock[:20])
        zone = clients.client(house=by.house, client=client).time_zone
        kept = {"clock": clock, "next_at": rules.next_at(clock, zone=zone, after=at)}
        ForwardingCheck.objects.update_or_create(
            house_id=by.house_key, client_id=int(line.client), number=line.number, defaults=kept
        )
    detail = {"number": number, "clock": clock}
    subject = f"clients.line:{line.key}"
    audit.note(by=by, at=at, action="forwarding.daily_set", subject=subject, client=client, detail=detail)
    _touch(by.house, by.house_key, at)


def _note(row: ForwardingProof, action: str, *, by: Who, at: datetime) -> None:
    detail = {"number": row.number}
    subject = f"switchboard.forwarding_proof:{row.pk}"
    audit.note(by=by, at=at, action=action, subject=subject, client=row.client_id, detail=detail)
    _touch(by.house, by.house_key, at)


def _touch(house: str, house_key: int, at: datetime) -> None:
    live.touch(f"house/{house}/calls", house_key=house_key, at=at)


# -- the worker's part ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A test the worker took, and the call that makes it: the fields of the exchange's `dial`."""

    key: int
    house: str
    trunk: str
    called: str
    number: str
    shown: str
    ring_seconds: int
    dial: str


def make_daily(*, at: datetime) -> None:
    """Make the daily tests whose moment has come, each once, whoever else looks.

    Left out are a client whose calls are not answered, a time long gone by, and, for a line that the client switches
    himself, an hour at which he is closed or away: then it is not forwarded, and rightly. A line that is not there any
    more is not tested again, unless it rests because the contract ended.
    """
    due = ForwardingCheck.objects.filter(next_at__lte=at).select_related("client", "house").order_by("pk")
    for row in due:
        following = rules.next_at(row.clock, zone=row.client.time_zone, after=at)
        with transaction.atomic():
            if not ForwardingCheck.objects.filter(pk=row.pk, next_at=row.next_at).update(next_at=following):
                continue
            line = _line_of(row)
            if line is None:
                continue
            wanted = at - row.next_at < rules.LATE and row.client.state in ANSWERED
            if not wanted or not line.dialled_by_callers or not rules.can_be_dialled(line.mode):
                continue
            if line.mode is ForwardingMode.HOURS and not _is_forwarded(row.house.slug, line.client, at):
                continue
            with contextlib.suppress(ProofRunning):
                called = line.dialled_by_callers
                _new(line, house_key=row.house_id, way=ProofWay.DIALLED, called=called, at=at, by=None)
                _touch(row.house.slug, row.house_id, at)


def _line_of(check: ForwardingCheck) -> LineView | None:
    """The line of a daily test; None where it rests, or is gone: then the test goes too."""
    mine = lines.lines_of(house=check.house.slug, client=str(check.client_id))
    found = next((each for each in mine if each.number == check.number), None)
    if found is None and check.client.state != ClientState.ENDED:
        check.delete()
    return found


def _is_forwarded(house: str, client: str, at: datetime) -> bool:
    """Whether a client who switches the forwarding himself has to have it on: open, and nothing closes his lines."""
    file = clients.client_file(house=house, client=client, at=at)
    view = file.view
    away = any(closes(each) and in_force(each, at) for each in file.absences)
    return not away and is_open_at(file.hours, zone=view.time_zone, country=view.country, region=view.region, at=at)


def end_overdue(*, at: datetime) -> None:
    """Those that nobody ended by their last moment have failed."""
    for key, way in ForwardingProof.objects.filter(state__in=OPEN_STATES, ends_at__lte=at).values_list("pk", "way"):
        fail(key, why=Why.NOTHING_CAME if way == ProofWay.WATCHED else Why.LOST, at=at)


def next_due() -> tuple[int, ...]:
    """Of each house in which no test call is under way the oldest test that is due. Two queries."""
    busy = ForwardingProof.objects.filter(way=ProofWay.DIALLED, state=ProofState.RUNNING).values_list(
        "house_id", flat=True
    )
    found: dict[int, int] = {}
    due = ForwardingProof.objects.filter(state=ProofState.DUE).exclude(house__in=list(busy)).order_by("pk")
    for key, house in due.values_list("pk", "house_id"):
        found.setdefault(house, key)
    return tuple(found.values())


@transaction.atomic
def take_due(test: int, *, at: datetime, entropy: Entropy) -> Taken | None:
    """Take a test to dial it; None where another worker took it, or where it cannot be dialled (then it has failed)."""
    row = ForwardingProof.objects.select_related("house", "client").get(pk=test)
    mine = lines.lines_of(house=row.house.slug, client=str(row.client_id))
    line = next((each for each in mine if each.number == row.number), None)
    trunks = Trunk.objects.for_house(row.house_id).order_by("pk").values_list("name", "country")
    trunk = rules.choose_trunk(trunks, country=row.client.country)
    if line is None or trunk is None:
        fail(row.pk, why=Why.NO_TRUNK if trunk is None else Why.LOST, at=at)
        return None
    rings = rules.ring_seconds(line.mode, line.seconds)
    dial = new_id(at, entropy)
    ends_at = at + timedelta(seconds=rings) + rules.SLACK
    taken = ForwardingProof.objects.filter(pk=row.pk, state=ProofState.DUE).update(
        state=ProofState.RUNNING, started_at=at, ends_at=ends_at, dial=dial, trunk=trunk
    )
    if not taken:
        return None
    _touch(row.house.slug, row.house_id, at)
    return Taken(
        key=row.pk,
        house=row.house.slug,
        trunk=trunk,
        called=row.called,
        number=row.number,
        shown=rules.choose_shown((each.number for each in mine), tested=row.number),
        ring_seconds=rings,
        dial=dial,
    )


@transaction.atomic
def fail(test: int, *, why: Why, at: datetime, detail: str = "") -> None:
    """A test that is still open has failed."""
    row = ForwardingProof.objects.select_for_update().filter(pk=test, state__in=OPEN_STATES).first()
    if row is not None:
        _finish(row, Verdict(state=ProofState.FAILED, why=why, detail=detail[:80]), at=at)


def sweep(*, at: datetime) -> int:
    """Delete the tests that ended longer ago than `rules.KEPT`; gives how many."""
    return ForwardingProof.objects.filter(ended_at__lt=at - rules.KEPT).delete()[0]


# -- what the exchange tells ---------------------------------------------------------------------------------------


def note_answered(*, house: str, dial: str) -> None:
    """The called party answered our call: unless it comes back all the same, it is not forwarded. In a transaction."""
    ForwardingProof.objects.for_house(house).filter(dial=dial).update(answered=True)


def note_return(*, house: str, dial: str, called: str, known: bool, forwarded_by: str | None, at: datetime) -> None:
    """Our call came back on the line `called`, which is some client's when `known`.

    A test that had failed, because our side ended first, passes late. In a transaction.
    """
    row = _of_dial(house, dial)
    if row is None or (row.state not in OPEN_STATES and row.state != ProofState.FAILED):
        return
    verdict = rules.judge_return(
        line=row.number, called=called, known=known, dialled=row.called, forwarded_by=forwarded_by
    )
    _finish(row, verdict, at=at)


def note_end(*, house: str, dial: str, status: int, at: datetime) -> None:
    """Our call ended; a test that is still open has failed. In a transaction."""
    row = _of_dial(house, dial)
    if row is None or row.state not in OPEN_STATES:
        return
    since = row.started_at or row.asked_at
    other = calls.came_on_line(house=house, line=row.number, since=since, until=at)
    _finish(row, rules.judge_end(answered=row.answered, status=status, other_call=other), at=at)


def note_arrival(
    *, house: str, called: str, known: bool, caller: str | None, forwarded_by: str | None, at: datetime
) -> None:
    """A call of somebody arrived on `called`: it may be the one a person makes while the house watches.

    Where we know from which number he calls, only that one counts, on whatever line; else the first on the line does.
    """
    rows = ForwardingProof.objects.for_house(house).select_for_update()
    for row in rows.filter(way=ProofWay.WATCHED, state=ProofState.RUNNING, ends_at__gt=at, started_at__lte=at):
        if (row.caller == caller) if row.caller else (row.number == called):
            verdict = rules.judge_return(
                line=row.number, called=called, known=known, dialled=row.called, forwarded_by=forwarded_by
            )
            _finish(row, verdict, at=at)


def _of_dial(house: str, dial: str) -> ForwardingProof | None:
    return ForwardingProof.objects.for_house(house).select_for_update().filter(dial=dial).first() if dial else None


def _finish(row: ForwardingProof, verdict: Verdict, *, at: datetime) -> None:
    row.state, row.ended_at = verdict.state, at
    row.why, row.note, row.detail = verdict.why or "", verdict.note, verdict.detail
    row.save(update_fields=["state", "ended_at", "why", "note", "detail"])
    house = House.objects.only("slug").get(pk=row.house_id)
    _touch(house.slug, row.house_id, at)
