# SPDX-License-Identifier: AGPL-3.0-or-later
"""The audit trail in words: whatever act a room notes, the supervisor reads what it was, not its code."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from permanence.agenda.rules.states import HoldEnd
from permanence.agenda.rules.waiting import OfferState
from permanence.backstage.trail import ACTIONS

ROOT = Path(__file__).parents[2]
ACT = re.compile(r"[a-z_]+\.[a-z_]*[a-z]")
MADE_UP = {
    "agenda.hold_": [each.value for each in HoldEnd],
    "offer.": [each.value for each in OfferState if each is not OfferState.OPEN],
    "patient.no_show_": ["counted", "forgiven"],
    "proposal.": ["proposed", "approved", "refused", "taken_back", "overtaken"],
}
"""Acts whose code is put together: how it begins, and what may follow."""

type Trees = dict[str, ast.Module]
"""By dotted name."""


def _trees() -> Trees:
    paths = [each for each in sorted((ROOT / "permanence").rglob("*.py")) if "migrations" not in each.parts]
    names = [".".join(each.relative_to(ROOT).with_suffix("").parts) for each in paths]
    return {name: ast.parse(each.read_text(encoding="utf-8")) for name, each in zip(names, paths, strict=True)}


def _takers(trees: Trees) -> dict[str, int]:
    """Of each function, by its dotted name, that is told an `action`: at which place of a call."""
    found = {}
    for module, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef):
                names = [each.arg for each in node.args.args if each.arg != "self"]
                if "action" in names:
                    found[f"{module}.{node.name}"] = names.index("action")
    return found


def _called(call: ast.Call, module: str, imported: dict[str, str]) -> str:
    """The dotted name of what is called, as far as the module says it."""
    if isinstance(call.func, ast.Name):
        return imported.get(call.func.id, f"{module}.{call.func.id}")
    if isinstance(call.func, ast.Attribute):
        of = call.func.value.id if isinstance(call.func.value, ast.Name) else ""
        return f"{imported.get(of, module)}.{call.func.attr}"
    return ""


def _said(node: ast.expr, tree: ast.Module) -> Iterator[str]:
    """The acts that an expression can be; a table of the module stands for all that it holds."""
    for each in ast.walk(node):
        if isinstance(each, ast.JoinedStr):
            yield from (f"{begins}{end}" for begins in _beginning(each) for end in MADE_UP[begins])
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and ACT.fullmatch(each.value):
            yield each.value
        elif isinstance(each, ast.Name) and each.id.isupper():
            tables = [one for one in tree.body if isinstance(one, ast.AnnAssign | ast.Assign) and one.value]
            named = [one.value for one in tables if ast.unparse(one).startswith((f"{each.id}:", f"{each.id} ="))]
            yield from (act for one in named if one is not None for act in _said(one, tree))


def _beginning(text: ast.JoinedStr) -> list[str]:
    """With what an act begins whose code is put together; nothing of a row that is acted on ("agenda.agenda:4")."""
    parts = [str(each.value) for each in text.values if isinstance(each, ast.Constant)]
    return parts if ":" not in "".join(parts) else []


def _acts(module: str, tree: ast.Module, takers: dict[str, int]) -> Iterator[str]:
    """What a module notes: what is passed on as `action`, and what a variable of that name is."""
    lines = [each for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)]
    imported = {one.asname or one.name: f"{each.module}.{one.name}" for each in lines for one in each.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            passed = [each.value for each in node.keywords if each.arg == "action"]
            place = takers.get(_called(node, module, imported))
            passed += [] if place is None else node.args[place : place + 1]
            yield from (act for each in passed for act in _said(each, tree))
        elif isinstance(node, ast.Assign) and "action" in {
            one.id for each in node.targets for one in ast.walk(each) if isinstance(one, ast.Name)
        }:
            yield from _said(node.value, tree)


@pytest.fixture(scope="module")
def noted() -> dict[str, str]:
    """Every act, with a module that notes it."""
    trees = _trees()
    takers = _takers(trees)
    return {act: module for module, tree in trees.items() for act in _acts(module, tree, takers)}


def test_every_act_that_a_room_notes_has_words(noted: dict[str, str]) -> None:
    assert sorted(f"{act} ({module})" for act, module in noted.items() if act not in ACTIONS) == []


def test_every_act_that_has_words_is_noted(noted: dict[str, str]) -> None:
    assert sorted(ACTIONS.keys() - noted.keys()) == []
