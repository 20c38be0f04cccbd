# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions about the persons known to a client, on their arguments alone."""
