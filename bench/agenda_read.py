# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a race has read of our code and what of it ran: what it found holds as long as that is the same, whatever else
is worked on.

Of our benches and tests, which race and judge: all. Of the product's modules, as they stand in `sys.modules`: all but
the functions that did not run (`watch`), the classes that were not there, and private classes and imports that only
these name. A function in a class, or decorated, counts by its name and signature even so, for it may be called by
whoever does not name it; one whose name is something else's too counts whole. Of templates, as Django keeps them, and
of the locks of the libraries: all; of the folders of migrations: what stands in them.

Comments and docstrings are not among it, nor are words: a refusal whose sentence is another one is found to have no
name. Nor is what a module does by being imported that was not imported then.
"""

import ast
import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from types import CodeType
from typing import TypeGuard

from django.template import engines

from bench.programs import CLONE

LOCKS = ("requirements/run.txt", "requirements/test.txt")
"""What the libraries are read from."""
RACING = ("bench/", "tests/")
OURS = ("permanence/", *RACING)
GONE = "gone"
TOOL = sys.monitoring.PROFILER_ID

type Read = Iterable[str]
"""Paths in the repository, and after `::` a function of that module that ran, by its qualified name."""

_ran: set[str] = set()
_root = f"{CLONE}/"


def watch() -> None:
    """From now on it is noted which of our functions run, in this process and in those forked from it: each once, and
    it costs nothing afterwards. Once in a process.
    """
    starts = sys.monitoring.events.PY_START
    sys.monitoring.use_tool_id(TOOL, __name__)
    sys.monitoring.register_callback(TOOL, starts, _started)
    sys.monitoring.set_events(TOOL, starts)


def _started(code: CodeType, _offset: int) -> object:
    path, name = code.co_filename.removeprefix(_root), code.co_qualname.partition(".<locals>")[0]
    if path.startswith(OURS) and "<" not in name:
        _ran.add(f"{path}::{name}")
    return sys.monitoring.DISABLE


def read_here() -> list[str]:
    """What this process has read so far, and what of it ran since `watch`: as `Read`."""
    modules = [getattr(each, "__file__", None) for each in list(sys.modules.values())]
    loaders = [loader for engine in engines.all() for loader in engine.engine.template_loaders]
    kept = [each for loader in loaders for each in getattr(loader, "get_template_cache", {}).values()]
    templates = [each.origin.name for each in kept if hasattr(each, "origin")]
    named = {each.removeprefix(_root) for each in (*modules, *templates) if each is not None}
    ours = {each for each in named if each.startswith(OURS)}
    return sorted(ours | _ran | {f"{Path(each).parent}/" for each in ours if "/migrations/" in each})


def digests(read: Read, *, root: Path = CLONE) -> dict[str, str]:
    """By path the digest of what counts there (of one that is gone GONE) and, after it, what ran."""
    ran: dict[str, set[str]] = defaultdict(set)
    for each in (*read, *LOCKS):
        path, _colons, name = each.partition("::")
        ran[path] |= {name} - {""}
    return {path: " ".join((_digest(root, path, frozenset(names)), *sorted(names))) for path, names in ran.items()}


def read_of(said: dict[str, str]) -> Iterator[str]:
    """What was read, from its digests."""
    for path, words in said.items():
        yield path
        yield from (f"{path}::{name}" for name in words.split()[1:])


def changed_since(read: Read, moment: float, *, root: Path = CLONE) -> bool:
    """Whether a file of it was written, or went, after `moment`, seconds since 1970."""
    files = {root / each.partition("::")[0] for each in read}
    return any(not each.exists() or each.stat().st_mtime >= moment for each in files)


def _digest(root: Path, path: str, ran: frozenset[str]) -> str:
    file = root / path
    if file.is_dir():
        said = "\n".join(sorted(each.name for each in file.glob("*.py"))).encode()
    elif file.is_file():
        said = file.read_bytes()
        said = _counts(said, None if path.startswith(RACING) else ran) if file.suffix == ".py" else said
    else:
        return GONE
    return hashlib.sha256(said).hexdigest()[:16]


@cache
def _counts(source: bytes, ran: frozenset[str] | None) -> bytes:
    """What counts of a module; `ran` None: all of it."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    tree = _Told().visit(tree)
    if ran is not None:
        tree = _Ran(ran, twice={name for name, count in Counter(_bound(tree)).items() if count > 1}).visit(tree)
        tree.body = _needed(tree.body)
        tree = _Imported(_named(tree)).visit(tree)
    return ast.dump(tree).encode()


def _named(node: ast.AST) -> set[str]:
    """The names and the words in it: one may be named in an annotation, or in `__all__`."""
    words = {each.value for each in ast.walk(node) if _is_text(each)}
    return words | {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _needed(body: list[ast.stmt]) -> list[ast.stmt]:
    """Without the private classes that nothing else there names: no other module does."""
    names = [_named(each) for each in body]
    kept = [
        each
        for number, each in enumerate(body)
        if not (isinstance(each, ast.ClassDef) and each.name.startswith("_"))
        or any(each.name in other for place, other in enumerate(names) if place != number)
    ]
    return body if len(kept) == len(body) else _needed(kept)


def _is_text(node: ast.AST) -> TypeGuard[ast.Constant]:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _bound(tree: ast.Module) -> Iterator[str]:
    """The names that a module gives, as often as it does."""
    for each in tree.body:
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield each.name
        elif isinstance(each, ast.Import | ast.ImportFrom):
            yield from ((alias.asname or alias.name).partition(".")[0] for alias in each.names)
        else:
            yield from {part.id for part in ast.walk(each) if isinstance(part, ast.Name) and _is_stored(part)}


def _is_stored(name: ast.Name) -> bool:
    return isinstance(name.ctx, ast.Store)


class _Told(ast.NodeTransformer):
    """Takes out what is said of something: strings that stand alone."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if _is_text(node.value) else node


class _Ran(ast.NodeTransformer):
    """Takes out functions that did not run and new classes (the body of each that was there ran). `twice`: names that
    are given more than once.
    """

    def __init__(self, ran: frozenset[str], *, twice: set[str]) -> None:
        self._ran = ran
        self._twice = twice
        self._within: tuple[str, ...] = ()

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST | None:
        if not self._within and node.name not in self._ran | self._twice and all(map(_is_plain, node.decorator_list)):
            return None
        outer, self._within = self._within, (*self._within, node.name)
        self.generic_visit(node)
        self._within = outer
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST | None:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST | None:
        return self._function(node)

    def _function[F: (ast.FunctionDef, ast.AsyncFunctionDef)](self, node: F) -> F | None:
        if ".".join((*self._within, node.name)) in self._ran or (not self._within and node.name in self._twice):
            return node
        if not self._within and not node.decorator_list:
            return None
        node.body = [ast.Pass()]
        return node


def _is_plain(decorator: ast.expr) -> bool:
    """Whether it makes of a class what it is, and tells nobody of it."""
    made = decorator.func if isinstance(decorator, ast.Call) else decorator
    return isinstance(made, ast.Name) and made.id == "dataclass"


class _Imported(ast.NodeTransformer):
    """Takes out the imports whose names nobody uses."""

    def __init__(self, used: set[str]) -> None:
        self._used = used

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        return self._import(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return self._import(node)

    def _import[I: (ast.Import, ast.ImportFrom)](self, node: I) -> I | None:
        node.names = [each for each in node.names if (each.asname or each.name).partition(".")[0] in self._used]
        return node if node.names else None
