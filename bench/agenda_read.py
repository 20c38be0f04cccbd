# SPDX-License-Identifier: AGPL-3.0-or-later
"""What a race has read of our code: what it found holds as long as that is the same, whatever else is worked on.

Modules as they stand in `sys.modules`, templates as Django keeps them, and beside the migrations what stands in their
folders. Words are not among it: a refusal whose sentence is another one is found to have no name.
"""

import hashlib
import sys
from collections.abc import Iterable
from pathlib import Path

from django.template import engines

from bench.programs import CLONE

LOCKS = ("requirements/run.txt", "requirements/test.txt")
"""What the libraries are read from."""
OURS = ("permanence/", "bench/", "tests/")


def read_here() -> list[str]:
    """The files of the repository that this process has read so far, by their paths in it."""
    modules = [getattr(each, "__file__", None) for each in list(sys.modules.values())]
    loaders = [loader for engine in engines.all() for loader in engine.engine.template_loaders]
    kept = [each for loader in loaders for each in getattr(loader, "get_template_cache", {}).values()]
    templates = [each.origin.name for each in kept if hasattr(each, "origin")]
    root = f"{CLONE}/"
    named = {each.removeprefix(root) for each in (*modules, *templates) if each is not None}
    ours = {each for each in named if each.startswith(OURS)}
    return sorted(ours | {f"{Path(each).parent}/" for each in ours if "/migrations/" in each})


def digests(files: Iterable[str], *, root: Path = CLONE) -> dict[str, str]:
    """By path what stands there: of a folder the names in it, of one that is gone ""."""
    return {each: _digest(root / each) for each in dict.fromkeys((*files, *LOCKS))}


def changed_since(files: Iterable[str], moment: float, *, root: Path = CLONE) -> bool:
    """Whether one of them was written, or went, after `moment`, seconds since 1970."""
    return any(not (root / each).exists() or (root / each).stat().st_mtime >= moment for each in files)


def _digest(path: Path) -> str:
    if path.is_dir():
        said = "\n".join(sorted(each.name for each in path.glob("*.py"))).encode()
    elif path.is_file():
        said = path.read_bytes()
    else:
        return ""
    return hashlib.sha256(said).hexdigest()[:16]
