# SPDX-License-Identifier: AGPL-3.0-or-later
"""Whether a script is sound: it ends, every question can be asked, every answer leads somewhere, nobody is missing.

A fault names the part and the thing; `clients.script_words` says it in a sentence. All faults of the form are found at
once; the ways through the script are walked only when the form has none.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from permanence.clients.rules.script import (
    END,
    NO,
    OUTCOMES,
    URGENCIES,
    YES,
    Act,
    Clause,
    Fault,
    Question,
    QuestionKind,
    Route,
    Script,
)
from permanence.clients.rules.script_run import fold
from permanence.clients.rules.script_ways import ways
from permanence.countries.emergency import emergency_rule, is_emergency_number

_ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
_FILLS = {"": (), "name": (QuestionKind.TEXT,), "number": (QuestionKind.PHONE,)}
_DECIDING = (QuestionKind.CHOICE, QuestionKind.YES_NO, QuestionKind.NUMBER)
_E164 = re.compile(r"\+[1-9][0-9]{4,14}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What stands around a script: the client's recipients (id -> name), his country, whether health law binds him."""

    recipients: Mapping[str, str] = field(default_factory=dict)
    country: str = "FR"
    health: bool = False
    on: date


def lint(script: Script, around: Around) -> tuple[Fault, ...]:
    """Everything that is not sound, in the order of the script; nothing when it may be published."""
    faults = [
        *_ids(script),
        *(fault for each in script.questions for fault in _question(script, each)),
        *(fault for each in script.routes for fault in _route(script, each, around)),
        *_red_flags(script, around),
    ]
    if not script.questions:
        faults.append(Fault(code="no_question"))
    if not script.routes:
        faults.append(Fault(code="no_route"))
    return (*(faults or _ways(script)), *_samples(script))


def _ids(script: Script) -> Iterator[Fault]:
    groups = (
        [each.id for each in script.questions],
        [each.id for each in script.routes],
        [each.id for each in script.red_flags],
        *([each.code for each in question.choices] for question in script.questions),
    )
    for group in groups:
        for key, count in Counter(group).items():
            if not _ID.fullmatch(key) or key == END:
                yield Fault(code="id_malformed", what=key)
            if count > 1:
                yield Fault(code="id_twice", what=key)
    if not re.fullmatch(r"[a-z]{2}", script.language):
        yield Fault(code="language_unknown", what=script.language)


def _question(script: Script, question: Question) -> Iterator[Fault]:
    here = script.questions.index(question)
    if question.kind not in set(QuestionKind):
        yield Fault(code="kind_unknown", where=question.id, what=question.kind)
    if not question.ask.strip() or not question.label.strip():
        yield Fault(code="question_empty", where=question.id)
    choice = question.kind == QuestionKind.CHOICE
    if choice and len(question.choices) < 2:
        yield Fault(code="choices_missing", where=question.id)
    if question.choices and not choice:
        yield Fault(code="choices_without_choice", where=question.id)
    if question.kind not in _FILLS.get(question.fills, ()) and question.fills:
        yield Fault(code="fills_wrong", where=question.id, what=question.fills)
    for clause in question.when:
        yield from _clause(script, clause, question.id, before=here)
    for target in (question.then, *(each.then for each in question.choices)):
        yield from _target(script, question, target, here)


def _target(script: Script, question: Question, target: str, here: int) -> Iterator[Fault]:
    ids = [each.id for each in script.questions]
    if not target or target == END:
        return
    if target not in ids:
        yield Fault(code="then_unknown", where=question.id, what=target)
    elif ids.index(target) <= here:
        always = target == question.then and not any(each.then for each in question.choices)
        yield Fault(code="never_ends" if always else "can_loop", where=question.id, what=target)


def _clause(script: Script, clause: Clause, where: str, *, before: int) -> Iterator[Fault]:
    """A clause of the part `where` may look at the questions ahead of index `before`."""
    ids = [each.id for each in script.questions]
    if clause.question not in ids:
        yield Fault(code="question_unknown", where=where, what=clause.question)
        return
    if ids.index(clause.question) >= before:
        yield Fault(code="later_question", where=where, what=clause.question)
    asked = script.questions[ids.index(clause.question)]
    ranged = clause.at_least is not None or clause.below is not None
    if asked.kind not in _DECIDING:
        yield Fault(code="branch_on_free_answer", where=where, what=clause.question)
    elif ranged == bool(clause.one_of) or ranged != (asked.kind == QuestionKind.NUMBER):
        yield Fault(code="clause_wrong", where=where, what=clause.question)
    else:
        known = {YES, NO} if asked.kind == QuestionKind.YES_NO else {each.code for each in asked.choices}
        yield from (Fault(code="choice_unknown", where=where, what=code) for code in clause.one_of if code not in known)


