# SPDX-License-Identifier: AGPL-3.0-or-later
"""`./run bench NAME`: the figures of docs/performance.md. The benches stand beside the package and measure it from
outside, so this only starts them."""

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from permanence.kernel.refusals import Refusal

_CLONE = Path(__file__).resolve().parents[2]
_NEEDED = ("playwright",)


def main(arguments: Sequence[str]) -> int:
    """Runs `bench` in its own process; its exit status. Raises Refusal where it cannot."""
    if not (_CLONE / "bench" / "__main__.py").exists():
        raise Refusal("the benches are part of the source tree, and this is an installed house")
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise Refusal(f"the benches need the packages of the tests ({', '.join(missing)}): run ./test once")
    environment = {**os.environ, "PYTHONPATH": str(_CLONE)}
    command = [sys.executable, "-P", "-m", "bench", *arguments]
    return subprocess.run(command, cwd=_CLONE, env=environment, check=False).returncode  # noqa: S603 - our own module
