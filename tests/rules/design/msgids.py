# SPDX-License-Identifier: AGPL-3.0-or-later
"""Finds every sentence of the code and of the templates that is to be translated, without a gettext tool."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from django.utils.translation.template import templatize

from permanence.project.demo_cast import DEMONSTRATION_LOGINS

ROOT = Path(__file__).resolve().parents[3]
PLAIN = {"_", "gettext", "gettext_lazy", "gettext_noop", "ugettext"}
PLURAL = {"ngettext", "ngettext_lazy"}
CONTEXT = {"pgettext", "pgettext_lazy"}
_CALL = re.compile(r"\b(n|p|np)?gettext\(")


class Sentence(NamedTuple):
    """A sentence as it stands in the source. `plural` and `context` are "" where there is none."""

    text: str
    plural: str
    context: str
    file: str


def of_python(path: Path) -> Iterator[Sentence]:
    """The sentences of one Python file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        texts = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        found = sentence(name, texts, path)
        if found is not None:
            yield found


def sentence(name: str, texts: list[str], path: Path) -> Sentence | None:
    """The sentence behind a call of a translating function with these literal arguments."""
    file = str(path.relative_to(ROOT))
    if name in PLAIN and len(texts) == 1:
        return Sentence(texts[0], "", "", file)
    if name in PLURAL and len(texts) == 2:
        return Sentence(texts[0], texts[1], "", file)
    if name in CONTEXT and len(texts) == 2:
        return Sentence(texts[1], "", texts[0], file)
    return None


def of_template(path: Path) -> Iterator[Sentence]:
    """The sentences of one template."""
    source = templatize(path.read_text(encoding="utf-8"))
    for call in _CALL.finditer(source):
        texts = literals(source[call.end() :])
        found = sentence(call.group(0)[:-1], texts, path)
        assert found is not None, f"{path}: {source[call.start() : call.end() + 60]}"
        yield found


def literals(rest: str) -> list[str]:
    """The string literals at the beginning of an argument list."""
    texts = []
    while match := re.match(r"\s*,?\s*u?('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", rest):
        texts.append(ast.literal_eval(match.group(1)))
        rest = rest[match.end() :]
    return texts


def every_sentence() -> list[Sentence]:
    """Every sentence of the package."""
    package = ROOT / "permanence"
    found: list[Sentence] = []
    for path in sorted(package.rglob("*.py")):
        found.extend(of_python(path))
    for path in sorted(package.rglob("*.html")) + sorted(package.rglob("templates/**/*.txt")):
        found.extend(of_template(path))
    # The sign-in page translates who the demonstration's logins are.
    found.extend(Sentence(login.who, "", "", "permanence/project/demo_cast.py") for login in DEMONSTRATION_LOGINS)
    return found