def _route(script: Script, route: Route, around: Around) -> Iterator[Fault]:
    for clause in route.when:
        yield from _clause(script, clause, route.id, before=len(script.questions))
    if route.act not in set(Act):
        yield Fault(code="act_unknown", where=route.id, what=route.act)
    if not route.label.strip():
        yield Fault(code="route_empty", where=route.id)
    if route.urgency not in URGENCIES:
        yield Fault(code="urgency_unknown", where=route.id, what=route.urgency)
    if route.outcome not in OUTCOMES:
        yield Fault(code="outcome_unknown", where=route.id, what=route.outcome)
    if route.recipient and route.recipient not in around.recipients:
        yield Fault(code="recipient_unknown", where=route.id, what=route.recipient)
    if route.recipient_from:
        asked = script.question(route.recipient_from)
        if asked is None or asked.kind != QuestionKind.RECIPIENT or not asked.required or route.recipient:
            yield Fault(code="recipient_from_wrong", where=route.id, what=route.recipient_from)
    elif not route.recipient and route.act != Act.INFORMATION:
        yield Fault(code="recipient_missing", where=route.id)
    yield from _transfer(route)


def _transfer(route: Route) -> Iterator[Fault]:
    """The number of a transfer. A short emergency number would reach the centre of our place, not of the caller's."""
    if is_emergency_number(route.number):
        blind = not route.announced
        yield Fault(code="emergency_blind" if blind else "emergency_number", where=route.id, what=route.number)
    elif route.act == Act.TRANSFER and not _E164.fullmatch(route.number):
        yield Fault(code="number_wrong", where=route.id, what=route.number)
    elif route.act != Act.TRANSFER and route.number:
        yield Fault(code="number_without_transfer", where=route.id, what=route.number)


def _red_flags(script: Script, around: Around) -> Iterator[Fault]:
    numbers = emergency_rule(around.country, on=around.on).numbers
    for flag in script.red_flags:
        for clause in flag.when:
            yield from _clause(script, clause, flag.id, before=len(script.questions))
        if not flag.label.strip() or not flag.say.strip():
            yield Fault(code="red_flag_empty", where=flag.id)
        if not flag.when and not flag.words:
            yield Fault(code="red_flag_never", where=flag.id)
        yield from (Fault(code="word_empty", where=flag.id, what=each) for each in flag.words if not fold(each))
        if around.health and not set(numbers) & set(fold(flag.say).split(" ")):
            yield Fault(code="red_flag_without_number", where=flag.id, what=numbers[0])
        if flag.alert is not None and flag.alert.recipient not in around.recipients:
            yield Fault(code="recipient_unknown", where=flag.id, what=flag.alert.recipient)


def _samples(script: Script) -> Iterator[Fault]:
    if not script.samples:
        yield Fault(code="sample_missing")
    questions = {each.id for each in script.questions}
    flags = {each.id for each in script.red_flags}
    names = Counter(each.name for each in script.samples)
    yield from (Fault(code="sample_twice", what=name) for name, count in names.items() if count > 1)
    for sample in script.samples:
        asked = (*sample.answers, *sample.expect.asked, *sample.expect.missing)
        unknown = [each for each in dict.fromkeys(asked) if each not in questions]
        unknown += [each for each in sample.expect.red_flags if each not in flags]
        if sample.expect.route and script.route(sample.expect.route) is None:
            unknown.append(sample.expect.route)
        yield from (Fault(code="sample_unknown", where=sample.name, what=each) for each in unknown)


def _ways(script: Script) -> Iterator[Fault]:
    """What the walk through all answers that decide finds."""
    found = ways(script)
    if found.too_many:
        yield Fault(code="too_many_ways")
        return
    for question in script.questions:
        if question.id not in found.asked:
            yield Fault(code="unreachable", where=question.id)
    for dead in found.unhandled:
        yield Fault(code="choice_unhandled", where=dead.question, what=dead.answer)
    for route in script.routes:
        if route.id not in found.taken:
            yield Fault(code="route_never", where=route.id)
        elif route.id in found.unaddressed:
            yield Fault(code="recipient_not_asked", where=route.id, what=route.recipient_from)
