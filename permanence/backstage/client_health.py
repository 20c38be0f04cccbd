# SPDX-License-Identifier: AGPL-3.0-or-later
"""How a client is, at a glance: whether his calls are proved to come to us, and whether something is always said.

Both are read, not worked out: the tests were made before, the findings counted by the worker (`switchboard.coverage`).
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext, ngettext

from permanence.backstage.cells import Cell, spelt_moment
from permanence.clients.models import Client, Line
from permanence.clients.rules import ClientState
from permanence.foundation.who import Who
from permanence.reception.table import ANSWERED
from permanence.switchboard.coverage import CountView, counts
from permanence.switchboard.models import ForwardingProof
from permanence.switchboard.queries import FINISHED
from permanence.switchboard.rules import UNTESTED, ProofState


class _Test(NamedTuple):
    """How the last test of a line ended; all None where none was made. `zone`: the house's."""

    state: str | None
    why: str | None
    ended_at: datetime | None
    zone: str

    @property
    def failed(self) -> bool:
        """Whether the calls did not come, as far as anybody knows."""
        return self.state == ProofState.FAILED and self.why not in UNTESTED


def forwardings(by: Who, clients: Sequence[Client]) -> Mapping[int, Cell]:
    """Of each line, in the order of the numbers, how its last test ended. One query."""
    his = {"house": OuterRef("house"), "client": OuterRef("client"), "number": OuterRef("number")}
    newest = ForwardingProof.objects.filter(**his, state__in=FINISHED).order_by("-asked_at", "-pk")
    rows = Line.objects.for_house(by.house_key).filter(client__in=[each.pk for each in clients]).order_by("number")
    last = [Subquery(newest.values(field)[:1]) for field in ("state", "why", "ended_at")]
    tests: dict[int, list[_Test]] = {}
    for client, *test in rows.values_list("client_id", *last, "house__time_zone"):
        tests.setdefault(client, []).append(_Test(*test))
    alarming = {each.pk: "danger" if each.state in ANSWERED else "warn" for each in clients}
    return {
        client: Cell(lines=tuple(_proved(each) for each in lines), mark=_mark(lines, alarming[client]))
        for client, lines in tests.items()
    }


def _mark(tests: Sequence[_Test], alarming: str) -> str:
    return alarming if any(each.failed for each in tests) else ""


def _proved(test: _Test) -> str:
    if test.ended_at is None:
        return gettext("never tested")
    when = {"when": spelt_moment(test.ended_at, ZoneInfo(test.zone))}
    if test.state == ProofState.PASSED:
        return gettext("arrived %(when)s") % when
    return (gettext("did not arrive %(when)s") if test.failed else gettext("could not be tested %(when)s")) % when


def coverages(by: Who, clients: Sequence[Client]) -> Mapping[int, Cell]:
    """How many conflicts and gaps there are in what will be said in the next twelve months. One query."""
    found = counts(house=by.house, clients=[str(each.pk) for each in clients])
    return {each.pk: coverage(found.get(str(each.pk))) for each in clients if each.state != ClientState.ENDED}


def coverage(count: CountView | None) -> Cell:
    """As above, of one client; None where the worker has not looked at him yet."""
    if count is None:
        return Cell(lines=(gettext("not looked at yet"),))
    if count.conflicts is None or count.gaps is None:
        return Cell(lines=(gettext("cannot be proved"),), mark="danger")
    lines = []
    if count.conflicts:
        lines.append(
            ngettext("%(count)d conflict", "%(count)d conflicts", count.conflicts) % {"count": count.conflicts}
        )
    if count.gaps:
        lines.append(ngettext("%(count)d gap", "%(count)d gaps", count.gaps) % {"count": count.gaps})
    if not lines:
        return Cell(lines=(gettext("complete"),))
    return Cell(lines=tuple(lines), mark="danger" if count.conflicts else "warn")
