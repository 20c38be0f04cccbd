# SPDX-License-Identifier: AGPL-3.0-or-later
"""Appointments that were not kept: what a client wants done about them, from how many on."""

from dataclasses import dataclass

from permanence.kernel.refusals import Refusal

MOST = 99
"""No rule waits for more."""


class NoShowRuleUnfit(Refusal):
    """A number of appointments is below one or above `MOST`, or a deposit is asked for without words."""

    code = "no_show_rule_unfit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """From how many on; None: never. `deposit_note`: what is said of the deposit."""

    warn_from: int | None = None
    block_online_from: int | None = None
    deposit_from: int | None = None
    deposit_note: str = ""

    def __post_init__(self) -> None:
        limits = (self.warn_from, self.block_online_from, self.deposit_from)
        if any(limit is not None and not 1 <= limit <= MOST for limit in limits):
            raise NoShowRuleUnfit
        if self.deposit_from is not None and not self.deposit_note.strip():
            raise NoShowRuleUnfit("deposit_note")


NO_RULE = Rule()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What is done about a person: the secretary is warned, he books no more by himself, he is told of a deposit."""

    warns: bool
    blocks_online: bool
    deposit_note: str


def judge(rule: Rule, no_shows: int) -> Verdict:
    """What the rule says of somebody with so many."""

    def reached(limit: int | None) -> bool:
        return limit is not None and no_shows >= limit

    return Verdict(
        warns=reached(rule.warn_from),
        blocks_online=reached(rule.block_online_from),
        deposit_note=rule.deposit_note if reached(rule.deposit_from) else "",
    )
