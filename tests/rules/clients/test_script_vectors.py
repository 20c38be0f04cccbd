# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cases that the browser's runner is held to as well (tests/screens/test_console_script.py)."""

import dataclasses
import json
from pathlib import Path

from permanence.clients.rules.script import read_script
from permanence.clients.rules.script_run import progress

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "script_cases.json").read_text(encoding="utf-8"))


def run(case):
    script, faults = read_script(VECTORS["scripts"][case["script"]])
    assert faults == ()
    about = {key: case[key] for key in ("heard", "read", "recipients")}
    found = dataclasses.asdict(progress(script, case["answers"], **about))
    return {key: list(value) if isinstance(value, tuple) else value for key, value in found.items()}


def test_every_case_comes_to_what_it_says():
    assert len(VECTORS["cases"]) > 100
    assert [(case, run(case)) for case in VECTORS["cases"] if run(case) != case["expect"]] == []


def test_the_cases_reach_every_part_of_what_a_runner_decides():
    expected = [case["expect"] for case in VECTORS["cases"]]
    for part in expected[0]:
        assert len({json.dumps(each[part]) for each in expected}) > 2, part
    kinds = {each["kind"] for script in VECTORS["scripts"].values() for each in script["questions"]}
    assert kinds == {"text", "choice", "number", "yes_no", "date", "phone", "recipient"}
