# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was asked before a visit was booked, and what was said: kept with the appointment, in the words of that day."""

from collections.abc import Mapping
from dataclasses import dataclass

from permanence.agenda.rules.kinds import Question, VisitReason, Way

YES, NO = "yes", "no"
"""What is said to a contra-indication question; a yes forbids the visit."""
WORDS_LIMIT = 200
ADDRESS = "visit-address"
"""As the id of a question: where a visit at home is. It has no words of the practice's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A question as it was asked, and the answer in words; `forbids`: a contra-indication question, `words` NO.

    `address`: where a visit at home is; then `question` is "".
    """

    question: str
    words: str
    forbids: bool = False
    address: bool = False


def unanswered(reason: VisitReason, said: Mapping[str, str]) -> tuple[Question, ...]:
    """The contra-indication questions to which neither yes nor no was said: they come before any booking."""
    return tuple(each for each in reason.contra_indications if said.get(each.id) not in {YES, NO})


def lacks_address(reason: VisitReason, said: Mapping[str, str]) -> bool:
    """Whether nobody said where a visit at home is to be."""
    return reason.way is Way.HOME and not said.get(ADDRESS, "").strip()


def comes_first(reason: VisitReason) -> bool:
    """Whether something is asked before any booking: a question that may forbid the visit, or where one at home is."""
    return bool(reason.contra_indications) or reason.way is Way.HOME


def yes_to(reason: VisitReason, said: Mapping[str, str]) -> frozenset[str]:
    """The contra-indication questions that were answered by yes."""
    return frozenset(each.id for each in reason.contra_indications if said.get(each.id) == YES)


def kept(reason: VisitReason, said: Mapping[str, str]) -> tuple[Answer, ...]:
    """What is kept of what was said: the address, then each question that has an answer, contra-indications first."""
    where = said.get(ADDRESS, "").strip()[:WORDS_LIMIT] if reason.way is Way.HOME else ""
    first = (Answer(question="", words=where, address=True),) if where else ()
    asked = [(each, True) for each in reason.contra_indications] + [(each, False) for each in reason.questions]
    return first + tuple(
        Answer(question=each.text, words=said[each.id].strip()[:WORDS_LIMIT], forbids=forbids)
        for each, forbids in asked
        if said.get(each.id, "").strip()
    )
