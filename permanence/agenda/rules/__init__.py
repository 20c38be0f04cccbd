# SPDX-License-Identifier: AGPL-3.0-or-later
"""Decisions about agendas, on their arguments alone."""
