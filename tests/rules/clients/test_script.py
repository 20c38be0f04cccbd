# SPDX-License-Identifier: AGPL-3.0-or-later
"""The language of the scripts: what it reads and refuses, what its linter finds, and how a script runs."""

import itertools
import json
import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from permanence.clients.rules import script_lint
from permanence.clients.rules.script import Fault, plain, read_script, read_text, write_text
from permanence.clients.rules.script_lint import Around, lint
from permanence.clients.rules.script_run import fold, heard_in, progress, run_samples, thousandths
from permanence.clients.rules.script_ways import MOST_WAYS, ways
from permanence.clients.script_words import FAULTS, fault_words
from tests.rules.clients.scripts import AROUND, JSON, TODAY, drawn, script, small


def faults(data, around=AROUND):
    return [(each.code, each.where, each.what) for each in lint(script(data), around)]


def changed(path, value, data=None):
    """The small script with one value changed; `path` of keys and indexes, REMOVE takes it out."""
    found = json.loads(json.dumps(data or small()))
    part = found
    for key in path[:-1]:
        part = part[key]
    if value is REMOVE:
        del part[path[-1]]
    else:
        part[path[-1]] = value
    return found


REMOVE = object()


def test_a_sound_script_has_no_fault_and_its_samples_come_to_what_they_say():
    assert faults(small()) == []
    assert run_samples(script(), recipients=AROUND.recipients) == ()


@given(drawn())
def test_what_is_written_is_read_back_the_same(data):
    one = script(data)
    assert read_text(write_text(one)) == (one, ())
    assert read_script(json.loads(json.dumps(plain(one)))) == (one, ())


@given(JSON)
def test_whatever_comes_is_a_script_or_is_refused_with_a_reason(data):
    found, why = read_script(data)
    assert (found is None) == bool(why)


@given(st.sampled_from(["questions", "routes", "red_flags", "samples", "title", "format"]), JSON)
def test_whatever_stands_in_a_part_is_linted_or_refused(part, value):
    found, why = read_script({**small(), part: value})
    assert (found is None) == bool(why)
    if found is not None:
        assert all(isinstance(each, Fault) for each in lint(found, AROUND))


@given(st.binary(max_size=60) | st.text(max_size=60))
def test_text_that_is_no_json_is_refused(text):
    found, why = read_text(text)
    assert (found is None) == bool(why)


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("colour",), "red", ("unknown_field", "", "colour")),
        (("questions", 0, "colour"), 1, ("unknown_field", "reason", "colour")),
        (("questions", 0, "ask"), REMOVE, ("field_missing", "reason", "ask")),
        (("questions", 0, "ask"), 3, ("wrong_type", "reason", "ask")),
        (("questions", 0, "ask"), "x" * 601, ("too_long", "reason", "ask")),
        (("questions", 0, "required"), 1, ("wrong_type", "reason", "required")),
        (("questions", 0, "choices"), {}, ("wrong_type", "reason", "choices")),
        (("questions", 1, "when", 0, "below"), True, ("wrong_type", "age", "below")),
        (("format",), 2, ("format_unknown", "", "2")),
        (("samples", 0, "answers"), {"reason": 1}, ("wrong_type", "papier", "answers")),
    ],
)
def test_what_does_not_fit_is_named(path, value, fault):
    found, why = read_script(changed(path, value))
    assert found is None
    assert fault in [(each.code, each.where, each.what) for each in why]


def test_a_script_too_large_is_not_read():
    assert read_text(" " * 40_000)[1] == (Fault(code="too_large", what="32"),)
    assert [each.code for each in read_text("{]")[1]] == ["not_json"]


