# SPDX-License-Identifier: AGPL-3.0-or-later
"""`python -m bench NAME`."""

import sys

from bench.command import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
