# SPDX-License-Identifier: AGPL-3.0-or-later
"""What callers and clients write never becomes markup: no template switches the escaping off, no module writes HTML.

The only HTML a module puts into a page is a fragment that our own site rendered from an escaping template. And no page
asks for an icon that the sprite does not have.
"""

import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "permanence"
UNESCAPED = re.compile(
    r"\|\s*safe(?:seq)?\b|autoescape\s+off|mark_safe|SafeString|format_html\(\s*[^\"'\s]|\|\s*escapejs"
)
WRITES_MARKUP = re.compile(
    r"\.(?:innerHTML|outerHTML|srcdoc)\s*\+?=(?!=)|insertAdjacentHTML|document\.write|createContextualFragment"
    r"|setHTMLUnsafe|DOMParser|\beval\(|new Function|setTimeout\(\s*[\"'`]|javascript:"
)
FRAGMENT = re.compile(r"\.innerHTML = await (?:answer|\(await request\(path\)\))\.text\(\);")
SPRITE = PACKAGE / "foundation" / "templates" / "design" / "sprite.html"
ICON = re.compile(r"design/icon\.html\" with name=\"([^\"]+)\"|\bicon\(\"([^\"]+)\"\)|href=\"#i-([a-z]+)\"")
PLAIN_TEXT = {".txt"}
PATTERNS = PACKAGE / "foundation" / "patterns.py"
"""The one module that calls a text markup: of what is escaped already, and nothing goes through it unescaped."""


def sources(*suffixes: str) -> list[Path]:
    return [path for suffix in suffixes for path in sorted(PACKAGE.rglob(f"*{suffix}")) if "vendor" not in path.parts]


def markup(text: str) -> list[str]:
    """The lines of a module that write markup which is no fragment of the site."""
    return [line for line in text.splitlines() if WRITES_MARKUP.search(line) and not FRAGMENT.search(line)]


def test_no_template_switches_the_escaping_off() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}: {line.strip()}"
        for path in sources(".html", ".py")
        if path != PATTERNS
        for line in path.read_text(encoding="utf-8").splitlines()
        if path.suffix not in PLAIN_TEXT and UNESCAPED.search(line)
    ]
    assert found == []


def test_no_module_writes_markup() -> None:
    modules = list(sources(".js", ".mjs"))
    assert modules
    assert {path.name: markup(path.read_text(encoding="utf-8")) for path in modules} == {
        path.name: [] for path in modules
    }


@pytest.mark.parametrize(
    "line",
    [
        "box.innerHTML = card.name;",
        "box.innerHTML += `<b>${name}</b>`;",
        "box.insertAdjacentHTML('beforeend', name);",
        "box.innerHTML = await (await fetch(path)).text();",
        "box.innerHTML=name;",
    ],
)
def test_the_net_holds(line: str) -> None:
    assert markup(line) == [line]


def test_a_comparison_writes_nothing() -> None:
    assert markup("if (told.innerHTML === list.innerHTML) return;") == []


@pytest.mark.parametrize("line", ["{{ name|safe }}", "{% autoescape off %}", "mark_safe(name)", "format_html(name)"])
def test_the_net_for_templates_holds(line: str) -> None:
    assert UNESCAPED.search(line)


def test_every_icon_that_a_page_asks_for_is_in_the_sprite() -> None:
    drawn = set(re.findall(r'<symbol id="i-([^"]+)"', SPRITE.read_text(encoding="utf-8")))
    asked = {
        next(filter(None, named)): path.name
        for path in sources(".html", ".js")
        for named in ICON.findall(path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 20
    assert {name: page for name, page in asked.items() if name not in drawn} == {}