@pytest.mark.parametrize(
    ("path", "value", "fault"),
    [
        (("questions", 1, "then"), "reason", ("never_ends", "age", "reason")),
        (("questions", 1, "then"), "age", ("never_ends", "age", "age")),
        (("questions", 0, "choices", 0, "then"), "reason", ("can_loop", "reason", "reason")),
        (("questions", 0, "choices", 0, "then"), "nowhere", ("then_unknown", "reason", "nowhere")),
        (("questions", 0, "then"), "note", ("unreachable", "age", "")),
        (("questions", 0, "when"), [{"question": "age", "below": 3}], ("later_question", "reason", "age")),
        (("questions", 1, "when", 0, "question"), "height", ("question_unknown", "age", "height")),
        (("questions", 1, "when", 0, "one_of"), ["adult"], ("choice_unknown", "age", "adult")),
        (("questions", 1, "when", 0, "one_of"), [], ("clause_wrong", "age", "reason")),
        (("questions", 1, "kind"), "colour", ("kind_unknown", "age", "colour")),
        (("questions", 1, "id"), "reason", ("id_twice", "", "reason")),
        (("questions", 1, "id"), "end", ("id_malformed", "", "end")),
        (("questions", 1, "ask"), " ", ("question_empty", "age", "")),
        (("questions", 2, "fills"), "number", ("fills_wrong", "note", "number")),
        (("questions", 0, "choices"), [], ("choices_missing", "reason", "")),
        (("routes", 0, "when"), [{"question": "note", "one_of": ["x"]}], ("branch_on_free_answer", "baby", "note")),
        (("routes", 1, "when"), [{"question": "age", "at_least": 1}], ("choice_unhandled", "reason", "paper")),
        (("routes", 0, "when"), [], ("route_never", "rest", "")),
        (("routes", 0, "recipient"), "99", ("recipient_unknown", "baby", "99")),
        (("routes", 0, "recipient"), "", ("recipient_missing", "baby", "")),
        (("routes", 0, "recipient_from"), "age", ("recipient_from_wrong", "baby", "age")),
        (("routes", 0, "urgency"), "soon", ("urgency_unknown", "baby", "soon")),
        (("routes", 0, "outcome"), "sold", ("outcome_unknown", "baby", "sold")),
        (("routes", 0, "act"), "sell", ("act_unknown", "baby", "sell")),
        (("routes", 0, "act"), "transfer", ("number_wrong", "baby", "")),
        (("routes", 0, "number"), "+352621000147", ("number_without_transfer", "baby", "+352621000147")),
        (("red_flags", 0, "say"), "Venez vite.", ("red_flag_without_number", "chest", "112")),
        (("red_flags", 0, "words"), [], ("red_flag_never", "chest", "")),
        (("red_flags", 0, "words"), ["?!"], ("word_empty", "chest", "?!")),
        (("red_flags", 0, "alert"), {"recipient": "99"}, ("recipient_unknown", "chest", "99")),
        (("samples",), [], ("sample_missing", "", "")),
        (("samples", 0, "expect", "route"), "gone", ("sample_unknown", "papier", "gone")),
        (("samples", 0, "answers"), {"height": "3"}, ("sample_unknown", "papier", "height")),
        (("language",), "french", ("language_unknown", "", "french")),
    ],
)
def test_the_linter_names_what_is_not_sound(path, value, fault):
    assert fault in faults(changed(path, value))


@pytest.mark.parametrize("number", ["15", "112", "+33 112", "0033 15", "1 1 2", "+353999", "3114", "113"])
@pytest.mark.parametrize(("announced", "code"), [(False, "emergency_blind"), (True, "emergency_number")])
def test_nobody_is_connected_to_an_emergency_number(number, announced, code):
    data = changed(("routes", 0, "act"), "transfer")
    data["routes"][0] |= {"number": number, "announced": announced}
    assert (code, "baby", number) in faults(data)


def test_a_transfer_to_an_ordinary_number_is_sound():
    data = changed(("routes", 0, "act"), "transfer")
    data["routes"][0] |= {"number": "+33388112112", "announced": False}
    assert faults(data) == []


def test_a_route_whose_doctor_was_not_asked_on_every_way_is_refused():
    data = small()
    data["questions"].append(
        {
            "id": "doctor",
            "kind": "recipient",
            "ask": "Pour qui ?",
            "label": "Pour",
            "required": True,
            "when": [{"question": "reason", "one_of": ["child"]}],
        }
    )
    data["routes"][1] = {"id": "rest", "act": "message", "label": "Le reste", "recipient_from": "doctor"}
    assert faults(data) == [("recipient_not_asked", "rest", "doctor")]
    del data["questions"][3]["when"]
    assert faults(data) == []


def every_way(data):
    """All answers there can be, brute force: what is asked, which routes are taken, whether one is missing."""
    one = script(data)
    domains = []
    for question in one.questions:
        answers = {"choice": ["a", "b", "c"], "yes_no": ["yes", "no"], "number": ["-1", "0", "1", "2", "3"]}[
            question.kind
        ]
        domains.append([*answers, *([] if question.required else [""])])
    asked, taken, complete = set(), set(), True
    for combination in itertools.product(*domains):
        found = progress(one, dict(zip((each.id for each in one.questions), combination, strict=True)))
        asked |= set(found.asked)
        taken |= {found.route} - {""}
        complete = complete and found.route != ""
    return asked, taken, complete


@given(drawn())
def test_the_walk_finds_what_trying_every_answer_finds(data):
    found = ways(script(data))
    assert (found.asked, found.taken, not found.unhandled) == every_way(data)


@given(drawn())
def test_a_script_the_linter_passes_always_comes_to_an_end_with_a_route(data):
    codes = {each[0] for each in faults(data)} - {"sample_missing"}
    assume(not codes)
    asked, taken, complete = every_way(data)
    assert complete
    assert asked == {each["id"] for each in data["questions"]}
    assert taken == {each["id"] for each in data["routes"]}


def test_a_script_with_too_many_ways_is_refused_and_not_walked_for_ever():
    questions = [{"id": f"q{n}", "kind": "yes_no", "ask": "?", "label": "?", "required": True} for n in range(20)]
    when = [{"question": each["id"], "one_of": ["yes"]} for each in questions]
    routes = [{"id": "all", "act": "information", "label": "R", "when": when}]
    data = small(questions=questions, routes=routes, red_flags=[])
    assert ways(script(data)).too_many
    assert MOST_WAYS < 2**20


