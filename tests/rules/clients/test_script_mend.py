# SPDX-License-Identifier: AGPL-3.0-or-later
"""Any part taken out of a template, or a question more: one step, that the page offers, makes it publishable again."""

import dataclasses

import pytest
from hypothesis import given, settings

from permanence.clients.rules.script import Question, read_script
from permanence.clients.rules.script_lint import Around, lint
from permanence.clients.rules.script_mend import corrected, corrections, mended, tidied, with_corrections
from permanence.clients.rules.script_run import progress, run_samples
from permanence.clients.rules.script_templates import TEMPLATES
from tests.rules.clients.scripts import AROUND, TODAY, drawn, script, small
from tests.rules.clients.test_script_templates import MEDICAL, NAMES, made

every = pytest.mark.parametrize("code", TEMPLATES)


def around(code):
    return Around(recipients=NAMES, country="FR", health=code in MEDICAL, on=TODAY)


def without(parts, n):
    return (*parts[:n], *parts[n + 1 :])


def stands(one, code):
    """What stands in the way of publishing, as the product judges it."""
    return (*lint(one, around(code)), *run_samples(one, recipients=tuple(NAMES)))


def changed(one, kind):
    match kind:
        case "question":
            for n in range(len(one.questions)):
                yield dataclasses.replace(one, questions=without(one.questions, n))
        case "route":
            for n in range(len(one.routes)):
                yield dataclasses.replace(one, routes=without(one.routes, n))
        case "answer":
            for n, question in enumerate(one.questions):
                for m in range(len(question.choices)):
                    less = dataclasses.replace(question, choices=without(question.choices, m))
                    yield dataclasses.replace(one, questions=(*one.questions[:n], less, *one.questions[n + 1 :]))
        case "flag":
            for n in range(len(one.red_flags)):
                yield dataclasses.replace(one, red_flags=without(one.red_flags, n))
        case "added":
            for kinds in ("text", "yes_no"):
                more = Question(id="one_more", kind=kinds, ask="?", label="L", required=True)
                for n in range(len(one.questions) + 1):
                    yield dataclasses.replace(one, questions=(*one.questions[:n], more, *one.questions[n:]))


@every
@pytest.mark.parametrize("kind", ["question", "route", "answer", "flag", "added"])
def test_what_is_taken_out_or_added_is_publishable_after_one_step(code, kind):
    one = made(code)
    assert stands(one, code) == ()
    tried = list(changed(one, kind))
    assert tried or kind == "flag" or (kind == "answer" and not any(each.choices for each in one.questions))
    broken = 0
    for each in tried:
        broken += bool(stands(each, code))
        whole = mended(each, around(code))
        assert stands(whole, code) == ()
        assert mended(whole, around(code)) == whole
        assert [sample.name for sample in whole.samples] == [sample.name for sample in one.samples]
    assert broken or not tried


@every
def test_what_is_sound_is_left_alone(code):
    one = made(code)
    assert mended(one, around(code)) == one
    assert corrections(one, tuple(NAMES)) == ()


@every
def test_a_removed_question_takes_no_other_red_flag_with_it_than_those_its_answers_alone_raise(code):
    one = made(code)
    for n in range(len(one.questions)):
        after = tidied(dataclasses.replace(one, questions=without(one.questions, n)), around(code))
        worded = [each.id for each in one.red_flags if each.words]
        assert [each.id for each in after.red_flags if each.id in worded] == worded


def test_what_hung_on_a_removed_answer_falls_away_and_what_hung_on_a_removed_question_no_longer_does():
    data = small()
    data["questions"][0]["choices"] += [{"code": "other", "label": "Autre"}]
    whole = script(data)
    reason, age, note = whole.questions
    less = dataclasses.replace(reason, choices=reason.choices[1:])
    after = tidied(dataclasses.replace(whole, questions=(less, age, note)), AROUND)
    assert [each.id for each in after.questions] == ["reason", "note"]
    assert [each.id for each in after.routes] == ["rest"]
    gone = tidied(dataclasses.replace(whole, questions=(age, note)), AROUND)
    assert [(each.id, each.when) for each in gone.questions] == [("age", ()), ("note", ())]
    assert [each.id for each in gone.routes] == ["baby", "rest"]


def test_a_sample_call_says_what_the_script_now_does_and_keeps_its_route_where_an_answer_leads_there():
    whole = script()
    more = Question(id="sure", kind="yes_no", ask="?", label="Sûr", required=True)
    one = dataclasses.replace(whole, questions=(*whole.questions, more))
    (found,) = corrections(one, ("7", "8"))
    assert (found.place, found.before, found.after.answers["sure"]) == (0, whole.samples[0], "no")
    assert found.after.expect.route == "rest"
    assert run_samples(with_corrections(one, [found]), recipients=("7", "8")) == ()


@given(drawn())
@settings(max_examples=60, deadline=None)
def test_a_corrected_sample_call_of_any_script_passes(data):
    one, faults = read_script({**data, "samples": [{"name": "s", "answers": {"gone": "1"}, "expect": {"route": "x"}}]})
    assert (faults, one is None) == ((), False)
    after = corrected(one, one.samples[0], ("7",))
    found = run_samples(dataclasses.replace(one, samples=(after,)), recipients=("7",))
    assert found == ()
    reached = progress(one, {**{each.id: "" for each in one.questions}, **after.answers}, recipients=("7",))
    assert after.expect.route == reached.route


@given(drawn())
@settings(max_examples=60, deadline=None)
def test_putting_in_order_ends_and_changes_nothing_the_second_time(data):
    one, _faults = read_script(data)
    after = tidied(one, AROUND)
    assert tidied(after, AROUND) == after
