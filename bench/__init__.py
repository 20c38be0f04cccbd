# SPDX-License-Identifier: AGPL-3.0-or-later
"""The figures of the house (docs/performance.md): what a call costs, how long a person waits. `./run bench NAME`."""
