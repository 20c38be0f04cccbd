# SPDX-License-Identifier: AGPL-3.0-or-later
"""The shape of the code: sizes, imports at the top, the licence line. Exceptions stand in waivers.toml and shrink."""

import ast
import tomllib
from pathlib import Path

import pytest

CLONE = Path(__file__).resolve().parents[2]
WAIVERS = tomllib.loads((CLONE / "tests" / "architecture" / "waivers.toml").read_text(encoding="utf-8"))
MODULE_LINES = 400
FUNCTION_LINES = 60
MOST = 0
"""Entries in waivers.toml. Lower it when one goes."""


def sources(*folders):
    for folder in folders:
        for path in sorted((CLONE / folder).rglob("*.py")):
            if "migrations" not in path.parts and "__pycache__" not in path.parts:
                yield path


def product():
    return list(sources("permanence", "bench", "deploy"))


def name(path):
    return str(path.relative_to(CLONE))


def long_modules(paths):
    sizes = {name(path): len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    return {path: size for path, size in sizes.items() if size > MODULE_LINES}


def functions(tree):
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def long_functions(paths):
    found = {}
    for path in paths:
        for node in functions(ast.parse(path.read_text(encoding="utf-8"))):
            size = node.end_lineno - node.lineno + 1
            if size > FUNCTION_LINES:
                found[f"{name(path)}:{node.name}"] = size
    return found


def inner_imports(paths):
    found = {}
    for path in paths:
        for node in functions(ast.parse(path.read_text(encoding="utf-8"))):
            count = sum(isinstance(inner, ast.Import | ast.ImportFrom) for inner in ast.walk(node))
            if count:
                found[f"{name(path)}:{node.name}"] = count
    return found


@pytest.mark.parametrize(
    ("rule", "find"),
    [("module_lines", long_modules), ("function_lines", long_functions), ("imports_inside", inner_imports)],
)
def test_only_what_is_waived_breaks_the_rule_and_by_no_more(rule, find):
    paths = product()
    assert len(paths) > 50
    assert find(paths) == WAIVERS[rule]


def test_the_waivers_only_shrink():
    assert sum(len(entries) for entries in WAIVERS.values()) <= MOST


def test_the_rules_of_shape_see_a_violation(tmp_path, monkeypatch):
    monkeypatch.setattr(f"{__name__}.CLONE", tmp_path)
    body = "\n".join(f"    x{number} = {number}" for number in range(FUNCTION_LINES))
    (tmp_path / "long.py").write_text("\n" * MODULE_LINES + f"def f():\n    import os\n{body}\n")
    paths = [tmp_path / "long.py"]
    assert long_modules(paths) == {"long.py": MODULE_LINES + FUNCTION_LINES + 2}
    assert long_functions(paths) == {"long.py:f": FUNCTION_LINES + 2}
    assert inner_imports(paths) == {"long.py:f": 1}


def test_every_python_file_begins_with_its_licence():
    first = "# SPDX-License-Identifier: AGPL-3.0-or-later"
    paths = [*sources("permanence", "tests", "bench", "deploy")]
    assert [name(path) for path in paths if path.read_text(encoding="utf-8").partition("\n")[0] != first] == []


def test_every_python_file_says_what_it_is_for():
    paths = sources("permanence", "tests", "bench", "deploy")
    assert [name(path) for path in paths if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))] == []
