# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a change does to what is said: the findings it brings, those it ends, and those that stood and stand.

A finding is the same one before and after when it is of the same kind and the same rules cause it. The words of a
phrase are no part of that, nor are moments: a proof of the same span finds the same first moment. A gap between
phrases that grew is new; where there is no phrase at all in a language, it is the same gap however often it is met.
"""

from collections.abc import Hashable
from dataclasses import dataclass

from permanence.clients.rules.findings import Cause, Finding, Proof
from permanence.clients.rules.spoken import when_of
from permanence.reception.table import AbsenceEntry, ClientSlice, GreetingEntry, InstructionEntry

UNSAID = frozenset({"no_greeting", "no_greeting_after_closing"})
"""Gaps that are counted: of these more is worse. Which phrases are near is not what makes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """The findings of a change, conflicts first. `client`: as he would be; `before`: as he was, None for a new one."""

    client: ClientSlice
    before: ClientSlice | None
    new: tuple[Finding, ...] = ()
    standing: tuple[Finding, ...] = ()
    gone: tuple[Finding, ...] = ()

    @property
    def conflicts(self) -> tuple[Finding, ...]:
        """The new ones among which one is enough for the change not to be saved."""
        return tuple(each for each in self.new if each.is_conflict)

    @property
    def gaps(self) -> tuple[Finding, ...]:
        """The new ones that only warn."""
        return tuple(each for each in self.new if not each.is_conflict)

    @property
    def mark(self) -> str:
        """Says which new findings a person was shown: the same ones have the same mark, "" for none."""
        return " ".join(sorted(f"{each.code}/{each.language}/{each.line}/{each.times}" for each in self.new))


def compare(before: Proof | None, after: Proof) -> Compared:
    """The two proofs of one client, of the same span. `before` None: nothing stood."""
    stood = {} if before is None else {_same(each): each for each in before.findings}
    stands = {_same(each) for each in after.findings}
    new: list[Finding] = []
    standing: list[Finding] = []
    for each in after.findings:
        known = stood.get(_same(each))
        grew = known is not None and each.causes and each.times > known.times
        (new if known is None or grew else standing).append(each)
    return Compared(
        client=after.coverage.client,
        before=None if before is None else before.coverage.client,
        new=_conflicts_first(new),
        standing=_conflicts_first(standing),
        gone=_conflicts_first([each for key, each in stood.items() if key not in stands]),
    )


def _conflicts_first(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(findings, key=lambda each: not each.is_conflict))


def _same(finding: Finding) -> Hashable:
    causes = () if finding.code in UNSAID else finding.causes
    return finding.code, finding.language, finding.line, frozenset(_cause(each) for each in causes)


def _cause(cause: Cause) -> Hashable:
    if isinstance(cause, GreetingEntry):
        return cause.language, when_of(cause)
    return cause.id if isinstance(cause, AbsenceEntry | InstructionEntry) else cause
