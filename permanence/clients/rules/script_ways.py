# SPDX-License-Identifier: AGPL-3.0-or-later
"""All ways through a script: every answer that decides something is tried, the others do not matter."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from permanence.clients.rules.script import END, NO, YES, Clause, Question, QuestionKind, Script, steering
from permanence.clients.rules.script_run import holds

MOST_WAYS = 40_000
"""Steps after which a script counts as too branched to be proved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadEnd:
    """After this last deciding answer nothing says what becomes of the call. Both are "" when nothing decides."""

    question: str
    answer: str


@dataclass(slots=True, kw_only=True)
class Ways:
    """What was found: questions asked on some way, routes taken, answers after which no route fits, routes whose
    recipient was not asked on some way."""

    asked: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    unhandled: dict[DeadEnd, None] = field(default_factory=dict)
    unaddressed: set[str] = field(default_factory=set)
    too_many: bool = False


def ways(script: Script) -> Ways:
    """Walks a script without backward jumps; required questions are answered, others may be passed over.

    Two ways that stand at the same question with the same deciding answers go on alike, and are walked once.
    """
    found = Ways()
    deciding = steering(script)
    addressing = {each.recipient_from for each in script.routes}
    waiting: list[tuple[int, tuple[tuple[str, str], ...]]] = [(0, ())]
    seen = set(waiting)
    while waiting:
        at, answers = waiting.pop()
        for state in _steps(script, at, answers, (deciding, addressing), found):
            if state not in seen:
                seen.add(state)
                waiting.append(state)
        if len(seen) > MOST_WAYS:
            found.too_many = True
            break
    return found


def _steps(
    script: Script,
    at: int,
    answers: tuple[tuple[str, str], ...],
    kept: tuple[frozenset[str], set[str]],
    found: Ways,
) -> Iterator[tuple[int, tuple[tuple[str, str], ...]]]:
    given = dict(answers)
    while at < len(script.questions) and not holds(script.questions[at].when, given):
        at += 1
    if at == len(script.questions):
        _arrive(script, answers, given, found)
        return
    question = script.questions[at]
    found.asked.add(question.id)
    deciding, addressing = kept
    if question.id not in deciding and question.id not in addressing:
        yield _after(script, question, "", at), answers
        return
    for answer in _answers(script, question):
        more = ((question.id, answer),) if answer else ()
        yield _after(script, question, answer, at), (*answers, *more)


def _after(script: Script, question: Question, answer: str, at: int) -> int:
    target = next((each.then for each in question.choices if each.code == answer), "") or question.then
    if target == END:
        return len(script.questions)
    ids = [each.id for each in script.questions]
    return ids.index(target) if target else at + 1


def _arrive(script: Script, answers: tuple[tuple[str, str], ...], given: dict[str, str], found: Ways) -> None:
    route = next((each for each in script.routes if holds(each.when, given)), None)
    if route is None:
        question, answer = answers[-1] if answers else ("", "")
        found.unhandled[DeadEnd(question=question, answer=answer)] = None
        return
    found.taken.add(route.id)
    if route.recipient_from and route.recipient_from not in given:
        found.unaddressed.add(route.id)


def _answers(script: Script, question: Question) -> tuple[str, ...]:
    """The answers that can make a difference, "" among them where it may be passed over."""
    passed = () if question.required else ("",)
    match question.kind:
        case QuestionKind.CHOICE:
            return (*(each.code for each in question.choices), *passed)
        case QuestionKind.YES_NO:
            return (YES, NO, *passed)
        case QuestionKind.NUMBER:
            return (*_numbers(script, question.id), *passed)
        case _:
            return ("someone", *passed)


def _numbers(script: Script, question: str) -> tuple[str, ...]:
    """One number below all limits that clauses set for it, and each limit: one of every stretch between them."""
    whens: tuple[tuple[Clause, ...], ...] = (
        *(each.when for each in script.questions),
        *(each.when for each in script.routes),
    )
    clauses = [clause for when in whens for clause in when if clause.question == question]
    limits = {round(limit * 1000) for each in clauses for limit in (each.at_least, each.below) if limit is not None}
    tried = sorted({min(limits, default=0) - 1, *limits})
    return tuple(_spelled(each) for each in tried)


def _spelled(thousandths: int) -> str:
    sign = "-" if thousandths < 0 else ""
    return f"{sign}{abs(thousandths) // 1000}.{abs(thousandths) % 1000:03d}"
