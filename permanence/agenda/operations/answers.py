# SPDX-License-Identifier: AGPL-3.0-or-later
"""The answers to a reason's questions: looked at before a visit is booked, and sealed under the house's key with it."""

import json
from collections.abc import Mapping
from dataclasses import asdict

from permanence.agenda.models import Agenda, VisitReason
from permanence.agenda.queries.appointments import ANSWERS
from permanence.agenda.queries.books import reason_of
from permanence.agenda.refusals import AddressMissing, QuestionsUnanswered
from permanence.agenda.rules import answers
from permanence.agenda.rules.kinds import VisitReason as Rule
from permanence.foundation import secrecy
from permanence.foundation.keys import row_key


def asked(row: Agenda, reason: str, said: Mapping[str, str], *, on_file: str) -> frozenset[str]:
    """The questions that forbid the visit, for they were answered by yes. Raises QuestionsUnanswered, AddressMissing.

    `on_file`: the address in the patient's file, where a visit at home is when no other one was said.

    A reason that this client does not offer has no questions: the rules refuse it.
    """
    rule = _rule(row, reason)
    return frozenset() if rule is None else demanded(rule, said, on_file=on_file)


def demanded(rule: Rule, said: Mapping[str, str], *, on_file: str) -> frozenset[str]:
    """The same of a reason that is there."""
    open_ones = answers.unanswered(rule, said)
    if open_ones:
        raise QuestionsUnanswered(open_ones[0].text)
    if answers.lacks_address(rule, said) and not on_file:
        raise AddressMissing(rule.id)
    return answers.yes_to(rule, said)


def sealed(row: Agenda, reason: str, said: Mapping[str, str]) -> str:
    """What is kept of the answers, sealed; "" for nothing."""
    rule = _rule(row, reason) if said else None
    kept = () if rule is None else answers.kept(rule, said)
    if not kept:
        return ""
    text = json.dumps([asdict(each) for each in kept])
    return secrecy.seal(text, house=row.house.slug, purpose=ANSWERS)


def _rule(row: Agenda, reason: str) -> Rule | None:
    found = VisitReason.objects.filter(client=row.client_id, pk=row_key(reason), retired_at=None).first()
    return None if found is None else reason_of(found)
