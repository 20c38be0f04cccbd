# SPDX-License-Identifier: AGPL-3.0-or-later
"""Many clients proved at once: those who are said alike are proved once.

Nothing in a proof depends on whose it is: two clients with the same hours, lines as many and phrases at the same times
have the same findings, each with his own words.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from permanence.clients import queries
from permanence.clients.bulk_found import LineFound
from permanence.clients.rules.compared import compare
from permanence.clients.rules.coverage import Coverage
from permanence.clients.rules.findings import Cause, Finding, Proof, prove
from permanence.clients.said import SPAN, slice_of
from permanence.reception.table import ClientSlice, GreetingEntry

type Shape = ClientSlice
"""A client without anything that is his alone: his lines and phrases are numbered."""


def slices_by_name(*, house: str, names: Collection[str], at: datetime) -> dict[str, ClientSlice]:
    """The clients of these names as the telephone sees them at `at`. Two queries."""
    return {
        file.view.name: slice_of(file, house=house, version=0)
        for file in queries.client_files(house=house, at=at)
        if file.view.name in names
    }


def proved_lines(
    lines: Iterable[tuple[int, str]],
    before: Mapping[str, ClientSlice],
    after: Mapping[str, ClientSlice],
    *,
    at: datetime,
) -> tuple[LineFound, ...]:
    """Of each line (its number, the client's name) what it brings and leaves, where that is something. No query."""
    known: dict[Shape, tuple[Finding, ...]] = {}
    found = []
    for line, name in lines:
        if name not in after:
            continue
        stood = _proof(before[name], known, at) if name in before else None
        compared = compare(stood, _proof(after[name], known, at))
        if compared.new or compared.gone or compared.standing:
            found.append(LineFound(line=line, found=compared))
    return tuple(found)


def shape_of(client: ClientSlice) -> Shape:
    """What is said for the client, without whose it is."""
    numbers = {number: str(place) for place, number in enumerate(client.lines)}
    return replace(
        client,
        client="",
        version=0,
        name="",
        initials="",
        colour=0,
        kind="",
        place="",
        lines=tuple(numbers.values()),
        greetings=tuple(
            replace(each, text=str(place), line=numbers.get(each.line, each.line))
            for place, each in enumerate(client.greetings)
        ),
        instructions=(),
        recipients=(),
        reasons=(),
        script=None,
        sites=(),
        contacts=(),
        pool="",
        trained=(),
        trained_only_s=0,
    )


def _proof(client: ClientSlice, known: dict[Shape, tuple[Finding, ...]], at: datetime) -> Proof:
    """The findings of the client; nobody asks what is said at which minute of so many."""
    shape = shape_of(client)
    if shape not in known:
        known[shape] = prove(shape, starts=at, until=at + SPAN).findings
    coverage = Coverage(client=client, lines=client.lines, languages=(), segments=())
    return Proof(coverage=coverage, findings=tuple(_his(each, client) for each in known[shape]))


def _his(finding: Finding, client: ClientSlice) -> Finding:
    numbers = {str(place): number for place, number in enumerate(client.lines)}
    line = numbers.get(finding.line, finding.line)
    return replace(finding, line=line, causes=tuple(_his_cause(each, client) for each in finding.causes))


def _his_cause(cause: Cause, client: ClientSlice) -> Cause:
    return client.greetings[int(cause.text)] if isinstance(cause, GreetingEntry) else cause
