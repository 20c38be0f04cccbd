# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one process that `./run` is: it owns the listening sockets, starts the others, and takes them down with it."""
