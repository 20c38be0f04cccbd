# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the desk answers when it will not do what a secretary asked. Nothing changed then."""

from permanence.kernel.refusals import Refusal


class UnknownSecretary(Refusal):
    """The routing table has no such secretary, or she has no seat."""

    code = "unknown_secretary"


class LineDown(Refusal):
    """Her line is not up: a caller could not hear her."""

    code = "line_down"


class OfferGone(Refusal):
    """That call does not ring at her console (any more)."""

    code = "offer_gone"


class OutcomeMissing(Refusal):
    """Wrap-up is left with an outcome."""

    code = "outcome_missing"


class UnknownBreak(Refusal):
    """The break's reason is not one of `presence.BREAK_REASONS`."""

    code = "unknown_break"


class NotPossibleNow(Refusal):
    """What she asked does not go with what she is doing."""

    code = "not_possible_now"
