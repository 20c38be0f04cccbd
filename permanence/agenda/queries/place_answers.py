# SPDX-License-Identifier: AGPL-3.0-or-later
"""What who waits said to the questions of his reason when he was put on the list, and what is still to be asked."""

import json
from dataclasses import dataclass

from permanence.agenda.models import WaitingPlace
from permanence.agenda.queries.books import reason_of
from permanence.agenda.rules import answers
from permanence.agenda.rules.kinds import Question
from permanence.foundation import secrecy

SAID = "waiting.answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unasked:
    """What a person has to ask before he can be booked: questions that may forbid the visit, where one at home is."""

    questions: tuple[Question, ...] = ()
    address: bool = False

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self.questions) or self.address


def said_of(row: WaitingPlace, *, house: str) -> dict[str, str]:
    """Question -> answer, {} where nobody asked, or where what was said cannot be read: then he is asked again."""
    if not row.sealed_answers:
        return {}
    try:
        said: dict[str, str] = json.loads(secrecy.unseal(row.sealed_answers, house=house, purpose=SAID))
    except secrecy.SealBroken:  # the key is gone, or the row was altered: it stops neither the list nor anybody else's
        return {}
    return said


def unasked_of(row: WaitingPlace, *, house: str, on_file: str) -> Unasked:
    """What nobody asked yet, as the reason asks today. The row has its reason; `on_file`: the address of his file."""
    reason = reason_of(row.reason)
    if not answers.comes_first(reason):
        return Unasked()
    said = said_of(row, house=house)
    return Unasked(
        questions=answers.unanswered(reason, said),
        address=answers.lacks_address(reason, said) and not on_file,
    )
