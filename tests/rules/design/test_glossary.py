# SPDX-License-Identifier: AGPL-3.0-or-later
"""The glossary is the only list of words: each row is complete, each name is one the code uses, none stands twice."""

import re

from tests.rules.design.msgids import ROOT

ROWS = [
    [cell.strip() for cell in line.strip("| \n").split("|")]
    for line in (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ") and "`" in line
]


def test_every_row_has_its_three_languages_and_its_name() -> None:
    assert len(ROWS) > 40
    assert [row for row in ROWS if len(row) != 4 or not all(row)] == []


def test_every_name_is_used_by_the_code() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "permanence").rglob("*.py"))
    words = set(re.findall(r"\w+", source))
    names = {name for row in ROWS for name in re.findall(r"`([\w.]+)`", row[3])}
    assert {name for name in names if not set(name.split(".")) <= words} == set()


def test_one_word_for_one_thing() -> None:
    names = [row[3] for row in ROWS]
    assert sorted({name for name in names if names.count(name) > 1}) == []
