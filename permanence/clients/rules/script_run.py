# SPDX-License-Identifier: AGPL-3.0-or-later
"""Runs a script: from the answers given so far to the next question, what is missing, the red flags and the route.

The console runs the same in the browser (`script.js`); `tests/vectors/script_cases.json` and the tests that read it
hold the two together, so whatever is compared here is spelled out: which blanks count, what a number is, how words
are folded. An answer "" means that the question was passed over.
"""

import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from permanence.clients.rules.script import END, NO, YES, Clause, Question, QuestionKind, RedFlag, Route, Sample, Script

BLANKS = " \t\n\r\u00a0\u202f"
_NUMBER = re.compile(r"-?[0-9]{1,9}(?:[.,][0-9]{1,3})?")
_PHONE = re.compile(r"[0-9+ ().\-/\u00a0\u202f]+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LEAST_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a call stands. `asked`: the questions on its way, the last one is `next` while something is to be asked.

    `missing`: required questions passed over, and answers that cannot be read. `route` is "" until nothing more is
    asked, and where no route fits. `recipient`, `urgency`, `outcome`: what the message form takes over, "" for nothing;
    a red flag that alerts somebody makes it an urgent message to him, whatever the route.
    """

    asked: tuple[str, ...]
    next: str
    missing: tuple[str, ...]
    to_read_back: tuple[str, ...]
    red_flags: tuple[str, ...]
    route: str
    recipient: str
    urgency: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleFailure:
    """A sample call that did not come to what it says, in the script's own words: texts of questions, titles.

    `part` is the field of `Expected` that differs, or "answers": the call waits for one that the sample does not give.
    Of `asked`, `expected` is what the sample lists and is not asked, `found` what is asked and has to be listed.
    """

    sample: str
    part: str
    expected: tuple[str, ...]
    found: tuple[str, ...]


def progress(
    script: Script,
    answers: Mapping[str, str],
    *,
    heard: str = "",
    read: Collection[str] = (),
    recipients: Collection[str] = (),
) -> Progress:
    """Where the call stands. `heard`: what else was written; `read`: the questions whose answers were read back;
    `recipients`: the ids that a recipient question offers."""
    given: dict[str, str] = {}
    asked: list[str] = []
    missing: list[str] = []
    waiting = ""
    at = 0
    while at < len(script.questions):
        question = script.questions[at]
        at += 1
        if not holds(question.when, given):
            continue
        asked.append(question.id)
        if question.id not in answers:
            waiting = question.id
            break
        answer = clean(answers[question.id])
        if is_answer(question, answer, recipients):
            given[question.id] = answer
        elif answer or question.required:
            missing.append(question.id)
        at = _onward(script, question, given, at)
    flags = tuple(each for each in script.red_flags if is_raised(each, given, _written(script, given, heard)))
    route = None if waiting else next((each for each in script.routes if holds(each.when, given)), None)
    recipient, urgency = _addressed(route, given)
    alert = next((each.alert for each in flags if each.alert is not None), None)
    back = (each for each in asked if each in given and each not in read)
    return Progress(
        asked=tuple(asked),
        next=waiting,
        missing=tuple(missing),
        to_read_back=tuple(each for each in back if any(q.read_back for q in script.questions if q.id == each)),
        red_flags=tuple(each.id for each in flags),
        route=route.id if route else "",
        recipient=alert.recipient if alert else recipient,
        urgency="urgent" if alert else urgency,
        outcome="message" if alert else route.outcome if route else "",
    )


def run_samples(script: Script, *, recipients: Collection[str]) -> tuple[SampleFailure, ...]:
    """The sample calls of the script that do not come to what they say.

    What a sample does not answer and need not is passed over, so that a question may be added later: such a question
    may be asked without being listed in `asked`. Everything listed there has to be asked, and what is required or
    answered has to be listed. In which order is not compared, nor that of `missing`, so that a question may be moved:
    where the order matters the script itself says so, and the linter refuses what depends on a later question.
    """
    optional = {each.id: "" for each in script.questions if not each.required}
    failures = []
    for sample in script.samples:
        found = progress(script, {**optional, **sample.answers}, heard=sample.heard, recipients=recipients)
        failures += [
            SampleFailure(
                sample=sample.name,
                part=part,
                expected=_named(script, part, expected),
                found=_named(script, part, came),
            )
            for part, expected, came in _differences(script, sample, found)
        ]
    return tuple(failures)


def _differences(
    script: Script, sample: Sample, found: Progress
) -> Iterator[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """The parts in which the call differs from what the sample says, as ids."""
    expect = sample.expect
    if found.next and expect.route:  # what else differs follows from it
        yield "answers", (found.next,), ()
        return
    if expect.route != found.route:
        yield "route", (expect.route,), (found.route,)
    if expect.red_flags != found.red_flags:
        yield "red_flags", expect.red_flags, found.red_flags
    if set(expect.missing) != set(found.missing):
        yield "missing", expect.missing, found.missing
    free = {each.id for each in script.questions if not each.required and not clean(sample.answers.get(each.id, ""))}
    lacking = tuple(each for each in expect.asked if each not in found.asked)
    more = tuple(each for each in found.asked if each not in expect.asked and each not in free)
    if expect.asked and (lacking or more):
        yield "asked", lacking, more


def _named(script: Script, part: str, ids: tuple[str, ...]) -> tuple[str, ...]:
    """What these questions, routes or red flags are called in the script."""
    called = {each.id: each.ask for each in script.questions}
    if part == "route":
        called = {each.id: each.label for each in script.routes}
    elif part == "red_flags":
        called = {each.id: each.label for each in script.red_flags}
    return tuple(called.get(each, each) for each in ids if each)


def holds(when: tuple[Clause, ...], given: Mapping[str, str]) -> bool:
    """Whether every clause holds with these answers; a question that has none holds nothing."""
    return all(each.question in given and _holds(each, given[each.question]) for each in when)


def _holds(clause: Clause, answer: str) -> bool:
    if clause.one_of:
        return answer in clause.one_of
    number = thousandths(answer)
    if number is None:
        return False
    low = clause.at_least is None or number >= round(clause.at_least * 1000)
    return low and (clause.below is None or number < round(clause.below * 1000))


def is_raised(flag: RedFlag, given: Mapping[str, str], written: str) -> bool:
    """Whether the flag was heard, in the words or in the answers."""
    return any(heard_in(each, written) for each in flag.words) or bool(flag.when and holds(flag.when, given))


def heard_in(words: str, written: str) -> bool:
    """Whether the folded text `written` holds these words, whole; a trailing * takes any ending of the last one."""
    phrase = fold(words)
    if not phrase:
        return False
    return f" {phrase}" in f" {written}" if words.endswith("*") else f" {phrase} " in f" {written} "


def fold(text: str) -> str:
    """Small letters without accents; everything that is neither letter nor figure is one blank."""
    small = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).lower()).replace("ß", "ss")
    kept = [each if unicodedata.category(each)[0] in "LN" else " " for each in small if not _is_mark(each)]
    return re.sub(" +", " ", "".join(kept)).strip(" ")


def _is_mark(letter: str) -> bool:
    return unicodedata.category(letter)[0] == "M"


def clean(answer: str) -> str:
    """The answer without the blanks around it."""
    return answer.strip(BLANKS)


def is_answer(question: Question, answer: str, recipients: Collection[str]) -> bool:
    """Whether `answer` (cleaned) can be an answer to the question."""
    match question.kind:
        case QuestionKind.CHOICE:
            return answer in {each.code for each in question.choices}
        case QuestionKind.YES_NO:
            return answer in {YES, NO}
        case QuestionKind.NUMBER:
            return thousandths(answer) is not None
        case QuestionKind.PHONE:
            digits = sum(each in "0123456789" for each in answer)
            return _PHONE.fullmatch(answer) is not None and digits >= _LEAST_DIGITS
        case QuestionKind.DATE:
            return _is_date(answer)
        case QuestionKind.RECIPIENT:
            return answer in recipients
        case _:
            return answer != ""


def thousandths(answer: str) -> int | None:
    """A number of at most three decimals, with comma or point, in thousandths; None when it is none."""
    if not _NUMBER.fullmatch(answer):
        return None
    whole, _point, rest = answer.replace(",", ".").lstrip("-").partition(".")
    found = int(whole) * 1000 + int(rest.ljust(3, "0"))
    return -found if answer.startswith("-") else found


def _is_date(answer: str) -> bool:
    if not _DATE.fullmatch(answer):
        return False
    try:
        date.fromisoformat(answer)
    except ValueError:
        return False
    return True


def _onward(script: Script, question: Question, given: Mapping[str, str], at: int) -> int:
    """The index of what is asked after the question at `at` - 1. Backward never: a script that loops is refused."""
    chosen = next((each.then for each in question.choices if each.code == given.get(question.id)), "")
    target = chosen or question.then
    if target == END:
        return len(script.questions)
    ids = [each.id for each in script.questions]
    return max(at, ids.index(target)) if target in ids else at


def _written(script: Script, given: Mapping[str, str], heard: str) -> str:
    """What may hold words of a red flag: the free answers and what was written beside them, folded."""
    free = (given[each.id] for each in script.questions if each.kind == QuestionKind.TEXT and each.id in given)
    return fold(" ; ".join([*free, heard]))


def _addressed(route: Route | None, given: Mapping[str, str]) -> tuple[str, str]:
    if route is None:
        return "", ""
    return (given.get(route.recipient_from, "") if route.recipient_from else route.recipient), route.urgency
