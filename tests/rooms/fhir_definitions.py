# SPDX-License-Identifier: AGPL-3.0-or-later
"""Resources against the definitions of FHIR R4 (4.0.1), required value sets and targets of references included.

By `fhir` of npm, in a process of its own that lives as long as the tests do.
"""

import atexit
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

ENVIRONMENT = Path(sys.prefix) / "fhir" / "node_modules"
SCRIPT = Path(__file__).parents[1] / "fhir" / "validate.cjs"


@cache
def _validator():
    assert ENVIRONMENT.is_dir(), "./test rooms makes the environment of the definitions"
    given = {**os.environ, "NODE_PATH": str(ENVIRONMENT)}
    process = subprocess.Popen(
        ["node", str(SCRIPT)], env=given, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )

    def end():
        process.stdin.close()
        process.wait()
        process.stdout.close()

    atexit.register(end)
    return process


def faults(resource):
    """What is wrong with a resource, in words; [] where nothing is."""
    process = _validator()
    process.stdin.write(json.dumps(resource) + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())
