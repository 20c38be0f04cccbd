# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a change of a script leaves behind, put in order: conditions on what is gone, sample calls that end elsewhere.

Nothing here is done unasked: the page shows what would become of the script, and the writer takes it or not. What
depended on an answer that nobody can give any more falls away; what depended on a question that is gone no longer
depends on it; calls that no route takes become a message. A sample call is made to say what the script now does.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace

from permanence.clients.rules.script import (
    NO,
    YES,
    Act,
    Clause,
    Question,
    QuestionKind,
    RedFlag,
    Route,
    Sample,
    Script,
)
from permanence.clients.rules.script_lint import Around, lint
from permanence.clients.rules.script_run import clean, progress, run_samples
from permanence.clients.rules.script_ways import ways

REST = {"fr": "Autre demande", "en": "Anything else", "de": "Anderes Anliegen"}
"""The title of the route that takes the calls no other takes, in the language of the script."""
WALKED = frozenset({"unreachable", "choice_unhandled", "route_never", "recipient_not_asked"})
"""The faults that only the walk through all answers finds: whoever has no others can be walked."""
_OF_SAMPLES = frozenset({"sample_missing", "sample_twice", "sample_unknown"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A sample call that no longer ends as it says, by its place in the list, and what it has to say instead."""

    place: int
    before: Sample
    after: Sample


def tidied(script: Script, around: Around) -> Script:
    """The script without what hangs on questions, answers and ways that are gone; the same when nothing does."""
    while True:
        after = _reachable(_addressed(_conditioned(_chosen(script)), around), around)
        if after == script:
            return script
        script = after


def corrections(script: Script, recipients: Collection[str]) -> tuple[Correction, ...]:
    """The sample calls that do not come to what they say, or name what is gone, each with what would be right."""
    failed = {each.sample for each in run_samples(script, recipients=recipients)}
    found = []
    for place, sample in enumerate(script.samples):
        if sample.name in failed or _names_unknown(script, sample):
            after = corrected(script, sample, recipients)
            if after != sample:
                found.append(Correction(place=place, before=sample, after=after))
    return tuple(found)


def with_corrections(script: Script, found: Collection[Correction]) -> Script:
    """The script with these sample calls corrected."""
    samples = list(script.samples)
    for each in found:
        samples[each.place] = each.after
    return replace(script, samples=tuple(samples))


def corrected(script: Script, sample: Sample, recipients: Collection[str]) -> Sample:
    """The sample call as the script now runs it: what is asked in it for the first time is answered where the answer
    decides, with the one that leads where it led before if any does; all else that is required it passes over."""
    known = {each.id for each in script.questions}
    answers = {key: answer for key, answer in sample.answers.items() if key in known}
    optional = {each.id: "" for each in script.questions if not each.required}
    found = progress(script, {**optional, **answers}, heard=sample.heard, recipients=recipients)
    while (question := script.question(found.next)) is not None:
        tried = []
        for answer in _possible(question, recipients):
            answers[question.id] = answer
            tried.append((answer, progress(script, {**optional, **answers}, heard=sample.heard, recipients=recipients)))
        led = next((each for each in tried if each[1].route == sample.expect.route), tried[0])
        answers[question.id], found = led
    free = {key for key in optional if not clean(answers.get(key, ""))}
    asked = tuple(each for each in found.asked if each not in free) if sample.expect.asked else ()
    expect = replace(sample.expect, route=found.route, red_flags=found.red_flags, missing=found.missing, asked=asked)
    return replace(sample, answers=answers, expect=expect)


def mended(script: Script, around: Around) -> Script:
    """All of it in one step."""
    after = tidied(script, around)
    return with_corrections(after, corrections(after, tuple(around.recipients)))


def _possible(question: Question, recipients: Collection[str]) -> tuple[str, ...]:
    """The answers worth trying, at least one; "" passes the question over."""
    match question.kind:
        case QuestionKind.CHOICE:
            found = tuple(each.code for each in question.choices)
        case QuestionKind.YES_NO:
            found = (NO, YES)
        case QuestionKind.RECIPIENT:
            found = tuple(recipients)
        case _:
            found = ()
    return found or ("",)


def _names_unknown(script: Script, sample: Sample) -> bool:
    questions = {each.id for each in script.questions}
    route, flags = sample.expect.route, {each.id for each in script.red_flags}
    asked = {*sample.answers, *sample.expect.asked, *sample.expect.missing}
    return not asked <= questions or not {*sample.expect.red_flags} <= flags or bool(route and not script.route(route))


def _chosen(script: Script) -> Script:
    """Without choices of a single answer: the question is not asked, and what hangs on that answer always holds."""
    alone = {
        each.id: {choice.code for choice in each.choices}
        for each in script.questions
        if each.kind == QuestionKind.CHOICE and len(each.choices) < 2
    }

    if not alone:
        return script

    def holding(when: tuple[Clause, ...]) -> tuple[Clause, ...]:
        return tuple(each for each in when if not alone.get(each.question, set()) & set(each.one_of))

    questions = [replace(each, when=holding(each.when)) for each in script.questions if each.id not in alone]
    routes = [replace(each, when=holding(each.when)) for each in script.routes]
    flags = [replace(each, when=holding(each.when)) for each in script.red_flags]
    return replace(script, questions=tuple(questions), routes=tuple(routes), red_flags=tuple(flags))


def _conditioned(script: Script) -> Script:
    """Without conditions on questions that are gone, parts that need an answer that is gone, and leads to nowhere."""
    questions = [
        _led(replace(each, when=_left(script, each.when)), script)
        for each in script.questions
        if _can_be(script, each.when)
    ]
    routes = [
        replace(each, when=_left(script, each.when))
        for each in script.routes
        if _can_be(script, each.when) and (_left(script, each.when) or not each.when)
    ]
    flags = [_heard(script, each) for each in script.red_flags]
    kept = tuple(each for each in flags if each.words or each.when or not _was_conditioned(script, each))
    return replace(script, questions=tuple(questions), routes=tuple(routes), red_flags=kept)


def _was_conditioned(script: Script, flag: RedFlag) -> bool:
    """Whether the flag had an answer that raised it, before conditions were taken from it."""
    return any(each.id == flag.id and each.when for each in script.red_flags)


def _heard(script: Script, flag: RedFlag) -> RedFlag:
    return replace(flag, when=_left(script, flag.when) if _can_be(script, flag.when) else ())


def _left(script: Script, when: tuple[Clause, ...]) -> tuple[Clause, ...]:
    """The clauses on questions that are still there, with the answers that are."""
    kept = []
    for clause in when:
        question = script.question(clause.question)
        if question is None or not _decides(question, clause):
            continue
        codes = _codes(question)
        kept.append(replace(clause, one_of=tuple(each for each in clause.one_of if each in codes)))
    return tuple(kept)


def _can_be(script: Script, when: tuple[Clause, ...]) -> bool:
    """Whether every clause still has an answer that fulfils it."""
    for clause in when:
        question = script.question(clause.question)
        if question is None or not _decides(question, clause):
            continue
        if clause.one_of and not set(clause.one_of) & _codes(question):
            return False
    return True


def _decides(question: Question, clause: Clause) -> bool:
    """Whether an answer to the question, as it is now, can be meant by the clause."""
    return (question.kind == QuestionKind.NUMBER) != bool(clause.one_of) and (
        question.kind in (QuestionKind.NUMBER, QuestionKind.CHOICE, QuestionKind.YES_NO)
    )


def _codes(question: Question) -> set[str]:
    return {YES, NO} if question.kind == QuestionKind.YES_NO else {each.code for each in question.choices}


def _led(question: Question, script: Script) -> Question:
    """The question without leads to questions that are gone."""
    known = {"", "end", *(each.id for each in script.questions)}
    choices = tuple(each if each.then in known else replace(each, then="") for each in question.choices)
    return replace(question, choices=choices, then=question.then if question.then in known else "")


def _addressed(script: Script, around: Around) -> Script:
    """With a recipient for the routes that took theirs from a question that is gone."""
    asked = {each.id for each in script.questions if each.kind == QuestionKind.RECIPIENT and each.required}
    return _sent(script, {each.id for each in script.routes if each.recipient_from not in {"", *asked}}, around)


def _sent(script: Script, routes: Collection[str], around: Around) -> Script:
    """With these routes for the recipient most of the others are for."""
    to = _somebody(script, around)
    if not to or not routes:
        return script
    sent = [replace(each, recipient=to, recipient_from="") if each.id in routes else each for each in script.routes]
    return replace(script, routes=tuple(sent))


def _somebody(script: Script, around: Around) -> str:
    named = [each.recipient for each in script.routes if each.recipient in around.recipients]
    return max(named, key=named.count) if named else next(iter(around.recipients), "")


def _reachable(script: Script, around: Around) -> Script:
    """Without questions never asked and routes never taken, and with a route for the calls that none takes."""
    codes = {each.code for each in lint(script, around)} - _OF_SAMPLES
    nothing = codes <= {"no_route"} and not script.routes
    if not codes or not (codes <= WALKED or nothing):
        return script
    if nothing:
        return _with_rest(script, around)
    found = ways(script)
    script = replace(script, questions=tuple(each for each in script.questions if each.id in found.asked))
    if found.unhandled:
        return _with_rest(script, around)
    script = replace(script, routes=tuple(each for each in script.routes if each.id in found.taken))
    return _sent(script, found.unaddressed, around)


def _with_rest(script: Script, around: Around) -> Script:
    """With a last route that leaves a message, whatever was answered."""
    taken = {each.id for each in script.routes}
    key = next(each for each in ("rest", *(f"rest_{n}" for n in range(2, 200))) if each not in taken)
    rest = Route(
        id=key,
        act=Act.MESSAGE.value,
        label=REST.get(script.language, REST["en"]),
        recipient=_somebody(script, around),
    )
    return replace(script, routes=(*script.routes, rest)) if rest.recipient else script
