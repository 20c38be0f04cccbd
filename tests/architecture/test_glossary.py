# SPDX-License-Identifier: AGPL-3.0-or-later
"""docs/glossary.md is the only list of words: what it names exists, once, and no other word stands for it in code."""

import ast
import re
from collections import Counter
from pathlib import Path

CLONE = Path(__file__).resolve().parents[2]
OTHER_WORDS = {
    "Agent": "Secretary",
    "Operator": "Secretary",
    "Customer": "Client",
    "Subscriber": "Client",
    "Memo": "Message",
    "Workstation": "Seat",
}
"""Words that the trade uses too, and the one that this house uses."""


def rows():
    page = (CLONE / "docs" / "glossary.md").read_text(encoding="utf-8")
    cells = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")
    ]
    return cells[2:]


def code():
    return "\n".join(path.read_text(encoding="utf-8") for path in (CLONE / "permanence").rglob("*.py"))


def class_names():
    return {
        node.name
        for path in (CLONE / "permanence").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }


def test_every_word_is_there_in_three_languages_and_in_the_code():
    assert len(rows()) > 30
    assert [row for row in rows() if len(row) != 4 or not all(row)] == []
    written = set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", code()))
    named = {row[3].strip("`") for row in rows()}
    assert {name for name in named if not set(name.split(".")) <= written} == set()


def test_one_word_names_one_thing():
    assert [name for name, count in Counter(row[3] for row in rows()).items() if count > 1] == []


def test_no_class_is_called_by_another_word_of_the_trade():
    words = {(name, word) for name in class_names() for word in re.findall(r"[A-Z][a-z]+", name) if word in OTHER_WORDS}
    assert words == set()