ANSWERS = st.dictionaries(
    st.sampled_from([f"q{n}" for n in range(4)]), st.sampled_from(["a", "b", "yes", "no", "1", "2,5", "", "x"])
)


@given(drawn(), ANSWERS)
def test_only_the_answers_on_the_way_count_and_the_way_keeps_its_order(data, answers):
    one = script(data)
    found = progress(one, answers)
    order = [each.id for each in one.questions]
    assert sorted(found.asked, key=order.index) == list(found.asked)
    assert progress(one, {key: answers[key] for key in answers if key in found.asked}) == found
    assert found.next in {"", found.asked[-1] if found.asked else ""}
    assert not (found.next and found.route)
    assert set(found.missing) <= set(found.asked)


def run(answers, **more):
    return progress(script(), answers, recipients=AROUND.recipients, **more)


def test_a_question_is_shown_only_when_the_earlier_answer_says_so():
    assert run({}).next == "reason"
    assert run({"reason": "child"}).next == "age"
    assert run({"reason": "paper"}).next == "note"
    assert run({"reason": "child", "age": "0,5", "note": ""}).route == "baby"
    assert run({"reason": "child", "age": "1", "note": ""}).route == "rest"


def test_an_answer_of_a_way_not_taken_any_more_decides_nothing():
    found = run({"reason": "paper", "age": "0.5", "note": ""})
    assert (found.route, found.recipient, found.urgency) == ("rest", "8", "today")


def test_a_required_question_may_be_passed_over_and_is_missing_then():
    assert run({"reason": "child", "age": "", "note": ""}).missing == ("age",)
    assert run({"reason": "child", "age": "two", "note": ""}).missing == ("age",)
    assert run({"reason": "child", "age": "2", "note": ""}).missing == ()


def test_a_red_flag_is_heard_at_every_moment_and_tells_the_doctor_at_once():
    found = run({}, heard="Elle a MAL A LA POITRINE, depuis midi")
    assert (found.red_flags, found.recipient, found.urgency, found.next) == (("chest",), "7", "urgent", "reason")
    assert run({"reason": "paper", "note": "mal à la  poitrine"}).recipient == "7"


@pytest.mark.parametrize(
    ("words", "text", "heard"),
    [
        ("mal à la poitrine", "j’ai mal a la poitrine.", True),
        ("poitrine", "poitrines", False),
        ("saign*", "ça saigne beaucoup", True),
        ("saign*", "il resaigne", False),
        ("bewußtlos", "Sie ist bewusstlos!", True),
        ("Ohnmacht", "OHNMÄCHTIG", False),
        ("*", "anything", False),
        ("", "", False),
    ],
)
def test_words_are_heard_whole_without_accents_or_capitals(words, text, heard):
    assert heard_in(words, fold(text)) is heard


@given(st.text(max_size=60))
def test_folding_again_changes_nothing(text):
    assert fold(fold(text)) == fold(text)


@given(st.decimals(min_value=-999999, max_value=999999, places=3))
def test_a_number_is_read_exactly(number):
    assert thousandths(f"{number:f}".replace(".", ",")) == int(number * 1000)


def test_what_is_no_number_is_none():
    assert [thousandths(each) for each in ("", "1.", "1.2345", "١", "1e3", "--1", " 1")] == [None] * 7


def test_answers_are_read_by_their_kind():
    kinds = {
        "date": ["2026-02-29", "2028-02-29"],
        "phone": ["12", "+352 621.00-01"],
        "text": ["\u00a0", "x"],
        "recipient": ["9", "7"],
    }
    for kind, (bad, good) in kinds.items():
        question = {"id": "q", "kind": kind, "ask": "?", "label": "?", "required": True}
        one = script(small(questions=[question]))
        assert progress(one, {"q": bad}, recipients=["7"]).missing == ("q",), kind
        assert progress(one, {"q": good}, recipients=["7"]).missing == (), kind


def test_what_must_be_read_back_stays_due_until_it_was():
    one = script(changed(("questions", 1, "read_back"), True))
    answers = {"reason": "child", "age": "2"}
    assert progress(one, answers).to_read_back == ("age",)
    assert progress(one, answers, read=["age"]).to_read_back == ()


def test_outside_health_a_red_flag_needs_no_emergency_number():
    data = changed(("red_flags", 0, "say"), "Coupez l’eau.")
    assert faults(data, Around(recipients=AROUND.recipients, on=TODAY)) == []


def test_every_fault_has_its_sentence_and_no_sentence_is_left_over():
    folder = Path(script_lint.__file__).parent
    source = "".join(path.read_text(encoding="utf-8") for path in folder.glob("script*.py"))
    calls = re.findall(r"code=((?:[^,()]|\([^()]*\))+)", source)
    given_codes = {code for call in calls for code in re.findall(r'"([a-z_]+)"', call)} | {
        code for line in re.findall(r"code = (.+)", source) for code in re.findall(r'"([a-z_]+)"', line)
    }
    assert given_codes | {"sample_failed", "red_flag_in_force"} == set(FAULTS)
    assert all(fault_words(Fault(code=code, where="here", what="this")) for code in FAULTS)
