# SPDX-License-Identifier: AGPL-3.0-or-later
"""The sample calls of a script: what fails one, what may change without failing any, and the words for it."""

import pytest
from django.utils import translation

from permanence.clients.rules.script_run import SampleFailure, run_samples
from permanence.clients.script_words import PARTS, of_sample
from tests.rules.clients.scripts import script, small


def failures(data):
    return [(each.part, each.expected, each.found) for each in run_samples(script(data), recipients=[])]


def child(asked, answers=None, **changes):
    """The small script with one sample call, for a sick child; `asked`: what it says is asked."""
    given = answers or {"reason": "child", "age": "4"}
    one = {"name": "enfant", "answers": given, "expect": {"route": "rest", "asked": asked}}
    return small(**{"samples": [one], **changes})


REASON, AGE, NOTE = small()["questions"]
MORE = {"id": "more", "kind": "text", "ask": "Autre chose ?", "label": "Autre"}


def test_a_sample_that_comes_to_something_else_says_what():
    data = small()
    data["samples"][0]["expect"] = {"route": "baby", "red_flags": ["chest"]}
    assert failures(data) == [
        ("route", ("Nourrisson",), ("Le reste",)),
        ("red_flags", ("Douleur thoracique",), ()),
    ]


def test_a_question_nobody_must_answer_leaves_the_samples_as_they_are():
    assert failures(small(questions=[MORE, REASON, AGE, NOTE])) == []
    data = small(questions=[{**MORE, "required": True}, REASON, AGE, NOTE])
    assert failures(data) == [("answers", ("Autre chose ?",), ())]


@pytest.mark.parametrize("place", range(4))
def test_an_added_question_that_nobody_must_answer_fails_no_sample_that_lists_what_is_asked(place):
    questions = [REASON, AGE, NOTE]
    questions.insert(place, MORE)
    assert failures(child(["reason", "age", "note"], questions=questions)) == []
    data = child(
        ["reason", "age", "note"], questions=questions, answers={"reason": "child", "age": "4", "more": "\u00a0"}
    )
    assert failures(data) == []


@pytest.mark.parametrize("moved", [[REASON, NOTE, AGE], [NOTE, REASON, AGE]])
def test_a_moved_question_fails_no_sample(moved):
    assert failures(child(["reason", "age", "note"], questions=moved)) == []
    data = child(["reason", "age", "note"], {"reason": "child", "age": "", "note": ""}, questions=moved)
    data["questions"] = [{**each, "required": True} for each in moved]
    data["samples"][0]["expect"]["missing"] = ["age", "note"]
    assert failures(data) == []


def test_a_question_that_a_sample_lists_has_to_be_asked():
    rarer = {**AGE, "when": [{"question": "reason", "one_of": ["paper"]}]}
    data = child(["reason", "age", "note"], questions=[REASON, rarer, NOTE])
    assert failures(data) == [("asked", ("Quel âge a-t-il ?",), ())]


@pytest.mark.parametrize("changes", [{"required": True}, {"required": False}])
def test_what_has_an_answer_or_must_have_one_is_asked_only_if_the_sample_lists_it(changes):
    answers = {"reason": "child", "age": "4", "more": "oui"}
    data = child(["reason", "age", "note"], answers, questions=[REASON, AGE, {**MORE, **changes}, NOTE])
    assert failures(data) == [("asked", (), ("Autre chose ?",))]


def test_a_sample_may_stop_where_something_is_to_be_asked():
    data = child(["reason", "age"], {"reason": "child"})
    data["samples"][0]["expect"]["route"] = ""
    assert failures(data) == []
    data["samples"][0]["expect"]["asked"] = ["reason"]
    assert failures(data) == [("asked", (), ("Quel âge a-t-il ?",))]


def said(part, expected, found):
    with translation.override("en"):
        fault = of_sample(SampleFailure(sample="s", part=part, expected=expected, found=found))
    assert (fault.code, fault.where) == ("sample_failed", "s")
    return fault.what


def test_the_words_of_a_failed_sample_name_questions_by_their_text():
    assert said("answers", ("A ?",), ()) == "no answer to “A ?”"
    assert said("route", ("A",), ("B",)) == "route expected: “A”; route taken: “B”"
    assert said("asked", ("A ?", "{B}"), ("C ?",)) == "not asked: “A ?”, “{B}”; asked although not listed: “C ?”"


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_a_sample_has_its_words(part):
    assert said(part, ("A", "B"), ()).endswith("“A”, “B”")
