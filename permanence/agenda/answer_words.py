# SPDX-License-Identifier: AGPL-3.0-or-later
"""What was said to the questions of a reason, as those read it who look at the visit."""

from collections.abc import Iterable

from django.utils.translation import gettext as _

from permanence.agenda.rules.answers import NO, Answer


def question_words(answer: Answer) -> str:
    """What was asked: in the words of the practice, of an address in the reader's language."""
    return _("Address of the visit") if answer.address else answer.question


def answer_words(answer: Answer) -> str:
    """The answer in the reader's language where it was a choice, else as it was written down."""
    return _("No") if answer.forbids and answer.words == NO else answer.words


def answers_told(said: Iterable[Answer] | None) -> tuple[tuple[str, str], ...]:
    """Question and answer of each; None, where they cannot be unsealed, is told as that and no answer."""
    if said is None:
        return ((_("Answers not readable"), ""),)
    return tuple((question_words(each), answer_words(each)) for each in said)
